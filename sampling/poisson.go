package sampling

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// MaxPoissonDim is the largest dimension of a [PoissonDisk]: the neighbours
// that a candidate is compared with multiply by about 7 with every dimension.
const MaxPoissonDim = 6

// maxPoissonCells is the most cells of the grid that finds neighbours.
const maxPoissonCells = 1 << 27

// PoissonDisk is random points in the unit cube that keep a distance of at
// least Radius from each other, and leave hardly a place where another would
// fit: how many there are is an outcome.
//
// A candidate is drawn uniformly from the shell between Radius and 2 Radius
// around a point that is there; a point around which Tries candidates in a row
// fail is given up.
//
// Source: Bridson, Fast Poisson disk sampling in arbitrary dimensions, SIGGRAPH
// sketches (2007).
type PoissonDisk struct {
	Dim    int     // dimension of the points, 1 to MaxPoissonDim
	Radius float64 // smallest distance, above 0
	Tries  int     // candidates around a point; default 30
	Seed   uint64  // the same seed gives the same points
}

// Points returns the points, rows of Dim coordinates in the order in which
// they were found. It is an error if Dim or Radius is out of range, Tries is
// negative, or the radius so small that a grid to find neighbours in does not
// fit in memory.
func (p PoissonDisk) Points() ([]float64, error) {
	switch {
	case p.Dim < 1 || p.Dim > MaxPoissonDim:
		return nil, fmt.Errorf("sampling: Poisson disk dimension %d is outside 1..%d: %w", p.Dim, MaxPoissonDim, ErrDim)
	case !(p.Radius > 0 && p.Radius <= math.MaxFloat64):
		return nil, fmt.Errorf("sampling: Poisson disk radius %g is not positive", p.Radius)
	case p.Tries < 0:
		return nil, fmt.Errorf("sampling: %d tries for a point of a Poisson disk", p.Tries)
	case p.Tries == 0:
		p.Tries = 30
	}
	side := math.Ceil(math.Sqrt(float64(p.Dim)) / p.Radius) // cells with a diagonal of Radius hold one point at most
	if math.Pow(side, float64(p.Dim)) > maxPoissonCells {
		return nil, fmt.Errorf("sampling: Poisson disk radius %g is too small for dimension %d: there may be more than %d points", p.Radius, p.Dim, maxPoissonCells)
	}
	g := poissonGrid{dim: p.Dim, side: int(side), radius: p.Radius}
	g.cells = make([]int32, int(math.Pow(side, float64(p.Dim))))
	var src rand.PCG
	src.Seed(p.Seed, poissonStream)
	rng := rand.New(&src)
	x := make([]float64, p.Dim)
	for j := range x {
		x[j] = unit(&src)
	}
	g.add(x)
	for active := []int{0}; len(active) > 0; {
		at := int(below(&src, uint64(len(active))))
		centre := g.points[active[at]*p.Dim:][:p.Dim]
		found := false
		for try := 0; try < p.Tries && !found; try++ {
			candidate(x, centre, p.Radius, rng)
			found = g.fits(x)
		}
		if found {
			active = append(active, g.add(x))
		} else {
			active[at] = active[len(active)-1]
			active = active[:len(active)-1]
		}
	}
	return g.points, nil
}

const poissonStream = 0x706f6973736f6e00 // "poisson"

// candidate draws x from the shell around the centre, uniformly in volume.
func candidate(x, centre []float64, radius float64, rng *rand.Rand) {
	norm := 0.
	for j := range x {
		x[j] = rng.NormFloat64()
		norm += x[j] * x[j]
	}
	d := float64(len(x))
	r := radius * math.Pow(1+rng.Float64()*(math.Pow(2, d)-1), 1/d)
	for j := range x {
		x[j] = centre[j] + r*x[j]/math.Sqrt(norm)
	}
}

// poissonGrid is a grid of cells that hold a point each, or none.
type poissonGrid struct {
	dim, side int
	radius    float64
	cells     []int32 // number of the point from 1; 0: none
	points    []float64
}

func (g *poissonGrid) cell(u float64) int { return min(int(u*float64(g.side)), g.side-1) }

// add takes in a point and returns its number from 0.
func (g *poissonGrid) add(x []float64) int {
	at := 0
	for _, u := range x {
		at = at*g.side + g.cell(u)
	}
	g.points = append(g.points, x...)
	n := len(g.points) / g.dim
	g.cells[at] = int32(n)
	return n - 1
}

// fits reports whether x is in the unit cube and no point is near.
func (g *poissonGrid) fits(x []float64) bool {
	for _, u := range x {
		if !(u >= 0 && u < 1) {
			return false
		}
	}
	return g.free(x, 0, 0)
}

// free reports whether the cells with the given first j coordinates that reach
// within the radius of x hold no point that is near.
func (g *poissonGrid) free(x []float64, j, at int) bool {
	if j < g.dim {
		for c := g.cell(max(x[j]-g.radius, 0)); c <= g.cell(min(x[j]+g.radius, 1)); c++ {
			if !g.free(x, j+1, at*g.side+c) {
				return false
			}
		}
		return true
	}
	n := int(g.cells[at])
	return n == 0 || squaredDistance(x, g.points[(n-1)*g.dim:n*g.dim]) >= g.radius*g.radius
}

func squaredDistance(x, y []float64) (sum float64) {
	for j, u := range x {
		sum += (u - y[j]) * (u - y[j])
	}
	return sum
}
