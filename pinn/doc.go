// Package pinn solves boundary-value problems of partial differential
// equations with physics-informed neural networks (Raissi, Perdikaris and
// Karniadakis, Journal of Computational Physics 378, 2019): the unknown
// functions are networks of the coordinates, trained until equations and
// conditions hold at many points at once.
//
// # The mathematics
//
// A Problem is text: equations r_j(u, u_t, u_xx, ...; x) = 0 on a box,
// conditions on parts of it. Every field is an expression of a network N of
// the coordinates, by default
//
//	u(x) = scale N(x; θ),
//
// or an ansatz given as text, such as -sin(pi*x) + t*(1 - x^2)*N, which meets
// the conditions whatever N is. The derivatives of N are exact (package
// internal/jet), those of the ansatz symbolic (package internal/expr). The
// training minimises
//
//	L(θ) = Σ_j w_j/N_j Σ_p r_j(x_p; θ)²
//
// over equations and conditions j with weights w_j and collocation points x_p;
// an integral in a condition is a Gauss-Legendre sum, and "periodic in x" holds
// exactly, because the networks see x on a circle. Training is a sequence of
// stages; the self-scaled Broyden method on log L (Urban, Stefanou and Pons,
// Journal of Computational Physics 523, 2025; Kiyani et al. 2025) is what
// reaches small errors. Resample moves the interior points to where the
// residual is large.
//
// # Use
//
// New checks a Problem and makes a Trainer, Run trains it, Solution is what
// came out: fields and derivatives anywhere, saved and loaded as JSON. The
// same problem, settings and number of threads give the same bits, also when
// the training is interrupted and resumed from a checkpoint.
package pinn
