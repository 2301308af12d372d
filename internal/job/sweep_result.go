package job

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
)

// Waiting is the status of a run of a sweep that has not ended.
const Waiting = "waiting"

// plainNumber is a number that every program reads.
var plainNumber = regexp.MustCompile(`^[-+]?[0-9]*\.?[0-9]*([eE][-+]?[0-9]+)?$`)

// sweepBody is the sweep part of result.json.
type sweepBody struct {
	Parameters []string    `json:"parameters"` // paths of those that vary
	Criterion  string      `json:"criterion,omitempty"`
	Best       *sweepRun   `json:"best"` // with halving, of the largest budget that was reached; null without a criterion
	Done       int         `json:"done"`
	Failed     int         `json:"failed"`
	Runs       []*sweepRun `json:"runs"`
	Figures    []string    `json:"figures"`

	measured int // runs that have a criterion
}

// sweepRun is a row of the runs; the directory of run 12 is runs/0012.
type sweepRun struct {
	Run        int            `json:"run"` // from 1
	Budget     *Number        `json:"budget,omitempty"`
	Parameters map[string]any `json:"parameters"`
	Status     string         `json:"status"`
	Criterion  *Number        `json:"criterion"`
	Seconds    Number         `json:"seconds"`
	Reason     string         `json:"reason,omitempty"`

	point   int
	missing error // why the result has no criterion
}

func (r *sweepRun) ended() bool { return r.Status == Done || r.Status == Failed }

// finish counts the runs and finds the best.
func (b *sweepBody) finish(t *sweepTask) {
	b.Done, b.Failed, b.Best = 0, 0, nil
	for _, r := range b.Runs {
		switch r.Status {
		case Done:
			b.Done++
		case Failed:
			b.Failed++
		}
		if t.criterion == nil || r.Criterion == nil {
			continue
		}
		further := b.Best != nil && r.Budget != nil && *r.Budget > *b.Best.Budget
		if b.Best == nil || further || t.criterion.better(float64(*r.Criterion), float64(*b.Best.Criterion)) {
			b.Best = r
		}
	}
}

// verdict is an error if nothing came of all the runs.
func (b *sweepBody) verdict(t *sweepTask) error {
	switch {
	case b.Done == 0:
		return fmt.Errorf("all %d runs failed; the first: %s", len(b.Runs), b.Runs[0].Reason)
	case t.criterion != nil && b.Best == nil:
		for _, r := range b.Runs {
			if r.Status == Done {
				return errors.New("no run has the criterion: " + r.Reason)
			}
		}
	}
	return nil
}

func (b *sweepBody) setFigures(files []string) { b.Figures = files }

// Summary prints how many runs there were, and the best of them.
func (b *sweepBody) Summary(w io.Writer) {
	fmt.Fprintf(w, "%d runs done", b.Done)
	if b.Failed > 0 {
		fmt.Fprintf(w, ", %d failed", b.Failed)
		for _, r := range b.Runs {
			if r.Status == Failed {
				fmt.Fprintf(w, "; the first: run %d: %s", r.Run, shorten(r.Reason, 200))
				break
			}
		}
	}
	fmt.Fprintln(w)
	if r := b.Best; r != nil {
		fmt.Fprintf(w, "best %s %.6g, run %d (runs/%s)\n", b.Criterion, float64(*r.Criterion), r.Run, runName(r.Run))
		for _, path := range b.Parameters {
			fmt.Fprintf(w, "  %s: %s\n", path, valueText(r.Parameters[path]))
		}
	}
	if len(b.Figures) > 0 {
		fmt.Fprintf(w, "figures %s\n", strings.Join(b.Figures, ", "))
	}
}

// valueText shows a value of a parameter.
func valueText(v any) string {
	switch v := v.(type) {
	case float64:
		return format(v)
	case []any:
		parts := make([]string, len(v))
		for i, x := range v {
			parts[i] = valueText(x)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	return fmt.Sprint(v)
}
