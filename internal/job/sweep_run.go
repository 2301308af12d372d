package job

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// sweepWork is a sweep made ready to run. It keeps no state of its own: a run that
// has ended has its result.json, and is not run again.
type sweepWork struct {
	task     *sweepTask
	pool     Pool
	progress func(Progress)

	dir     *directory
	body    *sweepBody
	state   Progress
	written time.Time
}

func (t *sweepTask) compile(_ context.Context, o *Options) (work, error) {
	if err := t.prepare(); err != nil {
		return nil, err
	}
	w := &sweepWork{task: t, pool: o.Pool, progress: func(Progress) {}, body: &sweepBody{Runs: []*sweepRun{}, Figures: []string{}}}
	if w.pool == nil {
		w.pool = Local{Workers: t.workers()}
	}
	if o.Progress != nil {
		w.progress = o.Progress
	}
	return w, nil
}

// workers is how many runs fit into the threads of the sweep.
func (t *sweepTask) workers() int { return max(1, t.job.threads()/max(1, t.threads)) }

func (w *sweepWork) restore(*checkpoint) error { return nil }

func (w *sweepWork) run(ctx context.Context, d *directory) (Body, error) {
	// The job with its files as they are in the directory: those it was read from
	// may change.
	j, err := Load(d.file("job.yaml"), nil)
	if err != nil {
		return w.body, err
	}
	t := j.task.(*sweepTask)
	if err := t.prepare(); err != nil {
		return w.body, err
	}
	w.task, w.dir = t, d
	for _, a := range t.axes {
		w.body.Parameters = append(w.body.Parameters, a.path)
	}
	if t.criterion != nil {
		w.body.Criterion = t.criterion.path
	}
	err = w.rungs(ctx, d)
	w.body.finish(t)
	if e := w.writeRuns(d); err == nil && e != nil {
		err = &writeError{e}
	}
	if err == nil {
		err = w.body.verdict(t)
	}
	return w.body, err
}

// rungs runs all points, and with halving the best of them with larger budgets.
func (w *sweepWork) rungs(ctx context.Context, d *directory) error {
	t := w.task
	points := make([]int, len(t.points))
	for i := range points {
		points[i] = i
	}
	w.state = Progress{Stages: 1, Name: "runs", TotalMost: len(points)}
	if t.halving == nil {
		_, err := w.rung(ctx, d, points, 0)
		return err
	}
	sizes := t.halving.rungSizes(len(points))
	w.state.Stages, w.state.TotalMost = len(sizes), 0
	for _, n := range sizes {
		w.state.TotalMost += n
	}
	for k, budget := range t.halving.budgets() {
		w.state.Stage, w.state.Name = k, "budget "+format(budget)
		runs, err := w.rung(ctx, d, points, budget)
		if err != nil {
			return err
		}
		if k+1 < len(sizes) {
			points = t.criterion.promote(runs, sizes[k+1])
		}
		if len(points) == 0 {
			return errNoSurvivor
		}
	}
	return nil
}

var errNoSurvivor = errors.New("no run has a criterion to go on with")

// rung does a run at each of some points.
func (w *sweepWork) rung(ctx context.Context, d *directory, points []int, budget float64) ([]*sweepRun, error) {
	first := len(w.body.Runs)
	var tasks []Task
	var todo []*sweepRun
	files := fileCache{}
	w.state.Iteration, w.state.Iterations = 0, len(points)
	for i, p := range points {
		r := w.task.newRun(first+i, p, budget)
		w.body.Runs = append(w.body.Runs, r)
		dir := d.file(runDir(r.Run))
		if text, err := os.ReadFile(filepath.Join(dir, "result.json")); err == nil && r.take(w.task, text) == nil && r.ended() {
			w.step(r)
			continue
		}
		*r = *w.task.newRun(r.Run-1, p, budget)
		task, err := w.task.task(p, budget, files)
		if err != nil { // a combination of values that cannot be
			r.Status, r.Reason = Failed, firstLine(err)
			w.step(r)
			continue
		}
		task.Name, task.Dir = "run "+runName(r.Run), dir
		tasks, todo = append(tasks, task), append(todo, r)
	}
	runs := w.body.Runs[first:]
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	err := w.pool.Do(ctx, tasks, func(i int, result []byte, err error) {
		r := todo[i]
		if err == nil {
			err = r.take(w.task, result)
		}
		if err != nil {
			r.Status, r.Reason = Failed, err.Error()
		}
		w.step(r)
		if r.missing != nil && w.body.measured == 0 { // a path that is wrong for all
			cancel(fmt.Errorf("%w; the runs are kept: with criterion put right in job.yaml the sweep can be resumed", r.missing))
		}
		if time.Since(w.written) > 5*time.Second {
			w.written = time.Now()
			w.writeRuns(d)
		}
	})
	return runs, err
}

// step counts a run that has ended.
func (w *sweepWork) step(r *sweepRun) {
	if r.Criterion != nil {
		w.body.measured++
	}
	p := &w.state
	p.Iteration++
	p.Total++
	if c := w.task.criterion; c != nil && r.Criterion != nil {
		if x := float64(*r.Criterion); p.Measure == "" || c.better(x, p.Value) {
			p.Measure, p.Value = "best "+c.path, x
		}
	}
	p.Seconds = w.dir.seconds()
	w.progress(*p)
}

// fileCache holds the files that runs share.
type fileCache map[string][]byte

func (c fileCache) read(path string) ([]byte, error) {
	if b, ok := c[path]; ok {
		return b, nil
	}
	b, err := os.ReadFile(path)
	if err == nil {
		c[path] = b
	}
	return b, err
}

