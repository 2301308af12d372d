// Package simd holds the few dense kernels that everything else stands on:
// products of a small weight matrix with a block of values, products of Taylor
// coefficients, elementary functions, and products of matrices of any shape,
// all on contiguous slices of float64 or float32.
//
// Implementations. Every kernel exists in portable Go and in assembly for AVX2
// with FMA and for AVX-512. The best that the CPU runs is in use from the start;
// RITZ_SIMD=portable, avx2 or avx512 in the environment asks for another. See
// Level and Check. The assembly is generated: go generate writes it anew.
//
// Layout. A matrix of r rows and c columns is row-major without padding, except
// where it is a Matrix, which has strides. In the products of slices the column
// count n is the long dimension (Taylor coefficients times points of a block)
// and m, k are layer widths.
//
// Alignment. None is needed; rows that start at multiples of 64 bytes are
// somewhat faster.
//
// Aliasing. Unless a function says otherwise, its destination must not overlap
// its other arguments; those may overlap one another. Where a destination may be
// another argument, it may not be a shifted part of it.
//
// Zeros. A factor of zero hides no NaN and no infinity, except where a function
// says that something is then not read.
//
// Lengths. The first argument of a function on vectors sets the length; those
// of a product follow from m, k and n. Another slice may be longer; what lies
// beyond is neither read nor written. A slice that is too short panics, whatever
// its capacity.
//
// Independence. An elementwise result depends only on the elements at its own
// position, bit for bit: splitting a vector, or the columns of MatMul and
// MatMulT, changes nothing. The sums (Dot, Sum, AddMatMulBT) agree to rounding.
// Between the implementations all results agree to rounding; assembly fuses
// multiplications with additions.
//
// Accuracy of the elementary functions in assembly, in units in the last place,
// worst of 200,000 random arguments over the whole range for either type: Exp
// 0.95, Tanh 2.0, Sigmoid 2.1, Softplus 1.6, SinCos 1.4 up to 2^30 (float32:
// 2^13), beyond which it is that of package math. They overflow to
// infinity, underflow gradually to zero, and pass a NaN on, as the mathematical
// function rounded does. The portable ones are those of package math, which
// gives the sine and cosine of large arguments to absolute accuracy only.
package simd
