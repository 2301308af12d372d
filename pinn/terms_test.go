package pinn

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// everyTerm has one term of each kind, with weights that no other has.
func everyTerm() *Problem {
	return &Problem{
		Domain:     []Interval{{"t", 0, 2}, {"x", -1, 3}},
		Fields:     []string{"u", "v"},
		Parameters: map[string]float64{"c": 1.5},
		Equations:  []Equation{{"u_t + c*v_x = x", 2}, {"v_t = u*v", 11}},
		Conditions: []Condition{
			{Text: "u = sin(x) at t=0", Weight: 5},
			{Text: "v_x = t at x=3", Weight: 3, Points: 6},
			{Data: &Table{
				Points: []float64{0.1, 0.2, 0.5, 2.6, 1.9, -0.3},
				Values: map[string][]float64{"u": {1, 2, 3}, "v": {-0.5, 0.25, 4}},
			}, Weight: 7},
			{Text: "integral(u^2 + t*v_x, x) = exp(-t) + c", Weight: 13, Points: 12},
			{Text: "integral(u, x) = 1/2 at t=0.5", Weight: 17, Points: 12},
			{Text: "integral(v, t) = 3 at x=-1", Weight: 19, Points: 12},
		},
	}
}

// meanSquare is w/n Σ r².
func meanSquare(weight float64, residuals []float64) float64 {
	sum := 0.0
	for _, r := range residuals {
		sum += r * r
	}
	return weight * sum / float64(len(residuals))
}

// rowMajor turns columns of points into rows.
func rowMajor(columns [][]float64) []float64 {
	var rows []float64
	for p := range columns[0] {
		for _, column := range columns {
			rows = append(rows, column[p])
		}
	}
	return rows
}

// TestTermsAgainstDirectSums forms every term from values of the solution, the
// integrals by the midpoint rule.
func TestTermsAgainstDirectSums(t *testing.T) {
	trainer, err := New(everyTerm(), Settings{
		Network: Network{Hidden: []int{7, 5}, Scale: map[string]float64{"u": 1, "v": 2}},
		Points:  Points{Interior: 53, Boundary: 9}, Seed: 4, Threads: 2,
	})
	require.NoError(t, err)
	terms := make([]float64, len(trainer.loss.terms))
	loss, err := trainer.loss.gradient(t.Context(), trainer.state.Theta, make([]float64, trainer.m.weights()), terms)
	require.NoError(t, err)

	evaluate := func(text string, points []float64) []float64 {
		values, err := trainer.Solution().Evaluate(text, points)
		require.NoError(t, err)
		return values
	}
	integral := func(text string, points func(s float64) []float64, lo, hi float64) float64 {
		const n = 2000
		var nodes []float64
		h := (hi - lo) / n
		for i := range n {
			nodes = append(nodes, points(lo+(float64(i)+0.5)*h)...)
		}
		sum := 0.0
		for _, v := range evaluate(text, nodes) {
			sum += v * h
		}
		return sum
	}
	atX := func(x float64) func(float64) []float64 {
		return func(t float64) []float64 { return []float64{t, x} }
	}
	atT := func(t float64) func(float64) []float64 {
		return func(x float64) []float64 { return []float64{t, x} }
	}
	points := func(term int) [][]float64 { // of the group whose first term this is
		for _, g := range trainer.loss.groups {
			if term < len(g.terms) {
				return g.points
			}
			term -= len(g.terms)
		}
		return nil
	}
	data := everyTerm().Conditions[2].Data
	difference := func(field string) []float64 {
		r := evaluate(field, data.Points)
		for i := range r {
			r[i] -= data.Values[field][i]
		}
		return r
	}

	initial, side := points(2), points(3)
	require.Len(t, initial[0], 9)
	require.Len(t, side[0], 6)
	for p := range initial[0] {
		require.Zero(t, initial[0][p])
	}
	for p := range side[0] {
		require.Equal(t, 3.0, side[1][p])
	}
	var outer []float64 // residuals of the integral over x at each time
	times := map[float64]bool{}
	for p, time := range points(6)[0] {
		if p%12 == 0 {
			times[time] = true
			outer = append(outer, integral("u^2 + t*v_x", atT(time), -1, 3)-math.Exp(-time)-1.5)
		}
	}
	require.Len(t, times, 9, "as many outer points as a boundary has")

	for j, want := range []struct {
		name   string
		points int
		value  float64
	}{
		{"u_t + c*v_x = x", 53, meanSquare(2, evaluate("u_t + c*v_x - x", rowMajor(points(0))))},
		{"v_t = u*v", 53, meanSquare(11, evaluate("v_t - u*v", rowMajor(points(0))))},
		{"u = sin(x) at t=0", 9, meanSquare(5, evaluate("u - sin(x)", rowMajor(initial)))},
		{"v_x = t at x=3", 6, meanSquare(3, evaluate("v_x - t", rowMajor(side)))},
		{"u = data", 3, meanSquare(7, difference("u"))},
		{"v = data", 3, meanSquare(7, difference("v"))},
		{"integral(u^2 + t*v_x, x) = exp(-t) + c", 9, meanSquare(13, outer)},
		{"integral(u, x) = 1/2 at t=0.5", 1, meanSquare(17, []float64{integral("u", atT(0.5), -1, 3) - 0.5})},
		{"integral(v, t) = 3 at x=-1", 1, meanSquare(19, []float64{integral("v", atX(-1), 0, 2) - 3})},
	} {
		tolerance := 1e-13
		if j >= 6 {
			tolerance = 1e-5 // of the midpoint rule
		}
		require.Equal(t, want.name, trainer.Terms()[j])
		require.Equal(t, want.points, trainer.Info().Points[j], want.name)
		require.InEpsilon(t, want.value, terms[j], tolerance, want.name)
		loss -= terms[j]
	}
	require.Len(t, terms, 9)
	require.InDelta(t, 0, loss, 1e-12, "the loss is the sum of its terms")
}

