package job

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// taskRun runs the job in dir, or goes on with it. A run that fails is a result
// too.
func taskRun(ctx context.Context, _ []byte, dir string, log io.Writer) ([]byte, error) {
	return RunIn(ctx, dir, nil, log)
}

// RunIn is a task of kind run whose own tasks a pool does, nil for here.
func RunIn(ctx context.Context, dir string, p Pool, log io.Writer) ([]byte, error) {
	r, err := Resume(ctx, dir, Options{Progress: progressLog(log, time.Now), Pool: p})
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) { // before the first step
		return nil, context.Cause(ctx)
	}
	if err != nil {
		return nil, err
	}
	if r.Status == Stopped {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, errors.New(r.Reason)
	}
	return os.ReadFile(filepath.Join(dir, "result.json"))
}

// progressLog writes a line about the progress of a run, at most every two seconds.
func progressLog(log io.Writer, now func() time.Time) func(Progress) {
	var last time.Time
	return func(p Progress) {
		t := now()
		if t.Sub(last) < 2*time.Second {
			return
		}
		last = t
		if p.Stages > 0 {
			fmt.Fprintf(log, "stage %d/%d ", p.Stage+1, p.Stages)
		}
		fmt.Fprintf(log, "%s %d/%d", p.Name, p.Iteration, p.Iterations)
		if p.Measure != "" {
			fmt.Fprintf(log, " %s %.6g", p.Measure, p.Value)
		}
		fmt.Fprintln(log)
	}
}
