package surrogate

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"

	"github.com/seed-0772dd2d/ritz/sampling"
)

// Sensitivity estimates how the variance of a function f of independent inputs,
// uniform on a box, divides among them: the Sobol' indices
//
//	S_i  = Var(E(f | x_i)) / Var(f)              first order: of x_i alone
//	S_ij = Var(E(f | x_i, x_j)) / Var(f) - S_i - S_j   second order: of their interaction
//	T_i  = E(Var(f | x_~i)) / Var(f)             total: of x_i and all its interactions
//
// from N rows of two independent point sets A and B and of the sets A_B^i, A with
// column i from B, and, for the second order, B_A^i:
//
//	S_i  ≈ mean(f(B) (f(A_B^i) - f(A))) / V            Saltelli et al.
//	T_i  ≈ mean((f(A) - f(A_B^i))²) / 2V               Jansen
//	S_ij ≈ mean(f(B_A^i) f(A_B^j) - f(A) f(B)) / V - S_i - S_j
//
// with f less its mean, which takes nothing from the indices and much from the
// errors, and with A, B and V from a scrambled Sobol set of twice the dimension.
// It costs N (d + 2) evaluations; N (2d + 2) with the second order, where every
// estimate is also made with A and B exchanged, and is the mean of both.
//
// The intervals are those of a normal error whose standard deviation is that of
// bootstrap estimates over the N rows. They take the rows for
// independent; those of a Sobol set are spread better, so that the true error is
// as a rule much smaller than the interval.
//
// Sources: Saltelli et al., Comput. Phys. Commun. 181 (2010) 259-270, table 2;
// Jansen, Comput. Phys. Commun. 117 (1999) 35-43; Saltelli, Comput. Phys. Commun.
// 145 (2002) 280-297 for the second order.
type Sensitivity struct {
	Samples     int     // N; default 4096. A power of two is best, at least 8
	SecondOrder bool    // estimate S_ij as well
	Seed        uint64  // of the scrambling and of the bootstrap
	Bootstrap   int     // resamples of the rows; default 200
	Confidence  float64 // level of the intervals, in (0, 1); default 0.95
}

// Indices are Sobol' indices. Those of a constant function are NaN.
type Indices struct {
	Mean, Variance float64   // of the function
	First, Total   []Index   // by input
	Second         [][]Index // [i][j] for i < j, else zero; nil unless asked for
	Evaluations    int
	Failed         int // rows of N left out, as the function failed in one of their points
}

// Index is an estimate with its confidence interval.
type Index struct{ Value, Lower, Upper float64 }

// sensitivityBlock is about the number of coordinates that are evaluated at a
// time: a few megabytes of points.
const sensitivityBlock = 1 << 19

// maxSensitivity is the most values of the function, all of which are kept: 16 GB.
const maxSensitivity = 1 << 31

// Run estimates the indices of f on the box [lower, upper]. Rows in which f
// fails or is not finite are left out; it is an error if fewer than 8 remain.
func (s Sensitivity) Run(ctx context.Context, f Evaluator, lower, upper []float64) (*Indices, error) {
	if err := s.check(lower, upper); err != nil {
		return nil, err
	}
	t, err := s.evaluate(ctx, f, lower, upper)
	if err != nil {
		return nil, err
	}
	return s.estimate(ctx, t)
}

func (s *Sensitivity) check(lower, upper []float64) error {
	if s.Samples == 0 {
		s.Samples = 4096
	}
	if s.Bootstrap == 0 {
		s.Bootstrap = 200
	}
	if s.Confidence == 0 {
		s.Confidence = 0.95
	}
	switch {
	case s.Samples > maxSensitivity/(2*len(lower)+2):
		return fmt.Errorf("%w: %d samples of %d inputs, want at most %d values of the function", ErrSettings, s.Samples, len(lower), maxSensitivity)
	case s.Samples < 8:
		return fmt.Errorf("%w: %d samples, want at least 8", ErrSettings, s.Samples)
	case s.Bootstrap < 2:
		return fmt.Errorf("%w: %d bootstrap resamples, want at least 2", ErrSettings, s.Bootstrap)
	case !(s.Confidence > 0 && s.Confidence < 1):
		return fmt.Errorf("%w: confidence level %g, want one between 0 and 1", ErrSettings, s.Confidence)
	case len(lower) == 0:
		return fmt.Errorf("%w: there are no inputs", ErrData)
	}
	return checkBox(lower, upper, len(lower))
}

