package job

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/seed-0772dd2d/ritz/figure"
	"github.com/seed-0772dd2d/ritz/internal/atomicfile"
	"github.com/seed-0772dd2d/ritz/sampling"
)

// sampleTask is a job of kind sample: points of some inputs, to be written to a
// file, and how evenly they are spread.
type sampleTask struct {
	job     *Job
	inputs  []input
	plan    sampling.Plan
	measure bool // the discrepancies
	files   []string
	figures []string
}

// measured is the most points whose discrepancies are computed unasked.
const measured = 20000

func decodeSample(j *Job, s *section) task {
	t := &sampleTask{job: j}
	if j.Precision != "float64" {
		s.fail(s.n.get("precision"), "precision", "points are float64")
	}
	s.constants = s.numbers("constants")
	t.inputs = s.inputs()
	t.plan = s.sub("sample").plan(j.Seed)
	t.measure = s.flag("discrepancies", t.plan.N <= measured)
	o := s.sub("output")
	defer o.close()
	if v := o.get("points"); v == nil {
		t.files = []string{"csv"}
		list := o.n.beside(listNode, "")
		list.items = append(list.items, list.beside(scalarNode, "csv"))
		o.n.put("points", list)
	} else {
		for i, f := range o.list(v, o.at("points")) {
			t.files = append(t.files, o.word(f, item(o.at("points"), i), []string{"csv", "npy"}))
		}
	}
	t.figures = o.figures()
	return t
}

// samplePoints returns the points of a plan for some inputs, in the unit cube
// and transformed. Errors have their place in the sections sample and inputs.
func (j *Job) samplePoints(p sampling.Plan, inputs []input) (unit, x []float64, err error) {
	unit, err = p.Points(len(inputs))
	if err != nil {
		return nil, nil, j.samplingFault("sample", err)
	}
	distributions := make([]sampling.Quantiler, len(inputs))
	for i, in := range inputs {
		distributions[i] = in.distribution
	}
	x = slices.Clone(unit)
	if err := sampling.Transform(x, distributions); err != nil {
		return nil, nil, j.samplingFault("inputs", err)
	}
	return unit, x, nil
}

func (j *Job) samplingFault(key string, err error) error {
	f := fault(j.tree.get(key), key, strings.TrimPrefix(err.Error(), "sampling: "))
	f.Err = err
	return f
}

func (t *sampleTask) names() []string {
	names := make([]string, len(t.inputs))
	for i, in := range t.inputs {
		names[i] = in.name
	}
	return names
}

func (t *sampleTask) warnings() []string { return nil }

func (t *sampleTask) check(w io.Writer) error {
	unit, _, err := t.job.samplePoints(t.plan, t.inputs)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "%s: %s\n\n%d points, %s\n\ninputs\n", t.job.Name, t.job.Kind, len(unit)/len(t.inputs), planText(t.plan))
	for _, in := range t.inputs {
		fmt.Fprintf(w, "  %s  %s\n", in.name, in.text)
	}
	return nil
}

func (t *sampleTask) compile(context.Context, *Options) (work, error) {
	unit, x, err := t.job.samplePoints(t.plan, t.inputs)
	return &sampleWork{t, unit, x}, err
}

// draw draws the points again, which the job determines.
func (t *sampleTask) draw(d *directory) ([]string, error) {
	_, x, err := t.job.samplePoints(t.plan, t.inputs)
	if err != nil {
		return nil, err
	}
	return t.drawPoints(d, x)
}

// sampleWork is the points of a job, in the unit cube and transformed.
type sampleWork struct {
	task    *sampleTask
	unit, x []float64
}

func (w *sampleWork) restore(*checkpoint) error { return nil } // there is nothing to go on from

func (w *sampleWork) run(ctx context.Context, d *directory) (Body, error) {
	t, dim := w.task, len(w.task.inputs)
	body := &sampleBody{Points: len(w.x) / dim, Dimensions: dim, Figures: []string{}}
	for _, format := range t.files {
		var b bytes.Buffer
		err := WritePoints(&b, format, t.names(), w.x)
		if err == nil {
			err = atomicfile.Write(d.file("points."+format), &b)
		}
		if err != nil {
			return body, &writeError{err}
		}
	}
	if !t.measure {
		return body, nil
	}
	body.Discrepancies = map[string]Number{}
	for _, k := range sampling.Discrepancies() {
		v, err := k.Of(ctx, w.unit, dim, t.job.Threads)
		if err != nil {
			return body, err
		}
		body.Discrepancies[string(k)] = Number(v)
	}
	v, err := sampling.MinDistance(ctx, w.unit, dim, t.job.Threads)
	body.MinDistance = (*Number)(&v)
	return body, err
}

func (w *sampleWork) draw(d *directory) ([]string, error) { return w.task.drawPoints(d, w.x) }

// What is drawn at most: inputs, one against another, and points.
const (
	drawnInputs = 6
	drawnPoints = 5000
)

// drawPoints draws each pair of the first inputs against each other.
func (t *sampleTask) drawPoints(d *directory, x []float64) ([]string, error) {
	dim := len(t.inputs)
	n := min(len(x)/dim, drawnPoints)
	column := func(j int) []float64 {
		c := make([]float64, n)
		for i := range c {
			c[i] = x[i*dim+j]
		}
		return c
	}
	var panels []figure.Panel
	add := func(xLabel, yLabel string, x, y []float64) {
		panels = append(panels, figure.Lines{XLabel: xLabel, YLabel: yLabel, Series: []figure.Series{{X: x, Y: y, Style: figure.Points}}})
	}
	if dim == 1 {
		numbers := make([]float64, n)
		for i := range numbers {
			numbers[i] = float64(i)
		}
		add("point", t.inputs[0].name, numbers, column(0))
	}
	most := min(dim, drawnInputs)
	for j := 1; j < most; j++ {
		for k := range j {
			add(t.inputs[k].name, t.inputs[j].name, column(k), column(j))
		}
	}
	w := newDrawing(d, t.figures)
	switch cols := min(len(panels), 3); len(panels) {
	case 1:
		w.save("points", panels[0], nil)
	default:
		w.save("points", figure.Tile(cols, panels...), nil)
	}
	return w.files, w.failed
}

// sampleBody is the sample part of result.json. Discrepancies and distance are
// those in the unit cube.
type sampleBody struct {
	Points        int               `json:"points"`
	Dimensions    int               `json:"dimensions"`
	Discrepancies map[string]Number `json:"discrepancies,omitempty"`
	MinDistance   *Number           `json:"min_distance,omitempty"`
	Figures       []string          `json:"figures"`
}

func (b *sampleBody) setFigures(files []string) { b.Figures = files }

// Summary prints how many points there are, and how evenly spread.
func (b *sampleBody) Summary(w io.Writer) {
	fmt.Fprintf(w, "%d points in %d dimensions\n", b.Points, b.Dimensions)
	for _, k := range sampling.Discrepancies() {
		if v, ok := b.Discrepancies[string(k)]; ok {
			fmt.Fprintf(w, "%s discrepancy %.6g\n", strings.ReplaceAll(string(k), "_", "-"), float64(v))
		}
	}
	if b.MinDistance != nil {
		fmt.Fprintf(w, "smallest distance %.6g\n", float64(*b.MinDistance))
	}
	if len(b.Figures) > 0 {
		fmt.Fprintf(w, "figures %s\n", strings.Join(b.Figures, ", "))
	}
}
