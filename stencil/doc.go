// Package stencil propagates acoustic waves in two dimensions by finite
// differences on a staggered grid:
//
//	ρ ∂v/∂t = -∇p,    1/κ ∂p/∂t = -∇·v,
//
// for the pressure p and the velocities v of a medium of density ρ and bulk
// modulus κ (Virieux, Geophysics 51 (1986) 889-901; Levander, Geophysics 53
// (1988) 1425-1436). Pressures stand at the points of a [Grid], vx half a cell
// before them in x, vy half a cell before them in y; a time step takes the
// velocities from t - dt/2 to t + dt/2 and then the pressure from t to t + dt,
//
//	vx(i) -= dt/(ρ dx) Σ_k w_k [p(i+k-1) - p(i-k)]
//	p(i)  -= dt κ Σ_k w_k {[vx(i+k) - vx(i-k+1)]/dx + likewise vy}
//
// with the weights w of order 2, 4, 6 or 8 ([Weights]). The scheme is of second
// order in time and conserves an energy ([Solver.Energy]).
//
// Boundaries lie half a cell outside the outermost points: rigid, free,
// periodic, or absorbing ([Side]). Beyond them the fields go on as images, so that
// the operators keep their order up to the wall.
//
// [Misfit] has the gradient of what receivers record with respect to the medium.
//
// The field is too large for the caches and a step does little with each value.
// A [Plan] therefore lets tiles of the grid take several steps while they are in
// a cache. It changes no bit of the result.
//
// With a Device in its [Settings] a simulation runs there, with the same sources,
// receivers, boundaries and orders, in kernels of the same formulas (stencil/kernels); what
// differs is rounding. Fields stay on the device until they are read, and states
// move between devices and the processor ([Solver.WriteTo]).
//
// For other equations there are the same parts in plain form: a [Field] at points or
// faces with a halo, the difference and the average between them ([Operator]), what
// is beyond the sides ([Extension]) or in other processes ([Exchanger]), and threads
// on tiles ([ForTiles]). With them u_t = div(D grad u) is
//
//	qx = -D ∂u/∂x:  ddx.Set(qx, -1, u, tile), qx.Multiply(Dx, tile)
//	u -= dt ∂qx/∂x: ddx.Add(u, -dt, qx, tile)
//
// and likewise y: examples/diffusion.
package stencil
