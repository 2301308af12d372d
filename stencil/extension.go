package stencil

import "fmt"

// Extension says how a [Field] goes on beyond a side of the grid, which lies half
// a cell outside the outermost points. It makes boundary conditions:
//
//	Even  u(-k) = u(k-1) at points, u(-k) =  u(k) at faces: ∂u/∂n = 0
//	Odd   u(-k) = -u(k-1),          u(-k) = -u(k):          u = 0
//	Wrap  u(-k) = u(n-k), both sides of an axis: u has the period n h
//	Given the halo keeps what the caller has written there
//
// and likewise beyond the high side.
type Extension int

// The extensions. The gradient of an even field is odd across the side, the
// divergence of an odd flux is even.
const (
	Even Extension = iota
	Odd
	Wrap
	Given
)

// sides are the extensions at the low and the high side of an axis.
func (f *Field) sides(a Axis) (low, high Extension) {
	if a == X {
		return f.X0, f.X1
	}
	return f.Y0, f.Y1
}

// along are, of an axis, the cells of the part and of the grid.
func (f *Field) along(a Axis) (part span, n int) {
	if a == X {
		return span{f.part.I0, f.part.I1}, f.grid.Nx
	}
	return span{f.part.J0, f.part.J1}, f.grid.Ny
}

// Extend fills the halo to a depth of width wherever it lies beyond a side of the
// grid, corners included. Where it lies in another part of the grid, or beyond a
// wrapped side with another part across, an [Exchanger] must have filled it before.
//
// It writes nothing but the halo: that an odd field is 0 at a face on its side, and
// a wrapped one the same at both, is up to the caller.
func (f *Field) Extend(width int) error {
	if err := f.checkWidth(width); err != nil {
		return err
	}
	low, high := f.source(X, -1), f.source(X, 1)
	first, last := f.x.lo-width, f.x.hi+width
	// The rows of the halo too, for what they have from other parts. Those beyond
	// the sides of y get their values below.
	for j := f.y.lo - width; j < f.y.hi+width; j++ {
		row := f.Row(first, last, j)
		for k := range width {
			if low.fills {
				i := f.x.lo - 1 - k
				row[i-first] = low.sign * row[low.of(i)-first]
			}
			if high.fills {
				i := f.x.hi + k
				row[i-first] = high.sign * row[high.of(i)-first]
			}
		}
	}
	low, high = f.source(Y, -1), f.source(Y, 1)
	for k := range width {
		f.extendRow(low, f.y.lo-1-k, width)
		f.extendRow(high, f.y.hi+k, width)
	}
	return nil
}

func (f *Field) extendRow(s source, j, width int) {
	if !s.fills {
		return
	}
	dst, src := f.Row(f.x.lo-width, f.x.hi+width, j), f.Row(f.x.lo-width, f.x.hi+width, s.of(j))
	for i, v := range src {
		dst[i] = s.sign * v
	}
}

func (f *Field) checkWidth(width int) error {
	if width < 0 || width > f.halo {
		return fmt.Errorf("%w: halo to a depth of %d in a field with a halo of %d", ErrSettings, width, f.halo)
	}
	for _, a := range []Axis{X, Y} {
		low, high := f.sides(a)
		if low < Even || low > Given || high < Even || high > Given {
			return fmt.Errorf("%w: unknown extension %d or %d along %v", ErrSettings, low, high, a)
		}
		if (low == Wrap) != (high == Wrap) {
			return fmt.Errorf("%w: a field that wraps at one side along %v must at the other", ErrSettings, a)
		}
	}
	return nil
}

// source says where the values beyond a side come from: index i from index
// sign·value(flip i + shift).
type source struct {
	fills       bool
	flip, shift int
	sign        float64
}

func (s source) of(i int) int { return s.flip*i + s.shift }

// source is that of the low (-1) or high (1) side of an axis.
func (f *Field) source(a Axis, direction int) source {
	_, n := f.along(a)
	extension, high := f.sides(a)
	wall := 0
	if direction > 0 {
		extension, wall = high, n
	}
	mirror := 2*wall - 1 // points i and mirror - i, the wall between them
	if f.at.faces(a) {
		mirror = 2 * wall // face i before the point i
	}
	switch {
	case f.elsewhere(a, direction):
	case extension == Even:
		return source{true, -1, mirror, 1}
	case extension == Odd:
		return source{true, -1, mirror, -1}
	case extension == Wrap:
		return source{true, 1, -direction * n, 1}
	}
	return source{}
}
