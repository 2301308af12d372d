package optimize

import (
	"context"
	"errors"
	"math"

	"gonum.org/v1/gonum/floats"
)

const (
	sufficientDecrease = 1e-4 // c1
	curvatureBound     = 0.9  // c2
	maxTrials          = 25   // evaluations a line search may take
	defaultNoise       = 10 * 0x1p-52
)

// errNoDecrease reports that a line search found no lower point.
var errNoDecrease = errors.New("optimize: no decrease along the direction")

// linePoint is phi(alpha) = f(x + alpha d) at one alpha.
type linePoint struct{ alpha, f, slope float64 }

// lineSearch finds a step length that satisfies the strong Wolfe conditions
//
//	phi(alpha) <= phi(0) + c1 alpha phi'(0),    |phi'(alpha)| <= c2 |phi'(0)|
//
// It extrapolates until two points bracket such a step, then closes in on it by
// cubic interpolation. A trial that is not finite counts as plus infinity.
//
// Near a minimum the decrease that is asked for drowns in the rounding noise of
// f, while the slope remains accurate. So where c1 alpha |phi'(0)| is less than
// noise |phi(0)|, any value up to that much above the lowest passes for a
// decrease, and the slope decides: the approximate Wolfe conditions.
//
// Sources: Nocedal and Wright (2006), Numerical Optimization, Algorithms 3.5 and
// 3.6, eq. 3.59; Moré and Thuente (1994) for the safeguards; Hager and Zhang
// (2005), eq. 4.1, for the approximate Wolfe conditions.
type lineSearch struct {
	obj       Objective
	noise     float64 // relative rounding error of f
	curvature float64 // c2

	// The last trial, on success the accepted point, and the lowest so far.
	x, g       []float64
	norm       float64
	lowX, lowG []float64
	lowNorm    float64

	evaluations int // so far, all searches
}

func newLineSearch(obj Objective, n int, noise float64) lineSearch {
	return lineSearch{
		obj: obj, noise: noise, curvature: curvatureBound,
		x: make([]float64, n), g: make([]float64, n),
		lowX: make([]float64, n), lowG: make([]float64, n),
	}
}

// search looks from x along d, where phi is f0 and falls with slope0 < 0, first
// at alpha. It returns the accepted point with its place in l.x, l.g and l.norm,
// or errNoDecrease, or an error of the objective.
func (l *lineSearch) search(ctx context.Context, x, d []float64, f0, slope0, alpha float64) (linePoint, error) {
	// A step that satisfies the conditions lies between low, the lowest point of
	// sufficient decrease so far, and high; phi falls from low towards high.
	low := linePoint{0, f0, slope0}
	high := linePoint{alpha: math.Inf(1)}
	width, widthBefore := math.Inf(1), math.Inf(1)
	noise := l.noise * math.Abs(f0)

	for range maxTrials {
		trial, err := l.try(ctx, x, d, alpha)
		if err != nil {
			return linePoint{}, err
		}
		before := low
		demanded := -sufficientDecrease * alpha * slope0
		limit := min(f0-demanded, low.f)
		if demanded <= noise {
			limit = low.f + noise
		}
		switch {
		case !(trial.f <= limit):
			high = trial
		case math.Abs(trial.slope) <= l.curvature*math.Abs(slope0):
			return trial, nil
		default:
			if trial.slope*(high.alpha-low.alpha) >= 0 {
				high = low
			}
			low = trial
			l.swap()
		}

		if math.IsInf(high.alpha, 1) {
			alpha = extrapolate(before, low)
			continue
		}
		alpha = interpolate(low, high)
		if w := math.Abs(high.alpha - low.alpha); w > 0.66*widthBefore {
			alpha = low.alpha + (high.alpha-low.alpha)/2
			width, widthBefore = w, width
		} else {
			width, widthBefore = w, width
		}
	}
	if low.f < f0 { // a decrease, if not one with the slope asked for
		l.swap()
		return low, nil
	}
	return linePoint{}, errNoDecrease
}

// try evaluates phi(alpha). If that is not finite, its value is plus infinity.
func (l *lineSearch) try(ctx context.Context, x, d []float64, alpha float64) (linePoint, error) {
	floats.AddScaledTo(l.x, x, alpha, d)
	f, norm, err := evaluate(ctx, l.obj, l.x, l.g)
	if err != nil {
		return linePoint{}, err
	}
	l.evaluations++
	l.norm = norm
	if !isFinite(f) || !isFinite(norm) {
		return linePoint{alpha: alpha, f: math.Inf(1)}, nil
	}
	return linePoint{alpha, f, floats.Dot(l.g, d)}, nil
}

// swap exchanges the last trial and the lowest point.
func (l *lineSearch) swap() {
	l.x, l.lowX = l.lowX, l.x
	l.g, l.lowG = l.lowG, l.g
	l.norm, l.lowNorm = l.lowNorm, l.norm
}

// extrapolate goes beyond b, after a, by 1.1 to 4 times their distance.
func extrapolate(a, b linePoint) float64 {
	h := b.alpha - a.alpha
	t := cubicMinimum(a, b)
	if !(t > b.alpha) { // the cubic falls without end
		return b.alpha + 4*h
	}
	return min(max(t, b.alpha+1.1*h), b.alpha+4*h)
}

// interpolate goes between low and high, at least a tenth of the way from either.
func interpolate(low, high linePoint) float64 {
	h := high.alpha - low.alpha
	if math.IsInf(high.f, 1) {
		return low.alpha + h/5
	}
	t := (cubicMinimum(low, high) - low.alpha) / h
	if math.IsNaN(t) {
		t = 0.5
	}
	return low.alpha + min(max(t, 0.1), 0.9)*h
}

// cubicMinimum is the local minimum of the cubic with the values and slopes of
// a and b, not a number if there is none.
func cubicMinimum(a, b linePoint) float64 {
	h := b.alpha - a.alpha
	d1 := a.slope + b.slope - 3*(b.f-a.f)/h
	d2 := math.Copysign(math.Sqrt(d1*d1-a.slope*b.slope), h)
	return b.alpha - h*(b.slope+d2-d1)/(b.slope-a.slope+2*d2)
}
