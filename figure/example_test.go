package figure_test

import (
	"fmt"
	"log"
	"math"
	"os"
	"path/filepath"

	"github.com/seed-0772dd2d/ritz/figure"
)

// The heat equation: its solution as a map, and as curves at two times.
func Example() {
	t := []float64{0, 0.25, 0.5, 0.75, 1}
	x := make([]float64, 65)
	for j := range x {
		x[j] = float64(j) / 64
	}
	u := func(t, x float64) float64 { return math.Exp(-0.1*math.Pi*math.Pi*t) * math.Sin(math.Pi*x) }

	field := figure.Heatmap{Title: "u(t, x)", XLabel: "t", YLabel: "x", ZLabel: "u", X: t, Y: x}
	for _, xj := range x {
		for _, ti := range t {
			field.Z = append(field.Z, u(ti, xj))
		}
	}
	slices := figure.Lines{Title: "Slices", XLabel: "x", YLabel: "u"}
	for _, ti := range []float64{0, 1} {
		y := make([]float64, len(x))
		for j := range x {
			y[j] = u(ti, x[j])
		}
		slices.Series = append(slices.Series, figure.Series{Name: fmt.Sprintf("t = %g", ti), X: x, Y: y})
	}
	dir, err := os.MkdirTemp("", "figure")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if err := figure.Save(filepath.Join(dir, "heat.png"), 6, 2.5, figure.Tile(2, field, slices)); err != nil {
		log.Fatal(err)
	}
	// Output:
}
