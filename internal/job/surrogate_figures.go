package job

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"image/color"
	"io/fs"
	"math"
	"os"
	"slices"
	"strconv"

	"github.com/seed-0772dd2d/ritz/figure"
	"github.com/seed-0772dd2d/ritz/surrogate"
)

// Levels of an axis on which models are drawn.
const (
	surfaceLevels = 61
	mapLevels     = 121
)

// drawnPredictions is the most predictions that a figure compares with the truth.
const drawnPredictions = 2000

func (w *surrogateWork) draw(d *directory) ([]string, error) { return w.task.draw(d) }

// draw draws the function and its models (over one or two inputs; of more, slices),
// how well the models predict, the course of the optimisation and the indices.
func (t *surrogateTask) draw(d *directory) ([]string, error) {
	w := newDrawing(d, t.figures)
	if len(w.formats) == 0 {
		return w.files, nil
	}
	s, err := t.picture(d)
	if err != nil {
		return w.files, err
	}
	switch len(t.names) {
	case 1:
		p, err := s.curves()
		w.save("models", p, err)
	case 2:
		if s.truth != nil {
			p, err := s.landscape("", s.truth)
			w.save("truth", p, err)
		}
		for _, m := range s.models {
			p, err := s.landscape(m.Name, surrogate.ModelEvaluator{Model: m.Model})
			w.save(m.Name, p, err)
		}
	default:
		p, err := s.slices()
		w.save("slices", p, err)
	}
	p, err := t.predicted(d)
	w.save("predicted", p, err)
	w.save("leave_one_out", s.leaveOneOut(), nil)
	w.save("convergence", s.convergence(), nil)
	w.save("sensitivity", s.sensitivity(), nil)
	return w.files, w.failed
}

// picture is what there is to draw of a run.
type picture struct {
	*surrogateTask
	truth  surrogate.Evaluator // nil unless it is cheap
	models []*SavedModel
	rows   []record
	data   surrogate.Data // the sample
	body   *surrogateBody
}

func (t *surrogateTask) picture(d *directory) (*picture, error) {
	s := &picture{surrogateTask: t, body: new(surrogateBody)}
	if t.text != nil {
		if err := t.prepareFunction(); err != nil {
			return nil, err
		}
		s.truth = t.evaluator
	}
	if t.optimize != nil {
		if err := t.prepareConstraints(); err != nil {
			return nil, err
		}
	}
	if r, err := ReadResult(d.path); err == nil {
		s.body, _ = r.Body.(*surrogateBody)
	}
	path := d.file("samples.csv")
	text, err := os.ReadFile(path)
	if err == nil {
		s.rows, err = readRecords(path, text, t.names, t.response)
	}
	if err != nil {
		return nil, err
	}
	r := t.recorder(nil)
	r.rows = s.rows
	n := len(s.rows)
	if s.body.Optimum != nil {
		n = s.body.Samples.Sample
	}
	s.data = r.data(n, t.lower, t.upper)
	names := []string{"auto"}
	if !t.auto {
		names = nil
		for _, m := range t.models {
			names = append(names, m.name)
		}
	}
	for _, name := range names {
		m, err := LoadModel(d.path, name)
		if err != nil {
			continue // it could not be fitted
		}
		s.models = append(s.models, m)
	}
	return s, nil
}

// values evaluates f at points; where it fails there is NaN.
func values(f surrogate.Evaluator, x []float64, inputs int) ([]float64, error) {
	n := len(x) / inputs
	y, errs := make([]float64, n), make([]error, n)
	if err := f.Evaluate(context.Background(), x, n, y, errs); err != nil {
		return nil, err
	}
	for i, err := range errs {
		if err != nil {
			y[i] = math.NaN()
		}
	}
	return y, nil
}

