package stencil

import "math"

// Ricker is the second derivative of a Gaussian, of the peak frequency f and the
// peak value 1 at t = delay:
//
//	(1 - 2a) exp(-a),   a = (π f (t - delay))²
//
// A delay of 0 means 1.5/f, at which it begins with 1e-8.
func Ricker(f, delay float64) func(t float64) float64 {
	if delay == 0 {
		delay = 1.5 / f
	}
	return func(t float64) float64 {
		a := math.Pow(math.Pi*f*(t-delay), 2)
		return (1 - 2*a) * math.Exp(-a)
	}
}

// GaussianDerivative is the first derivative of a Gaussian, scaled to extremes
// of ±1, whose spectrum peaks at f; delay as for Ricker:
//
//	-2πf (t - delay) exp(1/2 - 2 (πf (t - delay))²)
func GaussianDerivative(f, delay float64) func(t float64) float64 {
	if delay == 0 {
		delay = 1.5 / f
	}
	return func(t float64) float64 {
		s := 2 * math.Pi * f * (t - delay)
		return -s * math.Exp(0.5-s*s/2)
	}
}

// ToneBurst is a sine of the frequency f over a number of cycles from t = 0
// under a Hann window.
func ToneBurst(f float64, cycles int) func(t float64) float64 {
	return func(t float64) float64 {
		if t <= 0 || t*f >= float64(cycles) {
			return 0
		}
		return math.Sin(2*math.Pi*f*t) * (1 - math.Cos(2*math.Pi*f*t/float64(cycles))) / 2
	}
}

// Series is linear between values dt apart, the first at t = 0, and 0 outside.
func Series(values []float64, dt float64) func(t float64) float64 {
	last := len(values) - 1
	return func(t float64) float64 {
		u := t / dt
		switch {
		case !(u >= 0 && u <= float64(last)):
			return 0
		case u == float64(last):
			return values[last]
		}
		k := int(u)
		return values[k] + (u-float64(k))*(values[k+1]-values[k])
	}
}
