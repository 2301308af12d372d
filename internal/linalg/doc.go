// Package linalg is dense linear algebra in float64 on the kernels of package
// simd and on several goroutines: products, Cholesky factors with solves,
// inverse, condition number and growth by rows, and least squares by QR.
//
// Matrices are views with strides (Matrix is simd.Matrix[float64]); what an
// operation says about contiguous rows holds for its arguments.
//
// A Workspace carries the number of goroutines and the memory that operations
// reuse. It serves one operation at a time; a factor is immutable and may be
// used with several workspaces at once.
//
// Results do not depend on the number of goroutines, bit for bit: however the
// work is cut, every element is summed in one order.
//
// Shapes that do not fit are mistakes of the program and panic, as slices do.
// What depends on values is an error.
package linalg