// TestWeightsDefaultToOne, and scale their term only.
func TestWeightsDefaultToOne(t *testing.T) {
	terms := func(change func(p *Problem)) []float64 {
		p := testProblems["heat"].problem()
		p.Equations = []Equation{{Text: "u_t = 0.1*u_xx"}}
		p.Conditions = []Condition{{Text: "u = sin(pi*x) at t=0"}, {Text: "integral(u, x) = 1"}}
		change(p)
		trainer, err := New(p, small())
		require.NoError(t, err)
		terms := make([]float64, len(trainer.loss.terms))
		_, err = trainer.loss.gradient(t.Context(), trainer.state.Theta, make([]float64, trainer.m.weights()), terms)
		require.NoError(t, err)
		return terms
	}
	plain := terms(func(p *Problem) {})
	for name, c := range map[string]struct {
		change func(p *Problem)
		factor []float64
	}{
		"ones":      {func(p *Problem) { p.Equations[0].Weight, p.Conditions[0].Weight = 1, 1 }, []float64{1, 1, 1}},
		"equation":  {func(p *Problem) { p.Equations[0].Weight = 4 }, []float64{4, 1, 1}},
		"condition": {func(p *Problem) { p.Conditions[0].Weight = 4 }, []float64{1, 4, 1}},
		"integral":  {func(p *Problem) { p.Conditions[1].Weight = 4 }, []float64{1, 1, 4}},
	} {
		got := terms(c.change)
		for j := range got {
			require.InEpsilon(t, c.factor[j]*plain[j], got[j], 1e-14, name)
		}
	}
}

// TestTermNamesAreUnique: the report is keyed by them.
func TestTermNamesAreUnique(t *testing.T) {
	p := testProblems["heat"].problem()
	data := &Table{Points: []float64{0, 0.5}, Values: map[string][]float64{"u": {1}}}
	p.Conditions = []Condition{{Text: "u = 0 at x=0"}, {Data: data}, {Text: "u = 0 at x=0"}, {Data: data}, {Text: "u = 0 at x=0"}}
	trainer, err := New(p, small(Stage{Optimizer: "adam", Iterations: 2}))
	require.NoError(t, err)
	require.Equal(t, []string{
		"u_t = 0.1*u_xx", "u = 0 at x=0", "u = data", "u = 0 at x=0 (2)", "u = data (2)", "u = 0 at x=0 (3)",
	}, trainer.Terms())
	require.Equal(t, trainer.Terms(), trainer.Info().Terms)
	report, err := trainer.Run(t.Context())
	require.NoError(t, err)
	require.Len(t, report.Terms, 6)
	sum := 0.0
	for _, v := range report.Terms {
		sum += v
	}
	require.InEpsilon(t, report.Loss, sum, 1e-14)
}
