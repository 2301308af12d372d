package surrogate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// Ensemble is a weighted mean of models, s(x) = Σ_k w_k s_k(x) with w_k >= 0 and
// Σ_k w_k = 1 for each output. The weights come from the errors e_k of the members
// in cross-validation, each fitted anew without a fold of the rows and asked there.
//
//	optimal   w minimises wᵀ C w, C_kl = e_kᵀ e_l/n: what the errors have in common
//	          counts, opposite ones cancel
//	goel      w_k ∝ 1/(E_k + 0.05 Ē), E_k the root mean square of e_k, Ē their mean
//	equal     w_k = 1/K
//
// Sources: Viana, Haftka and Steffen, Multiple surrogates: how cross-validation
// errors can help us to obtain the best predictor, Struct. Multidisc. Optim. 39,
// 2009, equation 11; Goel, Haftka, Shyy and Queipo, Ensemble of surrogates, Struct.
// Multidisc. Optim. 33, 2007, equation 8.
type Ensemble struct {
	Members         []Spec // default: those of [Candidates] that the data allows
	Weights         string // optimal, goel or equal; default optimal
	CrossValidation CrossValidation
}

// EnsembleModel is a fitted [Ensemble].
type EnsembleModel struct {
	inputs, outputs int
	members         []Model
	weights         []float64 // a row a member, a column an output
	validated       []float64 // s in cross-validation, a row a row of the data
	meanSquare      float64   // of its errors; of the first output
	calibration     float64   // of the spread; 0 if there is none
}

type ensembleFile struct {
	Inputs, Outputs         int
	Members                 []envelope
	Weights, Validated      []float64
	MeanSquare, Calibration float64
}

var (
	_ Variance = (*EnsembleModel)(nil)
	_ Gradient = (*EnsembleModel)(nil)
)

// Fit returns an *[EnsembleModel].
func (s Ensemble) Fit(ctx context.Context, d Data) (Model, error) {
	if s.Weights == "" {
		s.Weights = "optimal"
	}
	chosen := s.Members != nil
	if !chosen {
		for _, c := range Candidates() {
			s.Members = append(s.Members, c.Spec)
		}
	}
	d, err := d.check()
	if err != nil {
		return nil, err
	}
	switch {
	case s.Weights != "optimal" && s.Weights != "goel" && s.Weights != "equal":
		return nil, fmt.Errorf("%w: weights %q, want optimal, goel or equal", ErrSettings, s.Weights)
	case len(s.Members) == 0:
		return nil, fmt.Errorf("%w: an ensemble without members", ErrSettings)
	}
	if _, err := s.CrossValidation.deal(d.Rows()); err != nil {
		return nil, err
	}
	m := &EnsembleModel{inputs: d.Inputs, outputs: d.Outputs}
	var predictions [][]float64 // of each member, in cross-validation
	for k, spec := range s.Members {
		if spec == nil {
			return nil, fmt.Errorf("%w: member %d of the ensemble is nil", ErrSettings, k)
		}
		member, err := spec.Fit(ctx, d)
		var p *Predictions
		if err == nil {
			p, err = s.CrossValidation.Predict(ctx, spec, d)
		}
		if err == nil {
			err = allFinite(p.Mean)
		}
		if err != nil {
			if !chosen && errors.Is(err, ErrData) {
				continue
			}
			return nil, fmt.Errorf("member %d of the ensemble: %w", k, err)
		}
		m.members, predictions = append(m.members, member), append(predictions, p.Mean)
	}
	if len(m.members) == 0 {
		return nil, fmt.Errorf("%w: no member of the default ensemble can be fitted and validated with %d rows", ErrData, d.Rows())
	}
	m.weights = make([]float64, len(m.members)*m.outputs)
	for o := range m.outputs {
		for k, w := range weightsOf(s.Weights, errorProducts(d, predictions, o)) {
			m.weights[k*m.outputs+o] = w
		}
	}
	m.validate(d, predictions)
	return m, nil
}

// allFinite refuses predictions that cannot be weighed.
func allFinite(y []float64) error {
	for _, v := range y {
		if v-v != 0 {
			return fmt.Errorf("%w: a prediction in cross-validation is %g", ErrData, v)
		}
	}
	return nil
}

