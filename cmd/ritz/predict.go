package main

import (
	"context"
	"flag"
	"io"
	"os"

	"github.com/seed-0772dd2d/ritz/internal/job"
)

const (
	predictUsage = `DIR --points FILE.csv [--derivatives "u_x, u_xx"]`
	predictHelp  = `
  --points FILE       CSV with a header that names the variables; further
                      columns are passed through; - is standard input
  --derivatives LIST  more columns, any expressions of the fields, their
                      derivatives and the variables, separated by commas

Prints CSV: the columns of FILE, the fields, the derivatives.`
)

func predict(_ context.Context, args []string, s streams) int {
	f := flag.NewFlagSet("predict", flag.ContinueOnError)
	points := f.String("points", "", "")
	derivatives := f.String("derivatives", "", "")
	dirs, code := parse(f, args, 1, s)
	if code >= 0 {
		return code
	}
	if len(dirs) == 0 {
		return misused("predict", s, "no run directory")
	}
	if *points == "" {
		return misused("predict", s, "no --points")
	}
	var in io.Reader = s.in
	name := "standard input"
	if *points != "-" {
		file, err := os.Open(*points)
		if err != nil {
			return refuse(s, err)
		}
		defer file.Close()
		in, name = file, *points
	}
	warnUnfinished(dirs[0], s)
	if err := job.Predict(dirs[0], name, in, *derivatives, s.out); err != nil {
		return refuse(s, err)
	}
	return exitDone
}
