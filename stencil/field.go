package stencil

import "fmt"

// Axis is a direction of a grid.
type Axis int

// The axes.
const (
	X Axis = iota
	Y
)

func (a Axis) String() string {
	if a == X {
		return "x"
	}
	return "y"
}

// Location says where the values of a [Field] stand. Along an axis they stand
// either at the n points i = 0 ... n-1, at i h, or at the n+1 faces between and
// around them, face i at (i - 1/2) h: before the point i. The outermost faces, 0
// and n, lie on the boundary.
type Location int

// The locations.
const (
	Points  Location = iota // Nx x Ny
	FacesX                  // (Nx+1) x Ny: the x component of a flux or velocity
	FacesY                  // Nx x (Ny+1)
	Corners                 // (Nx+1) x (Ny+1)
)

var locationNames = []string{"points", "faces x", "faces y", "corners"}

func (l Location) String() string {
	if l < Points || l > Corners {
		return fmt.Sprintf("location %d", int(l))
	}
	return locationNames[l]
}

// faces tells whether the values stand at faces along the axis.
func (l Location) faces(a Axis) bool { return l == Corners || l == FacesX+Location(a) }

// across is the location half a cell away along the axis.
func (l Location) across(a Axis) Location {
	if l.faces(a) {
		return l - 1 - Location(a)
	}
	return l + 1 + Location(a)
}

// Field is a function on a grid, or on a part of one: a value (i, j) at each
// position of a [Location], and a halo around them, of the same width on all sides,
// for operators to reach into. Indices are those of the whole grid also in a part;
// those of the halo go on below and above.
//
// X0, X1, Y0 and Y1 say how the field goes on beyond the sides of the grid; see
// [Field.Extend].
//
// Reading a field concurrently is safe, and so is writing where nobody else reads
// or writes.
type Field struct {
	X0, X1, Y0, Y1 Extension

	grid   Grid
	part   Tile
	at     Location
	halo   int
	x, y   span // without the halo
	stride int
	data   []float64
}

// NewField returns a field of zeros on a grid.
func NewField(g Grid, at Location, halo int) (*Field, error) {
	return NewFieldOn(g, g.Whole(), at, halo)
}

// NewFieldOn returns a field of zeros on the cells of a part of a grid. The faces
// between two parts are in both. The halo is at most as wide as the part.
func NewFieldOn(g Grid, part Tile, at Location, halo int) (*Field, error) {
	if err := g.check(); err != nil {
		return nil, err
	}
	switch {
	case part.empty() || part.I0 < 0 || part.I1 > g.Nx || part.J0 < 0 || part.J1 > g.Ny:
		return nil, fmt.Errorf("%w: part %v of a grid of %d x %d cells", ErrSettings, part, g.Nx, g.Ny)
	case at < Points || at > Corners:
		return nil, fmt.Errorf("%w: %v, want points, faces or corners", ErrSettings, at)
	case halo < 0 || halo > min(part.I1-part.I0, part.J1-part.J0):
		return nil, fmt.Errorf("%w: halo of %d around %d x %d cells, want from 0 to the smaller", ErrSettings, halo, part.I1-part.I0, part.J1-part.J0)
	}
	f := &Field{grid: g, part: part, at: at, halo: halo}
	f.x, f.y = f.spans(part)
	f.stride = f.x.len() + 2*halo
	f.data = make([]float64, f.stride*(f.y.len()+2*halo))
	return f, nil
}

// spans are the values that belong to a tile of cells: at points those of the
// cells, at faces the face before each and, in the last tile, the last.
func (f *Field) spans(t Tile) (x, y span) {
	x, y = span{t.I0, t.I1}, span{t.J0, t.J1}
	if f.at.faces(X) && t.I1 >= f.part.I1 {
		x.hi++
	}
	if f.at.faces(Y) && t.J1 >= f.part.J1 {
		y.hi++
	}
	return x, y
}

// lacks is how many values beyond the halo the spans reach: 0 if none.
func (f *Field) lacks(x, y span) int {
	return max(f.x.lo-x.lo, x.hi-f.x.hi, f.y.lo-y.lo, y.hi-f.y.hi, f.halo) - f.halo
}

// Size is the number of values along x and y, without the halo.
func (f *Field) Size() (nx, ny int) { return f.x.len(), f.y.len() }

// Halo is the width of the halo.
func (f *Field) Halo() int { return f.halo }

// Position is where the value (i, j) stands.
func (f *Field) Position(i, j int) (x, y float64) {
	dx, dy := f.grid.Spacing()
	x, y = float64(i), float64(j)
	if f.at.faces(X) {
		x -= 0.5
	}
	if f.at.faces(Y) {
		y -= 0.5
	}
	return x * dx, y * dy
}

// Row is the values (i0, j) to (i1-1, j) themselves, not a copy; like any slice it
// panics out of range, beyond the halo.
func (f *Field) Row(i0, i1, j int) []float64 {
	at := (j - f.y.lo + f.halo) * f.stride
	first := f.x.lo - f.halo
	return f.data[at : at+f.stride : at+f.stride][i0-first : i1-first : i1-first]
}

// Fill sets the values, but for the halo, to those of a function.
func (f *Field) Fill(function func(x, y float64) float64) {
	for j := f.y.lo; j < f.y.hi; j++ {
		row := f.Row(f.x.lo, f.x.hi, j)
		for k := range row {
			row[k] = function(f.Position(f.x.lo+k, j))
		}
	}
}

// Values returns a copy of the values without the halo, row-major, x fastest.
func (f *Field) Values() []float64 {
	v := make([]float64, 0, f.x.len()*f.y.len())
	for j := f.y.lo; j < f.y.hi; j++ {
		v = append(v, f.Row(f.x.lo, f.x.hi, j)...)
	}
	return v
}

// SetValues sets the values, but for the halo, from such a slice.
func (f *Field) SetValues(v []float64) error {
	n := f.x.len()
	if len(v) != n*f.y.len() {
		return fmt.Errorf("%w: %d values for a field of %d x %d", ErrSettings, len(v), n, f.y.len())
	}
	for j := range f.y.len() {
		copy(f.Row(f.x.lo, f.x.hi, f.y.lo+j), v[j*n:])
	}
	return nil
}

// Multiply multiplies the values on a tile by those of another field at the same
// location.
func (f *Field) Multiply(by *Field, t Tile) error {
	if f.at != by.at {
		return fmt.Errorf("%w: a field at %v times one at %v", ErrSettings, f.at, by.at)
	}
	if err := f.together(by); err != nil || t.empty() {
		return err
	}
	x, y := f.spans(t)
	if lack := max(f.lacks(x, y), by.lacks(x, y)); lack > 0 {
		return fmt.Errorf("%w: the tile %v reaches %d cells beyond the halo", ErrSettings, t, lack)
	}
	for j := y.lo; j < y.hi; j++ {
		p := f.Row(x.lo, x.hi, j)
		q := by.Row(x.lo, x.hi, j)[:len(p)]
		for i := range p {
			p[i] *= q[i]
		}
	}
	return nil
}

// together requires two fields to be on the same part of the same grid.
func (f *Field) together(g *Field) error {
	if f.grid != g.grid || f.part != g.part {
		return fmt.Errorf("%w: fields on %v of %+v and on %v of %+v, want one grid", ErrSettings, f.part, f.grid, g.part, g.grid)
	}
	return nil
}
