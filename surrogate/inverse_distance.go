package surrogate

import (
	"context"
	"encoding/json"
	"fmt"
	"math"

	"github.com/seed-0772dd2d/ritz/internal/simd"
)

// InverseDistance is inverse distance weighting: the mean of the outputs y_i
// weighted by a power of the distance,
//
//	s(x) = Σ_i w_i y_i / Σ_i w_i,   w_i = ‖x - x_i‖^-p,
//
// and y_i at x_i. Rows of equal inputs count as one, with the mean of their
// outputs. The model interpolates, stays between the least and the largest y_i,
// and needs nothing solved; it is flat at the samples (p > 1) or has a kink there
// (p = 1).
//
// Source: Shepard, A two-dimensional interpolation function for irregularly
// spaced data, Proc. 23rd ACM National Conference, 1968.
type InverseDistance struct {
	P          float64 // exponent, at least 1; default 2
	Neighbours int     // only so many nearest points have weight; default 0: all. s is then discontinuous
	Scale      bool    // measure distance with the domain scaled to the unit cube; default: as the inputs are
}

// InverseDistanceModel is a fitted [InverseDistance].
type InverseDistanceModel struct {
	spec    InverseDistance
	data    Data
	points  distinct
	scaling scaling
	scaled  []float64 // points.x in the metric
	columns []float64 // of scaled
	tree    *kdTree   // nil without Neighbours
}

// inverseDistanceFile is what determines the model.
type inverseDistanceFile struct {
	Spec InverseDistance
	Data Data
}

var (
	_ Gradient    = (*InverseDistanceModel)(nil)
	_ LeaveOneOut = (*InverseDistanceModel)(nil)
)

// Fit returns an *[InverseDistanceModel].
func (s InverseDistance) Fit(ctx context.Context, d Data) (Model, error) {
	if s.P == 0 {
		s.P = 2
	}
	d, err := d.check()
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return newInverseDistance(s, d.clone())
}

func newInverseDistance(s InverseDistance, d Data) (Model, error) {
	if !(s.P >= 1) || math.IsInf(s.P, 1) {
		return nil, fmt.Errorf("%w: inverse distance to the power %g, want at least 1", ErrSettings, s.P)
	}
	if s.Neighbours < 0 {
		return nil, fmt.Errorf("%w: inverse distance of %d neighbours, want at least 1, or 0 for all", ErrSettings, s.Neighbours)
	}
	m := &InverseDistanceModel{spec: s, data: d, points: distinctPoints(d), scaling: noScaling(d.Inputs)}
	m.scaled = m.points.x
	if s.Scale {
		m.scaling = unitScaling(d)
		m.scaled = make([]float64, len(m.points.x))
		m.scaling.to(m.scaled, m.points.x)
	}
	m.columns = columns(m.scaled, d.Inputs)
	if s.Neighbours > 0 {
		m.tree = newKDTree(m.scaled, d.Inputs)
	}
	return m, nil
}

// Dims returns the numbers of inputs and outputs.
func (m *InverseDistanceModel) Dims() (inputs, outputs int) { return m.data.Inputs, m.data.Outputs }

// Predict writes s to y.
func (m *InverseDistanceModel) Predict(x, y []float64) error {
	n, err := rows(x, m.data.Inputs, y, m.data.Outputs)
	if err != nil {
		return err
	}
	d, o := m.data.Inputs, m.data.Outputs
	inBlocks(n, func(first, last int) {
		w := m.newWeights()
		for i := first; i < last; i++ {
			m.scaling.to(w.x, x[i*d:(i+1)*d])
			w.find(m, -1)
			w.mean(m, y[i*o:(i+1)*o])
		}
	})
	return nil
}

// PredictGradient writes
//
//	∂s/∂x = Σ_i ∂w_i/∂x (y_i - s) / Σ_i w_i,   ∂w_i/∂x = -p w_i (x - x_i)/‖x - x_i‖²,
//
// and 0 at a sample.
func (m *InverseDistanceModel) PredictGradient(x, gradient []float64) error {
	d, o := m.data.Inputs, m.data.Outputs
	n, err := rows(x, d, gradient, d*o)
	if err != nil {
		return err
	}
	inBlocks(n, func(first, last int) {
		w, s := m.newWeights(), make([]float64, o)
		for i := first; i < last; i++ {
			m.scaling.to(w.x, x[i*d:(i+1)*d])
			w.find(m, -1)
			w.mean(m, s)
			w.gradient(m, gradient[i*d*o:(i+1)*d*o])
		}
	})
	return nil
}

// LeaveOneOut leaves each row out of the sum.
func (m *InverseDistanceModel) LeaveOneOut() (mean, variance []float64) {
	d, o := m.data.Inputs, m.data.Outputs
	mean = make([]float64, len(m.data.Y))
	inBlocks(m.data.Rows(), func(first, last int) {
		w := m.newWeights()
		for i := first; i < last; i++ {
			k, s := m.points.of[i], mean[i*o:(i+1)*o]
			if m.points.count[k] > 1 { // the others of the point remain
				for q := range s {
					s[q] = m.points.y[k*o+q] + m.points.withoutRow(m.data, i, q)
				}
				continue
			}
			copy(w.x, m.scaled[k*d:(k+1)*d])
			w.find(m, k)
			w.mean(m, s)
		}
	})
	return mean, nil
}

