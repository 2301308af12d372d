package main

import (
	"context"
	"flag"
	"fmt"
	"strings"

	"github.com/seed-0772dd2d/ritz/internal/job"
)

const (
	drawUsage = "DIR"
	drawHelp  = `
Draws the figures of a run directory from what it holds and its job.yaml
(output.figures, which may be edited): also those of a run that was interrupted.`
)

func draw(_ context.Context, args []string, s streams) int {
	dirs, code := parse(flag.NewFlagSet("draw", flag.ContinueOnError), args, 1, s)
	if code >= 0 {
		return code
	}
	if len(dirs) == 0 {
		return misused("draw", s, "no run directory")
	}
	warnUnfinished(dirs[0], s)
	files, err := job.Draw(dirs[0])
	if err != nil {
		return refuse(s, err)
	}
	if len(files) == 0 {
		fmt.Fprintf(s.out, "no figures in %s: its job.yaml asks for none (output.figures)\n", dirs[0])
		return exitDone
	}
	fmt.Fprintf(s.out, "figures %s in %s\n", strings.Join(files, ", "), dirs[0])
	return exitDone
}

// warnUnfinished says if the solution of a run is not its last word.
func warnUnfinished(dir string, s streams) {
	r, err := job.ReadResult(dir)
	switch {
	case err != nil: // the command itself says what is missing
	case r.Status == job.Running:
		fmt.Fprintf(s.err, "warning: the run in %s is still going on or was killed: what it holds, if anything, is of an earlier sitting\n", dir)
	case r.Status != job.Done:
		fmt.Fprintf(s.err, "warning: the run in %s is not finished (%s: %s): what it holds is the best so far\n", dir, r.Status, r.Reason)
	}
}
