// Diffusion solves u_t = div(D grad u) on the unit square between insulated walls:
// with a constant D against the exact solution, then around a barrier.
//
//	go run ./examples/diffusion [-o diffusion.png]
package main

import (
	"flag"
	"fmt"
	"log"
	"math"

	"github.com/seed-0772dd2d/ritz/figure"
)

// wrong is the relative L2 error at t = 0.05, D = 1, of
//
//	u = cos(pi x) cos(2 pi y) exp(-5 pi² t).
func wrong(n int) float64 {
	mode := func(x, y float64) float64 { return math.Cos(math.Pi*x) * math.Cos(2*math.Pi*y) }
	u := must(diffuse(n, func(x, y float64) float64 { return 1 }, mode, 0.05))
	grid, h := square(n)
	exact := grid.Fill(func(x, y float64) float64 { return mode(x+h/2, y+h/2) * math.Exp(-5*math.Pi*math.Pi*0.05) })
	difference, size := 0.0, 0.0
	for k, v := range exact {
		difference += (u[k] - v) * (u[k] - v)
		size += v * v
	}
	return math.Sqrt(difference / size)
}

// barrier is D: little between two halves, but for a gap. spot is what is hot.
func barrier(x, y float64) float64 {
	if math.Abs(x-0.5) < 0.03 && math.Abs(y-0.7) > 0.08 {
		return 1e-4
	}
	return 1
}

func spot(x, y float64) float64 {
	return math.Exp(-((x-0.25)*(x-0.25) + (y-0.35)*(y-0.35)) / (2 * 0.08 * 0.08))
}

// picture shows D, and u at two times.
func picture(n int) figure.Panel {
	grid, h := square(n)
	panel := func(title, label string, z []float64) figure.Heatmap {
		p := figure.Heatmap{Title: title, XLabel: "x", YLabel: "y", ZLabel: label, Z: z, Equal: true}
		for i := range n {
			p.X = append(p.X, (float64(i)+0.5)*h)
		}
		p.Y = p.X
		return p
	}
	panels := []figure.Panel{panel("diffusivity", "D", grid.Fill(func(x, y float64) float64 { return barrier(x+h/2, y+h/2) }))}
	for _, time := range []float64{0.01, 0.1} {
		p := panel(fmt.Sprintf("t = %g", time), "u", must(diffuse(n, barrier, spot, time)))
		p.Contours, p.Filled = 20, true
		panels = append(panels, p)
	}
	return figure.Tile(3, panels...)
}

func main() {
	out := flag.String("o", "diffusion.png", "`file` of the picture")
	flag.Parse()
	for n := 16; n <= 128; n *= 2 {
		fmt.Printf("%3d x %-3d cells: relative error %.2e\n", n, n, wrong(n))
	}
	if err := figure.Save(*out, 0, 0, picture(128)); err != nil {
		log.Fatal(err)
	}
}
