package job

import (
	"fmt"
	"image/color"
	"math"

	"github.com/seed-0772dd2d/ritz/figure"
	"github.com/seed-0772dd2d/ritz/stencil"
)

// seismogram is what the receivers of one field saw, thinned out to what a
// picture can show.
type seismogram struct {
	field  string
	units  waveUnits
	rest   bool      // all is 0 at t = 0
	x, y   []float64 // of the receivers
	time   []float64
	traces [][]float64
}

// samples is the most samples of a trace that a picture can show.
const samples = 4000

// add takes column k of the data.
func (s *seismogram) add(r waveReceiver, k, rows int, data []float64, dt float64) {
	stride := (rows + samples - 1) / samples
	columns := len(data) / max(rows, 1)
	shift := 0.0
	if r.Field != stencil.Pressure {
		shift = 0.5
	}
	var trace []float64
	s.time = s.time[:0]
	if s.rest {
		trace, s.time = append(trace, 0), append(s.time, 0)
	}
	for n := 0; n < rows; n += stride {
		trace = append(trace, data[n*columns+k])
		s.time = append(s.time, (float64(n+1)-shift)*dt)
	}
	s.x, s.y, s.traces = append(s.x, r.X), append(s.y, r.Y), append(s.traces, trace)
}

// few is the most receivers that are drawn as curves over one another.
const few = 5

// panel is, of a few receivers, their curves; else the wiggles beside the image.
func (s *seismogram) panel() figure.Panel {
	if len(s.traces) <= few {
		l := figure.Lines{XLabel: in("t", s.units.time), YLabel: in(s.field, s.units.field(s.field))}
		for k, trace := range s.traces {
			l.Series = append(l.Series, figure.Series{Name: fmt.Sprintf("(%.4g, %.4g)", s.x[k], s.y[k]), X: s.time, Y: trace})
		}
		return l
	}
	label, along := s.along()
	return figure.Tile(2, s.wiggles(label, along), s.image(label, along))
}

// along is the coordinate in which the receivers follow each other: x or y, if it
// increases, else their number.
func (s *seismogram) along() (label string, at []float64) {
	span := func(v []float64) float64 {
		for k := 1; k < len(v); k++ {
			if !(v[k] > v[k-1]) {
				return 0
			}
		}
		return v[len(v)-1] - v[0]
	}
	dx, dy := span(s.x), span(s.y)
	switch {
	case dx > 0 && dx >= dy:
		return in("x", s.units.length), s.x
	case dy > 0:
		return in("y", s.units.length), s.y
	}
	at = make([]float64, len(s.traces))
	for k := range at {
		at[k] = float64(k)
	}
	return "receiver", at
}

// loud is the largest amplitude that is shown in full.
func (s *seismogram) loud() float64 {
	var all []float64
	for _, trace := range s.traces {
		for n := 0; n < len(trace); n += 1 + len(trace)/500 {
			all = append(all, trace[n])
		}
	}
	return quantile(all, 0.995)
}

// mostWiggles is the most traces that stand clear of each other.
const mostWiggles = 40

// wiggles draws traces about their places, time downwards.
func (s *seismogram) wiggles(label string, along []float64) figure.Panel {
	stride := (len(along) + mostWiggles - 1) / mostWiggles
	gap := (along[len(along)-1] - along[0]) / float64(len(along)-1) * float64(stride)
	gain := 0.0
	if loud := s.loud(); loud > 0 {
		gain = gap / loud
	}
	l := figure.Lines{XLabel: label, YLabel: in("t", s.units.time), YDown: true}
	if n := len(s.time); n > 1 { // as of the image beside it
		l.YMin, l.YMax = s.time[0], s.time[n-1]
	}
	for k := 0; k < len(along); k += stride {
		x := make([]float64, len(s.time))
		for n, v := range s.traces[k] {
			x[n] = along[k] + max(min(gain*v, gap), -gap)
		}
		l.Series = append(l.Series, figure.Series{X: x, Y: s.time, Color: color.Black, Width: 0.7})
	}
	return l
}

// image colours the amplitudes.
func (s *seismogram) image(label string, along []float64) figure.Panel {
	z := make([]float64, 0, len(s.time)*len(along))
	for n := range s.time {
		for _, trace := range s.traces {
			z = append(z, trace[n])
		}
	}
	h := figure.Heatmap{
		X: along, Y: s.time, Z: z, XLabel: label, YLabel: in("t", s.units.time), ZLabel: in(s.field, s.units.field(s.field)),
		Diverging: true, YDown: true,
	}
	if loud := s.loud(); loud > 0 && !math.IsInf(loud, 0) {
		h.ZMin, h.ZMax = -loud, loud
	}
	return h
}
