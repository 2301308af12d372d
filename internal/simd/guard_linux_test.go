package simd

import (
	"os"
	"runtime/debug"
	"syscall"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

// fence is memory between two pages that must not be touched.
type fence []byte

func newFence(t *testing.T) fence {
	page := os.Getpagesize()
	size := (1<<20 + page - 1) / page * page
	m, err := syscall.Mmap(-1, 0, page+size+page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, syscall.Munmap(m)) })
	require.NoError(t, syscall.Mprotect(m[:page], syscall.PROT_NONE))
	require.NoError(t, syscall.Mprotect(m[page+size:], syscall.PROT_NONE))
	return fence(m[page : page+size])
}

// atEnd and atStart are n elements that touch the one or the other fence.
func atEnd[T Float](f fence, n int) []T {
	all := unsafe.Slice((*T)(unsafe.Pointer(&f[0])), len(f)/int(unsafe.Sizeof(T(0))))
	return all[len(all)-n:]
}

func atStart[T Float](f fence, n int) []T {
	return unsafe.Slice((*T)(unsafe.Pointer(&f[0])), n)
}

func places[T Float]() []func(fence, int) []T { return []func(fence, int) []T{atEnd[T], atStart[T]} }

func TestNoAccessOutside(t *testing.T) {
	each(t, testNoAccessOutside[float64], testNoAccessOutside[float32])
}

// A fault ends the test, at the line of the call.
func testNoAccessOutside[T Float](t *testing.T) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	f, g, h := newFence(t), newFence(t), newFence(t)
	for _, place := range places[T]() {
		for n := range 70 {
			x, y, z := place(f, n), place(g, n), place(h, n)
			Dot(x, y)
			Sum(x)
			AddScaled(z, 1, x)
			Scale(z, 1, x)
			AddConst(z, 1)
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
				}
			}
		}
	}
	require.Panics(t, func() { unsafe.Slice(&atEnd[T](f, 1)[0], 2)[1] = 0 })
}

// enclosure places the matrices of an operation, and the memory of its
// workspace, between fences.
type enclosure[T Float] struct {
	place  func(fence, int) []T
	fences [7]fence
}

// zeros and identity are matrices behind fence i.
func (e enclosure[T]) zeros(i, rows, cols int, how layout) Matrix[T] {
	a, need := laidOut[T](rows, cols, rows%3, how)
	a.Data = e.place(e.fences[i], need)
	clear(a.Data)
	return a
}

func (e enclosure[T]) identity(i, n int, how layout) Matrix[T] {
	a := e.zeros(i, n, n, how)
	for r := range n {
		*a.at(r, r) = 1
	}
	return a
}

// run calls an operation twice: with a new workspace, which takes what it needs,
// and with as much behind fences.
func (e enclosure[T]) run(operation func(w *Workspace[T])) {
	var w Workspace[T]
	operation(&w)
	for i, buffer := range []*[]T{&w.a, &w.b, &w.l, &w.tile} {
		*buffer = e.place(e.fences[3+i], cap(*buffer))
	}
	operation(&w)
}

func TestMatricesNoAccessOutside(t *testing.T) {
	each(t, testMatricesNoAccessOutside[float64], testMatricesNoAccessOutside[float32])
}

// Shapes with every tail of the tiles, and some beyond the blocks of each
// operation, in all layouts that it takes.
func testMatricesNoAccessOutside[T Float](t *testing.T) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	var e enclosure[T]
	for i := range e.fences {
		e.fences[i] = newFence(t)
	}
	layouts := []layout{byRow, byColumn, spread}
	var shapes [][2]int
	for _, n := range []int{1, 2, 3, 4, 5, 7, 8, 9, 11, 12, 13, 15, 16, 17, 23, 25, 31, 33, 47, 49, triangle, triangle + 1, 2*triangle + 3} {
		for _, m := range []int{1, 2, 3, 5, 8, 13, 17, 25, 33, 49, 51} {
			shapes = append(shapes, [2]int{n, m})
		}
	}
	shapes = append(shapes, [2]int{height + 11, depth + 3}, [2]int{5, 2*depth + 1}, [2]int{triangle + 5, depth + 3})
	for _, e.place = range places[T]() {
		for _, s := range shapes {
			n, m := s[0], s[1]
			for _, how := range layouts {
				e.run(func(w *Workspace[T]) {
					w.Gemm(1, e.zeros(0, n, m, how), e.zeros(1, m, n, how), 1, e.zeros(2, n, n, how%spread))
					w.Gemm(1, e.zeros(0, n, 7, how), e.zeros(1, 7, m, how), 0, e.zeros(2, n, m, how%spread))
				})
				e.run(func(w *Workspace[T]) { w.Syrk(1, e.zeros(0, n, m, how), 1, e.zeros(1, n, n, byRow)) })
				for _, side := range []layout{byRow, byColumn} {
					e.run(func(w *Workspace[T]) { w.Trsm(e.identity(0, n, how), e.zeros(1, n, m, side)) })
					e.run(func(w *Workspace[T]) { w.TrsmT(e.identity(0, n, how), e.zeros(1, n, m, side)) })
				}
				for _, other := range layouts {
					Transpose(e.zeros(0, n, m, how), e.zeros(1, m, n, other))
				}
			}
		}
		e.run(func(w *Workspace[T]) {
			w.Gemm(1, e.zeros(0, 3, 2, byRow), e.zeros(1, 2, width+5, byRow), 0, e.zeros(2, 3, width+5, byRow))
		})
		for n := range 2*triangle + 9 {
			e.run(func(w *Workspace[T]) { require.Equal(t, n, w.Cholesky(e.identity(0, n, byRow))) })
		}
	}
}

func TestWaveNoAccessOutside(t *testing.T) {
	each(t, testWaveNoAccessOutside[float64], testWaveNoAccessOutside[float32])
}

// Sweeps with as few elements around them as Sweep takes, in fields of one
// stride after the other, with and without leave to spill.
func testWaveNoAccessOutside[T Float](t *testing.T) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	var fences [6]fence
	for i := range fences {
		fences[i] = newFence(t)
	}
	const rows = 3
	for _, place := range places[T]() {
		for m := 1; m <= MaxHalfWidth; m++ {
			for _, n := range []int{1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33} {
				for _, stride := range []int{n, n + 7, n + 40} {
					for _, extra := range []int{0, 5, 40} { // beyond the least
						for _, medium := range []bool{false, true} {
							first := m*stride + extra
							length := first + (rows-1+m)*stride + n + m*stride + extra
							field := func(i int) []T { return place(fences[i], length) }
							w := Wave[T]{P: field(0), Vx: field(1), Vy: field(2), Stride: stride,
								X: make([]T, m), Y: make([]T, m), PX: make([]T, m), PY: make([]T, m)}
							if medium {
								w.Bx, w.By, w.K = field(3), field(4), field(5)
							}
							w.Ready()
							for _, r := range []WaveRows{
								{X: first, Xn: n, Y: first, Yn: n, P: first, Pn: n},
								{X: first + m, Xn: n, Y: first + m*stride, Yn: n, P: first, Pn: n},
								{X: first + m, Xn: n, Y: first + m*stride, Yn: n, P: first, Pn: n, Spill: true},
								{X: first + 1 - m, Xn: n + 2*m - 1, Y: first + m*stride, Yn: n, P: first, Pn: n, Spill: true},
							} {
								r.Rows = rows
								if r.Xn <= stride && r.X >= w.reach && (rows-1)*stride+r.X+r.Xn <= length-w.reach {
									w.Sweep(r)
								}
							}
						}
					}
				}
			}
		}
	}
}
