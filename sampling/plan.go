package sampling

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// Plan names a kind of points and how to make them, for those who learn it
// from a file or a command line. What the method does not know must be zero.
type Plan struct {
	Method string // one of Methods
	N      int    // number of points, at least 1; poisson: 0; grid: 0 with Levels

	Skip     int      // points left out at the start: sobol, halton, kronecker
	Scramble Scramble // sobol, halton, lattice, kronecker
	Seed     uint64   // of what is random in it

	Leap      int       // halton: every Leap-th point; default 1
	Centred   bool      // lhs
	Optimise  Criterion // lhs
	Exchanges int       // lhs
	Levels    []int     // grid; default equally many, where N is a power of the dimension
	Midpoints bool      // grid
	Radius    float64   // poisson
}

// maxPlanned is the most coordinates of a plan: 16 GB.
const maxPlanned = 1 << 31

// method is what there is to a name: the makers of points, and the fields of a
// Plan it knows besides Method and Seed.
type method struct {
	name   string
	fields string
	points func(p Plan, dim int) ([]float64, error)
}

var methods = []method{
	{"sobol", "N Skip Scramble", Plan.sobol},
	{"halton", "N Skip Scramble Leap", Plan.halton},
	{"lhs", "N Centred Optimise Exchanges", Plan.latinHypercube},
	{"lattice", "N Scramble", Plan.lattice},
	{"kronecker", "N Skip Scramble", Plan.kronecker},
	{"poisson", "Radius", Plan.poisson},
	{"grid", "N Levels Midpoints", Plan.grid},
	{"random", "N", Plan.random},
}

// Methods returns the names of the kinds of points: sobol, halton, lhs (Latin
// hypercube), lattice, kronecker, poisson (disk), grid, random.
func Methods() []string {
	names := make([]string, len(methods))
	for i, m := range methods {
		names[i] = m.name
	}
	return names
}

// Points returns the points of the plan in the unit cube, rows of dim
// coordinates.
func (p Plan) Points(dim int) ([]float64, error) {
	if dim < 1 {
		return nil, fmt.Errorf("sampling: dimension %d is less than 1", dim)
	}
	i := slices.IndexFunc(methods, func(m method) bool { return m.name == p.Method })
	if i < 0 {
		return nil, fmt.Errorf("sampling: method %q is none of %s", p.Method, strings.Join(Methods(), ", "))
	}
	known := strings.Fields(methods[i].fields)
	for _, f := range []struct {
		name string
		set  bool
	}{
		{"N", p.N != 0}, {"Skip", p.Skip != 0}, {"Scramble", p.Scramble != "" && p.Scramble != Unscrambled}, {"Leap", p.Leap != 0},
		{"Centred", p.Centred}, {"Optimise", p.Optimise != ""}, {"Exchanges", p.Exchanges != 0},
		{"Levels", p.Levels != nil}, {"Midpoints", p.Midpoints}, {"Radius", p.Radius != 0},
	} {
		if f.set && !slices.Contains(known, f.name) {
			return nil, fmt.Errorf("sampling: %s has no meaning for the method %s", strings.ToLower(f.name), p.Method)
		}
	}
	if p.N < 0 || p.N == 0 && p.Method != "poisson" && p.Levels == nil {
		return nil, fmt.Errorf("sampling: %d points: expected at least 1", p.N)
	}
	if p.N > maxPlanned/dim {
		return nil, fmt.Errorf("sampling: %d points in %d dimensions: at most %d coordinates are made at once", p.N, dim, maxPlanned)
	}
	if p.Skip < 0 {
		return nil, fmt.Errorf("sampling: %d points to skip", p.Skip)
	}
	return methods[i].points(p, dim)
}

// take returns the N points of a sequence after those to be skipped.
func (p Plan) take(s Sequence, err error) ([]float64, error) {
	if err != nil {
		return nil, err
	}
	return points(p.N, s.Dim(), func(dst []float64) error { return s.Fill(dst, uint64(p.Skip)) })
}

func (p Plan) sobol(dim int) ([]float64, error) {
	s, err := NewSobol(dim)
	if err == nil {
		s, err = s.Scrambled(p.Scramble, p.Seed)
	}
	return p.take(s, err)
}

func (p Plan) halton(dim int) ([]float64, error) {
	h, err := NewHalton(dim)
	if err == nil && p.Leap != 0 {
		h, err = h.Leaped(p.Leap)
	}
	if err == nil {
		h, err = h.Scrambled(p.Scramble, p.Seed)
	}
	return p.take(h, err)
}

func (p Plan) kronecker(dim int) ([]float64, error) {
	s, err := NewKronecker(dim)
	if err == nil {
		s, err = s.Scrambled(p.Scramble, p.Seed)
	}
	return p.take(s, err)
}

func (p Plan) lattice(dim int) ([]float64, error) {
	l, err := NewLattice(dim, p.N, nil)
	if err == nil {
		l, err = l.Scrambled(p.Scramble, p.Seed)
	}
	return p.take(l, err)
}

func (p Plan) latinHypercube(dim int) ([]float64, error) {
	return LatinHypercube{dim, p.Seed, p.Centred, p.Optimise, p.Exchanges}.Points(p.N)
}

func (p Plan) random(dim int) ([]float64, error) { return Uniform{dim, p.Seed}.Points(p.N) }

func (p Plan) poisson(dim int) ([]float64, error) {
	return PoissonDisk{Dim: dim, Radius: p.Radius, Seed: p.Seed}.Points()
}

func (p Plan) grid(dim int) ([]float64, error) {
	levels := p.Levels
	if levels == nil {
		m := int(math.Round(math.Pow(float64(p.N), 1/float64(dim))))
		levels = slices.Repeat([]int{m}, dim)
	}
	if len(levels) != dim {
		return nil, fmt.Errorf("sampling: levels for %d axes of a grid in %d dimensions", len(levels), dim)
	}
	g := Grid{Counts: levels, Midpoints: p.Midpoints}
	n, err := g.Len()
	if err == nil && p.N > 0 && n != p.N {
		err = fmt.Errorf("sampling: a grid of %v points has %d, not %d", levels, n, p.N)
	}
	if err != nil {
		return nil, err
	}
	return g.Points()
}
