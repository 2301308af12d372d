package pinn

import (
	"cmp"
	"fmt"
	"math"
	"math/bits"
	"math/rand/v2"
	"slices"

	"github.com/seed-0772dd2d/ritz/sampling"
	"gonum.org/v1/gonum/integrate/quad"
)

func (p Points) withDefaults() (Points, error) {
	if p.Interior == 0 {
		p.Interior = 4096
	}
	if p.Boundary == 0 {
		p.Boundary = 256
	}
	if p.Strategy == "" {
		p.Strategy = "sobol"
	}
	r := &p.Resample
	if r.Candidates == 0 {
		r.Candidates = 5 * p.Interior
	}
	if r.K == 0 {
		r.K = 1
	}
	if r.C == 0 {
		r.C = 1
	}
	bad := func(key string, format string, args ...any) (Points, error) {
		return p, &TextError{Part: "points", Key: key, Err: fmt.Errorf(format, args...)}
	}
	switch {
	case p.Interior < 1:
		return bad("interior", "%d points: must be positive", p.Interior)
	case p.Boundary < 1:
		return bad("boundary", "%d points: must be positive", p.Boundary)
	case !slices.Contains(strategies, p.Strategy):
		return bad("strategy", "unknown strategy %q: choose %s", p.Strategy, list(strategies))
	case r.Every < 0:
		return bad("resample", "every %d: must be positive, or 0 for never", r.Every)
	case !(r.K > 0) || !(r.C > 0) || math.IsInf(r.K+r.C, 0):
		return bad("resample", "k = %v, c = %v: both must be positive", r.K, r.C)
	}
	return p, nil
}

var strategies = []string{"sobol", "lhs", "random", "grid"}

// boxPoints spreads n points over the open box, with the variables in fixed
// held at their values (one point if all are). The result is a column a
// variable. The grid has the smallest number of points an axis that gives n or
// more.
func (m *model) boxPoints(fixed map[int]float64, n int, strategy string, seed uint64) [][]float64 {
	var free []int
	var lower, upper []float64
	for v, d := range m.problem.Domain {
		if _, held := fixed[v]; !held {
			free = append(free, v)
			lower, upper = append(lower, d.Lo), append(upper, d.Hi)
		}
	}
	var points []float64
	if len(free) == 0 {
		n = 1
	} else {
		points = unitPoints(n, len(free), strategy, seed)
		n = len(points) / len(free)
		if err := sampling.Scale(points, lower, upper); err != nil {
			panic(err) // the intervals have been checked
		}
	}
	columns := make([][]float64, len(m.problem.Domain))
	for v := range columns {
		columns[v] = make([]float64, n)
		for p := range n {
			if i := slices.Index(free, v); i >= 0 {
				columns[v][p] = points[p*len(free)+i]
			} else {
				columns[v][p] = fixed[v]
			}
		}
	}
	return columns
}

// unitPoints is a set of about n points of [0, 1]^dim, row-major. The
// dimension has been checked, so the samplers cannot fail.
func unitPoints(n, dim int, strategy string, seed uint64) []float64 {
	var points []float64
	var err error
	switch strategy {
	case "lhs":
		points, err = sampling.LatinHypercube{Dim: dim, Seed: seed}.Points(n)
	case "random":
		points, err = sampling.Uniform{Dim: dim, Seed: seed}.Points(n)
	case "grid":
		axis := int(math.Ceil(math.Pow(float64(n), 1/float64(dim)) - 1e-9))
		counts := make([]int, dim)
		for i := range counts {
			counts[i] = max(axis, 2)
		}
		points, err = sampling.Grid{Counts: counts, Midpoints: true}.Points()
	default:
		var s *sampling.Sobol
		if s, err = sampling.NewSobol(dim); err == nil {
			points = s.Points(n)
			centre(points, n)
		}
	}
	if err != nil {
		panic(err)
	}
	return points
}

// centre moves the first n points of a Sobol sequence from the corners of
// their cells of width 2^-m, 2^m >= n, to the middle: an equation holds in the
// open box, and need not have a value on its boundary.
func centre(points []float64, n int) {
	half := 0.5 / float64(uint64(1)<<bits.Len(uint(n-1)))
	for i := range points {
		points[i] += half
	}
}

// integralPoints are the points of a condition with integrals over variable v:
// for each of the outer points (which fixed and the other variables span) the
// nodes of a Gauss-Legendre rule, one outer point after the other. The weights
// are those of one outer point.
func (m *model) integralPoints(fixed map[int]float64, v, nodes, outer int, strategy string, seed uint64) (columns [][]float64, weights []float64) {
	d := m.problem.Domain[v]
	x, weights := make([]float64, nodes), make([]float64, nodes)
	quad.Legendre{}.FixedLocations(x, weights, d.Lo, d.Hi)
	held := map[int]float64{v: d.Lo}
	for i, value := range fixed {
		held[i] = value
	}
	base := m.boxPoints(held, outer, strategy, seed)
	columns = make([][]float64, len(base))
	for i, col := range base {
		for _, value := range col {
			if i == v {
				columns[i] = append(columns[i], x...)
			} else {
				columns[i] = append(columns[i], slices.Repeat([]float64{value}, nodes)...)
			}
		}
	}
	return columns, weights
}

// draw chooses n of the candidates without replacement, with probability
// proportional to |r|^K / mean(|r|^K) + C, by the exponential keys of
// Efraimidis and Spirakis (2006), in their order. There are n candidates or
// more, with finite residuals.
func (r Resample) draw(residual []float64, n int, rng *rand.Rand) []int {
	mean := 0.0
	for _, v := range residual {
		mean += math.Pow(v, r.K) / float64(len(residual))
	}
	type key struct {
		index int
		value float64
	}
	keys := make([]key, len(residual))
	for i, v := range residual {
		weight := r.C
		if mean > 0 {
			weight += math.Pow(v, r.K) / mean
		}
		keys[i] = key{i, rng.ExpFloat64() / weight}
	}
	slices.SortFunc(keys, func(a, b key) int { return cmp.Compare(a.value, b.value) })
	chosen := make([]int, n)
	for i := range chosen {
		chosen[i] = keys[i].index
	}
	slices.Sort(chosen)
	return chosen
}
