package stencil

import "fmt"

// Operator is a difference or an average along an axis, from points to the faces
// between them or from faces to points:
//
//	(∂u)(i + 1/2) = 1/h Σ_{k=1..m} w_k [u(i+k) - u(i+1-k)]       [Difference]
//	(ū)(i + 1/2)  =     Σ_{k=1..m} a_k [u(i+k) + u(i+1-k)]       [Average]
//
// of order 2m, w and a those of [Weights] and [AverageWeights]. It reaches m
// values into the halo of a field at points, m-1 into that of one at faces. It is
// safe for concurrent use.
type Operator struct {
	name    string
	axis    Axis
	order   int
	weights []float64
	sign    float64 // between the two values of a pair
}

// Difference is the first derivative along an axis, of order 2, 4, 6 or 8.
func Difference(a Axis, order int) (*Operator, error) {
	w, err := Weights(order)
	return newOperator("difference", a, order, w, -1, err)
}

// Average is the mean of both sides along an axis, of order 2, 4, 6 or 8.
func Average(a Axis, order int) (*Operator, error) {
	w, err := AverageWeights(order)
	return newOperator("average", a, order, w, 1, err)
}

func newOperator(name string, a Axis, order int, w []float64, sign float64, err error) (*Operator, error) {
	if err == nil && a != X && a != Y {
		err = fmt.Errorf("%w: axis %d, want X or Y", ErrSettings, int(a))
	}
	if err != nil {
		return nil, err
	}
	return &Operator{name, a, order, w, sign}, nil
}

// Set writes to dst, on a tile, a times the difference or average of src. It is an
// error if the fields are not on the same part of the same grid, src is not half a
// cell from dst along the axis, or a halo is too narrow. The tile may reach into
// the halos.
func (o *Operator) Set(dst *Field, a float64, src *Field, t Tile) error {
	return o.apply(dst, a, src, t, true)
}

// Add is like Set, but adds to dst.
func (o *Operator) Add(dst *Field, a float64, src *Field, t Tile) error {
	return o.apply(dst, a, src, t, false)
}

func (o *Operator) apply(dst *Field, a float64, src *Field, t Tile, set bool) error {
	if err := o.check(dst, src); err != nil || t.empty() {
		return err
	}
	if o.sign < 0 {
		dx, dy := src.grid.Spacing()
		a /= [...]float64{dx, dy}[o.axis]
	}
	ahead := 0 // from a value of dst to the first of src after it
	if src.at.faces(o.axis) {
		ahead = 1
	}
	m := len(o.weights)
	x, y := dst.spans(t)
	needX, needY := x, y
	need := &needX
	if o.axis == Y {
		need = &needY
	}
	need.lo, need.hi = need.lo+ahead-m, need.hi+ahead+m-1
	if lack := dst.lacks(x, y); lack > 0 {
		return fmt.Errorf("%w: the tile %v reaches %d cells beyond the halo", ErrSettings, t, lack)
	}
	if lack := src.lacks(needX, needY); lack > 0 {
		return fmt.Errorf("%w: %s of order %d along %v of a field at %v on the tile %v: want a halo of %d, not %d",
			ErrSettings, o.name, o.order, o.axis, src.at, t, src.halo+lack, src.halo)
	}
	for j := y.lo; j < y.hi; j++ {
		out := dst.Row(x.lo, x.hi, j)
		for k, w := range o.weights {
			above, below := ahead+k, ahead-1-k
			var p, q []float64
			if o.axis == X {
				p, q = src.Row(x.lo+above, x.hi+above, j), src.Row(x.lo+below, x.hi+below, j)
			} else {
				p, q = src.Row(x.lo, x.hi, j+above), src.Row(x.lo, x.hi, j+below)
			}
			pairs(out, a*w, p, o.sign, q, set && k == 0)
		}
	}
	return nil
}

func (o *Operator) check(dst, src *Field) error {
	if err := dst.together(src); err != nil {
		return err
	}
	if dst.at != src.at.across(o.axis) {
		return fmt.Errorf("%w: %s along %v of a field at %v to one at %v, want one at %v",
			ErrSettings, o.name, o.axis, src.at, dst.at, src.at.across(o.axis))
	}
	return nil
}

// pairs sets out to, or adds to it, c (p + sign q).
func pairs(out []float64, c float64, p []float64, sign float64, q []float64, set bool) {
	p, q = p[:len(out)], q[:len(out)]
	if set {
		for i := range out {
			out[i] = c * (p[i] + sign*q[i])
		}
		return
	}
	for i := range out {
		out[i] += c * (p[i] + sign*q[i])
	}
}
