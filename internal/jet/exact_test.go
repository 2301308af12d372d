package jet

import (
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

var activations = []Activation{Tanh, Sin, Sigmoid, Swish, Softplus}

// sample is a network with random weights and biases, the memory for some
// points and random points in its domain.
type sample struct {
	net *Network
	set *Set
	ws  *pass[float64]
	w   []float64
	x   [][]float64
}

func newSample(inputs []Input, hidden []int, outputs int, act Activation, set *Set, points int) *sample {
	net, err := NewNetwork(inputs, hidden, outputs, act)
	if err != nil {
		panic(err)
	}
	rng := rand.New(rand.NewPCG(7, uint64(points)))
	s := &sample{net: net, set: set, ws: newPass[float64](net, set, points), w: make([]float64, net.Weights())}
	net.Init(s.w, rng)
	for i := range s.w {
		s.w[i] += 0.5 * (2*rng.Float64() - 1) // biases too
	}
	for _, in := range inputs {
		row := make([]float64, points)
		for p := range row {
			row[p] = in.Lo + (in.Hi-in.Lo)*rng.Float64()
		}
		s.x = append(s.x, row)
	}
	return s
}

// rows visits the derivatives of every output.
func (s *sample) rows(visit func(output, r int)) {
	for o := range s.net.widths[len(s.net.widths)-1] {
		for r := range s.set.Len() {
			visit(o, r)
		}
	}
}

func largest(x []float64) float64 {
	m := 0.0
	for _, v := range x {
		m = max(m, math.Abs(v))
	}
	return m
}

// problems have the derivative sets and inputs that matter in practice.
var problems = []struct {
	name    string
	inputs  []Input
	hidden  []int
	outputs int
	want    []MultiIndex
}{
	{"Burgers", []Input{{Lo: 0, Hi: 1}, {Lo: -1, Hi: 1}}, []int{5, 4}, 1, []MultiIndex{{1}, {0, 2}}},
	{"Kuramoto-Sivashinsky", []Input{{Lo: 0, Hi: 1}, {Lo: -10, Hi: 10}}, []int{4, 3}, 1, []MultiIndex{{1}, {0, 4}}},
	{"mixed order six", []Input{{Lo: -1, Hi: 2}, {Lo: 0, Hi: 3}}, []int{3, 2}, 1, []MultiIndex{{6}, {3, 3}, {0, 5}}},
	{"three variables", []Input{{Lo: 0, Hi: 1}, {Lo: -1, Hi: 3, Periodic: true}, {Lo: -2, Hi: 0}}, []int{3, 2}, 2, []MultiIndex{{1, 2, 1}, {0, 4}}},
	{"one hidden layer", []Input{{Lo: 0, Hi: 1, Periodic: true}}, []int{4}, 3, []MultiIndex{{3}}},
	{"no hidden layer", []Input{{Lo: 0, Hi: 2}, {Lo: 0, Hi: 1, Periodic: true}}, nil, 2, []MultiIndex{{1, 1}, {0, 3}}},
	{"values only", []Input{{Lo: 0, Hi: 1}}, []int{3, 3, 3}, 1, nil},
}

// exact holds a sample's weights to fifty digits.
type exact struct {
	*sample
	algebra *algebra
	w       []*big.Float
}

func newExact(s *sample) *exact {
	e := &exact{s, newAlgebra(s.set.Index), make([]*big.Float, len(s.w))}
	for i := range e.w {
		e.w[i] = number(s.w[i])
	}
	return e
}

// at is the derivatives of each output at point p.
func (e *exact) at(p int) []series {
	x := make([]float64, len(e.x))
	for v := range x {
		x[v] = e.x[v][p]
	}
	return e.algebra.forward(e.net, e.w, x)
}

// requireClose measures the difference against the largest wanted element.
func requireClose(t *testing.T, want, got []float64, tolerance float64, what string, args ...any) {
	t.Helper()
	require.Len(t, got, len(want))
	size := largest(want)
	for i := range want {
		if !(math.Abs(got[i]-want[i]) <= tolerance*size) { // NaN fails
			require.Failf(t, fmt.Sprintf(what, args...), "element %d: want %.17g, got %.17g, off by %.1e of the largest, %g",
				i, want[i], got[i], math.Abs(got[i]-want[i])/size, size)
		}
	}
}

// requireForward compares every derivative of a sample.
func requireForward(t *testing.T, e *exact, tolerance float64) {
	t.Helper()
	points := len(e.x[0])
	values := make([][]series, points)
	for p := range values {
		values[p] = e.at(p)
	}
	e.rows(func(o, r int) {
		want := make([]float64, points)
		for p := range want {
			want[p], _ = values[p][o][r].Float64()
		}
		requireClose(t, want, e.ws.Derivative(o, r), tolerance, "derivative %v of output %d", e.set.Index[r], o)
	})
}

// All 28 derivatives up to order six of the 2-8-8-1 network, near rounding.
func TestForwardDenseOrderSix(t *testing.T) {
	for _, act := range activations {
		t.Run(act.String(), func(t *testing.T) {
			t.Parallel()
			inputs := []Input{{Lo: 0, Hi: 1}, {Lo: -1, Hi: 1}}
			s := newSample(inputs, []int{8, 8}, 1, act, mustSet(dense(6, 2)...), 3)
			forward(s.ws, s.w, s.x)
			requireForward(t, newExact(s), 3e-14)
		})
	}
}

// Forward and Reverse against fifty digits. The scalar is a random combination
// of all derivatives, each scaled to the same size so that none hides behind
// the larger ones; its gradient comes from one-sided differences, which at a
// step of half the digits are right to the other half, far below rounding in
// float64.
func TestReverseExact(t *testing.T) {
	const points = 2
	for _, c := range problems {
		for _, act := range activations {
			t.Run(c.name+"/"+act.String(), func(t *testing.T) {
				t.Parallel()
				s := newSample(c.inputs, c.hidden, c.outputs, act, mustSet(c.want...), points)
				forward(s.ws, s.w, s.x)
				e := newExact(s)
				requireForward(t, e, 3e-14)

				rng := rand.New(rand.NewPCG(1, 1))
				s.rows(func(o, r int) {
					bar, size := s.ws.Bar(o, r), largest(s.ws.Derivative(o, r))
					for p := range bar {
						bar[p] = rng.NormFloat64() / max(size, 1e-3)
					}
				})
				bar := slices.Clone(s.ws.bar)
				scalar := func() *big.Float {
					sum := number(0)
					for p := range points {
						for o, u := range e.at(p) {
							for r := range u {
								weight := bar[(o*len(u)+r)*points+p]
								sum.Add(sum, mul(number(weight), u[r]))
							}
						}
					}
					return sum
				}
				want := make([]float64, len(s.w))
				step := number(0).SetMantExp(number(1), -precision/2)
				base := scalar()
				for i, w := range e.w {
					e.w[i] = add(w, step)
					want[i], _ = quo(sub(scalar(), base), step).Float64()
					e.w[i] = w
				}
				grad := make([]float64, len(s.w))
				backward(s.ws, grad)
				require.Positive(t, largest(want))
				requireClose(t, want, grad, 3e-14, "gradient")
			})
		}
	}
}
