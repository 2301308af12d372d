package surrogate

import (
	"fmt"
	"math"
)

// ExpectedImprovement is the strategy of evaluating where the improvement on the
// best value so far, E[max(best - Y, 0)] for Y ~ N(mean, sd²), is expected to be
// greatest:
//
//	EI = sd h(u),   h(u) = φ(u) + u Φ(u),   u = (best - mean)/sd.
//
// It scores the logarithm, which has a slope to climb also where EI underflows.
//
// Sources: Jones, Schonlau and Welch, Efficient global optimization of expensive
// black-box functions, J. Global Optim. 13 (1998) 455-492, eq. 15; Ament and
// others, Unexpected improvements to expected improvement for Bayesian
// optimization, NeurIPS 2023, on the logarithm.
type ExpectedImprovement struct{}

// Score returns log EI and its derivatives by mean and sd.
func (ExpectedImprovement) Score(mean, sd, best float64) (score, byMean, bySD float64) {
	if !(sd > 0) {
		return certain(math.Log(best-mean), best-mean)
	}
	value, slope, density := logImprovement((best - mean) / sd)
	return math.Log(sd) + value, -slope / sd, density / sd
}

// certain is the score of a point where nothing is left to learn: -∞ unless it
// improves.
func certain(score, improvement float64) (float64, float64, float64) {
	if !(improvement > 0) {
		return math.Inf(-1), 0, 0
	}
	return score, 0, 0
}

// ProbabilityOfImprovement is the strategy of evaluating where an improvement on
// the best value so far is most likely,
//
//	PI = Φ((best - Margin - mean)/sd),
//
// of which it scores the logarithm. Without a margin it searches next to the
// best point.
//
// Source: Kushner, A new method of locating the maximum point of an arbitrary
// multipeak curve in the presence of noise, J. Basic Eng. 86 (1964) 97-106.
type ProbabilityOfImprovement struct {
	Margin float64 // improvement that counts, in units of the function, at least 0; default 0
}

// Score returns log PI and its derivatives by mean and sd.
func (s ProbabilityOfImprovement) Score(mean, sd, best float64) (score, byMean, bySD float64) {
	best -= s.Margin
	if !(sd > 0) {
		return certain(0, best-mean)
	}
	u := (best - mean) / sd
	value, slope := logNormal(u)
	return value, -slope / sd, -slope * u / sd
}

// LowerConfidenceBound is the strategy of evaluating where mean - Weight sd is
// least.
//
// Source: Cox and John, SDO: a statistical method for global optimization,
// Multidisciplinary Design Optimization (SIAM, 1997) 315-329.
type LowerConfidenceBound struct {
	Weight float64 // at least 0; default 2
}

// Score returns Weight sd - mean and its derivatives by mean and sd.
func (s LowerConfidenceBound) Score(mean, sd, _ float64) (score, byMean, bySD float64) {
	w := s.weight()
	return w*sd - mean, -1, w
}

func (s LowerConfidenceBound) weight() float64 {
	if s.Weight == 0 {
		return 2
	}
	return s.Weight
}

func (ExpectedImprovement) check() error { return nil }

func (s ProbabilityOfImprovement) check() error {
	if !(s.Margin >= 0) || math.IsInf(s.Margin, 1) {
		return fmt.Errorf("%w: margin %g of the improvement, want at least 0", ErrSettings, s.Margin)
	}
	return nil
}

func (s LowerConfidenceBound) check() error {
	if !(s.Weight >= 0) || math.IsInf(s.Weight, 1) {
		return fmt.Errorf("%w: weight %g of the confidence bound, want at least 0", ErrSettings, s.Weight)
	}
	return nil
}
