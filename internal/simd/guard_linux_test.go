package simd

import (
	"os"
	"runtime/debug"
	"syscall"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

// fence is a page of memory between two that must not be touched.
type fence []byte

func newFence(t *testing.T) fence {
	page := os.Getpagesize()
	m, err := syscall.Mmap(-1, 0, 3*page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, syscall.Munmap(m)) })
	require.NoError(t, syscall.Mprotect(m[:page], syscall.PROT_NONE))
	require.NoError(t, syscall.Mprotect(m[2*page:], syscall.PROT_NONE))
	return fence(m[page : 2*page])
}

// atEnd and atStart are n elements that touch the one or the other fence.
func atEnd[T Float](f fence, n int) []T {
	all := unsafe.Slice((*T)(unsafe.Pointer(&f[0])), len(f)/int(unsafe.Sizeof(T(0))))
	return all[len(all)-n:]
}

func atStart[T Float](f fence, n int) []T {
	return unsafe.Slice((*T)(unsafe.Pointer(&f[0])), n)
}

func TestNoAccessOutside(t *testing.T) {
	each(t, testNoAccessOutside[float64], testNoAccessOutside[float32])
}

// A fault ends the test, at the line of the call.
func testNoAccessOutside[T Float](t *testing.T) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	f, g, h := newFence(t), newFence(t), newFence(t)
	var w Workspace[T]
	for _, place := range []func(fence, int) []T{atEnd[T], atStart[T]} {
		for n := range 70 {
			x, y, z := place(f, n), place(g, n), place(h, n)
			Dot(x, y)
			Sum(x)
			AddScaled(z, 1, x)
			Scale(z, 1, x)
			AddConst(z, 1)
			ScaledMul(z, 1, x, y)
			AddScaledMul(z, 1, x, y)
			Triad(z, 1, x, y)
			StreamTriad(z, 1, x, y)
			StreamScale(z, 1, x)
			Products(z, []Product{{C: 2, Start: One}, {Y: -1, C: 1, Start: Old}}, len(z), 1, 0)
			Exp(z, x)
			Tanh(z, x)
			Sigmoid(z, x)
			Softplus(z, x)
			SinCos(z, y, x)
		}
		for _, m := range []int{1, 2, 3, 4, 7, 11} {
			for _, k := range []int{1, 2, 3, 5} {
				for n := 1; n < 40; n++ {
					MatMul(place(f, m*n), place(g, m*k), place(h, k*n), m, k, n)
					MatMulT(place(f, k*n), place(g, m*k), place(h, m*n), m, k, n)
					AddMatMulBT(place(f, m*k), place(g, m*n), place(h, k*n), m, k, n)
					w.Gemm(1, RowMajor(place(g, m*k), m, k), RowMajor(place(h, k*n), k, n), 1, RowMajor(place(f, m*n), m, n))
				}
			}
		}
	}
	require.Panics(t, func() { unsafe.Slice(&atEnd[T](f, 1)[0], 2)[1] = 0 })
}
