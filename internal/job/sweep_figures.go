package job

import (
	"fmt"
	"math"
	"slices"

	"github.com/seed-0772dd2d/ritz/figure"
)

// draw draws the criterion against each parameter and, of two numbers in all
// their combinations, as a map.
func (t *sweepTask) draw(d *directory) ([]string, error) {
	if err := t.prepare(); err != nil {
		return nil, err
	}
	r, err := ReadResult(d.path)
	if err != nil {
		return nil, err
	}
	body, ok := r.Body.(*sweepBody)
	if !ok {
		return nil, fmt.Errorf("%s: the result is of kind %s", d.file("result.json"), r.Kind)
	}
	w := newDrawing(d, t.figures)
	if t.criterion == nil || len(w.formats) == 0 {
		return w.files, nil
	}
	runs := slices.DeleteFunc(body.Runs, func(r *sweepRun) bool { return r.Criterion == nil })
	if panel, ok := t.parameterMap(runs); ok {
		w.save("map", panel, nil)
	}
	switch panels := t.parameterPanels(runs); len(panels) {
	case 0:
	case 1:
		w.save("criterion", panels[0], nil)
	default:
		w.save("criterion", figure.Tile(3, panels...), nil)
	}
	return w.files, w.failed
}

// parameterPanels are those of the parameters that vary. One legend, at the side, says what
// the series are.
func (t *sweepTask) parameterPanels(runs []*sweepRun) []figure.Panel {
	var lines []figure.Lines
	for i := range t.axes {
		if len(t.axes[i].values) > 1 && len(lines) < drawnInputs {
			lines = append(lines, t.parameterPanel(i, runs))
		}
	}
	panels := make([]figure.Panel, len(lines))
	for i, l := range lines {
		for k := range l.Series {
			if i != min(len(lines), 3)-1 {
				l.Series[k].Name = ""
			}
		}
		panels[i] = l
	}
	return panels
}

func (w *sweepWork) draw(d *directory) ([]string, error) { return w.task.draw(d) }

// parameterPanel shows the criterion against one parameter, with the runs of each
// budget as a series. Where not all values are numbers, all stand as words.
func (t *sweepTask) parameterPanel(i int, runs []*sweepRun) figure.Lines {
	path := t.axes[i].path
	panel := figure.Lines{Title: t.job.Name + " by " + path, XLabel: path, YLabel: t.criterion.path}
	words := slices.ContainsFunc(runs, func(r *sweepRun) bool {
		_, number := r.Parameters[path].(float64)
		return !number
	})
	series := map[float64]*figure.Series{}
	var budgets []float64
	for _, r := range runs {
		x, _ := r.Parameters[path].(float64)
		if words {
			word := valueText(r.Parameters[path])
			k := slices.Index(panel.XNames, word)
			if k < 0 {
				k, panel.XNames = len(panel.XNames), append(panel.XNames, word)
			}
			x = float64(k)
		}
		b := 0.0
		if r.Budget != nil {
			b = float64(*r.Budget)
		}
		if series[b] == nil {
			budgets = append(budgets, b)
			series[b] = &figure.Series{Style: figure.Points}
			if r.Budget != nil {
				series[b].Name = "budget " + format(b)
			}
		}
		series[b].X, series[b].Y = append(series[b].X, x), append(series[b].Y, float64(*r.Criterion))
	}
	slices.Sort(budgets)
	var x, y []float64
	for _, b := range budgets {
		panel.Series = append(panel.Series, *series[b])
		x, y = append(x, series[b].X...), append(y, series[b].Y...)
	}
	panel.XLog, panel.YLog = !words && spansDecades(x), spansDecades(y)
	return panel
}

// spansDecades tells values above zero of which the largest is at least 50 times
// the least.
func spansDecades(v []float64) bool {
	return len(v) > 1 && slices.Min(v) > 0 && slices.Max(v) >= 50*slices.Min(v)
}

// parameterMap is the criterion over two parameters whose values are numbers.
func (t *sweepTask) parameterMap(runs []*sweepRun) (figure.Panel, bool) {
	if len(t.axes) != 2 || t.halving != nil || t.table.node != nil {
		return nil, false
	}
	var axes [2][]float64
	for k, a := range t.axes {
		for _, v := range a.values {
			x, ok := t.number(v)
			if !ok {
				return nil, false
			}
			axes[k] = append(axes[k], x)
		}
		slices.Sort(axes[k])
		if axes[k] = slices.Compact(axes[k]); len(axes[k]) < 3 {
			return nil, false
		}
	}
	z := make([]float64, len(axes[0])*len(axes[1]))
	for i := range z {
		z[i] = math.NaN()
	}
	var values []float64
	for _, r := range runs {
		x, _ := r.Parameters[t.axes[0].path].(float64)
		y, _ := r.Parameters[t.axes[1].path].(float64)
		i, in := slices.BinarySearch(axes[0], x)
		j, too := slices.BinarySearch(axes[1], y)
		if in && too {
			z[j*len(axes[0])+i] = float64(*r.Criterion)
			values = append(values, float64(*r.Criterion))
		}
	}
	return figure.Heatmap{XLabel: t.axes[0].path, YLabel: t.axes[1].path, ZLabel: t.criterion.path, X: axes[0], Y: axes[1], Z: z, Log10: spansDecades(values)}, true
}
