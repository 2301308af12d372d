package main

import (
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// lorenz are the parameters of
//
//	x' = σ(y - x),  y' = x(ρ - z) - y,  z' = xy - βz.
//
// The flow contracts volumes at the constant rate σ + 1 + β (Lorenz 1963, section 5).
type lorenz struct{ Sigma, Rho, Beta float64 }

// state is a point u = (x, y, z) of the flow and three tangent vectors there, the
// columns of V, which move by V' = J(u) V. It is stored as u, v1, v2, v3.
type state [12]float64

// derivative is the right-hand side for point and tangent vectors together.
func (p lorenz) derivative(s *state) (d state) {
	x, y, z := s[0], s[1], s[2]
	d[0], d[1], d[2] = p.Sigma*(y-x), x*(p.Rho-z)-y, x*y-p.Beta*z
	for i := 3; i < 12; i += 3 {
		v, w := s[i:i+3], d[i:i+3]
		w[0] = p.Sigma * (v[1] - v[0])
		w[1] = (p.Rho-z)*v[0] - v[1] - x*v[2]
		w[2] = y*v[0] + x*v[1] - p.Beta*v[2]
	}
	return d
}

// step is the classical Runge-Kutta method of order 4.
func (p lorenz) step(s *state, h float64) {
	at := func(d *state, h float64) (t state) {
		for i := range t {
			t[i] = s[i] + h*d[i]
		}
		return t
	}
	k1 := p.derivative(s)
	t := at(&k1, h/2)
	k2 := p.derivative(&t)
	t = at(&k2, h/2)
	k3 := p.derivative(&t)
	t = at(&k3, h)
	k4 := p.derivative(&t)
	for i := range s {
		s[i] += h / 6 * (k1[i] + 2*k2[i] + 2*k3[i] + k4[i])
	}
}

// spectrum computes the Lyapunov exponents, the largest first, by the method of
// Benettin et al. (Meccanica 15, 1980): the tangent vectors are made orthonormal
// again and again, V = QR, and
//
//	λi = Σ log|Rii| / time.
//
// A transient of a tenth of the time comes before. h is the time step.
func (p lorenz) spectrum(time, h float64) (lambda [3]float64, err error) {
	const between = 10 // steps from one QR to the next
	s := state{1, 1, p.Rho, 1, 0, 0, 0, 1, 0, 0, 0, 1}
	var qr mat.QR
	var q, r, v mat.Dense
	blocks := int(math.Ceil(time / (between * h)))
	for block := -blocks / 10; block < blocks; block++ {
		for range between {
			p.step(&s, h)
		}
		v.CloneFrom(mat.NewDense(3, 3, s[3:]).T())
		qr.Factorize(&v)
		q.Reset()
		r.Reset()
		qr.QTo(&q)
		qr.RTo(&r)
		for i := range 3 {
			for k := range 3 {
				s[3+3*i+k] = q.At(k, i)
			}
			if block >= 0 {
				lambda[i] += math.Log(math.Abs(r.At(i, i)))
			}
		}
	}
	for i := range lambda {
		lambda[i] /= float64(blocks) * between * h
	}
	return lambda, p.check(lambda, h)
}

// errSum tells of exponents that do not add up to the rate of contraction.
var errSum = errors.New("the exponents do not add up")

// check compares Σ λi with -(σ + 1 + β): there the sum is right but for the error of
// the time steps, on however short a time.
func (p lorenz) check(lambda [3]float64, h float64) error {
	sum, want := lambda[0]+lambda[1]+lambda[2], -(p.Sigma + 1 + p.Beta)
	if !(math.Abs(sum-want) < 1e-3*math.Abs(want)) {
		return fmt.Errorf("%w: rho = %g, step %g: %g instead of %g; take smaller steps", errSum, p.Rho, h, sum, want)
	}
	return nil
}
