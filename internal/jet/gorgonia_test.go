package jet

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// tape is a Gorgonia graph in which matrices are named in order of creation.
type tape struct {
	graph *G.ExprGraph
	count int
}

// matrix is a leaf of the graph with the given values, copied.
func (g *tape) matrix(rows, cols int, values []float64) *G.Node {
	g.count++
	value := tensor.New(tensor.WithShape(rows, cols), tensor.WithBacking(slices.Clone(values)))
	return G.NodeFromAny(g.graph, value, G.WithName(fmt.Sprint("leaf", g.count)))
}

func (g *tape) filled(rows, cols int, v float64) *G.Node {
	return g.matrix(rows, cols, slices.Repeat([]float64{v}, rows*cols))
}

func product(x *G.Node, more ...*G.Node) *G.Node {
	for _, y := range more {
		x = G.Must(G.HadamardProd(x, y))
	}
	return x
}

// Gorgonia, a tape-based reverse mode, as a second opinion: the loss of
// Burgers' equation with u_t, u_x and u_xx of a tanh network written out layer
// by layer as nodes, and one Grad to the weights.
func TestReverseAgainstGorgonia(t *testing.T) {
	const (
		points = 50
		nu     = 0.01 / math.Pi
	)
	inputs := []Input{{Lo: 0, Hi: 1}, {Lo: -1, Hi: 1}}
	s := newSample(inputs, []int{10, 10, 10}, 1, Tanh, mustSet(MultiIndex{1}, MultiIndex{0, 2}), points)

	g := &tape{graph: G.NewGraph()}
	var embedded, alongT, alongX []float64
	for v, in := range inputs {
		for _, x := range s.x[v] {
			slope := 2 / (in.Hi - in.Lo)
			embedded = append(embedded, slope*(x-in.Lo)-1)
			alongT = append(alongT, slope*float64(1-v))
			alongX = append(alongX, slope*float64(v))
		}
	}
	a, at, ax := g.matrix(2, points, embedded), g.matrix(2, points, alongT), g.matrix(2, points, alongX)
	axx := g.filled(2, points, 0)
	row := g.filled(1, points, 1) // spreads a bias over the points
	var weights G.Nodes
	for l := range s.net.layers() {
		in, out := s.net.shape(l)
		matrix, bias := layer(s.net, s.w, l)
		w, b := g.matrix(out, in, matrix), g.matrix(out, 1, bias)
		weights = append(weights, w, b)
		times := func(x *G.Node) *G.Node { return G.Must(G.Mul(w, x)) }
		z, zt, zx, zxx := G.Must(G.Add(times(a), G.Must(G.Mul(b, row)))), times(at), times(ax), times(axx)
		if l == s.net.layers()-1 {
			a, at, ax, axx = z, zt, zx, zxx
			break
		}
		// The derivatives of tanh are 1 - tanh² and -2 tanh (1 - tanh²).
		a = G.Must(G.Tanh(z))
		slope := G.Must(G.Sub(g.filled(out, points, 1), product(a, a)))
		curve := product(g.filled(out, points, -2), a, slope)
		at, ax = product(slope, zt), product(slope, zx)
		axx = G.Must(G.Add(product(slope, zxx), product(curve, zx, zx)))
	}
	residual := G.Must(G.Sub(G.Must(G.Add(at, product(a, ax))), product(g.filled(1, points, nu), axx)))
	loss := G.Must(G.Mean(product(residual, residual)))
	_, err := G.Grad(loss, weights...)
	require.NoError(t, err)
	var lossValue G.Value
	G.Read(loss, &lossValue)
	machine := G.NewTapeMachine(g.graph, G.BindDualValues(weights...))
	defer machine.Close()
	require.NoError(t, machine.RunAll())
	var want []float64
	for _, w := range weights {
		gradient, err := w.Grad()
		require.NoError(t, err)
		want = append(want, gradient.Data().([]float64)...)
	}

	forward(s.ws, s.w, s.x)
	row4 := func(f func(int, int) []float64) (u, ut, ux, uxx []float64) {
		return f(0, 0), f(0, s.set.Find(MultiIndex{1})), f(0, s.set.Find(MultiIndex{0, 1})), f(0, s.set.Find(MultiIndex{0, 2}))
	}
	u, ut, ux, uxx := row4(s.ws.Derivative)
	barU, barT, barX, barXX := row4(s.ws.Bar)
	mean := 0.0
	for p := range points {
		r := ut[p] + u[p]*ux[p] - nu*uxx[p]
		mean += r * r / points
		d := 2 * r / points
		barU[p], barT[p], barX[p], barXX[p] = d*ux[p], d, d*u[p], -nu*d
	}
	grad := make([]float64, len(s.w))
	backward(s.ws, grad)

	require.InEpsilon(t, mean, lossValue.Data(), 1e-13)
	require.Positive(t, largest(want))
	requireClose(t, want, grad, 1e-12, "gradient")
}