// axis has levels from end to end of an input.
func (t *surrogateTask) axis(j, levels int) []float64 {
	x := make([]float64, levels)
	for i := range x {
		f := float64(i) / float64(levels-1)
		x[i] = (1-f)*t.lower[j] + f*t.upper[j]
	}
	return x
}

// plane evaluates f of two inputs on a grid, the first running fastest.
func (t *surrogateTask) plane(f surrogate.Evaluator, levels int) (x, y, z []float64, err error) {
	x, y = t.axis(0, levels), t.axis(1, levels)
	points := make([]float64, 0, 2*levels*levels)
	for _, b := range y {
		for _, a := range x {
			points = append(points, a, b)
		}
	}
	z, err = values(f, points, 2)
	return x, y, z, err
}

// column takes one input out of rows.
func column(x []float64, j, width int) []float64 {
	var out []float64
	for i := j; i < len(x); i += width {
		out = append(out, x[i])
	}
	return out
}

// surface shows a function of two inputs in space, with the samples.
func (s *picture) surface(title string, f surrogate.Evaluator) (figure.Panel, error) {
	x, y, z, err := s.plane(f, surfaceLevels)
	p := figure.Surface{Title: title, XLabel: s.names[0], YLabel: s.names[1], ZLabel: s.response, X: x, Y: y, Z: z}
	for i, v := range s.data.Y {
		p.Points = append(p.Points, figure.Point{X: s.data.X[2*i], Y: s.data.X[2*i+1], Z: v})
	}
	return p, err
}

// landscape shows a function of two inputs as a surface and as a map with the
// samples; of a model (one with a name) the surface of the truth too, and a map of
// the error or, where the truth is not known, of the deviation it expects.
func (s *picture) landscape(name string, f surrogate.Evaluator) (figure.Panel, error) {
	var panels []figure.Panel
	title := name
	if name == "" {
		title = s.response
	} else if s.truth != nil {
		p, err := s.surface("truth", s.truth)
		if err != nil {
			return nil, err
		}
		panels = append(panels, p)
	}
	p, err := s.surface(title, f)
	if err != nil {
		return nil, err
	}
	x, y, z, err := s.plane(f, mapLevels)
	if err != nil {
		return nil, err
	}
	samples := figure.Series{X: column(s.data.X, 0, 2), Y: column(s.data.X, 1, 2), Style: figure.Points}
	flat := figure.Heatmap{Title: fmt.Sprintf("%s, %d samples", title, len(s.data.Y)), XLabel: s.names[0], YLabel: s.names[1], ZLabel: s.response, X: x, Y: y, Z: z, Series: []figure.Series{samples}}
	under := flat
	flat.Contours = 15
	if o := s.body.Optimum; o != nil {
		flat.Series[0].Name = "sample"
		flat.Series = append(flat.Series, s.searched(), figure.Series{Name: "optimum", X: o.X[:1], Y: o.X[1:], Style: figure.Triangles})
		under.Series = []figure.Series{samples}
	}
	panels = append(panels, p, flat)
	switch m, knows := s.variance(name); {
	case name == "":
	case s.truth != nil:
		_, _, truth, err := s.plane(s.truth, mapLevels)
		if err != nil {
			return nil, err
		}
		under.Title, under.ZLabel, under.Log10, under.Z = "error", "|"+name+" - "+s.response+"|", true, distance(z, truth)
		panels = append(panels, under)
	case knows:
		points := make([]float64, 0, 2*len(z))
		for _, b := range y {
			for _, a := range x {
				points = append(points, a, b)
			}
		}
		variance := make([]float64, len(z))
		if err := m.PredictVariance(points, make([]float64, len(z)), variance); err != nil {
			return nil, err
		}
		under.Title, under.ZLabel, under.Z = "standard deviation", "deviation of "+s.response, deviations(variance)
		panels = append(panels, under)
	}
	return figure.Tile(2, panels...), nil
}

