package surrogate

import (
	"context"
	"math"
)

// acquisition scores a point by the mean and the standard deviation of the
// prediction there, for minimisation, and by the best value so far. The higher,
// the better.
type acquisition interface {
	Score(mean, sd, best float64) (score, byMean, bySD float64)
}

// criterion is what the next point maximises,
//
//	score of the function + Σ_k log P(c_k(x) <= 0) + log P(the evaluation succeeds),
//
// where the first term is left out while no feasible point is known. With the
// expected improvement for a score it is the logarithm of the improvement to be
// expected under the constraints (Gardner and others, Bayesian optimization with
// inequality constraints, ICML 2014).
type criterion struct {
	o     *Optimiser
	terms []term

	mean, variance, meanSlope, varianceSlope []float64 // at one point
}

// term is the share of one model.
type term struct {
	model *KrigingModel
	score acquisition
	best  float64
	unit  float64 // that the score is divided by
	noise float64 // variance of noise, where the score accounts for it
	shift float64 // that is added to the score
}

// newCriterion fits the models and finds the best value.
func (o *Optimiser) newCriterion(ctx context.Context, a acquisition) (*criterion, error) {
	d := len(o.settings.Lower)
	c := &criterion{o: o, mean: make([]float64, 1), variance: make([]float64, 1), meanSlope: make([]float64, d), varianceSlope: make([]float64, d)}
	function, err := o.fit(ctx, 0)
	if err != nil {
		return nil, err
	}
	violations := make([]float64, len(function.values))
	for k := range o.modelled {
		f, err := o.fit(ctx, k+1)
		if err != nil {
			return nil, err
		}
		for i, v := range f.values {
			violations[i] += max(v, 0)
		}
		c.terms = append(c.terms, term{model: f.model, score: ProbabilityOfImprovement{}, unit: 1})
	}
	if m, err := o.fitFailures(ctx); err != nil {
		return nil, err
	} else if m != nil {
		c.terms = append(c.terms, term{model: m, score: ProbabilityOfImprovement{}, unit: 1})
	}
	best := math.Inf(1)
	for i, v := range function.values {
		if violations[i] == 0 {
			best = min(best, v)
		}
	}
	if math.IsInf(best, 1) {
		return c, nil
	}
	t := term{model: function.model, score: a, best: best, unit: 1}
	switch a := a.(type) {
	case LowerConfidenceBound:
		t.unit = deviation(function.values)
	case ExpectedImprovement:
		if o.settings.Noisy {
			h := function.model.Hyperparameters()
			t.noise = h.Nugget * h.Sigma2
		}
		if w := function.warp; w != nil { // back to units of the function, to first order
			t.shift = w.logUnit(best)
		}
	case ProbabilityOfImprovement:
		if w := function.warp; w != nil {
			t.score = ProbabilityOfImprovement{Margin: a.Margin * math.Exp(-w.logUnit(best))}
		}
	}
	c.terms = append(c.terms, t)
	return c, nil
}

// deviation is the standard deviation of values, or 1 where they are equal.
func deviation(values []float64) float64 {
	mean, square := 0.0, 0.0
	for _, v := range values {
		mean += v / float64(len(values))
	}
	for _, v := range values {
		square += (v - mean) * (v - mean) / float64(len(values))
	}
	if square == 0 {
		return 1
	}
	return math.Sqrt(square)
}

// at returns the share of a point and its derivatives by mean and variance.
//
// Where values are noisy, the expected improvement is augmented: multiplied by
// 1 - τ/√(τ² + sd²) with the variance τ² of the noise, as little is learnt by
// evaluating again where the function is known as well as one evaluation tells
// (Huang, Allen, Notz and Zeng, Global optimization of stochastic black-box
// systems via sequential kriging meta-models, J. Global Optim. 34, 2006, eq. 13).
func (t *term) at(mean, variance float64) (score, byMean, byVariance float64) {
	sd := math.Sqrt(max(variance, 0))
	score, byMean, bySD := t.score.Score(mean, sd, t.best)
	if sd > 0 {
		byVariance = bySD / (2 * sd)
		if t.noise > 0 {
			tau, w := math.Sqrt(t.noise), math.Sqrt(t.noise+variance)
			score += math.Log(variance / (w * (w + tau)))
			byVariance += tau * (w + tau) / (2 * w * w * variance)
		}
	}
	return (score + t.shift) / t.unit, byMean / t.unit, byVariance / t.unit
}

// scores evaluates the criterion at points.
func (c *criterion) scores(x []float64) ([]float64, error) {
	n := len(x) / len(c.meanSlope)
	total, mean, variance := make([]float64, n), make([]float64, n), make([]float64, n)
	for k := range c.terms {
		t := &c.terms[k]
		if err := t.model.PredictVariance(x, mean, variance); err != nil {
			return nil, err
		}
		for i := range total {
			s, _, _ := t.at(mean[i], variance[i])
			total[i] += s
		}
	}
	return total, nil
}

// Gradient is the negative of the criterion, to be minimised, and its gradient.
// It is infinite where the known constraints do not hold.
func (c *criterion) Gradient(ctx context.Context, x, g []float64) (float64, error) {
	clear(g)
	if len(c.o.modelled) < len(c.o.settings.Constraints) {
		if ok, err := c.o.allowed(ctx, x); err != nil || !ok[0] {
			return math.Inf(1), err
		}
	}
	total := 0.0
	for k := range c.terms {
		t := &c.terms[k]
		if err := t.model.Posterior(x, c.mean, c.variance, c.meanSlope, c.varianceSlope); err != nil {
			return 0, err
		}
		s, byMean, byVariance := t.at(c.mean[0], c.variance[0])
		total -= s
		for j := range g {
			g[j] -= byMean*c.meanSlope[j] + byVariance*c.varianceSlope[j]
		}
	}
	return total, ctx.Err()
}
