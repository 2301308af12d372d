package jet

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seed-0772dd2d/ritz/internal/expr"
)

// formulas write σ(z) in the equation language.
var formulas = map[Activation]string{
	Tanh:     "tanh(%[1]s)",
	Sin:      "sin(%[1]s)",
	Sigmoid:  "1/(1 + exp(-(%[1]s)))",
	Swish:    "(%[1]s)/(1 + exp(-(%[1]s)))",
	Softplus: "log(1 + exp(%[1]s))",
}

// text writes an output of the network as one formula in x and y.
func (s *sample) text(output int) string {
	units := make([]string, 2)
	for v, name := range []string{"x", "y"} {
		in := s.net.inputs[v]
		units[v] = fmt.Sprintf("(2*(%s - (%g))/(%g) - 1)", name, in.Lo, in.Hi-in.Lo)
	}
	for l := range s.net.layers() {
		in, out := s.net.shape(l)
		matrix, bias := layer(s.net, s.w, l)
		next := make([]string, out)
		for u := range next {
			terms := []string{fmt.Sprintf("(%.17g)", bias[u])}
			for i, a := range units {
				terms = append(terms, fmt.Sprintf("(%.17g)*%s", matrix[u*in+i], a))
			}
			next[u] = "(" + strings.Join(terms, " + ") + ")"
			if l < s.net.layers()-1 {
				next[u] = fmt.Sprintf(formulas[s.net.act], next[u])
			}
		}
		units = next
	}
	return units[output]
}

// The whole network written out as a formula and differentiated symbolically:
// no Taylor arithmetic at all. Formulas grow fast with depth and order.
func TestForwardAgainstSymbolicDerivatives(t *testing.T) {
	inputs := []Input{{Lo: 0, Hi: 1}, {Lo: -1, Hi: 2}}
	scope := &expr.Scope{Variables: []expr.Variable{{Name: "x", Lo: 0, Hi: 1}, {Name: "y", Lo: -1, Hi: 2}}}
	const points = 4
	for _, c := range []struct {
		name   string
		hidden []int
		want   []MultiIndex
	}{
		{"deep", []int{3, 2}, []MultiIndex{{2, 1}, {0, 3}}},
		{"high order", []int{2}, []MultiIndex{{2, 4}, {0, 5}}},
	} {
		for _, act := range activations {
			t.Run(c.name+"/"+act.String(), func(t *testing.T) {
				s := newSample(inputs, c.hidden, 1, act, mustSet(c.want...), points)
				forward(s.ws, s.w, s.x)
				value, err := expr.Parse(s.text(0), scope)
				require.NoError(t, err)
				nodes := map[MultiIndex]expr.Node{{}: value}
				for r, alpha := range s.set.Index {
					for v := range inputs {
						if beta := alpha; nodes[alpha] == nil && beta[v] > 0 {
							beta[v]--
							nodes[alpha] = expr.Diff(nodes[beta], v)
						}
					}
					want := make([]float64, points)
					for p := range want {
						want[p] = expr.Eval(nodes[alpha], &expr.Env{Variables: []float64{s.x[0][p], s.x[1][p]}})
					}
					requireClose(t, want, s.ws.Derivative(0, r), 1e-12, "derivative %v", alpha)
				}
			})
		}
	}
}