// searched are the points of the optimisation beyond the sample.
func (s *picture) searched() figure.Series {
	out := figure.Series{Name: "search", Style: figure.Crosses}
	for i, row := range s.rows {
		if i >= s.body.Samples.Sample && row.x != nil {
			out.X, out.Y = append(out.X, row.x[0]), append(out.Y, row.x[1])
		}
	}
	return out
}

// variance returns the model of that name if it knows its variance.
func (s *picture) variance(name string) (surrogate.Variance, bool) {
	for _, m := range s.models {
		if m.Name == name {
			v, ok := m.Model.(surrogate.Variance)
			return v, ok
		}
	}
	return nil, false
}

func deviations(variance []float64) []float64 {
	out := make([]float64, len(variance))
	for i, v := range variance {
		out[i] = math.Sqrt(max(v, 0))
	}
	return out
}

// along adds the function and the models on a line of points to a panel; the best model with
// the band of two deviations of its prediction, if it knows them.
func (s *picture) along(p *figure.Lines, at, points []float64) error {
	for _, m := range s.models {
		pred, err := surrogate.Predict(m.Model, points)
		if err != nil {
			return err
		}
		line := figure.Series{Name: m.Name, X: at, Y: pred.Mean}
		if pred.Variance != nil && m.Name == s.body.Best {
			line.Err = twice(deviations(pred.Variance))
			line.Name += " ± 2 deviations"
		}
		p.Series = append(p.Series, line)
	}
	if s.truth == nil {
		return nil
	}
	y, err := values(s.truth, points, len(s.names))
	p.Series = append(p.Series, figure.Series{Name: s.response, X: at, Y: y, Style: figure.Dashed})
	return err
}

// curves shows a function of one input, its models and the samples.
func (s *picture) curves() (figure.Panel, error) {
	p := figure.Lines{Title: s.job.Name, XLabel: s.names[0], YLabel: s.response}
	x := s.axis(0, curveLevels)
	if err := s.along(&p, x, x); err != nil {
		return nil, err
	}
	p.Series = append(p.Series, figure.Series{Name: "samples", X: s.data.X, Y: s.data.Y, Style: figure.Points})
	return p, nil
}

// drawnSlices is the most inputs that slices are drawn of.
const drawnSlices = 9

// slices shows the function and its models along each input, the others as at the
// optimum or, where there is none, in the middle.
func (s *picture) slices() (figure.Panel, error) {
	d := len(s.names)
	base, where := make([]float64, d), "through the middle"
	for j := range base {
		base[j] = (s.lower[j] + s.upper[j]) / 2
	}
	if s.body.Optimum != nil {
		base, where = s.body.Optimum.X, "through the optimum"
	}
	var panels []figure.Panel
	columns := min(3, d)
	for j := range min(d, drawnSlices) {
		at := s.axis(j, planeLevels)
		points := slices.Repeat(base, len(at))
		for i, v := range at {
			points[i*d+j] = v
		}
		p := figure.Lines{Title: "along " + s.names[j] + " " + where, XLabel: s.names[j], YLabel: s.response}
		if err := s.along(&p, at, points); err != nil {
			return nil, err
		}
		if j != columns-1 { // one legend, at the side, says it
			for k := range p.Series {
				p.Series[k].Name = ""
			}
		}
		panels = append(panels, p)
	}
	return figure.Tile(columns, panels...), nil
}

