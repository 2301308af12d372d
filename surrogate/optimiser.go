package surrogate

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/seed-0772dd2d/ritz/sampling"
)

// Optimiser chooses the points of an optimisation one batch after another; the
// caller evaluates them.
//
//	for o.Stopped() == "" {
//		points, err := o.Ask(ctx, 4)
//		for _, p := range points {
//			p.Done, p.Y = true, f(p.X)
//			err = o.Tell(p)
//		}
//	}
//
// Its state is the log: an optimiser made of the same settings and the log of
// another continues like it, bit for bit. It is not safe for concurrent use.
type Optimiser struct {
	settings OptimiseSettings // with their defaults
	modelled []int            // constraints to be modelled
	log      []Evaluation
	sample   []float64      // the initial one, once made
	tuned    map[int]tuning // hyperparameters by model, for which see model
	stopped  string         // by the tolerance
}

// NewOptimiser returns an optimiser that goes on from the log, which may be nil,
// of another one or of evaluations made before: of these, X, Done and Y are
// needed, and Sample should be set. The log is copied.
func NewOptimiser(s OptimiseSettings, log []Evaluation) (*Optimiser, error) {
	s, err := s.check()
	if err != nil {
		return nil, err
	}
	o := &Optimiser{settings: s, tuned: map[int]tuning{}}
	for k, c := range s.Constraints {
		if !c.Known {
			o.modelled = append(o.modelled, k)
		}
	}
	for i, e := range log {
		e.Index = i
		if e, err = o.checkEvaluation(e); err != nil {
			return nil, err
		}
		o.log = append(o.log, e)
	}
	return o, nil
}

// check validates the settings and fills in the defaults.
func (s OptimiseSettings) check() (OptimiseSettings, error) {
	if len(s.Lower) == 0 {
		return s, fmt.Errorf("%w: there are no bounds to search within", ErrSettings)
	}
	if err := checkBox(s.Lower, s.Upper, len(s.Lower)); err != nil {
		return s, fmt.Errorf("%w: %w", ErrSettings, err)
	}
	for _, v := range []struct {
		what  string
		value float64
	}{
		{"sample", float64(s.Sample)}, {"evaluations", float64(s.Evaluations)}, {"batch", float64(s.Batch)},
		{"patience", float64(s.Patience)}, {"tolerance", s.Tolerance}, {"time", float64(s.Time)},
	} {
		if !(v.value >= 0) || math.IsInf(v.value, 1) {
			return s, fmt.Errorf("%w: %s is %g, want it positive, or 0 for the default", ErrSettings, v.what, v.value)
		}
	}
	if s.Target != nil && math.IsNaN(*s.Target) {
		return s, fmt.Errorf("%w: the target is NaN", ErrSettings)
	}
	if s.Kriging.Noise != nil {
		return s, fmt.Errorf("%w: the noise of single observations is not known beforehand: set Noisy", ErrSettings)
	}
	d := len(s.Lower)
	s.Lower, s.Upper = slices.Clone(s.Lower), slices.Clone(s.Upper)
	s.Sample = cmp.Or(s.Sample, 2*(d+1))
	s.Evaluations = cmp.Or(s.Evaluations, 20*d)
	s.Batch = cmp.Or(s.Batch, 1)
	s.Kriging.Starts = cmp.Or(s.Kriging.Starts, 4)
	if s.Strategy == nil {
		s.Strategy = ExpectedImprovement{}
	}
	if _, ei := s.Strategy.(ExpectedImprovement); s.Tolerance > 0 && !ei {
		return s, fmt.Errorf("%w: a tolerance of the expected improvement with the strategy %T", ErrSettings, s.Strategy)
	}
	s.Constraints = slices.Clone(s.Constraints)
	for k := range s.Constraints {
		c := &s.Constraints[k]
		if c.Name = cmp.Or(c.Name, fmt.Sprint(k+1)); c.Known && c.Evaluator == nil {
			return s, fmt.Errorf("%w: constraint %s is known but has no evaluator", ErrSettings, c.Name)
		}
	}
	return s, s.Strategy.check()
}

