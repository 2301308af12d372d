package figure_test

import (
	"fmt"
	"log"
	"math"
	"os"
	"path/filepath"

	"github.com/seed-0772dd2d/ritz/figure"
)

// A model of a function of two variables: in space and as a map with contour
// lines and the samples; its predictions against the truth; what it depends on.
func Example_surrogate() {
	f := func(x, y float64) float64 { return math.Sin(3*x) + y*y/2 }
	x := make([]float64, 41)
	for i := range x {
		x[i] = -1 + float64(i)/20
	}
	var z []float64
	for _, y := range x {
		for _, x := range x {
			z = append(z, f(x, y))
		}
	}
	// Twenty samples along a spiral, and what a model says there.
	var px, py, truth, predicted, sigma []float64
	var points []figure.Point
	for k := range 20 {
		r, a := math.Sqrt(float64(k)/20), 2.4*float64(k)
		u, v := r*math.Cos(a), r*math.Sin(a)
		px, py = append(px, u), append(py, v)
		truth = append(truth, f(u, v))
		predicted = append(predicted, f(u, v)+0.1*math.Sin(7*a))
		sigma = append(sigma, 0.15)
		points = append(points, figure.Point{X: u, Y: v, Z: f(u, v)})
	}
	space := figure.Surface{Title: "model", XLabel: "x", YLabel: "y", ZLabel: "f", X: x, Y: x, Z: z, Points: points}
	plan := figure.Heatmap{
		Title: "model", XLabel: "x", YLabel: "y", X: x, Y: x, Z: z, Equal: true, Contours: 10, Filled: true,
		Series: []figure.Series{{X: px, Y: py, Style: figure.Points}},
	}
	parity := figure.Parity(truth, predicted, sigma)
	parity.Title = "leave-one-out"
	effects := figure.Bars{Title: "Sobol' indices", Labels: []string{"x", "y"}, Series: []figure.Series{
		{Name: "first order", Y: []float64{0.95, 0.04}, Err: []float64{0.01, 0.01}},
		{Name: "total", Y: []float64{0.96, 0.05}, Err: []float64{0.01, 0.01}},
	}}
	dir, err := os.MkdirTemp("", "figure")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if err := figure.Save(filepath.Join(dir, "model.png"), 0, 0, figure.Tile(2, space, plan, parity, effects)); err != nil {
		log.Fatal(err)
	}
	// Output:
}

// A wave on a string, frame by frame.
func ExampleAnimation() {
	dir, err := os.MkdirTemp("", "figure")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	a, err := figure.NewAnimation(filepath.Join(dir, "wave.gif"), 4, 3, 20)
	if err != nil {
		log.Fatal(err)
	}
	x := make([]float64, 65)
	u := make([]float64, len(x))
	for k := range 5 {
		t := float64(k) / 20
		for i := range x {
			x[i] = float64(i) / 64
			u[i] = math.Sin(math.Pi*x[i]) * math.Cos(math.Pi*t)
		}
		// The second series, of the extremes, keeps the axis the same.
		frame := figure.Lines{Title: fmt.Sprintf("t = %.2f", t), XLabel: "x", YLabel: "u", Series: []figure.Series{
			{X: x, Y: u}, {X: []float64{0.5, 0.5}, Y: []float64{-1, 1}, Style: figure.Crosses},
		}}
		if err := a.Frame(frame); err != nil {
			log.Fatal(err)
		}
	}
	if err := a.Close(); err != nil {
		log.Fatal(err)
	}
	// Output:
}

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
