package optimize

import (
	"fmt"
	"math"
)

// Schedule is the factor r(k) on Adam's learning rate in iteration k = 0, 1, ...
// With m = max(k - Warmup, 0):
//
//	constant     r = 1
//	exponential  r = Factor^(m/Every)
//	staircase    r = Factor^floor(m/Every)
//	cosine       r = Final + (1 - Final) (1 + cos(pi min(m/Over, 1)))/2
//
// and while k < Warmup, with every kind, r = (k+1)/(Warmup+1).
// A field that the kind does not use must be zero.
//
// Source of the cosine: Loshchilov and Hutter (2017), SGDR, eq. 5.
type Schedule struct {
	Kind   string  // "constant" (the default), "exponential", "staircase" or "cosine"
	Factor float64 // decay over Every iterations, in (0, 1]; default 0.9
	Every  int     // iterations, at least 1; default 1000
	Final  float64 // last value of the cosine, in [0, 1]; default 0
	Over   int     // iterations the cosine takes, at least 1; no default
	Warmup int     // iterations of linear rise, at least 0; default 0
}

// withDefaults returns the schedule with its defaults filled in.
func (s Schedule) withDefaults() (Schedule, error) {
	if s.Kind == "" {
		s.Kind = "constant"
	}
	decays := s.Kind == "exponential" || s.Kind == "staircase"
	cosine := s.Kind == "cosine"
	if !decays && !cosine && s.Kind != "constant" {
		return s, fmt.Errorf("%w: schedule %q, want constant, exponential, staircase or cosine", ErrSettings, s.Kind)
	}
	if !decays && (s.Factor != 0 || s.Every != 0) {
		return s, fmt.Errorf("%w: factor and every belong to an exponential or staircase schedule, not to %q", ErrSettings, s.Kind)
	}
	if !cosine && (s.Final != 0 || s.Over != 0) {
		return s, fmt.Errorf("%w: final and over belong to a cosine schedule, not to %q", ErrSettings, s.Kind)
	}
	if s.Warmup < 0 {
		return s, fmt.Errorf("%w: warmup of %d iterations, want 0 or more", ErrSettings, s.Warmup)
	}
	if decays {
		if s.Factor == 0 {
			s.Factor = 0.9
		}
		if s.Every == 0 {
			s.Every = 1000
		}
		if !(s.Factor > 0 && s.Factor <= 1) {
			return s, fmt.Errorf("%w: decay factor %v, want it in (0, 1]", ErrSettings, s.Factor)
		}
		if s.Every < 0 {
			return s, fmt.Errorf("%w: decay every %d iterations, want 1 or more", ErrSettings, s.Every)
		}
	}
	if cosine {
		if s.Over < 1 {
			return s, fmt.Errorf("%w: cosine over %d iterations, want 1 or more", ErrSettings, s.Over)
		}
		if !(s.Final >= 0 && s.Final <= 1) {
			return s, fmt.Errorf("%w: final fraction %v, want it in [0, 1]", ErrSettings, s.Final)
		}
	}
	return s, nil
}

// at is r(k) of a schedule whose defaults are filled in.
func (s Schedule) at(k int) float64 {
	if k < s.Warmup {
		return float64(k+1) / float64(s.Warmup+1)
	}
	m := k - s.Warmup
	switch s.Kind {
	case "exponential":
		return math.Pow(s.Factor, float64(m)/float64(s.Every))
	case "staircase":
		return math.Pow(s.Factor, float64(m/s.Every))
	case "cosine":
		t := min(float64(m)/float64(s.Over), 1)
		return s.Final + (1-s.Final)*(1+math.Cos(math.Pi*t))/2
	}
	return 1
}
