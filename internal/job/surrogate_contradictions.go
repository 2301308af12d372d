package job

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"strings"

	"github.com/seed-0772dd2d/ritz/surrogate"
)

// checkSettings finds the settings of models that contradict one another. What
// fits a model knows them: it is asked to fit a smooth function, and is stopped
// as soon as it begins.
func (t *surrogateTask) checkSettings() error {
	if len(t.specs) == 0 {
		return nil
	}
	stopped, stop := context.WithCancel(context.Background())
	stop()
	d := t.smooth(min(t.samples(), 200))
	for _, m := range t.specs {
		if _, err := m.spec.Fit(stopped, d); errors.Is(err, surrogate.ErrSettings) {
			return fault(m.node, m.path, strings.TrimPrefix(err.Error(), surrogate.ErrSettings.Error()+": "))
		}
	}
	return nil
}

// smooth are n observations of Σ cos(z_j + j), z in the unit cube.
func (t *surrogateTask) smooth(n int) surrogate.Data {
	d := surrogate.Data{Inputs: len(t.names), Lower: t.lower, Upper: t.upper}
	r := rand.New(rand.NewPCG(t.job.Seed, 0))
	for range n {
		y := 0.0
		for j, lower := range t.lower {
			z := r.Float64()
			d.X = append(d.X, lower+z*(t.upper[j]-lower))
			y += math.Cos(z + float64(j))
		}
		d.Y = append(d.Y, y)
	}
	return d
}
