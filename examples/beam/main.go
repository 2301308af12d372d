// Command beam stands for somebody else's simulator: it reads the width and the
// height of a steel cantilever of 1 m in millimetres, and prints by how many
// millimetres a load of 1000 N at its end bends it, and its mass in kilograms.
package main

import (
	"fmt"
	"os"
)

func main() {
	var width, height float64
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: beam WIDTH HEIGHT")
		os.Exit(2)
	}
	fmt.Sscan(os.Args[1], &width)
	fmt.Sscan(os.Args[2], &height)
	if width <= 0 || height <= 0 {
		fmt.Fprintln(os.Stderr, "beam: nothing to bend")
		os.Exit(1)
	}
	inertia := width * height * height * height / 12 // mm^4
	fmt.Printf("mass = %.6g\n", 7.85e-6*width*height*1000)
	fmt.Printf("deflection = %.10g\n", 1000*1e9/(3*210e3*inertia))
}
