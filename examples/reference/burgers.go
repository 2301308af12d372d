package main

import "math"

// burgers returns the solution at (t, x), t >= 0, of
//
//	u_t + u u_x = nu u_xx,   u(0, x) = -sin(pi x)
//
// on the whole line, which for -1 <= x <= 1 is the one with u(t, -1) = u(t, 1) = 0.
// The substitution of Cole and Hopf, u = -2 nu phi_x/phi, turns the equation into the
// heat equation; with its kernel, eta = sqrt(4 nu t) z and y = x - eta,
//
//	           integral sin(pi y) w dz
//	u(t, x) = - -----------------------,   w = exp(-cos(pi y)/(2 pi nu) - z^2)
//	               integral w dz
//
// (Basdevant et al., Computers & Fluids 14 (1986) 23-41, equation 3). Both integrals
// are taken by the trapezoidal rule with the given number of intervals, which for such
// entire, fast decaying integrands converges faster than any power of the step. The
// exponents lie in a band of width 1/(pi nu), 100 for nu = 0.01/pi: the range of z
// reaches to where the Gauss kernel has taken back that much and a factor below
// rounding, and the largest exponent is subtracted before it can overflow.
func burgers(nu, t, x float64, intervals int) float64 {
	if t == 0 {
		return -math.Sin(math.Pi * x)
	}
	width := math.Sqrt(4 * nu * t)
	end := math.Sqrt(1/(math.Pi*nu) + 80)
	step := 2 * end / float64(intervals)
	exponent := func(k int) (y, e float64) {
		z := -end + float64(k)*step
		y = x - width*z
		return y, -math.Cos(math.Pi*y)/(2*math.Pi*nu) - z*z
	}
	largest := math.Inf(-1)
	for k := range intervals + 1 {
		_, e := exponent(k)
		largest = max(largest, e)
	}
	var above, below float64
	for k := range intervals + 1 { // the end points weigh nothing
		y, e := exponent(k)
		w := math.Exp(e - largest)
		above += w * math.Sin(math.Pi*y)
		below += w
	}
	return -above / below
}
