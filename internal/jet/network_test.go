package jet

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestNewNetwork(t *testing.T) {
	unit := []Input{{Lo: 0, Hi: 1}}
	net, err := NewNetwork([]Input{{Lo: 0, Hi: 1}, {Lo: 0, Hi: 1, Periodic: true}}, []int{5, 4}, 2, Tanh)
	require.NoError(t, err)
	require.Equal(t, 5*(3+1)+4*(5+1)+2*(4+1), net.Weights())
	require.Equal(t, 8*2*(3+5+4+2)*4, net.BlockBytes(mustSet(MultiIndex{1}, MultiIndex{0, 2}), false))
	require.Equal(t, 4*2*(3+5+4+2)*4, net.BlockBytes(mustSet(MultiIndex{1}, MultiIndex{0, 2}), true))

	for message, build := range map[string]func() (*Network, error){
		"layer width 0: must be from 1 to 16384":     func() (*Network, error) { return NewNetwork(unit, []int{3, 0}, 1, Tanh) },
		"layer width -1: must be from 1 to 16384":    func() (*Network, error) { return NewNetwork(unit, nil, -1, Tanh) },
		"layer width 16385: must be from 1 to 16384": func() (*Network, error) { return NewNetwork(unit, []int{16385}, 1, Tanh) },
		"0 inputs: must be 1 or more":                func() (*Network, error) { return NewNetwork(nil, nil, 1, Tanh) },
		"input 0 runs over [1, 1]: the interval must be finite and not empty": func() (*Network, error) {
			return NewNetwork([]Input{{Lo: 1, Hi: 1}}, nil, 1, Tanh)
		},
		"input 1 runs over [0, +Inf]: the interval must be finite and not empty": func() (*Network, error) {
			return NewNetwork([]Input{unit[0], {Lo: 0, Hi: math.Inf(1)}}, nil, 1, Tanh)
		},
	} {
		_, err := build()
		require.EqualError(t, err, message)
	}
}

func TestInit(t *testing.T) {
	net, err := NewNetwork([]Input{{Lo: 0, Hi: 1}}, []int{100, 300}, 20, Tanh)
	require.NoError(t, err)
	w, again, other := make([]float64, net.Weights()), make([]float64, net.Weights()), make([]float64, net.Weights())
	for i := range w {
		w[i] = math.NaN()
	}
	net.Init(w, rand.New(rand.NewPCG(1, 2)))
	net.Init(again, rand.New(rand.NewPCG(1, 2)))
	net.Init(other, rand.New(rand.NewPCG(1, 3)))
	require.Equal(t, w, again)
	require.NotEqual(t, w, other)
	for l := range net.layers() {
		in, out := net.shape(l)
		matrix, bias := layer(net, w, l)
		require.Zero(t, largest(bias))
		variance := 2 / float64(in+out)
		require.LessOrEqual(t, largest(matrix), math.Sqrt(3*variance))
		var sum, squares float64
		for _, v := range matrix {
			sum += v
			squares += v * v
		}
		// Five standard errors of the mean and of the variance, which for a
		// uniform variate are σ/√n and σ² √(4/5n).
		n := float64(len(matrix))
		require.InDelta(t, 0, sum/n, 5*math.Sqrt(variance/n))
		require.InDelta(t, 1, squares/n/variance, 5*math.Sqrt(0.8/n))
	}
}

// drawSample is a small network of any shape with a set to match.
func drawSample(t *rapid.T) *sample {
	inputs := make([]Input, rapid.IntRange(1, 3).Draw(t, "inputs"))
	for v := range inputs {
		lo := rapid.Float64Range(-3, 3).Draw(t, "lo")
		inputs[v] = Input{lo, lo + rapid.Float64Range(0.5, 4).Draw(t, "length"), rapid.Bool().Draw(t, "periodic")}
	}
	return newSample(inputs,
		rapid.SliceOfN(rapid.IntRange(1, 7), 0, 3).Draw(t, "hidden"),
		rapid.IntRange(1, 3).Draw(t, "outputs"),
		rapid.SampledFrom(activations).Draw(t, "activation"),
		drawSet(t),
		rapid.IntRange(1, 9).Draw(t, "points"))
}

// randomBar fills the adjoint with normal variates.
func (s *sample) randomBar(rng *rand.Rand) {
	s.rows(func(o, r int) {
		bar := s.ws.Bar(o, r)
		for p := range bar {
			bar[p] = rng.NormFloat64()
		}
	})
}