// weights are those of the samples at one point, relative to the largest: of the
// nearest sample, whose y_k the mean is taken relative to. So nothing overflows
// as x tends to x_k, and s - y_k keeps its digits.
type weights struct {
	x        []float64 // the point, scaled
	near     []neighbour
	index    []int     // the samples that have weight
	distance []float64 // of these, and
	w        []float64
	nearest  int       // position of the nearest; -1: there is no sample
	total    float64   // Σ w
	delta    []float64 // s - y_k
}

func (m *InverseDistanceModel) newWeights() *weights {
	n := m.points.n()
	if m.tree != nil {
		n = min(n, m.spec.Neighbours+1)
	}
	w := &weights{
		x: make([]float64, m.data.Inputs), delta: make([]float64, m.data.Outputs),
		index: make([]int, n), distance: make([]float64, n), w: make([]float64, n),
	}
	for i := range w.index {
		w.index[i] = i
	}
	return w
}

// find computes the weights at w.x of all samples but skip, if that is not negative.
func (w *weights) find(m *InverseDistanceModel, skip int) {
	w.measure(m, skip >= 0)
	w.nearest, w.total = -1, 0
	for i, r := range w.distance {
		if (w.nearest < 0 || r < w.distance[w.nearest]) && w.index[i] != skip {
			w.nearest = i
		}
	}
	if w.nearest < 0 {
		return
	}
	least := w.distance[w.nearest]
	for i, r := range w.distance {
		w.w[i] = least / r
	}
	powers(w.w, m.spec.P)
	for i := range w.w {
		switch {
		case i == w.nearest:
			w.w[i] = 1
		case w.index[i] == skip:
			w.w[i] = 0
		}
		w.total += w.w[i]
	}
}

// measure sets the samples and their distances, one more if one is to be skipped.
func (w *weights) measure(m *InverseDistanceModel, more bool) {
	if m.tree != nil {
		k := m.spec.Neighbours
		if more {
			k++
		}
		w.near = m.tree.nearest(w.x, min(k, m.points.n()), w.near)
		w.index, w.distance, w.w = w.index[:len(w.near)], w.distance[:len(w.near)], w.w[:len(w.near)]
		for i, a := range w.near {
			w.index[i], w.distance[i] = a.index, a.distance
		}
		return
	}
	squares(w.distance, w.x, m.columns)
	d := m.data.Inputs
	for i, r2 := range w.distance {
		if safeSquare(r2) {
			w.distance[i] = math.Sqrt(r2)
		} else {
			w.distance[i] = distance(w.x, m.scaled[i*d:(i+1)*d])
		}
	}
}

// powers raises ratios, at least 0, to the power p.
func powers(w []float64, p float64) {
	switch p {
	case 1:
	case 2:
		for i, r := range w {
			w[i] = r * r
		}
	case 3:
		for i, r := range w {
			w[i] = r * r * r
		}
	case 4:
		for i, r := range w {
			w[i] = r * r * (r * r)
		}
	default:
		for i, r := range w {
			w[i] = p * math.Log(r)
		}
		simd.Exp(w, w)
	}
}

// mean writes s, NaN if there is no sample.
func (w *weights) mean(m *InverseDistanceModel, s []float64) {
	if w.nearest < 0 {
		for q := range s {
			s[q] = math.NaN()
		}
		return
	}
	o := len(s)
	base := m.points.y[w.index[w.nearest]*o:]
	for q := range s {
		sum := 0.0
		for i, v := range w.w {
			sum += v * (m.points.y[w.index[i]*o+q] - base[q])
		}
		w.delta[q] = sum / w.total
		s[q] = base[q] + w.delta[q]
	}
}

// gradient writes ∂s/∂x, after mean.
func (w *weights) gradient(m *InverseDistanceModel, g []float64) {
	clear(g)
	d, o := len(w.x), len(w.delta)
	if w.distance[w.nearest] == 0 {
		return
	}
	base := m.points.y[w.index[w.nearest]*o:]
	for i, k := range w.index {
		for q := range o {
			c := -m.spec.P * w.w[i] / w.total / w.distance[i] * (m.points.y[k*o+q] - base[q] - w.delta[q])
			for j, v := range w.x {
				g[q*d+j] += c * ((v - m.scaled[k*d+j]) / w.distance[i]) * m.scaling.factor[j]
			}
		}
	}
}

// MarshalJSON encodes the model; see [Save].
func (m *InverseDistanceModel) MarshalJSON() ([]byte, error) {
	return json.Marshal(inverseDistanceFile{m.spec, m.data})
}

func decodeInverseDistance(data []byte) (Model, error) {
	var f inverseDistanceFile
	err := decodeStrict(data, &f)
	if err != nil {
		return nil, err
	}
	if f.Data, err = f.Data.check(); err != nil {
		return nil, err
	}
	return newInverseDistance(f.Spec, f.Data)
}
