package bench

import (
	"context"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/seed-0772dd2d/ritz/sampling"
	"github.com/seed-0772dd2d/ritz/surrogate"
)

// Search is how a method of optimisation fared on a function, over seeds.
type Search struct {
	Function    string  `json:"function"`
	Method      string  `json:"method"`
	Evaluations int     `json:"evaluations"` // of each search
	Minimum     float64 `json:"minimum"`     // of the function
	Target      float64 `json:"target"`      // value that is good enough
	Seeds       int     `json:"seeds"`
	Median      float64 `json:"median"`  // of the best values
	Worst       float64 `json:"worst"`   // of the best values
	Reached     int     `json:"reached"` // searches that came to the target
	Needed      int     `json:"needed"`  // evaluations until then, the median; 0 where most did not
	Seconds     float64 `json:"seconds"` // of a search, the median
}

const randomSearch = "random points"

// Searches minimises test functions, of which each evaluation counts for
// expensive, by random points and by the strategies of package surrogate. The
// targets are Branin's minimum to 1e-3 after 40 evaluations, and -3.2 on
// Hartmann's function of six inputs after 100.
func Searches(ctx context.Context, seeds int, progress func(done, of int)) ([]Search, error) {
	methods := []struct {
		name     string
		strategy surrogate.Strategy
	}{
		{randomSearch, nil},
		{"expected improvement", surrogate.ExpectedImprovement{}},
		{"lower confidence bound", surrogate.LowerConfidenceBound{}},
		{"stochastic RBF", surrogate.StochasticRBF{}},
	}
	functions := searchFunctions()
	var list []Search
	for _, f := range functions {
		for _, m := range methods {
			if progress != nil {
				progress(len(list), len(methods)*len(functions))
			}
			r, err := f.study(ctx, m.name, m.strategy, seeds)
			if err != nil {
				return nil, err
			}
			list = append(list, r)
		}
	}
	return list, nil
}

// searchFunction is a function to minimise within a budget.
type searchFunction struct {
	name            string
	f               func(x []float64) float64
	lower, upper    []float64
	evaluations     int
	minimum, target float64
}

func searchFunctions() []searchFunction {
	const branin, hartmann = 0.39788735772973816, -3.322368011415
	return []searchFunction{
		{"Branin, 2 inputs", braninFunction, []float64{-5, 0}, []float64{10, 15}, 40, branin, branin + 1e-3},
		{"Hartmann, 6 inputs", hartmannFunction, make([]float64, 6), []float64{1, 1, 1, 1, 1, 1}, 100, hartmann, -3.2},
	}
}

func (f searchFunction) study(ctx context.Context, name string, s surrogate.Strategy, seeds int) (Search, error) {
	r := Search{Function: f.name, Method: name, Evaluations: f.evaluations, Minimum: f.minimum, Target: f.target, Seeds: seeds}
	var best, needed, seconds []float64
	for seed := range seeds {
		began := time.Now()
		y, err := f.search(ctx, s, uint64(seed))
		if err != nil {
			return r, err
		}
		seconds = append(seconds, time.Since(began).Seconds())
		best = append(best, slices.Min(y))
		if i := slices.IndexFunc(y, func(v float64) bool { return v <= f.target }); i >= 0 {
			r.Reached++
			needed = append(needed, float64(i+1))
		} else {
			needed = append(needed, math.Inf(1))
		}
	}
	r.Median, r.Worst, r.Seconds = median(best), slices.Max(best), median(seconds)
	if n := median(needed); !math.IsInf(n, 1) {
		r.Needed = int(math.Ceil(n))
	}
	return r, nil
}

// search returns the values in the order in which they were evaluated.
func (f searchFunction) search(ctx context.Context, s surrogate.Strategy, seed uint64) ([]float64, error) {
	d := len(f.lower)
	if s == nil {
		x, err := sampling.Uniform{Dim: d, Seed: seed}.Points(f.evaluations)
		if err != nil {
			return nil, err
		}
		y := make([]float64, f.evaluations)
		err = sampling.Scale(x, f.lower, f.upper)
		for i := range y {
			y[i] = f.f(x[i*d : (i+1)*d])
		}
		return y, err
	}
	sample := 2 * (d + 1)
	best, err := surrogate.Optimise(ctx, surrogate.Func(func(x []float64) (float64, error) { return f.f(x), nil }), surrogate.OptimiseSettings{
		Lower: f.lower, Upper: f.upper, Strategy: s, Seed: seed, Sample: sample, Evaluations: f.evaluations - sample,
	})
	if err != nil {
		return nil, err
	}
	var y []float64
	for _, e := range best.Log {
		y = append(y, e.Y)
	}
	return y, nil
}

// WriteSearches writes the table of searches for reading.
func WriteSearches(w io.Writer, list []Search) error {
	var b strings.Builder
	function := ""
	for _, r := range list {
		if r.Function != function {
			function = r.Function
			fmt.Fprintf(&b, "\n%s: minimum %.6g, %d evaluations, %d searches\n", r.Function, r.Minimum, r.Evaluations, r.Seeds)
			fmt.Fprintf(&b, "%-24s %12s %12s %22s %8s %9s\n", "", "median", "worst", fmt.Sprintf("reached %.6g", r.Target), "after", "seconds")
		}
		after := "-"
		if r.Needed > 0 {
			after = fmt.Sprint(r.Needed)
		}
		fmt.Fprintf(&b, "%-24s %12.6f %12.6f %22s %8s %9.2f\n", r.Method, r.Median, r.Worst, fmt.Sprintf("%d of %d", r.Reached, r.Seeds), after, r.Seconds)
	}
	_, err := io.WriteString(w, strings.TrimPrefix(b.String(), "\n"))
	return err
}

// braninFunction has three minima of 0.397887.
func braninFunction(x []float64) float64 {
	a := x[1] - 5.1/(4*math.Pi*math.Pi)*x[0]*x[0] + 5/math.Pi*x[0] - 6
	return a*a + 10*(1-1/(8*math.Pi))*math.Cos(x[0]) + 10
}

// hartmannFunction has the minimum -3.32237 and a local one of -3.20316.
func hartmannFunction(x []float64) float64 {
	height := [4]float64{1, 1.2, 3, 3.2}
	steepness := [4][6]float64{
		{10, 3, 17, 3.5, 1.7, 8}, {0.05, 10, 17, 0.1, 8, 14},
		{3, 3.5, 1.7, 10, 17, 8}, {17, 8, 0.05, 10, 0.1, 14},
	}
	place := [4][6]float64{ // times 1e4
		{1312, 1696, 5569, 124, 8283, 5886}, {2329, 4135, 8307, 3736, 1004, 9991},
		{2348, 1451, 3522, 2883, 3047, 6650}, {4047, 8828, 8732, 5743, 1091, 381},
	}
	y := 0.0
	for i, h := range height {
		r := 0.0
		for j, v := range x {
			d := v - 1e-4*place[i][j]
			r += steepness[i][j] * d * d
		}
		y -= h * math.Exp(-r)
	}
	return y
}