// The reverse pass is the transpose of the derivative J of the forward pass
// with respect to the weights: <J v, ū> = <v, Jᵀ ū> for any direction v and
// adjoint ū. J v is a difference of sixth order.
func TestAdjoint(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawSample(t)
		rng := rand.New(rand.NewPCG(3, rapid.Uint64().Draw(t, "seed")))
		v := make([]float64, len(s.w))
		for i := range v {
			v[i] = rng.NormFloat64() / math.Sqrt(float64(len(v)))
		}
		s.randomBar(rng)
		bar := slices.Clone(s.ws.bar)

		const step = 4e-3
		moved, u := make([]float64, len(s.w)), s.ws.out
		left, size := 0.0, 0.0
		for k, c := range map[float64]float64{1: 3. / 4, 2: -3. / 20, 3: 1. / 60} {
			for _, sign := range []float64{1, -1} {
				for i := range moved {
					moved[i] = s.w[i] + sign*k*step*v[i]
				}
				forward(s.ws, moved, s.x)
				for i := range u {
					left += sign * c / step * u[i] * bar[i]
					size += math.Abs(u[i] * bar[i])
				}
			}
		}

		forward(s.ws, s.w, s.x)
		grad := make([]float64, len(s.w))
		backward(s.ws, grad)
		right := 0.0
		for i := range v {
			right += v[i] * grad[i]
		}
		require.InDelta(t, left, right, 1e-10*size)
	})
}

// split copies the points [from, to) of a sample into one of its own.
func (s *sample) split(from, to int) *sample {
	part := &sample{net: s.net, set: s.set, ws: newPass[float64](s.net, s.set, to-from), w: s.w}
	for _, row := range s.x {
		part.x = append(part.x, row[from:to])
	}
	return part
}

// The size of a block changes no derivative, bit for bit, and the gradient only
// by the order of its sums.
func TestBlockSize(t *testing.T) {
	const points = 64
	for _, c := range problems {
		for _, act := range activations {
			whole := newSample(c.inputs, c.hidden, c.outputs, act, mustSet(c.want...), points)
			forward(whole.ws, whole.w, whole.x)
			whole.randomBar(rand.New(rand.NewPCG(1, 1)))
			bar := whole.split(0, points)
			copy(bar.ws.bar, whole.ws.bar)
			want := make([]float64, len(whole.w))
			backward(whole.ws, want)

			for _, size := range []int{1, 7, 16, 32} {
				grad := make([]float64, len(whole.w))
				for from := 0; from < points; from += size {
					to := min(from+size, points)
					part := whole.split(from, to)
					forward(part.ws, part.w, part.x)
					part.rows(func(o, r int) {
						require.Equal(t, whole.ws.Derivative(o, r)[from:to], part.ws.Derivative(o, r), "%s, %s, blocks of %d, member %v", c.name, act, size, whole.set.Index[r])
						copy(part.ws.Bar(o, r), bar.ws.Bar(o, r)[from:to])
					})
					backward(part.ws, grad) // adds to grad
				}
				for l := range whole.net.layers() {
					wantMatrix, wantBias := layer(whole.net, want, l)
					matrix, bias := layer(whole.net, grad, l)
					requireClose(t, wantMatrix, matrix, 1e-13, "%s, %s, blocks of %d, matrix %d", c.name, act, size, l)
					requireClose(t, wantBias, bias, 1e-13, "%s, %s, blocks of %d, biases %d", c.name, act, size, l)
				}
			}
		}
	}
}

// A derivative does not depend on what else is asked for.
func TestLargerSet(t *testing.T) {
	inputs := []Input{{Lo: 0, Hi: 1}, {Lo: -1, Hi: 1, Periodic: true}}
	for _, act := range activations {
		small := newSample(inputs, []int{6, 5}, 2, act, mustSet(MultiIndex{1}, MultiIndex{0, 3}), 5)
		large := newSample(inputs, []int{6, 5}, 2, act, mustSet(MultiIndex{2, 2}, MultiIndex{1, 4}), 5)
		forward(small.ws, small.w, small.x)
		forward(large.ws, large.w, large.x)
		small.rows(func(o, r int) {
			require.Equal(t, small.ws.Derivative(o, r), large.ws.Derivative(o, large.set.Find(small.set.Index[r])))
		})
	}
}

// A workspace carries nothing from one block to the next.
func TestWorkspaceReuse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawSample(t)
		fresh := s.split(0, len(s.x[0]))
		for i := range s.ws.frame {
			s.ws.frame[i] = math.NaN()
		}
		gradients := [2][]float64{make([]float64, len(s.w)), make([]float64, len(s.w))}
		for i, sample := range []*sample{s, fresh} {
			forward(sample.ws, sample.w, sample.x)
			sample.randomBar(rand.New(rand.NewPCG(5, 5)))
			backward(sample.ws, gradients[i])
		}
		require.Equal(t, fresh.ws.out, s.ws.out)
		require.Equal(t, gradients[1], gradients[0])
	})
}