// task returns the run at a point as a task that holds all it needs.
func (t *sweepTask) task(at int, budget float64, cache fileCache) (Task, error) {
	p := t.points[at]
	files := map[string][]byte{}
	if t.command != nil {
		values := map[string]string{}
		for i, v := range p {
			values[t.axes[i].path] = v.argument(t)
		}
		if t.halving != nil {
			values[t.halving.path] = format(budget)
		}
		for _, f := range t.command.files {
			text, err := cache.read(t.job.resolve(f.text))
			if err != nil {
				return Task{}, err
			}
			files[pathBase(f.text)] = text
		}
		return t.command.task(values, files)
	}
	j, err := t.build(p, budget, nil)
	if err != nil {
		return Task{}, err
	}
	files, err = j.files(cache.read)
	return Task{Kind: "run", Files: files}, err
}

// argument is the text of a value for a program.
func (n *node) argument(t *sweepTask) string {
	if x, ok := t.number(n); ok && !plainNumber.MatchString(n.text) {
		return format(x)
	}
	if n.kind == scalarNode {
		return n.text
	}
	var b strings.Builder
	n.inline(&b, false)
	return b.String()
}

func pathBase(name string) string { return name[strings.LastIndexAny(name, `/\`)+1:] }

// firstLine is an error without the lines that show its place.
func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}

// runName numbers the directories of runs.
func runName(number int) string { return fmt.Sprintf("%04d", number) }

// newRun returns the row of a run that has not been made.
func (t *sweepTask) newRun(number, at int, budget float64) *sweepRun {
	r := &sweepRun{Run: number + 1, Status: Waiting, Parameters: map[string]any{}, point: at}
	if t.halving != nil {
		r.Budget = (*Number)(&budget)
	}
	for i, v := range t.points[at] {
		r.Parameters[t.axes[i].path] = t.value(v)
	}
	return r
}

// value is a value of a parameter as JSON has it.
func (t *sweepTask) value(n *node) any {
	switch n.kind {
	case scalarNode:
		if x, ok := t.number(n); ok {
			return x
		}
		return n.text
	case listNode:
		items := []any{}
		for _, v := range n.items {
			items = append(items, t.value(v))
		}
		return items
	case mappingNode:
		m := map[string]any{}
		for _, e := range n.entries {
			m[e.key.text] = t.value(e.value)
		}
		return m
	}
	return nil
}

// take reads what a run came to from its result.json.
func (r *sweepRun) take(t *sweepTask, text []byte) error {
	var head Result
	if err := json.Unmarshal(text, &head); err != nil {
		return fmt.Errorf("result.json: %w", err)
	}
	r.Status, r.Reason, r.Seconds = head.Status, head.Reason, head.Seconds
	if t.criterion == nil || r.Status != Done {
		return nil
	}
	x, err := Find(text, t.criterion.path)
	switch {
	case err != nil:
		r.missing = err
		if r.Reason == "" {
			r.Reason = err.Error()
		}
	case x == x:
		r.Criterion = (*Number)(&x)
	default:
		r.Reason = t.criterion.path + " is not finite"
	}
	return nil
}

// Find returns the number at a dotted path of a JSON text, such as errors.u.relative_l2 of a result.json; null is NaN.
func Find(text []byte, path string) (float64, error) {
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		return 0, err
	}
	steps := strings.Split(path, ".")
	for i, step := range steps {
		at := strings.Join(steps[:i], ".")
		if at != "" {
			at = " at " + at
		}
		switch in := v.(type) {
		case map[string]any:
			next, ok := in[step]
			if !ok {
				return 0, fmt.Errorf("result.json has no %q%s%s", step, at, suggest(step, sortedKeys(in)))
			}
			v = next
		case []any:
			k, err := strconv.Atoi(step)
			if err != nil || k < 0 || k >= len(in) {
				return 0, fmt.Errorf("result.json has a list of %d%s: expected an index from 0, got %q", len(in), at, step)
			}
			v = in[k]
		default:
			return 0, fmt.Errorf("result.json has a single value%s: it has no %q", at, step)
		}
	}
	switch x := v.(type) {
	case float64:
		return x, nil
	case nil:
		return math.NaN(), nil
	}
	return 0, fmt.Errorf("result.json: %s is not a number", path)
}

// writeRuns writes runs.csv: a row a run.
func (w *sweepWork) writeRuns(d *directory) error {
	var b bytes.Buffer
	c := csv.NewWriter(&b)
	t := w.task
	header := []string{"run"}
	if t.halving != nil {
		header = append(header, "budget")
	}
	header = append(header, w.body.Parameters...)
	header = append(header, "status")
	if t.criterion != nil {
		header = append(header, t.criterion.path)
	}
	c.Write(append(header, "seconds", "reason"))
	for _, r := range w.body.Runs {
		row := []string{strconv.Itoa(r.Run)}
		if r.Budget != nil {
			row = append(row, format(float64(*r.Budget)))
		}
		for _, v := range t.points[r.point] {
			row = append(row, v.argument(t))
		}
		row = append(row, r.Status)
		if t.criterion != nil {
			cell := ""
			if r.Criterion != nil {
				cell = format(float64(*r.Criterion))
			}
			row = append(row, cell)
		}
		c.Write(append(row, strconv.FormatFloat(float64(r.Seconds), 'f', 3, 64), r.Reason))
	}
	c.Flush()
	return d.write("runs.csv", b.Bytes())
}