// errorProducts is C of output o.
func errorProducts(d Data, predictions [][]float64, o int) *mat.SymDense {
	c := mat.NewSymDense(len(predictions), nil)
	for k, a := range predictions {
		for l, b := range predictions[:k+1] {
			sum := 0.0
			for i := o; i < len(d.Y); i += d.Outputs {
				sum += (a[i] - d.Y[i]) * (b[i] - d.Y[i])
			}
			c.SetSym(k, l, sum/float64(d.Rows()))
		}
	}
	return c
}

func weightsOf(name string, c *mat.SymDense) []float64 {
	n := c.SymmetricDim()
	w := make([]float64, n)
	switch mean := mat.Trace(c) / float64(n); {
	case name == "equal" || mean == 0:
		for k := range w {
			w[k] = 1
		}
	case name == "goel":
		average := 0.0
		for k := range w {
			average += math.Sqrt(c.At(k, k)) / float64(n)
		}
		for k := range w {
			w[k] = 1 / (math.Sqrt(c.At(k, k)) + 0.05*average)
		}
	default:
		w = leastSquareWeights(c)
	}
	floats.Scale(1/floats.Sum(w), w)
	return w
}

// leastSquareWeights minimises vᵀ C v/2 - Σ v over v >= 0, which differs from the
// minimum of wᵀ C w over the weights by a factor. It goes from variable to variable
// (Hildreth, A quadratic programming procedure, Naval Res. Logist. Q. 4, 1957), in
// units u_k = √C_kk v_k, as errors may differ by many orders of magnitude. Members
// that agree share their weight, as they begin with the same.
func leastSquareWeights(c *mat.SymDense) []float64 {
	n := c.SymmetricDim()
	size := make([]float64, n)
	tiny := 1e-15 * math.Sqrt(mat.Trace(c))
	for k := range size {
		size[k] = max(math.Sqrt(c.At(k, k)), tiny)
	}
	u := make([]float64, n)
	for k := range u {
		u[k] = 1 / size[k] / float64(n)
	}
	for range 10000 {
		change := 0.0
		for k := range u {
			rest := 1 / size[k]
			for l, v := range u {
				if l != k {
					rest -= c.At(k, l) / size[k] / size[l] * v
				}
			}
			next := max(0, rest)
			change = max(change, math.Abs(next-u[k])*size[k])
			u[k] = next
		}
		if change < 1e-13 {
			break
		}
	}
	for k := range u {
		u[k] /= size[k]
	}
	return u
}

// validate sets what cross-validation tells of the ensemble as a whole.
func (m *EnsembleModel) validate(d Data, predictions [][]float64) {
	m.validated = make([]float64, len(d.Y))
	for k, y := range predictions {
		for i, v := range y {
			m.validated[i] += m.weights[k*m.outputs+i%m.outputs] * v
		}
	}
	spread, n := 0.0, float64(d.Rows())
	for i := 0; i < len(d.Y); i += m.outputs {
		e := m.validated[i] - d.Y[i]
		m.meanSquare += e * e / n
		for _, y := range predictions {
			spread += (y[i] - m.validated[i]) * (y[i] - m.validated[i]) / n / float64(len(predictions))
		}
	}
	if spread > 0 && m.meanSquare/spread < math.MaxFloat64 {
		m.calibration = m.meanSquare / spread
	}
}

// Dims returns the numbers of inputs and outputs.
func (m *EnsembleModel) Dims() (inputs, outputs int) { return m.inputs, m.outputs }

// Members returns the models and their weights, a row a member with a column an
// output.
func (m *EnsembleModel) Members() ([]Model, []float64) {
	return append([]Model(nil), m.members...), append([]float64(nil), m.weights...)
}

// CrossValidated returns what the ensemble predicts, with its weights, at each row
// of the data when its members are fitted without the fold of the row.
func (m *EnsembleModel) CrossValidated() []float64 {
	return append([]float64(nil), m.validated...)
}

// Predict writes s to y.
func (m *EnsembleModel) Predict(x, y []float64) error {
	if _, err := rows(x, m.inputs, y, m.outputs); err != nil {
		return err
	}
	_, err := m.predict(x, y, false)
	return err
}

// predict writes s to y, and returns what each member predicts, if it is to be kept.
func (m *EnsembleModel) predict(x, y []float64, keep bool) (all [][]float64, err error) {
	clear(y)
	one := make([]float64, len(y))
	for k, member := range m.members {
		w := m.weights[k*m.outputs : (k+1)*m.outputs]
		if floats.Max(w) == 0 && !keep {
			continue
		}
		if err := member.Predict(x, one); err != nil {
			return nil, err
		}
		for i, v := range one {
			y[i] += w[i%m.outputs] * v
		}
		if keep {
			all = append(all, one)
			one = make([]float64, len(y))
		}
	}
	return all, nil
}

