package optimize

import (
	"context"
	"fmt"
	"math"
	"slices"
)

// AdamSettings are the settings of [Adam].
type AdamSettings struct {
	Rate     float64  // learning rate, above 0; default 1e-3
	Beta1    float64  // decay of the first moment, in (0, 1); default 0.9
	Beta2    float64  // decay of the second moment, in (0, 1); default 0.999
	Epsilon  float64  // keeps the denominator from zero, above 0; default 1e-8
	Schedule Schedule // factor on Rate in the course of the iterations; default constant
}

// Adam steps along bias-corrected running means of the gradient g and of its
// square: in iteration t = 1, 2, ..., with the rate alpha scheduled for k = t-1,
//
//	m <- beta1 m + (1 - beta1) g
//	v <- beta2 v + (1 - beta2) g^2
//	x <- x - alpha (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + epsilon)
//
// A step evaluates the objective once, at the point it leads to; the first step,
// and the first after ObjectiveChanged, once more. A step to a point where the
// objective is not finite is not taken: it returns ErrNotFinite.
//
// Source: Kingma and Ba (2015), Adam: a method for stochastic optimization, Algorithm 1.
type Adam struct {
	obj      Objective
	settings AdamSettings

	x, g, m, v []float64
	f, norm    float64
	known      bool // f, g and norm belong to x

	iterations, evaluations int
	rate                    float64 // of the last step

	nextX, nextG, nextM, nextV []float64 // what a step computes; it is a state only once the step has succeeded
}

var _ Method = (*Adam)(nil)

// NewAdam returns Adam for the objective, at x0.
func NewAdam(obj Objective, x0 []float64, s AdamSettings) (*Adam, error) {
	if err := checkProblem(obj, x0); err != nil {
		return nil, err
	}
	s, err := s.withDefaults()
	if err != nil {
		return nil, err
	}
	n := len(x0)
	return &Adam{
		obj: obj, settings: s,
		x: slices.Clone(x0), g: make([]float64, n), m: make([]float64, n), v: make([]float64, n),
		nextX: make([]float64, n), nextG: make([]float64, n), nextM: make([]float64, n), nextV: make([]float64, n),
	}, nil
}

func (s AdamSettings) withDefaults() (AdamSettings, error) {
	for _, d := range []struct {
		value *float64
		def   float64
	}{{&s.Rate, 1e-3}, {&s.Beta1, 0.9}, {&s.Beta2, 0.999}, {&s.Epsilon, 1e-8}} {
		if *d.value == 0 {
			*d.value = d.def
		}
	}
	if !(s.Rate > 0 && isFinite(s.Rate)) {
		return s, fmt.Errorf("%w: rate %v, want it above 0", ErrSettings, s.Rate)
	}
	if !(s.Beta1 > 0 && s.Beta1 < 1) {
		return s, fmt.Errorf("%w: beta1 %v, want it in (0, 1)", ErrSettings, s.Beta1)
	}
	if !(s.Beta2 > 0 && s.Beta2 < 1) {
		return s, fmt.Errorf("%w: beta2 %v, want it in (0, 1)", ErrSettings, s.Beta2)
	}
	if !(s.Epsilon > 0 && isFinite(s.Epsilon)) {
		return s, fmt.Errorf("%w: epsilon %v, want it above 0", ErrSettings, s.Epsilon)
	}
	var err error
	s.Schedule, err = s.Schedule.withDefaults()
	return s, err
}

// Step makes one iteration.
func (a *Adam) Step(ctx context.Context) (Status, error) {
	if !a.known {
		f, norm, err := evaluate(ctx, a.obj, a.x, a.nextG)
		if err != nil {
			return a.status(), err
		}
		if err := checkFinite(f, norm, "at the current point"); err != nil {
			return a.status(), err
		}
		a.g, a.nextG = a.nextG, a.g
		a.f, a.norm, a.known = f, norm, true
		a.evaluations++
	}

	rate := a.settings.Rate * a.settings.Schedule.at(a.iterations)
	a.advance(rate)
	f, norm, err := evaluate(ctx, a.obj, a.nextX, a.nextG)
	if err != nil {
		return a.status(), err
	}
	if err := checkFinite(f, norm, "where the step leads"); err != nil {
		return a.status(), fmt.Errorf("%w; the step, at rate %v, is not taken", err, rate)
	}

	a.x, a.nextX = a.nextX, a.x
	a.g, a.nextG = a.nextG, a.g
	a.m, a.nextM = a.nextM, a.m
	a.v, a.nextV = a.nextV, a.v
	a.f, a.norm, a.rate = f, norm, rate
	a.iterations++
	a.evaluations++
	return a.status(), nil
}

// advance computes the next moments and point from the stored gradient.
func (a *Adam) advance(rate float64) {
	t := float64(a.iterations + 1)
	beta1, beta2, eps := a.settings.Beta1, a.settings.Beta2, a.settings.Epsilon
	c1 := 1 / (1 - math.Pow(beta1, t))
	c2 := 1 / (1 - math.Pow(beta2, t))
	for i, g := range a.g {
		m := beta1*a.m[i] + (1-beta1)*g
		v := beta2*a.v[i] + (1-beta2)*g*g
		a.nextM[i], a.nextV[i] = m, v
		a.nextX[i] = a.x[i] - rate*(m*c1)/(math.Sqrt(v*c2)+eps)
	}
}

func (a *Adam) status() Status {
	return Status{
		F: a.f, GradNorm: a.norm, StepLength: a.rate,
		Evaluations: a.evaluations, Iterations: a.iterations,
		Stalled: a.known && a.norm == 0,
	}
}

// X is the current point.
func (a *Adam) X() []float64 { return a.x }

// ObjectiveChanged has the next Step evaluate the objective anew; the moments stay.
func (a *Adam) ObjectiveChanged() { a.known = false }

func (a *Adam) header() string {
	s := a.settings
	return fmt.Sprintf("adam dimension=%d rate=%v beta1=%v beta2=%v epsilon=%v schedule=%s factor=%v every=%d final=%v over=%d warmup=%d",
		len(a.x), s.Rate, s.Beta1, s.Beta2, s.Epsilon, s.Schedule.Kind,
		s.Schedule.Factor, s.Schedule.Every, s.Schedule.Final, s.Schedule.Over, s.Schedule.Warmup)
}

// MarshalBinary encodes the state.
func (a *Adam) MarshalBinary() ([]byte, error) {
	e := newEncoder(a.header(), 4+3+4*len(a.x))
	e.ints(a.iterations, a.evaluations)
	e.bools(a.known)
	e.floats(a.f, a.norm, a.rate)
	for _, v := range [][]float64{a.x, a.g, a.m, a.v} {
		e.floats(v...)
	}
	return e.finish(), nil
}

// UnmarshalBinary restores a state that MarshalBinary encoded.
func (a *Adam) UnmarshalBinary(data []byte) error {
	d, err := newDecoder(data, a.header())
	if err != nil {
		return err
	}
	var iterations, evaluations int
	var known bool
	d.ints(&iterations, &evaluations)
	d.bools(&known)
	if err := d.expect(3 + 4*len(a.x)); err != nil {
		return err
	}
	a.iterations, a.evaluations, a.known = iterations, evaluations, known
	d.scalars(&a.f, &a.norm, &a.rate)
	for _, v := range [][]float64{a.x, a.g, a.m, a.v} {
		d.floats(v)
	}
	return nil
}