// pickFreeze are the values of the function, a row for each of the N that came out
// well: f(A), f(B), f(A_B^1) ... f(A_B^d) and, with the second order, f(B_A^1) ...
// f(B_A^d), all less their mean.
type pickFreeze struct {
	inputs, width    int
	values           []float64
	mean             float64
	evaluations, bad int
}

func (s Sensitivity) evaluate(ctx context.Context, f Evaluator, lower, upper []float64) (*pickFreeze, error) {
	d := len(lower)
	t := &pickFreeze{inputs: d, width: 2 + d}
	if s.SecondOrder {
		t.width += d
	}
	sobol, err := sampling.NewSobol(2 * d)
	if err == nil {
		sobol, err = sobol.Scrambled(sampling.Owen, s.Seed)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSettings, err)
	}
	t.values = make([]float64, 0, s.Samples*t.width)
	most := min(s.Samples, max(1, sensitivityBlock/(d*t.width)))
	base := make([]float64, 2*d*most)
	x, y, errs := make([]float64, d*t.width*most), make([]float64, t.width*most), make([]error, t.width*most)
	var first error // of the function
	for at := 0; at < s.Samples; at += most {
		n := min(most, s.Samples-at)
		if err := sobol.Fill(base[:2*d*n], uint64(at)); err != nil {
			return nil, err
		}
		t.place(x, base[:2*d*n], lower, upper)
		clear(errs)
		if err := f.Evaluate(ctx, x[:d*t.width*n], t.width*n, y[:t.width*n], errs[:t.width*n]); err != nil {
			return nil, err
		}
		t.evaluations += t.width * n
		for r := range n {
			row := y[r*t.width : (r+1)*t.width]
			if err := firstFault(row, errs[r*t.width:]); err != nil {
				t.bad++
				if first == nil {
					first = err
				}
				continue
			}
			t.values = append(t.values, row...)
		}
	}
	if n := s.Samples - t.bad; n < 8 {
		return nil, fmt.Errorf("%w: the function failed in %d of %d rows: %w", ErrData, t.bad, s.Samples, first)
	}
	t.centre()
	return t, nil
}

var errNotFinite = errors.New("the value is not finite")

func firstFault(row []float64, errs []error) error {
	for i, v := range row {
		if errs[i] != nil {
			return errs[i]
		}
		if v-v != 0 {
			return errNotFinite
		}
	}
	return nil
}

// place writes the points of all sets, one base row (a, b) after the other.
func (t *pickFreeze) place(x, base, lower, upper []float64) {
	d := t.inputs
	for row := range slices.Chunk(base, 2*d) {
		for j := range d {
			row[j] = lower[j] + row[j]*(upper[j]-lower[j])
			row[d+j] = lower[j] + row[d+j]*(upper[j]-lower[j])
		}
		a, b := row[:d], row[d:]
		copy(x, a)
		copy(x[d:], b)
		x = x[2*d:]
		for i := range d {
			copy(x, a)
			x[i] = b[i]
			x = x[d:]
		}
		for i := 0; i < d && t.width > 2+d; i++ {
			copy(x, b)
			x[i] = a[i]
			x = x[d:]
		}
	}
}

// centre subtracts the mean of f(A) and f(B) from all values; those of a constant
// are then zero without a rounding error.
func (t *pickFreeze) centre() {
	var sum float64
	for r := 0; r < len(t.values); r += t.width {
		sum += t.values[r] + t.values[r+1]
	}
	t.mean = sum / float64(2*len(t.values)/t.width)
	t.mean = min(max(t.mean, slices.Min(t.values)), slices.Max(t.values))
	for i := range t.values {
		t.values[i] -= t.mean
	}
}

