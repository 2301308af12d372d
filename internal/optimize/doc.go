// Package optimize minimises smooth functions of many variables, f: R^n -> R,
// given f and its gradient.
//
// There are three methods behind one interface, [Method]; each step leaves a
// point and tells its value in a [Status].
//
//   - [Adam], the stochastic gradient method with adaptive moments: robust far
//     from a minimum, one evaluation a step.
//   - [LBFGS], limited-memory BFGS: O(m n) work and memory, for large n.
//   - [SSBroyden], self-scaled quasi-Newton methods with a dense inverse
//     Hessian: O(n^2) work and memory, superlinear convergence. It is the
//     method that takes physics-informed networks to many digits.
//
// The two quasi-Newton methods step along d = -H g, where H approximates the
// inverse Hessian, and choose the length alpha by a line search for the strong
// Wolfe conditions
//
//	f(x + alpha d) <= f(x) + c1 alpha g'd,    |g(x + alpha d)'d| <= c2 |g'd|
//
// with c1 = 1e-4 and c2 = 0.9. They want float64 and a fixed objective; when
// the objective must change (new collocation points), [Method.ObjectiveChanged]
// keeps the point and the curvature. Minimising log(loss) in place of a loss
// that tends to zero converges further; values of either sign are fine.
//
// Every method is deterministic, also in its number of threads, allocates
// nothing in a step, and can be marshalled between two steps and continued bit
// for bit. A cancelled step does not move the point, and the path that
// follows is the one of a step that was not. Methods are not safe for
// concurrent use.
package optimize
