// Package jet carries a network's value together with its partial derivatives
// with respect to the inputs, exactly, by truncated multivariate Taylor
// arithmetic, and computes the gradient of any scalar function of them with
// respect to the weights.
//
// # The mathematics
//
// Around a point x a smooth function has the Taylor coefficients
//
//	u_α = 1/α! ∂^α u(x),   α = (α_1, ..., α_d) a multi-index.
//
// A Set is a finite set S of multi-indices with every index below a member
// also a member (downward closed); on such a set products need no coefficient
// outside it:
//
//	(u v)_α = Σ_{β ≤ α} u_β v_{α-β}.
//
// Linear layers act on each coefficient alone. An activation a = σ(z) with the
// companion jet g = σ'(z) obeys ∂_i a = g ∂_i z, that is, for any i with α_i > 0,
//
//	α_i a_α = Σ_{β ≤ α, β_i > 0} β_i z_β g_{α-β},                       (1)
//
// and a differential equation such as g = 1 - a² for tanh closes the recurrence
// (Griewank and Walther, Evaluating Derivatives, 2nd ed., 2008, section 13.2).
// The reverse of the same step needs nothing but g: ∂a_α/∂z_β = g_{α-β}, so a
// scalar with the adjoints ā has
//
//	z̄_β = Σ_{α ≥ β} ā_α g_{α-β}.                                        (2)
//
// # Layout
//
// Points are processed in blocks of a fixed size. A layer's block is
// [unit][coefficient][point], points contiguous: a layer product is then one
// matrix product over coefficients and points together, and an activation
// works on the rows of one unit, which lie side by side.
package jet
