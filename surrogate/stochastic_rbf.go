package surrogate

import (
	"context"
	"errors"
	"fmt"
	"math"
)

// StochasticRBF is the stochastic radial basis function method: of many random
// points around the best one so far it evaluates the one that minimises
//
//	w (s - s_min)/(s_max - s_min) + (1 - w) (Δ_max - Δ)/(Δ_max - Δ_min),
//
// a weighted mean of the model's value s and of the nearness to the points
// evaluated, Δ being the distance to the closest. The weight runs through 0.3, 0.5,
// 0.8, 0.95 over and over, from the search for news to that for the least value.
//
// The points are normally distributed about the best, at first with a deviation of
// 0.2 widths of the box. That is doubled after 3 improvements in a row and halved
// after max(5, d) failures to improve; below 0.2/2⁶ it is 0.2 again. Where points
// violate constraints, as predicted by a model of each, or are expected to fail,
// those that do least are the ones to choose from.
//
// It takes far less time to choose a point than the strategies that model by
// Kriging, and is at home where these become slow: many inputs, many evaluations.
//
// Source: Regis and Shoemaker, A stochastic radial basis function method for the
// global optimization of expensive functions, INFORMS J. Comput. 19 (2007)
// 497-509, the local method with its parameters; for constraints Regis, Stochastic
// radial basis function algorithms for large-scale optimization involving
// expensive black-box objective and constraint functions, Comput. Oper. Res. 38
// (2011) 837-853.
type StochasticRBF struct {
	Model Spec // default RadialBasis{}: cubic, with a linear tail
}

const (
	rbfRadius      = 0.2
	rbfRadiusLeast = rbfRadius / (1 << 6)
	rbfSuccesses   = 3
	rbfFailures    = 5
	rbfImprovement = 1e-3 // relative improvement that is a success
)

var rbfWeights = [...]float64{0.3, 0.5, 0.8, 0.95}

func (s StochasticRBF) check() error { return nil }

func (s StochasticRBF) propose(ctx context.Context, o *Optimiser) ([]float64, float64, error) {
	d := len(o.settings.Lower)
	centre := o.log[o.best()].X
	radius, made := o.radius()
	rng := o.random()
	var x []float64
	for try := 0; try < 20 && len(x) == 0; try++ {
		for range min(500*d, 5000) {
			x = append(x, o.step(rng, centre, radius)...)
		}
		var err error
		if x, err = o.keepAllowed(ctx, x); err != nil {
			return nil, 0, err
		}
	}
	if len(x) == 0 {
		x, err := o.remotePoint(ctx)
		return x, 0, err
	}
	n := len(x) / d
	y := make([]float64, n)
	violations := make([]float64, n)
	for k := range len(o.modelled) + 1 {
		model, err := s.fit(ctx, o, k)
		if errors.Is(err, ErrData) {
			// Too few values for the model: have one more.
			x, err := o.remotePoint(ctx)
			return x, 0, err
		} else if err != nil {
			return nil, 0, err
		}
		if k == 0 {
			err = model.Predict(x, y)
		} else {
			c := make([]float64, n)
			err = model.Predict(x, c)
			for i, v := range c {
				violations[i] += max(v, 0)
			}
		}
		if err != nil {
			return nil, 0, err
		}
	}
	if failures, err := o.fitFailures(ctx); err != nil {
		return nil, 0, err
	} else if failures != nil {
		c := make([]float64, n)
		if err := failures.Predict(x, c); err != nil {
			return nil, 0, err
		}
		for i, v := range c {
			violations[i] += max(v, 0)
		}
	}
	i, score := o.weigh(x, y, violations, rbfWeights[made%len(rbfWeights)])
	if i < 0 {
		x, err := o.remotePoint(ctx)
		return x, 0, err
	}
	return x[i*d : (i+1)*d], score, nil
}

// fit models an output, 0 for the function and k for constraint k - 1 of those
// modelled.
func (s StochasticRBF) fit(ctx context.Context, o *Optimiser, output int) (Model, error) {
	data := Data{Inputs: len(o.settings.Lower), Lower: o.settings.Lower, Upper: o.settings.Upper}
	for _, e := range o.succeeded() {
		v := o.sign() * e.Y
		if output > 0 {
			v = e.Constraints[output-1]
		}
		data.X, data.Y = append(data.X, e.X...), append(data.Y, v)
	}
	spec := s.Model
	if spec == nil {
		spec = RadialBasis{}
	}
	model, err := spec.Fit(ctx, data)
	if err != nil {
		return nil, err
	}
	if _, outputs := model.Dims(); outputs != 1 {
		return nil, fmt.Errorf("%w: a model of %d outputs, want 1", ErrSettings, outputs)
	}
	return model, nil
}

// radius follows the log: it returns the deviation of the next points and how many
// were chosen beyond the sample.
func (o *Optimiser) radius() (radius float64, made int) {
	radius = rbfRadius
	best := -1
	successes, failures := 0, 0
	for i, e := range o.log {
		better := e.OK() && (best < 0 || o.compare(e, o.log[best]) < 0)
		if !e.Sample {
			made++
			if better && (best < 0 || violation(o.log[best]) > 0 || math.Abs(e.Y-o.log[best].Y) > rbfImprovement*math.Abs(o.log[best].Y)) {
				successes, failures = successes+1, 0
			} else if e.Done {
				successes, failures = 0, failures+1
			}
		}
		if better {
			best = i
		}
		switch {
		case successes == rbfSuccesses:
			radius, successes = min(2*radius, rbfRadius), 0
		case failures == max(rbfFailures, len(o.settings.Lower)):
			if radius, failures = radius/2, 0; radius < rbfRadiusLeast {
				radius = rbfRadius
			}
		}
	}
	return radius, made
}

// weigh returns the point of the best score among those of the least violation, or
// -1 if all have been evaluated already.
func (o *Optimiser) weigh(x, y, violations []float64, weight float64) (best int, score float64) {
	d := len(o.settings.Lower)
	least := math.Inf(1)
	distance := make([]float64, len(y))
	for i := range y {
		if distance[i] = o.distance(x[i*d : (i+1)*d]); distance[i] > duplicate || o.settings.Noisy {
			least = min(least, violations[i])
		}
	}
	value, far := interval{math.Inf(1), math.Inf(-1)}, interval{math.Inf(1), math.Inf(-1)}
	eligible := func(i int) bool { return violations[i] <= least && (distance[i] > duplicate || o.settings.Noisy) }
	for i := range y {
		if eligible(i) {
			value.hold(y[i])
			far.hold(distance[i])
		}
	}
	best = -1
	for i := range y {
		if !eligible(i) {
			continue
		}
		if s := -weight*value.share(y[i]) - (1-weight)*(1-far.share(distance[i])); best < 0 || s > score {
			best, score = i, s
		}
	}
	return best, score
}

type interval struct{ lower, upper float64 }

func (r *interval) hold(v float64) { r.lower, r.upper = min(r.lower, v), max(r.upper, v) }

// share is where v lies in the interval, from 0 to 1.
func (r interval) share(v float64) float64 {
	if r.upper == r.lower {
		return 1
	}
	return (v - r.lower) / (r.upper - r.lower)
}
