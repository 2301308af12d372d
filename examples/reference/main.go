// Reference computes the reference solution of the Burgers equation that the
// example jobs are compared with, and writes it as a table t,x,u.
//
//	go run ./examples/reference [-o examples/burgers.csv]
package main

import (
	"bytes"
	"flag"
	"fmt"
	"log"
	"math"
	"os"
	"strconv"
)

const (
	nu        = 0.01 / math.Pi
	times     = 100 // on [0, 1], both ends included
	places    = 256 // on [-1, 1], both ends included
	intervals = 400 // twice as many change u by less than 1e-14
)

func main() {
	out := flag.String("o", "examples/burgers.csv", "`file` to write")
	flag.Parse()
	if err := os.WriteFile(*out, table(), 0o644); err != nil {
		log.Fatal(err)
	}
}

func table() []byte {
	var b bytes.Buffer
	b.WriteString("t,x,u\n")
	for i := range times {
		for j := range places {
			t, x := node(i, j)
			b.WriteString(row(t, x))
		}
	}
	return b.Bytes()
}

// node returns the point (i, j) of the grid.
func node(i, j int) (t, x float64) {
	return float64(i) / (times - 1), float64(2*j-(places-1)) / (places - 1)
}

// row formats t and x so that they read back exactly, and u to 16 digits.
func row(t, x float64) string {
	short := func(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
	return fmt.Sprintf("%s,%s,%.16g\n", short(t), short(x), burgers(nu, t, x, intervals))
}