// PredictVariance writes s and how far the members are from it, for one output:
//
//	v(x) = κ/K Σ_k (s_k(x) - s(x))²,
//
// with κ such that in cross-validation the mean of v is that of the squared errors.
// It is a measure of disagreement, zero where all members interpolate, and no variance
// of a probability model. Of members that never disagree it is that mean itself.
func (m *EnsembleModel) PredictVariance(x, mean, variance []float64) error {
	n, err := rows(x, m.inputs, mean, 1)
	if err != nil {
		return err
	}
	if len(variance) != n || m.outputs != 1 {
		return fmt.Errorf("%w: %d variances for %d points of %d outputs, want one a point of one output", ErrShape, len(variance), n, m.outputs)
	}
	all, err := m.predict(x, mean, true)
	if err != nil {
		return err
	}
	for i, s := range mean {
		if m.calibration == 0 {
			variance[i] = m.meanSquare
			continue
		}
		sum := 0.0
		for _, y := range all {
			sum += (y[i] - s) * (y[i] - s)
		}
		variance[i] = m.calibration * sum / float64(len(all))
	}
	return nil
}

// PredictGradient writes ∂s/∂x. The error wraps ErrSettings if a member with
// weight has no gradient.
func (m *EnsembleModel) PredictGradient(x, gradient []float64) error {
	if _, err := rows(x, m.inputs, gradient, m.inputs*m.outputs); err != nil {
		return err
	}
	clear(gradient)
	one := make([]float64, len(gradient))
	for k, member := range m.members {
		w := m.weights[k*m.outputs : (k+1)*m.outputs]
		if floats.Max(w) == 0 {
			continue
		}
		g, ok := member.(Gradient)
		if !ok {
			return fmt.Errorf("%w: member %d of the ensemble, a %T, has no gradient", ErrSettings, k, member)
		}
		if err := g.PredictGradient(x, one); err != nil {
			return err
		}
		for i, v := range one {
			gradient[i] += w[i/m.inputs%m.outputs] * v
		}
	}
	return nil
}

// MarshalJSON encodes the model; see [Save].
func (m *EnsembleModel) MarshalJSON() ([]byte, error) {
	f := ensembleFile{
		Inputs: m.inputs, Outputs: m.outputs, Weights: m.weights, Validated: m.validated,
		MeanSquare: m.meanSquare, Calibration: m.calibration,
	}
	for _, member := range m.members {
		e, err := seal(member)
		if err != nil {
			return nil, err
		}
		f.Members = append(f.Members, e)
	}
	return json.Marshal(f)
}

func decodeEnsemble(data []byte, depth int) (Model, error) {
	var f ensembleFile
	if err := decodeStrict(data, &f); err != nil {
		return nil, err
	}
	if depth >= maxNested {
		return nil, fmt.Errorf("%w: ensembles in ensembles, %d deep", ErrFile, depth)
	}
	if f.Inputs < 1 || f.Outputs < 1 || f.Outputs > len(f.Weights) || len(f.Members) == 0 {
		return nil, fmt.Errorf("%w: %d members with %d weights of %d inputs and %d outputs", ErrFile, len(f.Members), len(f.Weights), f.Inputs, f.Outputs)
	}
	err := errors.Join(
		checkNumbers("weights", f.Weights, len(f.Members)*f.Outputs),
		checkNumbers("predictions", f.Validated, len(f.Validated)),
		checkNumbers("errors", []float64{f.MeanSquare, f.Calibration}, 2))
	if err != nil {
		return nil, err
	}
	m := &EnsembleModel{
		inputs: f.Inputs, outputs: f.Outputs, weights: f.Weights, validated: f.Validated,
		meanSquare: f.MeanSquare, calibration: f.Calibration,
	}
	for _, e := range f.Members {
		member, err := open(e, depth+1)
		if err != nil {
			return nil, err
		}
		if inputs, outputs := member.Dims(); inputs != m.inputs || outputs != m.outputs {
			return nil, fmt.Errorf("%w: a member of %d inputs and %d outputs, want %d and %d", ErrFile, inputs, outputs, m.inputs, m.outputs)
		}
		m.members = append(m.members, member)
	}
	return m, nil
}
