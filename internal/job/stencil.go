package job

import (
	"fmt"
	"math"
	"slices"

	"github.com/seed-0772dd2d/ritz/stencil"
)

// stencilTask is a job of kind stencil: waves in a medium, sources and receivers
// in it, and what to write of them.
type stencilTask struct {
	job       *Job
	settings  stencil.Settings // all but medium and initial fields
	density   *gridValues
	modulus   *gridValues // nil: by the speed
	speed     *gridValues
	average   int            // samples each way in a cell of the medium
	initial   [3]*gridValues // pressure, vx, vy; nil: 0
	sources   []waveSource
	receivers []waveReceiver
	steps     int     // 0: by the duration
	duration  float64 // of all steps
	output    waveOutput
	odd       []string // warnings
	prepared  bool     // settings are complete, and these:
	dt, limit float64  // the time step and the largest stable one
	allSteps  int      // of the run
	slowest   float64  // speed of the medium
	fastest   float64
}

// waveOutput says what a run writes, and how often.
type waveOutput struct {
	every      int                // steps; 0: a hundredth of all
	animation  []string           // gif, png
	snapshots  []string           // npy, vti
	fields     []stencil.Quantity // of the snapshots
	energy     bool
	down       bool // y downwards in pictures
	units      waveUnits
	figures    []string
	checkpoint float64 // seconds
}

func decodeStencil(j *Job, s *section) task {
	t := &stencilTask{job: j}
	t.settings.Threads, t.settings.Single = j.Threads, j.Precision == "float32"
	s.constants = s.numbers("constants")
	t.decodeGrid(s)
	t.decodeMedium(s.sub("medium"))
	t.decodeInitial(s)
	t.decodeSources(s)
	t.decodeReceivers(s)
	t.decodeBoundary(s)
	t.settings.InnerFaces = s.choice("faces", "all", "all", "inner") == "inner"
	t.decodeScheme(s)
	t.decodeTime(s)
	t.decodeWaveOutput(s.sub("output"))
	return t
}

// mostPoints is the most points of a grid: a terabyte.
const mostPoints = 1 << 35

func (t *stencilTask) decodeGrid(parent *section) {
	g := &t.settings.Grid
	*g = stencil.Grid{Nx: 2, Ny: 2, Lx: 1, Ly: 1} // so that what follows shows no second fault
	v := parent.require("grid", "points and lengths, grid: {n: [255, 255], length: [40, 40]}")
	if v == nil {
		return
	}
	s := parent.section(v, "grid")
	defer s.close()
	if v := s.require("n", "the numbers of points in x and y, n: [255, 255]"); v != nil {
		for i, item := range s.pair(v, s.at("n")) {
			n := s.decoder.integer(item, s.at("n"), 2)
			if n > 1<<24 {
				s.fail(item, s.at("n"), "expected at most %d points, got %d", 1<<24, n)
				n = 2
			}
			*[]*int{&g.Nx, &g.Ny}[i] = n
		}
		if g.Nx*g.Ny > mostPoints {
			s.fail(v, s.at("n"), "%.3g points: expected at most %.3g", float64(g.Nx)*float64(g.Ny), float64(mostPoints))
			g.Nx, g.Ny = 2, 2
		}
	}
	if v := s.require("length", "the lengths in x and y, length: [40, 40]"); v != nil {
		for i, item := range s.pair(v, s.at("length")) {
			l, ok := s.decoder.number(item, s.at("length"))
			if ok && !(l > 0) {
				s.fail(item, s.at("length"), "expected a number above 0, got %s", format(l))
				ok = false
			}
			if ok {
				*[]*float64{&g.Lx, &g.Ly}[i] = l
			}
		}
	}
}

// pair returns the two items of a list; what is no such list is a fault.
func (d *decoder) pair(v *node, path string) []*node {
	if v.kind != listNode || len(v.items) != 2 {
		got := v.what()
		if v.kind == listNode {
			got = fmt.Sprintf("a list of %d", len(v.items))
		}
		d.fail(v, path, "expected two numbers [x, y], got %s", got)
		return nil
	}
	return v.items
}

