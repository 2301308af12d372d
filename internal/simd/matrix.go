package simd

import (
	"fmt"
	"math/bits"
)

// Matrix is a view of Rows x Cols elements of Data: element (i, j) is
// Data[i RowStride + j ColStride], strides not negative. What lies between is
// neither read nor written. Only where a matrix is read may two of its elements
// be the same of Data.
type Matrix[T Float] struct {
	Data                 []T
	Rows, Cols           int
	RowStride, ColStride int
}

// RowMajor views data, row after row, as a matrix. It panics if there are too few.
func RowMajor[T Float](data []T, rows, cols int) Matrix[T] {
	if n := area(rows, cols); n < 0 || n > len(data) {
		panic(fmt.Sprintf("simd: a matrix of %d x %d in %d elements", rows, cols, len(data)))
	}
	return Matrix[T]{data, rows, cols, cols, 1}
}

// area is rows times cols, or -1 if one of them is negative or an int does not
// hold the product. No slice has -1 elements.
func area(rows, cols int) int {
	high, low := bits.Mul(uint(rows), uint(cols))
	if rows < 0 || cols < 0 || high != 0 || int(low) < 0 {
		return -1
	}
	return int(low)
}

// T is the transpose, of the same elements.
func (a Matrix[T]) T() Matrix[T] {
	return Matrix[T]{a.Data, a.Cols, a.Rows, a.ColStride, a.RowStride}
}

// Transpose writes Aᵀ over B, which is not read and does not overlap A. It is
// fastest if rows of both are contiguous.
func Transpose[T Float](b, a Matrix[T]) {
	a.RequireShape("A", b.Cols, b.Rows)
	b.RequireShape("B", b.Rows, b.Cols)
	if b.Rows == 0 || b.Cols == 0 {
		return
	}
	if b.ColStride != 1 {
		for i := range a.Rows {
			for j := range a.Cols {
				b.Data[j*b.RowStride+i*b.ColStride] = a.Data[i*a.RowStride+j*a.ColStride]
			}
		}
		return
	}
	interleave(b.Data, b.RowStride, a)
}

// Part is the block of rows i to i+rows-1 and columns j to j+cols-1, of the same
// elements. It panics if that is not within the matrix.
func (a Matrix[T]) Part(i, j, rows, cols int) Matrix[T] {
	if i < 0 || j < 0 || rows < 0 || cols < 0 || i > a.Rows || j > a.Cols || rows > a.Rows-i || cols > a.Cols-j || !a.fits() {
		panic(fmt.Sprintf("simd: part of %d x %d at (%d, %d) of a matrix of %d x %d with strides %d and %d in %d elements",
			rows, cols, i, j, a.Rows, a.Cols, a.RowStride, a.ColStride, len(a.Data)))
	}
	if rows > 0 && cols > 0 {
		a.Data = a.Data[i*a.RowStride+j*a.ColStride:]
	}
	a.Rows, a.Cols = rows, cols
	return a
}

// row is row i of a matrix whose rows are contiguous.
func (a Matrix[T]) row(i int) []T { return a.Data[i*a.RowStride : i*a.RowStride+a.Cols] }

// contiguousRows reports whether every row is.
func (a Matrix[T]) contiguousRows() bool { return a.ColStride == 1 || a.Cols <= 1 }

// RequireShape panics unless the matrix is rows x cols, within its data.
func (a Matrix[T]) RequireShape(name string, rows, cols int) {
	if a.Rows != rows || a.Cols != cols {
		panic(fmt.Sprintf("simd: %s is %d x %d: must be %d x %d", name, a.Rows, a.Cols, rows, cols))
	}
	if !a.fits() {
		panic(fmt.Sprintf("simd: %s is %d x %d with strides %d and %d: must be within its %d elements", name, rows, cols, a.RowStride, a.ColStride, len(a.Data)))
	}
}

// fits reports whether every element is within the data.
func (a Matrix[T]) fits() bool {
	if a.Rows < 0 || a.Cols < 0 || a.RowStride < 0 || a.ColStride < 0 {
		return false
	}
	if a.Rows == 0 || a.Cols == 0 {
		return true
	}
	// The last element of the first column, and that of a row from its first.
	down, across := area(a.Rows-1, a.RowStride), area(a.Cols-1, a.ColStride)
	return down >= 0 && across >= 0 && down < len(a.Data) && across < len(a.Data)-down
}

// RequireContiguousRows panics unless every row is contiguous.
func (a Matrix[T]) RequireContiguousRows(name string) {
	if !a.contiguousRows() {
		panic(fmt.Sprintf("simd: %s has column stride %d: must be 1", name, a.ColStride))
	}
}

// RequireContiguous panics unless every row is contiguous, or every column.
func (a Matrix[T]) RequireContiguous(name string) {
	if !a.contiguousRows() && !a.T().contiguousRows() {
		panic(fmt.Sprintf("simd: %s has strides %d and %d: one of them must be 1", name, a.RowStride, a.ColStride))
	}
}