// checkEvaluation validates an entry of the log; a value that is not finite is a
// failure.
func (o *Optimiser) checkEvaluation(e Evaluation) (Evaluation, error) {
	if len(e.X) != len(o.settings.Lower) {
		return e, fmt.Errorf("%w: evaluation %d has %d coordinates, want %d", ErrData, e.Index, len(e.X), len(o.settings.Lower))
	}
	for j, v := range e.X {
		if v-v != 0 {
			return e, fmt.Errorf("%w: evaluation %d, input %d is %g, want a finite number", ErrData, e.Index, j, v)
		}
	}
	if e.X = slices.Clone(e.X); !e.Done {
		e.Y, e.Constraints, e.Error = 0, nil, ""
		return e, nil
	}
	if e.Error == "" && len(e.Constraints) != len(o.modelled) {
		return e, fmt.Errorf("%w: evaluation %d has the values of %d constraints, want %d", ErrData, e.Index, len(e.Constraints), len(o.modelled))
	}
	e.Constraints = slices.Clone(e.Constraints)
	for _, v := range append([]float64{e.Y}, e.Constraints...) {
		if err := checkValue(v); err != nil && e.Error == "" {
			e.Error = err.Error()
		}
	}
	if e.Error != "" {
		e.Y, e.Constraints = 0, nil
	}
	e.outside = o.outside(e.X)
	return e, nil
}

// outside is by how much a point violates the known constraints; infinite where
// one of them has no value.
func (o *Optimiser) outside(x []float64) (sum float64) {
	for _, c := range o.settings.Constraints {
		if !c.Known {
			continue
		}
		y, errs := []float64{math.NaN()}, make([]error, 1)
		if err := c.Evaluator.Evaluate(context.Background(), x, 1, y, errs); err != nil || errs[0] != nil || math.IsNaN(y[0]) {
			return math.Inf(1)
		}
		sum += max(y[0], 0)
	}
	return sum
}

// Log returns a copy of the log.
func (o *Optimiser) Log() []Evaluation { return cloneLog(o.log) }

func cloneLog(log []Evaluation) []Evaluation {
	log = slices.Clone(log)
	for i := range log {
		log[i].X, log[i].Constraints = slices.Clone(log[i].X), slices.Clone(log[i].Constraints)
	}
	return log
}

// Pending returns the evaluations asked for and not told yet.
func (o *Optimiser) Pending() []Evaluation {
	return slices.DeleteFunc(o.Log(), func(e Evaluation) bool { return e.Done })
}

// Tell enters the result of an evaluation that Ask returned: Done, with Y and
// Constraints, or Error, and Seconds. An evaluation whose Index is the length of
// the log is one that the caller chose, and is added.
func (o *Optimiser) Tell(e Evaluation) error {
	switch {
	case e.Index < 0 || e.Index > len(o.log):
		return fmt.Errorf("%w: evaluation %d is not in the log of %d", ErrData, e.Index, len(o.log))
	case !e.Done:
		return fmt.Errorf("%w: evaluation %d is not done", ErrData, e.Index)
	}
	e, err := o.checkEvaluation(e)
	if err != nil {
		return err
	}
	if e.Index == len(o.log) {
		o.log = append(o.log, e)
		return nil
	}
	asked := o.log[e.Index]
	switch {
	case asked.Done:
		return fmt.Errorf("%w: evaluation %d has been told before", ErrData, e.Index)
	case !slices.Equal(asked.X, e.X):
		return fmt.Errorf("%w: evaluation %d is of %v, asked was for %v", ErrData, e.Index, e.X, asked.X)
	}
	e.Sample, e.Acquisition = asked.Sample, asked.Acquisition
	o.log[e.Index] = e
	return nil
}

// Ask chooses points to evaluate, at most n, and enters them into the log. It
// may be asked again before they are told: points under way are taken to have
// the value that the model predicts. It returns none once a rule to stop holds.
func (o *Optimiser) Ask(ctx context.Context, n int) ([]Evaluation, error) {
	first := len(o.log)
	for range n {
		if o.Stopped() != "" || first < o.settings.Sample && len(o.log) >= o.settings.Sample {
			break
		}
		e := Evaluation{Index: len(o.log), Sample: len(o.log) < o.settings.Sample}
		var err error
		switch {
		case e.Sample:
			e.X, err = o.samplePoint(ctx)
		case len(o.succeeded()) < 2:
			e.X, err = o.remotePoint(ctx)
		default:
			if e.X, e.Acquisition, err = o.settings.Strategy.propose(ctx, o); err == nil && o.settled(e.Acquisition) {
				continue
			}
		}
		if err != nil {
			o.log = o.log[:first]
			return nil, err
		}
		o.log = append(o.log, e)
	}
	return cloneLog(o.log[first:]), nil
}

