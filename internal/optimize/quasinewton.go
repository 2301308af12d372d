package optimize

import (
	"context"
	"errors"
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"
)

// maxFlat is how many successive steps may pass without a new lowest value
// before a method calls itself stalled.
const maxFlat = 20

// inverseHessian is the approximation H of the inverse Hessian by which the
// quasi-Newton methods differ. It is positive definite, to rounding.
type inverseHessian interface {
	isIdentity() bool // as after reset: nothing is known
	reset()           // H = I

	// direction writes -H g to d.
	direction(d, g []float64)

	// update takes up a step of length alpha along d = -H g that moved x by s and
	// the gradient from g by y to next, and leaves -H+ next in d. It resets H and
	// returns false if H+ would not be positive definite.
	update(alpha float64, s, y, g, next, d []float64) bool
}

// quasiNewton is the iteration that the quasi-Newton methods share: a line
// search along d = -H g, then the update of H.
type quasiNewton struct {
	hessian   inverseHessian
	search    lineSearch
	predicted bool // the first trial of a search is predicted from the last decrease, not 1

	x, g, d []float64
	f, norm float64
	known   bool    // f, g, norm and d belong to x
	alpha   float64 // of the last step
	fall    float64 // by how much f fell in the last step; 0: not known

	iterations, restarts int
	lowest               float64 // value since the objective changed
	flat                 int     // successive steps that did not go below it

	s, y, steepest []float64 // work space
}

func newQuasiNewton(obj Objective, x0 []float64, noise float64) quasiNewton {
	n := len(x0)
	return quasiNewton{
		search: newLineSearch(obj, n, noise),
		x:      slices.Clone(x0), g: make([]float64, n), d: make([]float64, n),
		s: make([]float64, n), y: make([]float64, n), steepest: make([]float64, n),
	}
}

func (q *quasiNewton) step(ctx context.Context) (Status, error) {
	if !q.known {
		if err := q.refresh(ctx); err != nil {
			return q.status(), err
		}
	}
	if q.norm == 0 {
		return q.status(), nil
	}

	evaluations := q.search.evaluations
	slope := floats.Dot(q.g, q.d)
	p, err := q.search.search(ctx, q.x, q.d, q.f, slope, q.firstTrial(slope))
	restart := errors.Is(err, errNoDecrease) && !q.hessian.isIdentity()
	if restart {
		floats.ScaleTo(q.steepest, -1, q.g)
		p, err = q.search.search(ctx, q.x, q.steepest, q.f, -floats.Dot(q.g, q.g), q.steepestTrial())
	}
	if errors.Is(err, errNoDecrease) {
		status := q.status()
		status.Stalled = true
		return status, nil
	}
	if err != nil {
		q.search.evaluations = evaluations
		return q.status(), err
	}

	// Nothing fails from here on.
	if restart {
		q.d, q.steepest = q.steepest, q.d
		q.hessian.reset()
		q.restarts++
	}
	floats.SubTo(q.s, q.search.x, q.x)
	floats.SubTo(q.y, q.search.g, q.g)
	kept := q.hessian.update(p.alpha, q.s, q.y, q.g, q.search.g, q.d)
	q.x, q.search.x = q.search.x, q.x
	q.g, q.search.g = q.search.g, q.g
	q.f, q.norm, q.alpha, q.fall = p.f, q.search.norm, p.alpha, q.f-p.f
	q.iterations++
	if !kept {
		q.restarts++
	}
	q.ensureDescent()

	q.flat++
	if q.f < q.lowest {
		q.lowest, q.flat = q.f, 0
	}
	return q.status(), nil
}

// refresh evaluates the objective and the direction at x.
func (q *quasiNewton) refresh(ctx context.Context) error {
	f, norm, err := evaluate(ctx, q.search.obj, q.x, q.search.g)
	if err != nil {
		return err
	}
	if err := checkFinite(f, norm, "at the current point"); err != nil {
		return err
	}
	q.g, q.search.g = q.search.g, q.g
	q.f, q.norm, q.fall, q.known = f, norm, 0, true
	q.lowest, q.flat = f, 0
	q.search.evaluations++
	q.hessian.direction(q.d, q.g)
	q.ensureDescent()
	return nil
}

// ensureDescent resets H if rounding has turned d away from descent.
func (q *quasiNewton) ensureDescent() {
	if q.hessian.isIdentity() {
		return
	}
	if floats.Dot(q.g, q.d) < -0x1p-52*q.norm*floats.Norm(q.d, 2) {
		return
	}
	q.restart()
}

// restart forgets the curvature.
func (q *quasiNewton) restart() {
	q.hessian.reset()
	q.hessian.direction(q.d, q.g)
	q.restarts++
}

// firstTrial is the step length that a line search tries first.
//
// Along -H g it is 1, or, if predicted, the length at which a quadratic with the
// slope would fall as far as f fell in the last step:
//
//	alpha = min(1, 1.01 * 2 (f_{k-1} - f_k) / |g'd|)
//
// (Nocedal and Wright (2006), eq. 3.60), but at least 0.1, and 1 when the fall is
// lost in noise. It tends to 1 as the method converges superlinearly. Self-scaled
// updates leave H large, so that 1 is too long more often than not: the
// prediction takes the evaluations a step from 1.8 or more down to 1.2.
func (q *quasiNewton) firstTrial(slope float64) float64 {
	if q.hessian.isIdentity() {
		return q.steepestTrial()
	}
	if !q.predicted || q.fall <= 100*q.search.noise*math.Abs(q.f) {
		return 1
	}
	return math.Max(0.1, math.Min(1, 1.01*2*q.fall/-slope))
}

// steepestTrial is the first trial along -g, whose natural length is not known:
// at most a unit of distance.
func (q *quasiNewton) steepestTrial() float64 { return math.Min(1, 1/q.norm) }

func (q *quasiNewton) status() Status {
	return Status{
		F: q.f, GradNorm: q.norm, StepLength: q.alpha,
		Evaluations: q.search.evaluations, Iterations: q.iterations, Restarts: q.restarts,
		Stalled: q.known && (q.norm == 0 || q.flat >= maxFlat),
	}
}

// quasiNewtonNumbers is how many numbers encode writes for dimension n: the first
// five are counters, the others floats.
func quasiNewtonNumbers(n int) int { return 5 + 5 + 3*n }

func (q *quasiNewton) encode(e *encoder) {
	e.ints(q.iterations, q.search.evaluations, q.restarts, q.flat)
	e.bools(q.known)
	e.floats(q.f, q.norm, q.alpha, q.fall, q.lowest)
	for _, v := range [][]float64{q.x, q.g, q.d} {
		e.floats(v...)
	}
}

// decode restores what encode wrote, if more floats follow it; if not, it
// leaves q as it was.
func (q *quasiNewton) decode(d *decoder, more int) error {
	var iterations, evaluations, restarts, flat int
	var known bool
	d.ints(&iterations, &evaluations, &restarts, &flat)
	d.bools(&known)
	if err := d.expect(quasiNewtonNumbers(len(q.x)) - 5 + more); err != nil {
		return err
	}
	q.iterations, q.search.evaluations, q.restarts, q.flat, q.known = iterations, evaluations, restarts, flat, known
	d.scalars(&q.f, &q.norm, &q.alpha, &q.fall, &q.lowest)
	for _, v := range [][]float64{q.x, q.g, q.d} {
		d.floats(v)
	}
	return nil
}
