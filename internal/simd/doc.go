// Package simd holds the few dense kernels that everything else stands on:
// products of a small weight matrix with a block of values, products of Taylor
// coefficients, and elementary functions, all on contiguous float64 slices.
//
// Layout. A matrix of r rows and c columns is row-major without padding. In the
// products the column count n is the long dimension (Taylor coefficients times
// points of a block) and m, k are layer widths.
//
// Aliasing. Unless a function says otherwise, its destination must not overlap
// its other arguments.
//
// Lengths. The first argument of a function on vectors sets the length; those
// of a product follow from m, k and n. Another slice may be longer; what lies
// beyond is neither read nor written. A slice that is too short panics, whatever
// its capacity.
//
// Accuracy. Tanh, Sigmoid and Softplus are within 4 units in the last place for
// every argument, subnormal results included; SinCos is within 2.3e-16 at any
// finite argument. NaN and infinities give what the formula gives.
//
// Independence. An elementwise result depends only on the elements at its own
// position, bit for bit: splitting a vector, or the columns of MatMul and
// MatMulT, changes nothing. The sums (Dot, Sum, AddMatMulBT) agree to rounding.
package simd
