package figure

import (
	"fmt"
	"encoding/csv"
	"math"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
)

func TestZZ(t *testing.T) {
	f, _ := os.Open("../examples/burgers.csv")
	rec, _ := csv.NewReader(f).ReadAll()
	var T, X, U []float64
	for k, r := range rec[1:] {
		a, _ := strconv.ParseFloat(r[0], 64); b, _ := strconv.ParseFloat(r[1], 64); c, _ := strconv.ParseFloat(r[2], 64)
		if k%256 == 0 { T = append(T, a) }
		if k < 256 { X = append(X, b) }
		U = append(U, c)
	}
	// transpose: t horizontal
	Z := make([]float64, len(U))
	E := make([]float64, len(U))
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range T { for j := range X {
		u := U[i*256+j]
		Z[j*100+i] = u
		e := 1e-5*(math.Sin(7*T[i])*math.Cos(9*X[j])) + 1e-3*math.Exp(-X[j]*X[j]*3000)*T[i]*math.Sin(30*X[j]) + 1e-8*rng.NormFloat64()
		E[j*100+i] = e*(1-X[j]*X[j])*T[i]
	}}
	hu := Heatmap{Title: "Burgers: exact solution", XLabel: "t", YLabel: "x", ZLabel: "u", X: T, Y: X, Z: Z, Diverging: true}
	he := Heatmap{Title: "Absolute error", XLabel: "t", YLabel: "x", ZLabel: "|error|", X: T, Y: X, Z: E, Log10: true}
	chk := func(err error) { if err != nil { t.Error(err) } }
	chk(Save("/tmp/sf/pics/u.png", 0, 0, hu))
	chk(Save("/tmp/sf/pics/u.svg", 0, 0, hu))
	chk(Save("/tmp/sf/pics/u.pdf", 0, 0, Tile(2, hu, he)))
	hv := hu; hv.Diverging = false; hv.Title = "Sequential"
	chk(Save("/tmp/sf/pics/useq.png", 0, 0, hv))
	chk(Save("/tmp/sf/pics/e.png", 0, 0, he))
	chk(Save("/tmp/sf/pics/tile.png", 0, 0, Tile(2, hu, he)))
	var ps []Panel
	var all Lines
	all = Lines{Title: "Slices", XLabel: "x", YLabel: "u(t, x)"}
	for k, i := range []int{0, 25, 50, 74, 99} {
		u := U[i*256:(i+1)*256]
		v := make([]float64, 256)
		for j := range v { v[j] = u[j] + 0.02*math.Sin(5*X[j]) }
		name := ""
		if k == 0 { name = "exact" }
		all.Series = append(all.Series, Series{Name: fmt.Sprintf("t = %.2f", T[i]), X: X, Y: v}, )
		all.Series = append(all.Series, Series{Name: name, X: X, Y: u, Style: Dashed})
		ps = append(ps, Lines{Title: fmt.Sprintf("t = %.2f", T[i]), XLabel: "x", YLabel: "u", Series: []Series{{Name: "network", X: X, Y: v}, {Name: "exact", X: X, Y: u, Style: Dashed}}})
	}
	chk(Save("/tmp/sf/pics/slices.png", 0, 0, all))
	chk(Save("/tmp/sf/pics/small.png", 0, 0, Tile(3, ps...)))
	n := 11000
	it := make([]float64, n); a := make([]float64, n); b := make([]float64, n); c := make([]float64, n)
	for i := range n {
		it[i] = float64(i)
		a[i] = math.Exp(-float64(i)/700)*(1+0.3*rng.NormFloat64()*rng.Float64()) + 3e-7/(1+float64(i)/2000)
		b[i] = 0.3*math.Exp(-float64(i)/900) + 1e-7*math.Exp(rng.NormFloat64()*0.3)
		c[i] = a[i] + b[i]
		a[i] = math.Abs(a[i])
		if i < 1000 { b[i] *= 1 + 0.5*rng.Float64() }
	}
	loss := Lines{Title: "Training", XLabel: "iteration", YLabel: "loss", YLog: true, Series: []Series{{Name: "total", X: it, Y: c}, {Name: "equation", X: it, Y: a}, {Name: "conditions", X: it, Y: b}}}
	chk(Save("/tmp/sf/pics/loss.png", 0, 0, loss))
	chk(Save("/tmp/sf/pics/loss.svg", 0, 0, loss))
	chk(Save("/tmp/sf/pics/loss.pdf", 0, 0, loss))
	conv := Lines{Title: "Convergence", XLabel: "n", YLabel: "relative L2 error", XLog: true, YLog: true, Series: []Series{
		{Name: "Kriging", X: []float64{20, 40, 80, 160}, Y: []float64{3, .4, .03, .0037}, Style: Points},
		{Name: "inverse distance", X: []float64{20, 40, 80, 160}, Y: []float64{40, 35, 30, 21}, Style: Points},
		{Name: "order -2", X: []float64{20, 160}, Y: []float64{3, 3. / 64}, Style: Dashed}}}
	chk(Save("/tmp/sf/pics/conv.png", 0, 0, conv))
	edge := Tile(3,
		Lines{Title: "A constant", XLabel: "x", Series: []Series{{Name: "c", X: []float64{0, 1}, Y: []float64{3, 3}}}},
		Lines{Title: "Gaps and a rather long title that needs shrinking", YLabel: "tiny", Series: []Series{{Name: "g", X: []float64{0, 1, 2, 3, 4, 5, 6}, Y: []float64{1e-7, 2e-7, math.NaN(), 3e-7, math.Inf(1), 1e-7, 1e-7}}}},
		Lines{Title: "One decade", YLog: true, Series: []Series{{Name: "Greek: αβγ νπ ∂ ≤", X: []float64{1e6, 2.5e6}, Y: []float64{2, 9}}}},
		Heatmap{Title: "NaN and 3 x 3", XLabel: "x", YLabel: "y", ZLabel: "z", X: []float64{0, 1, 2}, Y: []float64{0, 1, 2}, Z: []float64{0, 1, 2, 3, math.NaN(), 5, 6, 7, math.Inf(1)}, ZMin: 1, ZMax: 6},
		Heatmap{Title: "constant", X: []float64{1e-6, 2e-6}, Y: []float64{0, 1000000}, Z: []float64{5, 5, 5, 5}},
		Heatmap{Title: "all NaN", X: []float64{1}, Y: []float64{0}, Z: []float64{math.NaN()}, Log10: true},
	)
	chk(Save("/tmp/sf/pics/edge.png", 0, 0, edge))
}