func (t *stencilTask) decodeMedium(s *section) {
	defer s.close()
	read := func(key string) *gridValues {
		if v := s.get(key); v != nil {
			return t.values(s.decoder, v, s.at(key))
		}
		return nil
	}
	t.density = read("density")
	t.modulus, t.speed = read("bulk_modulus"), read("speed")
	for _, p := range []struct {
		key    string
		values **gridValues
		wanted bool
	}{{"density", &t.density, t.density == nil}, {"bulk_modulus", &t.modulus, t.modulus == nil && t.speed == nil}} {
		if p.wanted {
			s.fill(p.key, "1")
			*p.values = t.values(s.decoder, s.n.get(p.key), s.at(p.key))
		}
	}
	if t.average = s.integer("average", 1, 1); t.average > 64 {
		s.fail(s.n.get("average"), s.at("average"), "expected at most 64 samples each way, got %d", t.average)
	}
	if t.modulus != nil && t.speed != nil {
		s.fail(s.n.get("speed"), s.at("speed"), "expected either bulk_modulus or speed, got both")
	}
}

func (t *stencilTask) decodeInitial(parent *section) {
	v := parent.get("initial")
	if v == nil {
		return
	}
	s := parent.section(v, "initial")
	defer s.close()
	for q, key := range fieldWords {
		if v := s.get(key); v != nil {
			t.initial[q] = t.values(s.decoder, v, s.at(key))
		}
	}
}

var (
	sideKeys  = []string{"x0", "x1", "y0", "y1"}
	sideWords = []string{"rigid", "free", "periodic", "sponge", "cpml"} // in the order of the kinds
)

func (t *stencilTask) sides() [4]*stencil.Side {
	p := &t.settings
	return [4]*stencil.Side{&p.X0, &p.X1, &p.Y0, &p.Y1}
}

// decodeBoundary reads {all: rigid} or a value for each side, which comes before
// that of all.
func (t *stencilTask) decodeBoundary(parent *section) {
	if v := parent.n.get("boundary"); v != nil && v.kind == scalarNode {
		parent.get("boundary")
		parent.fail(v, "boundary", "expected what each side is, as in {all: rigid} or {all: {cpml: 20}, y0: free}, got %s", v.what())
		return
	}
	s := parent.sub("boundary")
	defer s.close()
	all := s.get("all")
	if all == nil {
		s.fill("all", "rigid")
		all = s.n.get("all")
	}
	every := s.side(all, s.at("all"))
	var from [4]*node
	for k, side := range t.sides() {
		*side, from[k] = every, all
		if v := s.get(sideKeys[k]); v != nil {
			*side, from[k] = s.side(v, s.at(sideKeys[k])), v
		}
	}
	g := t.settings.Grid
	for k, side := range t.sides() {
		n := [2]int{g.Nx, g.Ny}[k/2]
		if side.Cells > n/2 && s.n.get(sideKeys[k]) != nil || from[k] == all && side.Cells > n/2 {
			s.fail(from[k], s.at(sideKeys[k]), "a layer of %d cells on a grid of %d points across: expected at most half of them", side.Cells, n)
			break
		}
		if other := t.sides()[k^1]; side.Kind == stencil.Periodic && other.Kind != stencil.Periodic {
			s.fail(from[k], s.at(sideKeys[k]), "a periodic side needs a periodic one across, and %s is %s", sideKeys[k^1], other.Kind)
		}
	}
}

// side reads rigid, free, periodic, sponge, cpml, {sponge: 20}, {cpml: 20} or
// {cpml: {cells: 20, frequency: 1, speed: 2}}.
func (d *decoder) side(v *node, path string) stencil.Side {
	const cells = 20
	side := stencil.Side{}
	if v.kind == scalarNode {
		side.Kind = stencil.SideKind(max(slices.Index(sideWords, d.word(v, path, sideWords)), 0))
		if side.Kind == stencil.Sponge || side.Kind == stencil.CPML {
			side.Cells = cells
		}
		return side
	}
	if v.kind != mappingNode || len(v.entries) != 1 {
		d.fail(v, path, "expected rigid, free, periodic, {sponge: 20} or {cpml: 20}, got %s", v.what())
		return side
	}
	key, layer := v.entries[0].key, v.entries[0].value
	path = join(path, key.text)
	switch d.word(key, path, sideWords[3:]) {
	case "sponge":
		side.Kind = stencil.Sponge
	case "cpml":
		side.Kind = stencil.CPML
	default:
		return side
	}
	if layer.kind != mappingNode {
		side.Cells = d.integer(layer, path, 2)
		return side
	}
	s := d.section(layer, path)
	defer s.close()
	side.Cells = s.integer("cells", cells, 2)
	if side.Kind == stencil.CPML {
		if s.get("frequency") != nil {
			side.Frequency = s.positive("frequency", 0)
		}
		if s.get("speed") != nil {
			side.Speed = s.positive("speed", 0)
		}
	}
	return side
}