// estimate computes the indices and the bootstrap of their intervals.
func (s Sensitivity) estimate(ctx context.Context, t *pickFreeze) (*Indices, error) {
	d := t.inputs
	n := len(t.values) / t.width
	sums := s.moments(t)
	width := len(sums) / n
	total := make([]float64, width)
	add := func(row []float64) {
		for k, v := range row {
			total[k] += v
		}
	}
	for row := range slices.Chunk(sums, width) {
		add(row)
	}
	best, variance := indices(total, d, n)
	draws := make([][]float64, len(best)) // by index
	src := rand.New(rand.NewPCG(s.Seed, bootstrapStream))
	for range s.Bootstrap {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		clear(total)
		for range n {
			r := src.IntN(n)
			add(sums[r*width : (r+1)*width])
		}
		values, _ := indices(total, d, n)
		for k, v := range values {
			draws[k] = append(draws[k], v)
		}
	}
	index := func(k int) Index {
		half := distuv.UnitNormal.Quantile((1+s.Confidence)/2) * stat.StdDev(draws[k], nil)
		return Index{best[k], best[k] - half, best[k] + half}
	}
	out := &Indices{Mean: t.mean, Variance: variance, Evaluations: t.evaluations, Failed: t.bad}
	for i := range d {
		out.First = append(out.First, index(i))
		out.Total = append(out.Total, index(d+i))
	}
	if !s.SecondOrder {
		return out, nil
	}
	k := 2 * d
	for i := range d {
		out.Second = append(out.Second, make([]Index, d))
		for j := i + 1; j < d; j++ {
			out.Second[i][j] = index(k)
			k++
		}
	}
	return out, nil
}

// bootstrapStream keeps the resampling apart from what else has the same seed.
const bootstrapStream = 0x626f6f74 // "boot"

// moments returns, a row of the base sample each, the terms whose means the
// estimators need: f(A) + f(B), f(A)² + f(B)², then the terms of first order, of
// the total indices, and of second order.
func (s Sensitivity) moments(t *pickFreeze) []float64 {
	d := t.inputs
	width := 2 + 2*d
	if s.SecondOrder {
		width += d * (d - 1) / 2
	}
	out := make([]float64, len(t.values)/t.width*width)
	m := out
	for row := range slices.Chunk(t.values, t.width) {
		a, b, ab, ba := row[0], row[1], row[2:2+d], row[2+d:]
		m[0], m[1] = a+b, a*a+b*b
		if s.SecondOrder {
			single(m[2:], a, b, ab, 0.5)
			single(m[2:], b, a, ba, 0.5)
			pairs(m[2+2*d:], a*b, ab, ba)
		} else {
			single(m[2:], a, b, ab, 1)
		}
		m = m[width:]
	}
	return out
}

// single adds the terms of first order and those of the total indices.
func single(m []float64, a, b float64, ab []float64, weight float64) {
	for i, v := range ab {
		m[i] += weight * b * (v - a)
		m[len(ab)+i] += weight * (a - v) * (a - v) / 2
	}
}

// pairs writes the terms of second order.
func pairs(m []float64, product float64, ab, ba []float64) {
	k := 0
	for i := range ab {
		for j := i + 1; j < len(ab); j++ {
			m[k] = (ba[i]*ab[j]+ba[j]*ab[i])/2 - product
			k++
		}
	}
}

// indices turns sums of moments over n rows into S_1..S_d, T_1..T_d and the S_ij.
func indices(sums []float64, d, n int) (values []float64, variance float64) {
	mean := sums[0] / float64(2*n)
	variance = sums[1]/float64(2*n) - mean*mean
	values = make([]float64, len(sums)-2)
	for k, v := range sums[2:] {
		values[k] = v / float64(n) / variance
	}
	k := 2 * d
	for i := 0; i < d && k < len(values); i++ {
		for j := i + 1; j < d; j++ {
			values[k] -= values[i] + values[j]
			k++
		}
	}
	return values, variance
}
