package roofline

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/seed-0772dd2d/ritz/gpu"
	"github.com/seed-0772dd2d/ritz/stencil"
)

// Cost is what a scheme does for a cell and a step, in the interior of a grid.
type Cost struct {
	// Least are the numbers that pass between memory and the processor if all that a kernel
	// reads more than once comes from caches; Most if the halo of a tile comes from memory.
	Least, Most float64
	// Operations are instructions: a difference, a sum, a product with a sum.
	Operations float64
	Loads      float64 // numbers from the first cache
	Local      float64 // numbers from and to local memory
}

// Scheme is a way to take steps on a device.
type Scheme struct {
	Name   string // plain, fused, tiles
	Order  int
	Medium bool // density and modulus vary
	Double bool
	// Steps of a launch and cells of a tile: of tiles.
	Steps, Width, Height int
	kernels              []string // keys in the table of kernels
	items                int      // of a work group
}

// cost counts. With m = Order/2 weights a side,
//
//	velocities, each of two:  m differences, m products with sums, one subtraction
//	pressure:                2m differences, 2m products with sums, a sum, a subtraction
//
// and where the medium varies its three factors more, which need no instruction, as they
// go with the subtractions.
//
// Memory. Plain: velocities read p and both v, write both v; pressures read both v and p,
// write p: 9 numbers. Fused: reads and writes three fields: 6. Tiles: that once in Steps steps. The medium
// is read with the fields: 3 more.
//
// First cache. Plain: 4m-1 p, 2 v; 4m v, 1 p. Fused: what is not the same of the p around 2m
// faces on each axis, 8m-3, and 4m v; of the medium 4m+1.
//
// Fused computes the 2m velocities of either axis that its pressure needs, so 2m times
// those of plain. Tiles compute a halo, which shrinks from step to step, again in each neighbour.
func (s Scheme) cost() Cost {
	m := float64(s.Order / 2)
	velocities, pressure := 2*(2*m+1), 4*m+2
	medium := 0.0
	if s.Medium {
		medium = 1
	}
	switch s.Name {
	case "plain":
		words := 9 + 3*medium
		return Cost{Least: words, Most: words, Operations: velocities + pressure, Loads: 8*m + 2 + 3*medium}
	case "fused":
		words := 6 + 3*medium
		return Cost{Least: words, Most: words, Operations: 2*m*velocities + pressure, Loads: 12*m - 3 + medium*(4*m+1)}
	}
	reach := s.Order - 1
	halo := s.Steps * reach
	w, h, steps := float64(s.Width), float64(s.Height), float64(s.Steps)
	cells := w * h * steps
	var faces, points float64 // computed in all steps, pairs of velocities and pressures
	for step := 1; step <= s.Steps; step++ {
		depth := 2 * float64(reach*(s.Steps-step))
		x, y := w+depth, h+depth
		points += x * y
		faces += ((x+float64(reach))*y + x*(y+float64(reach))) / 2
	}
	region := (w + 2*float64(halo)) * (h + 2*float64(halo))
	return Cost{
		Least:      (6 + 3*medium) / steps,
		Most:       (3*region/(w*h) + 3 + 3*medium*region/(w*h)) / steps,
		Operations: (faces*velocities + points*pressure) / cells,
		Loads:      (3*region + medium*(2*faces+points)) / cells,
		// A velocity has 2m p, a v in and out; a pressure 4m v, a p in and out.
		Local: (faces*2*(2*m+2) + points*(4*m+2) + 3*region + 3*w*h) / cells,
	}
}

// Rate is what a ceiling leaves, 1e9 cells advanced by a step a second.
type Rate struct {
	Least, Most float64 // halos of tiles from memory, from caches
	Limit       string  // memory, arithmetic, cache or local: of Most
}

// rate is the lowest of the ceilings of a card.
func (c Card) rate(s Scheme) Rate {
	cost, size, arithmetic := s.cost(), 4.0, c.Single
	if s.Double {
		size, arithmetic = 8, c.Double
	}
	unit := float64(c.Units) * c.Clock // 1e9 clocks of all units a second
	r := Rate{Most: Reached * c.Memory / (size * cost.Least), Limit: "memory"}
	r.Least = Reached * c.Memory / (size * cost.Most)
	for _, ceiling := range []struct {
		limit string
		rate  float64
		cost  float64
	}{
		{"arithmetic", arithmetic, cost.Operations},
		{"cache", unit * c.Cache / size, cost.Loads},
		{"local memory", unit * c.Local / size, cost.Local},
	} {
		if most := ceiling.rate / ceiling.cost; ceiling.cost > 0 && most < r.Most {
			r.Most, r.Limit = most, ceiling.limit
		}
	}
	r.Least = min(r.Least, r.Most)
	return r
}

// localMemory is what a group has at least on all cards, bytes.
const localMemory = 48 << 10

// Schemes are those of the stencil's kernels in the interior of a grid, with the tiles that the
// zero Plan chooses.
func Schemes() []Scheme {
	sources := stencil.DeviceKernels(gpu.Info{LocalMemory: localMemory})
	var all []Scheme
	for _, double := range []bool{false, true} {
		for _, name := range []string{"plain", "fused", "tiles"} {
			for _, order := range stencil.Orders {
				for _, medium := range []bool{false, true} {
					s := Scheme{Name: name, Order: order, Medium: medium, Double: double, Steps: 1}
					for _, source := range sources {
						s.take(source)
					}
					if len(s.kernels) > 0 {
						all = append(all, s)
					}
				}
			}
		}
	}
	return all
}

// take makes a source one of the scheme's kernels, if it is one.
func (s *Scheme) take(source gpu.Source) {
	d, name := defines(source), strings.TrimSuffix(source.Name, ".c")
	mine := name == s.Name && d["OUTER"] == 0
	if s.Name == "plain" {
		mine = name == "velocities" || name == "pressures"
	}
	if !mine || source.Double != s.Double || 2*d["HALF"] != s.Order || (d["MEDIUM"] == 1) != s.Medium {
		return
	}
	s.kernels, s.items = append(s.kernels, key(source)), groupItems(source)
	if name == "tiles" {
		s.Steps, s.Width, s.Height = d["STEPS"], d["WIDTH"], d["HEIGHT"]
	}
}

// groupItems are the work items of a group.
func groupItems(s gpu.Source) int {
	return max(s.Group[0], 1) * max(s.Group[1], 1) * max(s.Group[2], 1)
}

// defines are the numbers that a source is specialised by.
func defines(s gpu.Source) map[string]int {
	all := map[string]int{}
	for _, d := range s.Defines {
		name, value, _ := strings.Cut(d, "=")
		all[name], _ = strconv.Atoi(value)
	}
	return all
}

// key names a source in the table of kernels.
func key(s gpu.Source) string {
	precision := "float32"
	if s.Double {
		precision = "float64"
	}
	return strings.Join(append([]string{fmt.Sprint(strings.TrimSuffix(s.Name, ".c")), precision}, s.Defines...), " ")
}
