package simd

import "fmt"

// Matrix is a view of Rows x Cols elements of Data: element (i, j) is
// Data[i RowStride + j ColStride], strides not negative.
type Matrix[T Float] struct {
	Data                 []T
	Rows, Cols           int
	RowStride, ColStride int
}

// RowMajor views data, row after row, as a matrix.
func RowMajor[T Float](data []T, rows, cols int) Matrix[T] {
	return Matrix[T]{data, rows, cols, cols, 1}
}

// T is the transpose, of the same elements.
func (a Matrix[T]) T() Matrix[T] {
	return Matrix[T]{a.Data, a.Cols, a.Rows, a.ColStride, a.RowStride}
}

// Transpose writes Aᵀ over B, which does not overlap A. It is fastest if rows of
// both are contiguous.
func Transpose[T Float](b, a Matrix[T]) {
	a.requireShape("A", b.Cols, b.Rows)
	b.requireShape("B", b.Rows, b.Cols)
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

// Part is the block of rows i to i+rows-1 and columns j to j+cols-1.
func (a Matrix[T]) Part(i, j, rows, cols int) Matrix[T] {
	if i < 0 || j < 0 || rows < 0 || cols < 0 || i+rows > a.Rows || j+cols > a.Cols {
		panic(fmt.Sprintf("simd: part of %d x %d at (%d, %d) of a matrix of %d x %d", rows, cols, i, j, a.Rows, a.Cols))
	}
	if rows > 0 && cols > 0 {
		a.Data = a.Data[i*a.RowStride+j*a.ColStride:]
	}
	a.Rows, a.Cols = rows, cols
	return a
}

// row is row i of a matrix whose rows are contiguous.
func (a Matrix[T]) row(i int) []T { return a.Data[i*a.RowStride : i*a.RowStride+a.Cols] }

// requireShape panics unless the matrix is rows x cols, within its data.
func (a Matrix[T]) requireShape(name string, rows, cols int) {
	if a.Rows != rows || a.Cols != cols {
		panic(fmt.Sprintf("simd: %s is %d x %d: must be %d x %d", name, a.Rows, a.Cols, rows, cols))
	}
	if a.RowStride < 0 || a.ColStride < 0 {
		panic(fmt.Sprintf("simd: %s has strides %d and %d: must not be negative", name, a.RowStride, a.ColStride))
	}
	if last := (rows-1)*a.RowStride + (cols-1)*a.ColStride; rows > 0 && cols > 0 && last >= len(a.Data) {
		panic(fmt.Sprintf("simd: %s needs %d elements: has %d", name, last+1, len(a.Data)))
	}
}

// requireContiguousRows panics if a row of C is not contiguous.
func (a Matrix[T]) requireContiguousRows(name string) {
	if a.ColStride != 1 && a.Cols > 1 {
		panic(fmt.Sprintf("simd: %s has column stride %d: must be 1", name, a.ColStride))
	}
}
