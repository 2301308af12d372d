package pinn

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A condition that the orders of the derivatives ask for and nobody gives is told; problems that
// have all they need, or may have, are left in peace.
func TestMissing(t *testing.T) {
	tx, xy := []Interval{{"t", 0, 1}, {"x", 0, 2}}, []Interval{{"x", 0, 1}, {"y", 0, 1}}
	x := tx[1:]
	type texts = []string
	for _, c := range []struct {
		name                          string
		domain                        []Interval
		fields, equations, conditions texts
		want                          texts
	}{
		{"heat", tx, texts{"u"}, texts{"u_t = u_xx"}, texts{"u = 0 at t=0", "u = 0 at x=0", "u = 0 at x=2"}, nil},
		{"one side", tx, texts{"u"}, texts{"u_t = u_xx"}, texts{"u = 0 at t=0", "u = 0 at x=0"}, texts{"no condition on u at x = 2: u_xx asks for 2 in x, and there is 1"}},
		{"no sides", tx, texts{"u"}, texts{"u_t = u_xx"}, texts{"u = 0 at t=0"}, texts{"no condition on u at x = 0 nor at x = 2: u_xx asks for 2 in x, and there are none"}},
		{"no start", tx, texts{"u"}, texts{"u_t = u_xx"}, texts{"u = 0 at x=0", "u_x = 0 at x=2"}, texts{"no condition on u at t = 0: u_t asks for 1 in t, and there are none"}},
		{"from the end", tx, texts{"u"}, texts{"u_t + u_xx = 0"}, texts{"u = 0 at t=1", "u = 0 at x=0", "u_x = 0 at x=2"}, nil},
		{"periodic", tx, texts{"u"}, texts{"u_t = u_xx"}, texts{"u = 0 at t=0", "periodic in x"}, nil},
		{"wave", tx, texts{"u"}, texts{"u_tt = u_xx"}, texts{"u = 0 at t=0", "u = 0 at x=0", "u = 0 at x=2"}, texts{"too few conditions on u in t: u_tt asks for 2 in t, and there is 1"}},
		{"both at one side", x, texts{"u"}, texts{"u_xx = 1"}, texts{"u = 0 at x=0", "u_x = 0 at x=0"}, nil},
		{"beam", x, texts{"u"}, texts{"u_xxxx = 1"}, texts{"u = 0 at x=0", "u_x = 0 at x=0", "u = 0 at x=2"}, texts{"too few conditions on u in x: u_xxxx asks for 4 in x, and there are 3"}},
		{"square", xy, texts{"u"}, texts{"laplace(u) = 1"}, texts{"u = 0 at x=0", "u = 0 at x=1", "u = 0 at y=0"}, texts{"no condition on u at y = 1: u_yy asks for 2 in y, and there is 1"}},
		{"integral", x, texts{"p"}, texts{"D(x*p, x) = p_xx"}, texts{"p_x = 0 at x=0", "integral(p, x) = 1"}, nil},
		{"advection", tx, texts{"u"}, texts{"u_t + (x - 1)*u_x = 0"}, texts{"u = x at t=0"}, nil},
		{"degenerate", tx, texts{"u"}, texts{"u_t = x^2*u_xx"}, texts{"u = x at t=0", "u = 2 at x=2"}, nil},
		{"mixed", x, texts{"u", "w"}, texts{"u_xx = w", "w_xx = 1"}, texts{"u = 0 at x=0", "u_x = 0 at x=0", "u = 0 at x=2", "u_x = 0 at x=2"}, nil},
		{"mixed, too few", x, texts{"u", "w"}, texts{"u_xx = w", "w_xx = 1"}, texts{"u = 0 at x=0", "u = 0 at x=2", "w = 0 at x=0"}, texts{"no condition on w at x = 2: w_xx asks for 2 in x, and there is 1"}},
		{"algebraic", tx, texts{"u", "v"}, texts{"u_t = v", "v = 1 - u"}, texts{"u = 0 at t=0"}, nil},
	} {
		p := &Problem{Domain: c.domain, Fields: c.fields}
		for _, e := range c.equations {
			p.Equations = append(p.Equations, Equation{Text: e})
		}
		for _, b := range c.conditions {
			p.Conditions = append(p.Conditions, Condition{Text: b})
		}
		s := Settings{Network: Network{Hidden: []int{4}}, Points: Points{Interior: 8, Boundary: 4}}
		trainer, err := New(p, s)
		require.NoError(t, err, c.name)
		assert.Equal(t, c.want, trainer.Info().Missing, c.name)

		// Measured values may stand for anything, an ansatz for conditions on its field.
		values := &Table{Points: make([]float64, len(c.domain)), Values: map[string][]float64{c.fields[0]: {0}}}
		measured := *p
		measured.Conditions = append(measured.Conditions[:len(p.Conditions):len(p.Conditions)], Condition{Data: values})
		trainer, err = New(&measured, s)
		require.NoError(t, err, c.name)
		assert.Empty(t, trainer.Info().Missing, c.name)
		p.Ansatz = map[string]string{}
		for _, f := range c.fields {
			p.Ansatz[f] = "x*N"
		}
		trainer, err = New(p, s)
		require.NoError(t, err, c.name)
		assert.Empty(t, trainer.Info().Missing, c.name)
	}
}
