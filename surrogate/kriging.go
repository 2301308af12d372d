package surrogate

import (
	"context"
	"fmt"
	"math"
	"runtime"
)

// Kriging is interpolation by a Gaussian process: the observations are taken for
// one realisation of
//
//	Y(x) = Σ_k β_k f_k(x) + Z(x),   Cov(Z(x), Z(x')) = σ² R(x - x'),
//
// a trend and a stationary process of mean 0. With R the correlations of the n
// observations, r(x) those of x with them and F the n rows f(x_i)ᵀ, the best
// linear unbiased prediction is
//
//	β = (FᵀR⁻¹F)⁻¹ FᵀR⁻¹y,   σ² = (y - Fβ)ᵀR⁻¹(y - Fβ)/n,
//	mean      f(x)ᵀβ + rᵀR⁻¹(y - Fβ),
//	variance  σ² [1 - rᵀR⁻¹r + uᵀ(FᵀR⁻¹F)⁻¹u],   u = f(x) - FᵀR⁻¹r.
//
// The correlation is a product over the inputs and depends on one hyperparameter
// θ_l of each: the power-exponential is R = Π_l exp(-θ_l |d_l|^p_l), the Gaussian
// the same with p = 2, and those of Matérn of smoothness 1/2, 3/2 and 5/2 are
//
//	Π_l exp(-s_l),             s_l = θ_l |d_l|
//	Π_l (1 + s_l) exp(-s_l),   s_l = √3 θ_l |d_l|
//	Π_l (1 + s_l + s_l²/3) exp(-s_l),   s_l = √5 θ_l |d_l|
//
// (not the radial ones, which are functions of a distance √(Σ_l θ_l² d_l²)).
// Lengths say the same in other words: ℓ_l is 1/θ_l of the Matérn correlations,
// θ_l^(-1/p_l) of the power-exponential, and 1/√(2θ_l) of the Gaussian, which is
// then exp(-Σ_l (d_l/ℓ_l)²/2).
//
// Either is in units of the inputs as they are given. What is not given is fitted.
//
// The zero value is ordinary Kriging with the Matérn correlation 5/2, fitted by
// maximum likelihood.
//
// Observations of the same point are replaced by their mean, unless a nugget or
// noise says that they may differ.
//
// Sources: Sacks, Welch, Mitchell and Wynn, Design and analysis of computer
// experiments, Statist. Sci. 4 (1989) 409-435; Rasmussen and Williams, Gaussian
// Processes for Machine Learning (2006).
type Kriging struct {
	// Correlation is matern52 (the default), matern32, matern12, gaussian or
	// power_exponential.
	Correlation string
	// P are the exponents of the power-exponential, in (0, 2]: one, or one an
	// input. Default 1.9.
	P []float64

	// Theta, or Lengths, are hyperparameters to be used as they are: one, or one
	// an input. Default: fitted, with lengths from 0.01 to 100 widths of the domain.
	Theta, Lengths []float64

	// Nugget is added to the diagonal of R: σ² times it is the variance of noise
	// in the observations. If R has no Cholesky factor it grows by factors of ten
	// until there is one, and the model tells its value. Default 0, and 1e-12 where
	// θ is fitted.
	Nugget float64
	// EstimateNugget fits the nugget too, from 1e-12 to 10.
	EstimateNugget bool
	// Noise are known variances of noise, one an observation, in place of a
	// nugget. Then σ² is fitted as the lengths are.
	Noise []float64

	// Trend is constant (the default: ordinary Kriging), simple (of known mean
	// Mean), linear or quadratic in the inputs. On inputs scaled to [0,1] by the
	// bounds of the data its terms are 1, u_1 ... u_d, u_1², u_1 u_2 ... u_d².
	Trend string
	Mean  float64
	// Basis is a trend of its own: it writes Terms values f(x) to f and, if df is
	// not nil, the d derivatives of each to df, a row a term. It may run on
	// several goroutines at once.
	Basis func(x, f, df []float64)
	Terms int

	// Criterion is likelihood (the default) or leave_one_out: the predictive
	// density of each observation given the others, multiplied (Rasmussen and
	// Williams, section 5.4.2).
	Criterion string
	// Starts is how many local searches are made, from the best points of a Latin
	// hypercube; default 10.
	Starts int
	// Components is the number h < d of components of partial least squares: the
	// hyperparameters are θ_l = Σ_h e_h |c_hl|^p_l, so that h values e are fitted for
	// d inputs. Default 0: one an input.
	Components int

	Seed    uint64 // of the Latin hypercube
	Threads int    // of fit and prediction; default GOMAXPROCS
}

