package job

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/seed-0772dd2d/ritz/stencil"
)

// waveSource is a source of the job. What it needs of a file comes later.
type waveSource struct {
	stencil.Source
	amplitude float64
	frequency float64 // of the peak of the spectrum; 0: not known
	highest   float64 // above which there is next to nothing
	at        *node
	series    *seriesFile
}

// seriesFile is a signal in a file.
type seriesFile struct {
	node *node
	path string
	file string
	dt   float64
}

// waveReceiver is a receiver of the job: one field at one place.
type waveReceiver struct {
	stencil.Receiver
	column string
}

var (
	fieldWords  = []string{"pressure", "vx", "vy"}           // in the order of the quantities
	sourceWords = []string{"pressure", "force_x", "force_y"} // likewise
	signalKeys  = []string{"ricker", "gaussian_derivative", "tone_burst", "series"}
	between     = []string{"bilinear", "sinc"} // in the order of the interpolations
)

// place reads a position on the grid.
func (t *stencilTask) place(d *decoder, v *node, path string) (x, y float64) {
	items := d.pair(v, path)
	if items == nil {
		return 0, 0
	}
	x, ok := d.number(items[0], item(path, 0))
	y, too := d.number(items[1], item(path, 1))
	if !ok || !too {
		return 0, 0
	}
	if g := t.settings.Grid; !(x >= 0 && x <= g.Lx && y >= 0 && y <= g.Ly) {
		d.fail(v, path, "(%s, %s) is off the grid, [0, %s] x [0, %s]", format(x), format(y), format(g.Lx), format(g.Ly))
		return 0, 0
	}
	return x, y
}

func (s *section) interpolation() stencil.Interpolation {
	return stencil.Interpolation(max(slices.Index(between, s.choice("interpolation", between[0], between...)), 0))
}

func (t *stencilTask) decodeSources(parent *section) {
	v := parent.get("sources")
	if v == nil {
		return
	}
	for i, n := range parent.list(v, "sources") {
		t.sources = append(t.sources, t.source(parent.section(n, item("sources", i))))
	}
}

func (t *stencilTask) source(s *section) waveSource {
	defer s.close()
	var src waveSource
	if v := s.require("at", "its position, at: [10, 20]"); v != nil {
		src.X, src.Y = t.place(s.decoder, v, s.at("at"))
		src.at = v
	}
	src.Field = stencil.Quantity(max(slices.Index(sourceWords, s.choice("field", sourceWords[0], sourceWords...)), 0))
	src.Interpolation = s.interpolation()
	var found []string
	for _, key := range signalKeys {
		if v := s.get(key); v != nil {
			found = append(found, key)
			t.signal(&src, key, s.section(v, s.at(key)))
		}
	}
	switch {
	case len(found) > 1:
		s.fail(s.n, s.path, "expected one signal, got %s", strings.Join(found, " and "))
	case len(found) == 0 && !s.misspelt(signalKeys):
		s.fail(s.n, s.path, "expected a signal: ricker, gaussian_derivative, tone_burst or series")
	}
	return src
}

// signal reads the signal of a source.
func (t *stencilTask) signal(src *waveSource, key string, s *section) {
	defer s.close()
	if key == "series" {
		src.series = &seriesFile{}
		if v := s.require("file", "the values, one a line, or a NPY file"); v != nil {
			src.series = &seriesFile{node: v, path: s.at("file"), file: t.job.file(s.decoder, v, s.at("file"))}
		}
		if s.require("dt", "the time between two values") != nil {
			src.series.dt = s.positive("dt", 0)
		}
		src.amplitude = s.number("amplitude", 1)
		return
	}
	f := 1.0 // so that the other keys are read as well
	if s.require("frequency", "that at which the spectrum has its peak") != nil {
		f = s.positive("frequency", 0)
	}
	src.amplitude = s.number("amplitude", 1)
	src.frequency = f
	if key == "tone_burst" {
		cycles := s.integer("cycles", 5, 1)
		src.highest = f * (1 + 2/float64(cycles))
		src.Signal = scaled(stencil.ToneBurst(f, cycles), src.amplitude)
		return
	}
	src.highest = 2.5 * f
	delay := s.number("delay", 1.5/f)
	wavelet := stencil.Ricker
	if key == "gaussian_derivative" {
		wavelet = stencil.GaussianDerivative
	}
	if delay == 0 { // which the wavelets take for their default
		delay = math.SmallestNonzeroFloat64
	}
	src.Signal = scaled(wavelet(f, delay), src.amplitude)
}

