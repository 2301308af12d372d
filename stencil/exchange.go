package stencil

import "fmt"

// Exchanger fills the halos of fields whose grid is cut into parts, each in a
// process of its own, and beyond the sides of the grid. A solver calls it before
// its operators reach into a halo, and need not know how many parts there are:
//
//	err := errors.Join(halos.Start(fields, 1), halos.Wait())
//
// Start begins to fill the halos to a depth of width, corners included; all parts
// call it with their fields of the same names in the same order. Until Wait has
// returned, the fields may be read, but for their halos, and not written: there is
// time to work on the inner cells.
//
// An implementation sends, for each field and each of the eight directions in
// which it is [Field.Open], what [Field.Pack] returns, to the part in that
// direction (beyond a wrapped side, that at the other end), which gives it to
// [Field.Unpack] with the opposite direction. When all have come, [Field.Extend]
// does the rest.
type Exchanger interface {
	Start(fields []*Field, width int) error
	Wait() error
}

// OneRank is the [Exchanger] of a grid in one part.
type OneRank struct{}

// Start extends the fields. It is an error if one is on a part of its grid only.
func (OneRank) Start(fields []*Field, width int) error {
	for k, f := range fields {
		if f.part != f.grid.Whole() {
			return fmt.Errorf("%w: field %d is on the part %v of its grid, and there is nobody to exchange with", ErrSettings, k, f.part)
		}
		if err := f.Extend(width); err != nil {
			return fmt.Errorf("field %d: %w", k, err)
		}
	}
	return nil
}

// Wait has nothing to wait for.
func (OneRank) Wait() error { return nil }

// Open tells whether the halo in the direction (sx, sy), of -1, 0 and 1, is filled
// from another part of the grid.
func (f *Field) Open(sx, sy int) bool {
	return (sx != 0 || sy != 0) && (sx == 0 || f.elsewhere(X, sx)) && (sy == 0 || f.elsewhere(Y, sy))
}

// elsewhere tells whether another part is in that direction.
func (f *Field) elsewhere(a Axis, direction int) bool {
	part, n := f.along(a)
	low, _ := f.sides(a)
	if direction < 0 && part.lo > 0 || direction > 0 && part.hi < n {
		return true
	}
	return low == Wrap && part.len() < n
}

// Pack appends to buffer what the part in the direction (sx, sy) needs for a halo
// of that width, row by row.
func (f *Field) Pack(sx, sy, width int, buffer []float64) ([]float64, error) {
	if err := f.checkWidth(width); err != nil {
		return nil, err
	}
	x, y := f.lent(X, sx, width), f.lent(Y, sy, width)
	for j := y.lo; j < y.hi; j++ {
		buffer = append(buffer, f.Row(x.lo, x.hi, j)...)
	}
	return buffer, nil
}

// Unpack fills the halo in the direction (sx, sy) with what the part there has
// packed.
func (f *Field) Unpack(sx, sy, width int, values []float64) error {
	if err := f.checkWidth(width); err != nil {
		return err
	}
	x, y := f.beyond(X, sx, width), f.beyond(Y, sy, width)
	if len(values) != x.len()*y.len() {
		return fmt.Errorf("%w: %d values from the part in direction (%d, %d), want %d x %d", ErrSettings, len(values), sx, sy, x.len(), y.len())
	}
	for j := y.lo; j < y.hi; j++ {
		values = values[copy(f.Row(x.lo, x.hi, j), values):]
	}
	return nil
}

// owned are the indices of the values along an axis.
func (f *Field) owned(a Axis) span {
	if a == X {
		return f.x
	}
	return f.y
}

// lent is the range of indices that a part in that direction has in its halo: at
// faces not the one that it shares.
func (f *Field) lent(a Axis, direction, width int) span {
	part, _ := f.along(a)
	shared := f.owned(a).len() - part.len()
	switch {
	case direction < 0:
		return span{part.lo + shared, part.lo + shared + width}
	case direction > 0:
		return span{part.hi - width, part.hi}
	}
	return f.owned(a)
}

// beyond is the range of indices of the halo in that direction.
func (f *Field) beyond(a Axis, direction, width int) span {
	s := f.owned(a)
	switch {
	case direction < 0:
		return span{s.lo - width, s.lo}
	case direction > 0:
		return span{s.hi, s.hi + width}
	}
	return s
}