func (t *stencilTask) decodeScheme(s *section) {
	p := &t.settings
	p.Order = s.integer("order", 2, 2)
	at := s.n.get("order")
	if !slices.Contains(stencil.Orders, p.Order) {
		s.fail(at, "order", "expected 2, 4, 6 or 8, got %d", p.Order)
		p.Order = 2
	}
	if p.InnerFaces && p.Order != 2 {
		s.fail(s.n.get("faces"), "faces", "inner faces go with order 2, not %d", p.Order)
	}
	for k, n := range [2]int{p.Grid.Nx, p.Grid.Ny} {
		if g := s.n.get("grid"); n < p.Order && g != nil && g.get("n") != nil && !s.failed(g.get("n")) {
			s.fail(g.get("n"), "grid.n", "%d points in %s: order %d needs at least %d", n, [2]string{"x", "y"}[k], p.Order, p.Order)
		}
	}
	if v := s.get("plan"); v != nil {
		plan := s.section(v, "plan")
		defer plan.close()
		for _, k := range []struct {
			key string
			n   *int
		}{{"width", &p.Plan.Width}, {"height", &p.Plan.Height}, {"steps", &p.Plan.Steps}} {
			if v := plan.get(k.key); v != nil {
				*k.n = plan.decoder.integer(v, plan.at(k.key), 1)
			}
		}
		p.Plan.Bands = plan.flag("bands", false)
	}
}

// most is the most steps of a run.
const mostSteps = 1 << 40

func (t *stencilTask) decodeTime(s *section) {
	dt, cfl := s.get("dt"), s.get("cfl")
	switch {
	case dt != nil && cfl != nil:
		s.fail(cfl, "cfl", "expected either dt or cfl, got both")
	case dt != nil:
		t.settings.Dt = s.positive("dt", 0)
	case cfl != nil:
		t.settings.CFL = s.positive("cfl", 0)
	}
	steps, time := s.get("steps"), s.get("time")
	switch {
	case steps != nil && time != nil:
		s.fail(time, "time", "expected either steps or time, got both")
	case time != nil:
		t.duration = s.positive("time", 0)
	case steps != nil:
		if t.steps = s.integer("steps", 0, 1); t.steps > mostSteps {
			s.fail(steps, "steps", "expected at most %d steps, got %d", mostSteps, t.steps)
		}
	default:
		s.require("steps", "how many time steps to take; or time: 10, how long")
	}
}

func (t *stencilTask) decodeWaveOutput(s *section) {
	defer s.close()
	o := &t.output
	if v := s.get("every"); v != nil {
		o.every = s.decoder.integer(v, s.at("every"), 1)
	}
	o.animation = s.words("animation", "gif", "png")
	o.snapshots = s.words("snapshots", "npy", "vti")
	o.fields = s.quantities()
	o.energy = s.flag("energy", false)
	o.down = s.flag("y_down", false)
	o.units = s.units()
	o.figures = s.figures()
	o.checkpoint = s.positive("checkpoint", 60)
}

// words reads one of the legal words, a list of them, or none; that is the
// default.
func (s *section) words(key string, legal ...string) (words []string) {
	v := s.get(key)
	switch {
	case v == nil:
		s.fill(key, "none")
	case v.kind == scalarNode:
		if w := s.word(v, s.at(key), append(slices.Clone(legal), "none")); w != "none" {
			words = append(words, w)
		}
	default:
		for i, n := range s.list(v, s.at(key)) {
			words = append(words, s.word(n, item(s.at(key), i), legal))
		}
	}
	return words
}

// stepsOf is the number of steps of a length dt that the job takes.
func (t *stencilTask) stepsOf(dt float64) (int, error) {
	if t.duration == 0 {
		return t.steps, nil
	}
	n := math.Ceil(t.duration/dt - 1e-9)
	if n > mostSteps {
		return 0, fault(t.job.tree.get("time"), "time", fmt.Sprintf("%g steps of %s: expected at most %d", n, format(dt), mostSteps))
	}
	return max(int(n), 1), nil
}
