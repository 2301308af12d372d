package job

import (
	"fmt"
	"math"
)

// wavelengths is how many points there are in the shortest wave of a frequency.
func (t *stencilTask) wavelengths(frequency float64) float64 {
	dx, dy := t.settings.Grid.Spacing()
	return t.slowest / frequency / max(dx, dy)
}

// fewest is how many points the shortest wave needs for an error of some percent
// over ten wavelengths or so.
func fewest(order int) float64 { return map[int]float64{2: 12, 4: 6, 6: 4.5, 8: 4}[order] }

func (t *stencilTask) warnings() []string { return t.odd }

// findOddWaves finds what can be run but hardly is what was meant.
func (t *stencilTask) findOddWaves() {
	t.odd = nil
	t.findOddSources()
	t.findOddReceivers()
	t.findOddAnimation()
}

func (t *stencilTask) warn(form string, args ...any) {
	t.odd = append(t.odd, fmt.Sprintf(form, args...))
}

func (t *stencilTask) findOddSources() {
	for i, src := range t.sources {
		name := item("sources", i)
		if n := t.wavelengths(src.highest); src.highest > 0 && n < fewest(t.settings.Order) {
			t.warn("%s: %.2g points in the shortest wave, of frequency %.4g: order %d wants %g or so for a clear pulse, a spacing of %.3g",
				name, n, src.highest, t.settings.Order, fewest(t.settings.Order), t.slowest/src.highest/fewest(t.settings.Order))
		}
		if src.early() {
			t.warn("%s: a part of its signal lies before t = 0 and is cut off: a delay of %.4g (1.5/frequency) or more has it whole",
				name, 1.5/src.frequency)
		}
		if side := t.layerAt(src.X, src.Y); side != "" {
			t.warn("%s at (%.6g, %.6g) lies in the absorbing layer of %s: its waves are damped from the start", name, src.X, src.Y, side)
		}
	}
}

// early tells whether more than a hundredth of the peak of a wavelet lies before
// t = 0.
func (s *waveSource) early() bool {
	if s.frequency == 0 {
		return false
	}
	for k := range 40 {
		if math.Abs(s.Signal(-float64(k)/40/s.frequency)) > 0.01*math.Abs(s.amplitude) {
			return true
		}
	}
	return false
}

func (t *stencilTask) findOddReceivers() {
	within, first := 0, ""
	for _, r := range t.receivers {
		if side := t.layerAt(r.X, r.Y); side != "" {
			if within++; within == 1 {
				first = fmt.Sprintf("%s at (%.6g, %.6g) in that of %s", r.column, r.X, r.Y, side)
			}
		}
	}
	if within > 0 {
		t.warn("%d of %d receivers lie in absorbing layers, where waves are damped: the first is %s", within, len(t.receivers), first)
	}
}

// layerAt names the absorbing layer that a position lies in: "x1 (x > 7.4)"; "" for
// none.
func (t *stencilTask) layerAt(x, y float64) string {
	edges := t.layerEdges()
	for k, side := range t.sides() {
		at, edge := [2]float64{x, y}[k/2], edges[k]
		if side.Cells == 0 {
			continue
		}
		if k%2 == 0 && at < edge {
			return fmt.Sprintf("%s (%s < %.6g)", sideKeys[k], sideKeys[k][:1], edge)
		}
		if k%2 == 1 && at > edge {
			return fmt.Sprintf("%s (%s > %.6g)", sideKeys[k], sideKeys[k][:1], edge)
		}
	}
	return ""
}

func (t *stencilTask) findOddAnimation() {
	if len(t.output.animation) == 0 {
		return
	}
	if n := t.allSteps/t.interval() + 1; n > 1000 {
		t.warn("an animation of %d frames: set output.every higher", n)
	}
}