// A network without hidden layers is affine, its derivatives constant.
func TestAffineNetwork(t *testing.T) {
	s := newSample([]Input{{Lo: 2, Hi: 6}, {Lo: -1, Hi: 0}}, nil, 2, Tanh, mustSet(MultiIndex{1, 1}, MultiIndex{2}), 6)
	forward(s.ws, s.w, s.x)
	for o := range 2 {
		a, b, c := s.w[2*o]/2, s.w[2*o+1]*2, s.w[4+o]
		for p := range 6 {
			value := a*(s.x[0][p]-4) + b*(s.x[1][p]+0.5) + c
			require.InDelta(t, value, s.ws.Derivative(o, 0)[p], 1e-15*8)
			require.InDelta(t, a, s.ws.Derivative(o, 1)[p], 1e-15)
			require.InDelta(t, b, s.ws.Derivative(o, 2)[p], 1e-15)
			require.Zero(t, s.ws.Derivative(o, 3)[p])
			require.Zero(t, s.ws.Derivative(o, 4)[p])
		}
	}
}

// Both ends of a periodic variable, and points a period apart, are one point to
// the network.
func TestPeriodicInput(t *testing.T) {
	inputs := []Input{{Lo: 0, Hi: 1}, {Lo: -1, Hi: 3, Periodic: true}}
	for _, act := range activations {
		s := newSample(inputs, []int{8, 8}, 2, act, mustSet(MultiIndex{1, 2}, MultiIndex{0, 4}), 4)
		s.x = [][]float64{{0.3, 0.3, 0.8, 0.8}, {-1, 3, 0.7, 4.7}}
		forward(s.ws, s.w, s.x)
		s.rows(func(o, r int) {
			d := s.ws.Derivative(o, r)
			requireClose(t, []float64{d[0], d[2]}, []float64{d[1], d[3]}, 3e-14, "%s: member %v of output %d", act, s.set.Index[r], o)
			require.NotZero(t, d[0])
		})
	}
}

func TestForwardAndReverseDoNotAllocate(t *testing.T) {
	for _, c := range problems {
		for _, act := range activations {
			s := newSample(c.inputs, c.hidden, c.outputs, act, mustSet(c.want...), 16)
			grad := make([]float64, len(s.w))
			require.Zero(t, testing.AllocsPerRun(10, func() {
				forward(s.ws, s.w, s.x)
				for r := range s.set.Len() {
					copy(s.ws.Bar(0, r), s.ws.Derivative(0, r))
				}
				backward(s.ws, grad)
			}), "%s, %s", c.name, act)
		}
	}
}

// forward and backward take a network through one block alone.
func forward(p Pass, w []float64, x [][]float64) {
	p.Load(w)
	p.Forward(x)
}

func backward(p Pass, grad []float64) {
	p.Reverse()
	p.AddGradient(grad)
}

// A network may have more inputs than there are variables to differentiate by: the
// sum of twelve, two of them on the circle, at the sixth and beyond the eighth.
func TestManyInputs(t *testing.T) {
	inputs := slices.Repeat([]Input{{Lo: -1, Hi: 1}}, 12)
	inputs[5].Periodic, inputs[10].Periodic = true, true
	net, err := NewNetwork(inputs, nil, 1, Tanh)
	require.NoError(t, err)
	w := slices.Repeat([]float64{1}, net.Weights())
	w[len(w)-1] = 0
	set := mustSet(MultiIndex{7: 1}, MultiIndex{5: 1})
	p := net.NewPass(set, 1, false)
	x := make([][]float64, 12)
	for v := range x {
		x[v] = []float64{float64(v+1) / 100}
	}
	forward(p, w, x)
	want := 0.0
	for v, in := range inputs {
		if in.Periodic {
			s, c := math.Sincos(math.Pi * (x[v][0] + 1))
			want += s + c
		} else {
			want += x[v][0]
		}
	}
	s, c := math.Sincos(math.Pi * (x[5][0] + 1))
	require.InDelta(t, want, p.Derivative(0, 0)[0], 1e-14)
	require.InDelta(t, 1, p.Derivative(0, set.Find(MultiIndex{7: 1}))[0], 1e-14)
	require.InDelta(t, math.Pi*(c-s), p.Derivative(0, set.Find(MultiIndex{5: 1}))[0], 1e-13)
}