// settled applies the tolerance to the score of the next point.
func (o *Optimiser) settled(score float64) bool {
	if o.settings.Tolerance > 0 && score < math.Log(o.settings.Tolerance) && o.best() >= 0 && violation(o.log[o.best()]) == 0 {
		o.stopped = fmt.Sprintf("the expected improvement of %.3g is below the tolerance", math.Exp(score))
	}
	return o.stopped != ""
}

// Stopped returns the rule by which the search has ended, or "".
func (o *Optimiser) Stopped() string {
	if o.stopped != "" {
		return o.stopped
	}
	beyond, best := 0, -1
	since := 0 // the best, beyond the sample
	for i, e := range o.log {
		if !e.Sample {
			beyond++
			since++
		}
		if e.OK() && (best < 0 || o.compare(e, o.log[best]) < 0) {
			best, since = i, 0
		}
	}
	s := &o.settings
	switch {
	case s.Target != nil && best >= 0 && violation(o.log[best]) == 0 && o.sign()*o.log[best].Y <= o.sign()**s.Target:
		return "the target is reached"
	case beyond >= s.Evaluations:
		return fmt.Sprintf("all %d evaluations are made", s.Evaluations)
	case s.Patience > 0 && since >= s.Patience:
		return fmt.Sprintf("%d evaluations brought nothing better", s.Patience)
	}
	return ""
}

// sign turns maximisation into minimisation.
func (o *Optimiser) sign() float64 {
	if o.settings.Maximise {
		return -1
	}
	return 1
}

// violation is by how much a successful evaluation violates the constraints, the
// sum of what is positive of their values: 0 if it is feasible.
func violation(e Evaluation) float64 {
	v := e.outside
	for _, c := range e.Constraints {
		v += max(c, 0)
	}
	return v
}

// compare orders successful evaluations, the better first: a lower violation, then
// a better value.
func (o *Optimiser) compare(a, b Evaluation) int {
	if c := cmp.Compare(violation(a), violation(b)); c != 0 {
		return c
	}
	return cmp.Compare(o.sign()*a.Y, o.sign()*b.Y)
}

// succeeded returns the evaluations that have a value, in the order of the log.
func (o *Optimiser) succeeded() []Evaluation {
	return slices.DeleteFunc(slices.Clone(o.log), func(e Evaluation) bool { return !e.OK() })
}

// best returns the index of the best evaluation as observed, or -1.
func (o *Optimiser) best() int {
	best := -1
	for i, e := range o.log {
		if e.OK() && (best < 0 || o.compare(e, o.log[best]) < 0) {
			best = i
		}
	}
	return best
}

// maximinMost is the largest sample whose least distance is worth the time to
// make it large.
const maximinMost = 500

// samplePoint is the next point of the initial sample.
func (o *Optimiser) samplePoint(ctx context.Context) ([]float64, error) {
	d := len(o.settings.Lower)
	if o.sample == nil {
		design := sampling.LatinHypercube{Dim: d, Seed: o.settings.Seed}
		if o.settings.Sample <= maximinMost {
			design.Optimise = sampling.Maximin
		}
		var err error
		if o.sample, err = design.Points(o.settings.Sample); err != nil {
			return nil, err
		}
		if err := sampling.Scale(o.sample, o.settings.Lower, o.settings.Upper); err != nil {
			return nil, err
		}
	}
	x := slices.Clone(o.sample[len(o.log)*d : (len(o.log)+1)*d])
	if ok, err := o.allowed(ctx, x); err != nil || ok[0] {
		return x, err
	}
	return o.remotePoint(ctx)
}

// remotePoint is, of random points, the one farthest from all in the log.
func (o *Optimiser) remotePoint(ctx context.Context) ([]float64, error) {
	x, err := o.scatter(ctx, o.random(), 200)
	if err != nil {
		return nil, err
	}
	d := len(o.settings.Lower)
	best, most := 0, -1.0
	for i := 0; i < len(x); i += d {
		if r := o.distance(x[i : i+d]); r > most {
			best, most = i, r
		}
	}
	return x[best : best+d], nil
}

// random is a generator that depends on the seed and the length of the log.
func (o *Optimiser) random() *rand.Rand {
	return rand.New(rand.NewPCG(o.settings.Seed, uint64(len(o.log))))
}

