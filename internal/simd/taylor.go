package simd

// Product is one summand of a sum of products of Taylor series, on rows of a
// frame:
//
//	dst = start + C x y
//
// Rows are named by the position of their first element.
type Product struct {
	Dst, X int
	Y      int // negative: y = 1
	C      float64
	Start  Start
}

// Start is what a Product adds to.
type Start int

// The values of Start.
const (
	Zero   Start = iota // 0
	Old                 // what dst holds
	One                 // 1
	Before              // what the product before comes to; dst is the same
)

// Products computes a list of products, one after the other, on rows of n
// elements: for each of a number of units in turn, whose rows lie stride
// elements after those of the unit before. Rows may be the same; those that
// are not must not overlap. A sum of several products, the second and those
// that follow starting from Before, is written when it is complete: none of
// them may read its row.
func Products[T Float](frame []T, list []Product, n, units, stride int) {
	if n < 0 || units < 0 || stride < 0 || n > len(frame) || units > 1 && stride > len(frame)/(units-1) {
		panic("simd: rows outside the frame")
	}
	if n == 0 || units == 0 {
		return
	}
	frame = frame[:len(frame):len(frame)]
	last := (units-1)*stride + n // of the elements after a row's first
	for i := range list {
		p := &list[i]
		_, _ = frame[p.Dst:p.Dst+last], frame[p.X:p.X+last]
		if p.Y >= 0 {
			_ = frame[p.Y : p.Y+last]
		}
		switch {
		case p.Start < Zero || p.Start > Before:
			panic("simd: unknown start of a product")
		case p.Start == Before && (i == 0 || p.Dst != list[i-1].Dst):
			panic("simd: a sum of products in two rows")
		}
	}
	use[T]().products(frame, list, n, units, stride)
}

func portableProducts[T Float](frame []T, list []Product, n, units, stride int) {
	for u := range units {
		frame := frame[u*stride:]
		for i := range list {
			p := &list[i]
			dst, x, c := frame[p.Dst:p.Dst+n], frame[p.X:p.X+n], T(p.C)
			switch {
			case (p.Start == Old || p.Start == Before) && p.Y < 0:
				for q := range dst {
					dst[q] += c * x[q]
				}
			case p.Start == Old || p.Start == Before:
				y := frame[p.Y : p.Y+n]
				for q := range dst {
					dst[q] += c * x[q] * y[q]
				}
			default:
				start := T(0)
				if p.Start == One {
					start = 1
				}
				if p.Y < 0 {
					for q := range dst {
						dst[q] = start + c*x[q]
					}
					continue
				}
				y := frame[p.Y : p.Y+n]
				for q := range dst {
					dst[q] = start + c*x[q]*y[q]
				}
			}
		}
	}
}