func scaled(f func(float64) float64, amplitude float64) func(float64) float64 {
	return func(t float64) float64 { return amplitude * f(t) }
}

func (t *stencilTask) decodeReceivers(parent *section) {
	v := parent.get("receivers")
	if v == nil {
		return
	}
	for i, n := range parent.list(v, "receivers") {
		t.receiver(parent.section(n, item("receivers", i)))
	}
}

// receiver reads {at: [30, 20]} or {line: {from: [5, 2], to: [35, 2], n: 31}}.
func (t *stencilTask) receiver(s *section) {
	defer s.close()
	at, line := s.get("at"), s.get("line")
	var places [][2]float64
	switch {
	case at != nil && line != nil:
		s.fail(line, s.at("line"), "expected either at or line, got both")
	case at != nil:
		x, y := t.place(s.decoder, at, s.at("at"))
		places = append(places, [2]float64{x, y})
	case line != nil:
		places = t.line(s.section(line, s.at("line")))
	default:
		s.fail(s.n, s.path, "expected {at: [30, 20]} or {line: {from: [5, 2], to: [35, 2], n: 31}}")
	}
	fields, in := s.quantities(), s.interpolation()
	for _, p := range places {
		for _, q := range fields {
			t.receivers = append(t.receivers, waveReceiver{
				stencil.Receiver{X: p[0], Y: p[1], Field: q, Interpolation: in},
				fmt.Sprintf("%s_%d", fieldWords[q], len(t.receivers)),
			})
		}
	}
}

// quantities reads fields: [pressure, vx, vy]; the pressure by default.
func (s *section) quantities() (fields []stencil.Quantity) {
	v := s.get("fields")
	if v == nil {
		list := s.n.beside(listNode, "")
		list.items = append(list.items, list.beside(scalarNode, fieldWords[0]))
		s.n.put("fields", list)
		return []stencil.Quantity{stencil.Pressure}
	}
	for i, n := range s.list(v, s.at("fields")) {
		fields = append(fields, stencil.Quantity(max(slices.Index(fieldWords, s.word(n, item(s.at("fields"), i), fieldWords)), 0)))
	}
	if len(fields) == 0 && v.kind == listNode {
		s.fail(v, s.at("fields"), "expected one or more of pressure, vx, vy, got none")
	}
	return fields
}

// mostReceivers is the most receivers of a line.
const mostReceivers = 1 << 20

func (t *stencilTask) line(s *section) (places [][2]float64) {
	defer s.close()
	from, to := s.require("from", "where the line begins, from: [5, 2]"), s.require("to", "where it ends")
	n := 2
	if v := s.require("n", "the number of receivers"); v != nil {
		if n = s.decoder.integer(v, s.at("n"), 2); n > mostReceivers {
			s.fail(v, s.at("n"), "expected at most %d receivers, got %d", mostReceivers, n)
			n = 2
		}
	}
	if from == nil || to == nil {
		return nil
	}
	x0, y0 := t.place(s.decoder, from, s.at("from"))
	x1, y1 := t.place(s.decoder, to, s.at("to"))
	for k := range n {
		u := float64(k) / float64(n-1)
		places = append(places, [2]float64{(1-u)*x0 + u*x1, (1-u)*y0 + u*y1})
	}
	return places
}