// scatter returns count uniformly random points that satisfy the known
// constraints, or fewer where these are hard to satisfy, but at least one.
func (o *Optimiser) scatter(ctx context.Context, rng *rand.Rand, count int) ([]float64, error) {
	d := len(o.settings.Lower)
	const rounds = 1000
	var kept []float64
	for round := 0; round < rounds && len(kept) < count*d && (round < 10 || len(kept) == 0); round++ {
		x := make([]float64, count*d)
		for i := range x {
			l, u := o.settings.Lower[i%d], o.settings.Upper[i%d]
			x[i] = l + (u-l)*rng.Float64()
		}
		x, err := o.keepAllowed(ctx, x)
		if err != nil {
			return nil, err
		}
		kept = append(kept, x[:min(len(x), count*d-len(kept))]...)
	}
	if len(kept) == 0 {
		return nil, fmt.Errorf("%w: none of %d random points satisfies the known constraints", ErrSettings, rounds*count)
	}
	return kept, nil
}

// allowed tells which of the points satisfy the known constraints.
func (o *Optimiser) allowed(ctx context.Context, x []float64) ([]bool, error) {
	n := len(x) / len(o.settings.Lower)
	ok := make([]bool, n)
	for i := range ok {
		ok[i] = true
	}
	for _, c := range o.settings.Constraints {
		if !c.Known {
			continue
		}
		y, errs := make([]float64, n), make([]error, n)
		for i := range y {
			y[i] = math.NaN()
		}
		if err := c.Evaluator.Evaluate(ctx, x, n, y, errs); err != nil {
			return nil, fmt.Errorf("constraint %s: %w", c.Name, err)
		}
		for i := range ok {
			ok[i] = ok[i] && errs[i] == nil && y[i] <= 0
		}
	}
	return ok, nil
}

// keepAllowed returns those of the points that satisfy the known constraints.
func (o *Optimiser) keepAllowed(ctx context.Context, x []float64) ([]float64, error) {
	ok, err := o.allowed(ctx, x)
	if err != nil || !slices.Contains(ok, false) {
		return x, err
	}
	d := len(o.settings.Lower)
	kept := x[:0]
	for i := range ok {
		if ok[i] {
			kept = append(kept, x[i*d:(i+1)*d]...)
		}
	}
	return kept, nil
}

// distance is how far x is from the nearest point in the log, in widths of the
// box.
func (o *Optimiser) distance(x []float64) float64 {
	nearest := math.Inf(1)
	for _, e := range o.log {
		nearest = min(nearest, o.between(x, e.X))
	}
	return nearest
}

// between is the distance of two points in widths of the box.
func (o *Optimiser) between(a, b []float64) float64 {
	s := 0.0
	for j := range a {
		t := (a[j] - b[j]) / (o.settings.Upper[j] - o.settings.Lower[j])
		s += t * t
	}
	return math.Sqrt(s)
}

// Best returns the best evaluation so far. Where values are noisy that is the one
// of the best posterior mean, for which the model is fitted. The error wraps
// ErrNoValue if none succeeded; the log is there all the same.
func (o *Optimiser) Best(ctx context.Context) (*Optimum, error) {
	result := &Optimum{Log: o.Log()}
	i := o.best()
	if i < 0 {
		last := "none was made"
		if n := len(o.log); n > 0 {
			last = "the last: " + o.log[n-1].Error
		}
		return result, fmt.Errorf("%w of %d; %s", ErrNoValue, len(o.log), last)
	}
	result.Evaluation = result.Log[i]
	result.Feasible, result.Mean = violation(o.log[i]) == 0, o.log[i].Y
	if ok := o.succeeded(); o.settings.Noisy && len(ok) >= 2 {
		return result, o.smooth(ctx, ok, result)
	}
	return result, nil
}

// smooth replaces the best evaluation by that of the best posterior mean.
func (o *Optimiser) smooth(ctx context.Context, ok []Evaluation, result *Optimum) error {
	smoothed := make([]Evaluation, len(ok))
	function, err := o.fit(ctx, 0)
	if err != nil {
		return err
	}
	for i := range smoothed {
		smoothed[i] = Evaluation{Index: i, Y: o.sign() * function.values[i]}
	}
	for k := range o.modelled {
		f, err := o.fit(ctx, k+1)
		if err != nil {
			return err
		}
		for i := range smoothed {
			smoothed[i].Constraints = append(smoothed[i].Constraints, f.values[i])
		}
	}
	best := slices.MinFunc(smoothed, o.compare)
	mean, variance := make([]float64, 1), make([]float64, 1)
	if err := function.model.PredictVariance(ok[best.Index].X, mean, variance); err != nil {
		return err
	}
	result.Evaluation = result.Log[ok[best.Index].Index]
	result.Feasible, result.Mean, result.Deviation = violation(best) == 0, best.Y, math.Sqrt(variance[0])
	return nil
}
