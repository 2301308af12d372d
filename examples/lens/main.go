// Lens finds a slow lens in a tank from what receivers around it hear of sources
// around it: full-waveform inversion in miniature. Unknown is the bulk modulus at
// each point inside the ring; L-BFGS follows the gradient of the misfit, which
// the adjoint of the wave solver has for the price of a few simulations.
//
//	go run ./examples/lens [-o lens.png]
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"math"
	"slices"

	"gonum.org/v1/gonum/optimize"

	"github.com/seed-0772dd2d/ritz/figure"
)

func main() {
	out := flag.String("o", "lens.png", "`file` of the picture")
	flag.Parse()
	e, err := newExperiment(81, 8, 48, 8)
	if err != nil {
		log.Fatal(err)
	}
	m, err := e.invert(context.Background(), 20, func(iteration int, misfit, wrong float64) {
		fmt.Printf("%3d  misfit %.3e  error of the lens %.3f\n", iteration, misfit, wrong)
	})
	if err != nil {
		log.Fatal(err)
	}
	if err := figure.Save(*out, 0, 0, e.picture(m)); err != nil {
		log.Fatal(err)
	}
}

// invert returns the logarithms of the bulk modulus after so many iterations from
// the empty tank, and reports each.
func (e *experiment) invert(ctx context.Context, iterations int, report func(iteration int, misfit, wrong float64)) ([]float64, error) {
	start := make([]float64, len(e.unknown))
	at, gradient := []float64(nil), make([]float64, len(start))
	var value float64
	var failed error
	// The method asks for the value and the gradient at a point in turn.
	evaluate := func(m []float64) {
		if failed == nil && !slices.Equal(at, m) {
			at = append(at[:0], m...)
			value, failed = e.misfit(ctx, m, gradient)
		}
	}
	result, err := optimize.Minimize(optimize.Problem{
		Func: func(m []float64) float64 { evaluate(m); return value },
		Grad: func(g, m []float64) { evaluate(m); copy(g, gradient) },
		Status: func() (optimize.Status, error) {
			if failed != nil {
				return optimize.Failure, failed
			}
			return optimize.NotTerminated, nil
		},
	}, start, &optimize.Settings{
		MajorIterations: iterations + 1, // the start counts
		Converger:       optimize.NeverTerminate{},
		Recorder: recorder(func(l *optimize.Location, s *optimize.Stats) {
			report(s.MajorIterations-1, l.F, e.wrong(l.X))
		}),
	}, &optimize.LBFGS{})
	if err != nil {
		return nil, err
	}
	return result.X, nil
}

// recorder is called after each iteration, the last of which has another name.
type recorder func(*optimize.Location, *optimize.Stats)

// Init and Record make it an [optimize.Recorder].
func (recorder) Init() error { return nil }

func (r recorder) Record(l *optimize.Location, op optimize.Operation, s *optimize.Stats) error {
	if op == optimize.MajorIteration || op == optimize.PostIteration {
		r(l, s)
	}
	return nil
}

// picture shows the speed of sound: of the tank, the start and the result m.
func (e *experiment) picture(m []float64) figure.Panel {
	dx, _ := e.grid.Spacing()
	speed := func(title string, kappa []float64, marks ...figure.Series) figure.Panel {
		h := figure.Heatmap{Title: title, XLabel: "x", YLabel: "y", ZLabel: "speed of sound", Equal: true, ZMin: 0.82, ZMax: 1.02, Series: marks}
		for i := range e.grid.Nx {
			h.X = append(h.X, float64(i)*dx)
		}
		h.Y = h.X
		for _, k := range kappa {
			h.Z = append(h.Z, math.Sqrt(k))
		}
		return h
	}
	sources, receivers := figure.Series{Style: figure.Points}, figure.Series{Style: figure.Triangles}
	for _, s := range e.shots {
		sources.X, sources.Y = append(sources.X, s.Sources[0].X), append(sources.Y, s.Sources[0].Y)
	}
	for _, r := range e.shots[0].Receivers {
		receivers.X, receivers.Y = append(receivers.X, r.X), append(receivers.Y, r.Y)
	}
	return figure.Tile(3, speed("true; sources, receivers (triangles)", e.truth, receivers, sources),
		speed("start", e.modulus(make([]float64, len(m)))), speed("recovered", e.modulus(m)))
}