var _ Spec = Kriging{}

// Fit fits the model: a *KrigingModel. Data of several outputs is refused: the
// outputs have models of their own.
func (s Kriging) Fit(ctx context.Context, d Data) (Model, error) {
	m, err := s.newModel(d)
	if err != nil {
		return nil, err
	}
	if err := m.search(ctx); err != nil {
		return nil, err
	}
	if err := m.condition(); err != nil {
		return nil, err
	}
	return m, nil
}

// check validates what does not depend on the data and fills in defaults.
func (s *Kriging) check() error {
	switch {
	case len(s.Theta) > 0 && len(s.Lengths) > 0:
		return fmt.Errorf("%w: theta and lengths are two ways to say the same, want one of them", ErrSettings)
	case !(s.Nugget >= 0) || math.IsInf(s.Nugget, 1):
		return fmt.Errorf("%w: nugget %g, want at least 0", ErrSettings, s.Nugget)
	case s.Noise != nil && (s.EstimateNugget || s.Nugget > 0):
		return fmt.Errorf("%w: a nugget and the noise of each observation, want one of them", ErrSettings)
	case s.EstimateNugget && s.Nugget > 0:
		return fmt.Errorf("%w: a nugget of %g, and one to be estimated, want one of them", ErrSettings, s.Nugget)
	case s.Trend != "simple" && s.Mean != 0:
		return fmt.Errorf("%w: a mean of %g belongs to the trend simple, not to %q", ErrSettings, s.Mean, s.Trend)
	case s.Mean-s.Mean != 0:
		return fmt.Errorf("%w: the mean is %g, want a finite number", ErrSettings, s.Mean)
	case s.Starts < 0:
		return fmt.Errorf("%w: %d starts, want at least 1", ErrSettings, s.Starts)
	case s.Components < 0:
		return fmt.Errorf("%w: %d components, want at least 1", ErrSettings, s.Components)
	case s.Components > 0 && len(s.Theta)+len(s.Lengths) > 0:
		return fmt.Errorf("%w: components are for fitting, but theta or lengths are given", ErrSettings)
	}
	switch s.Criterion {
	case "":
		s.Criterion = "likelihood"
	case "likelihood", "leave_one_out":
	default:
		return fmt.Errorf("%w: criterion %q, want likelihood or leave_one_out", ErrSettings, s.Criterion)
	}
	if s.Starts == 0 {
		s.Starts = 10
	}
	if s.Threads < 1 {
		s.Threads = runtime.GOMAXPROCS(0)
	}
	return nil
}

// givenTheta returns the hyperparameters that are given, one an input, or nil.
func (s *Kriging) givenTheta(c correlation, inputs int) ([]float64, error) {
	what, given := "values of theta", s.Theta
	if len(s.Lengths) > 0 {
		what, given = "lengths", s.Lengths
	}
	if len(given) == 0 {
		return nil, nil
	}
	theta, err := perInput(what, given, inputs)
	if err != nil {
		return nil, err
	}
	for l, v := range theta {
		if !(v > 0) || math.IsInf(v, 1) {
			return nil, fmt.Errorf("%w: %s: that of input %d is %g, want it above 0", ErrSettings, what, l, v)
		}
		if len(s.Lengths) > 0 {
			theta[l] = c.theta(v, l)
		}
	}
	return theta, nil
}
