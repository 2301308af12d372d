package bench

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"slices"

	"github.com/seed-0772dd2d/ritz/pinn"
)

// training is a problem whose step is timed: one iteration of Adam, that is one
// evaluation of the loss and its gradient.
type training struct {
	name     string
	equation string
	members  int // of the derivative set of the equation
	hidden   []int
}

// The sets are {1, t, x, xx} and {1, t, x, xx, xxx, xxxx}.
func trainings() []training {
	const (
		burgers = "u_t + u*u_x = 0.01/pi*u_xx"
		ks      = "u_t + u*u_x + u_xx + u_xxxx = 0"
	)
	return []training{
		{"burgers 2-20x8-1", burgers, 4, slices.Repeat([]int{20}, 8)},
		{"burgers 2-64x4-1", burgers, 4, slices.Repeat([]int{64}, 4)},
		{"kuramoto-sivashinsky 2-20x8-1", ks, 6, slices.Repeat([]int{20}, 8)},
	}
}

// conditionPoints is the number of points of all conditions of a problem.
const conditionPoints = 100

// problem has the domain and the conditions of Raissi, Perdikaris and
// Karniadakis (2019), Journal of Computational Physics 378, 686.
func (t training) problem() *pinn.Problem {
	return &pinn.Problem{
		Domain:    []pinn.Interval{{Name: "t", Lo: 0, Hi: 1}, {Name: "x", Lo: -1, Hi: 1}},
		Fields:    []string{"u"},
		Equations: []pinn.Equation{{Text: t.equation}},
		Conditions: []pinn.Condition{
			{Text: "u = -sin(pi*x) at t=0", Points: conditionPoints / 2},
			{Text: "u = 0 at x=-1", Points: conditionPoints / 4},
			{Text: "u = 0 at x=1", Points: conditionPoints / 4},
		},
	}
}

// work describes a step on a number of interior points.
func (t training) work(interior int, precision string) Work {
	widths := slices.Concat([]int{2}, t.hidden, []int{1})
	operations, activations := arithmetic(widths, []pointSet{{interior, t.members}, {conditionPoints, 1}})
	return Work{Group: groupStep, Name: t.name, Precision: precision, Operations: operations, Activations: activations}
}

// stepTasks times training steps; stop ends the trainings.
func stepTasks(counts []int, interior int) (tasks []task, stop func(), err error) {
	var stops []func()
	stop = func() {
		for _, s := range stops {
			s()
		}
	}
	for _, t := range trainings() {
		for _, precision := range []string{"float64", "float32"} {
			milliseconds := func(_ int, seconds float64) float64 { return 1e3 * seconds }
			tasks = append(tasks, everywhere(t.work(interior, precision), counts, milliseconds, func(threads int) func(int) error {
				step, end, e := t.start(interior, precision, threads)
				if e != nil {
					err = fmt.Errorf("%s: %w", t.name, e)
					return nil
				}
				stops = append(stops, end)
				return func(repeat int) error {
					for range repeat {
						if _, err := step(); err != nil {
							return fmt.Errorf("%s: %w", t.name, err)
						}
					}
					return nil
				}
			})...)
		}
	}
	if err != nil {
		stop()
		return nil, func() {}, err
	}
	return tasks, stop, nil
}

// start begins a training that advances by one iteration with each call of
// step, which tells where it stands.
func (t training) start(interior int, precision string, threads int) (step func() (pinn.Progress, error), stop func(), err error) {
	var advance func(pinn.Progress) bool // ends an iteration; false: no other is wanted
	ctx, cancel := context.WithCancel(context.Background())
	trainer, err := pinn.New(t.problem(), pinn.Settings{
		Network: pinn.Network{Hidden: t.hidden},
		Points:  pinn.Points{Interior: interior},
		Train:   []pinn.Stage{{Optimizer: "adam", Iterations: math.MaxInt32}},
		Threads: threads, Precision: precision,
		Progress: func(now pinn.Progress) {
			if !advance(now) {
				cancel()
			}
		},
	})
	if err != nil {
		cancel()
		return nil, nil, err
	}
	var ended error
	next, stop := iter.Pull(func(yield func(pinn.Progress) bool) {
		advance = yield
		_, ended = trainer.Run(ctx)
	})
	return func() (pinn.Progress, error) {
		now, ok := next()
		if !ok {
			return now, errors.Join(errors.New("the training ended"), ended)
		}
		return now, nil
	}, stop, nil
}