// predicted compares the models with what validation.csv has.
func (t *surrogateTask) predicted(d *directory) (figure.Panel, error) {
	f, err := os.Open(d.file("validation.csv"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, figure.ErrNoData
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return nil, err
	}
	header, rows := rows[0], rows[1:]
	step := (len(rows) + drawnPredictions - 1) / drawnPredictions
	numbers := func(c int) []float64 {
		var out []float64
		for i := 0; i < len(rows); i += max(step, 1) {
			v, err := strconv.ParseFloat(rows[i][c], 64)
			if err != nil {
				v = math.NaN()
			}
			out = append(out, v)
		}
		return out
	}
	at := len(t.names)
	truth := numbers(at)
	var panels []figure.Panel
	for c := at + 1; c < len(header); c++ {
		name := header[c]
		mean := numbers(c)
		var bars []float64
		if c+1 < len(header) && header[c+1] == name+deviationColumn {
			c++
			bars = twice(numbers(c))
		}
		p := figure.Parity(truth, mean, bars)
		p.Title, p.XLabel, p.YLabel = name, t.response, "predicted"
		panels = append(panels, p)
	}
	return tile(panels), nil
}

func twice(x []float64) []float64 {
	for i := range x {
		x[i] *= 2
	}
	return x
}

// tile puts panels side by side, up to three in a row.
func tile(panels []figure.Panel) figure.Panel {
	if len(panels) == 1 {
		return panels[0]
	}
	columns := 3
	if len(panels) == 4 {
		columns = 2
	}
	return figure.Tile(columns, panels...)
}

// leaveOneOut compares each sample with what the models would say of it had they
// not seen it.
func (s *picture) leaveOneOut() figure.Panel {
	var panels []figure.Panel
	for _, m := range s.models {
		l, ok := m.Model.(surrogate.LeaveOneOut)
		if !ok {
			continue
		}
		mean, variance := l.LeaveOneOut()
		if len(mean) != len(s.data.Y) {
			continue
		}
		var bars []float64
		if variance != nil {
			bars = twice(deviations(variance))
		}
		p := figure.Parity(s.data.Y, mean, bars)
		p.Title, p.XLabel, p.YLabel = m.Name+", leave-one-out", s.response, "predicted without it"
		panels = append(panels, p)
	}
	return tile(panels)
}

// convergence shows each evaluation and the best value up to it, which those beyond a
// constraint are no part of.
func (s *picture) convergence() figure.Panel {
	if s.body.Optimum == nil {
		return figure.Tile(1)
	}
	best := figure.Series{Name: "best", Style: figure.Steps}
	sample, search := figure.Series{Name: "sample", Style: figure.Points}, figure.Series{Name: "search", Style: figure.Crosses}
	barred := figure.Series{Name: "infeasible", Style: figure.Triangles, Color: color.Gray{Y: 0x99}}
	least := math.NaN()
	for i, row := range s.rows {
		if row.x == nil || row.fail != "" {
			continue
		}
		at := float64(i + 1)
		least = s.better(row, least)
		best.X, best.Y = append(best.X, at), append(best.Y, least)
		to := &sample
		switch {
		case !s.allows(row.x):
			to = &barred
		case i >= s.body.Samples.Sample:
			to = &search
		}
		to.X, to.Y = append(to.X, at), append(to.Y, row.y)
	}
	all := slices.Concat(sample.Y, search.Y, barred.Y)
	low, high := slices.Min(all), slices.Max(all)
	p := figure.Lines{Title: "optimisation", XLabel: "evaluation", YLabel: s.response, YLog: low > 0 && high > 100*low, Series: []figure.Series{best, sample, search}}
	if len(barred.X) > 0 {
		p.Series = append(p.Series, barred)
	}
	return p
}

// sensitivity shows the indices with their intervals.
func (s *picture) sensitivity() figure.Panel {
	r := s.body.Sensitivity
	if r == nil {
		return figure.Tile(1)
	}
	bars := figure.Bars{Title: "Sobol' indices", YLabel: "share of the variance", Labels: s.names}
	for _, kind := range []struct {
		name    string
		indices map[string]indexResult
	}{{"first order", r.First}, {"total", r.Total}} {
		b := figure.Series{Name: kind.name}
		for _, name := range s.names {
			i := kind.indices[name]
			b.Y, b.Err = append(b.Y, float64(i.Value)), append(b.Err, float64(i.Upper-i.Lower)/2)
		}
		bars.Series = append(bars.Series, b)
	}
	return bars
}
