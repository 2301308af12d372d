package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/seed-0772dd2d/ritz/internal/job"
)

const (
	predictUsage = `DIR|MODEL.json --points FILE.csv [--derivatives "u_x, u_xx"] [--model NAME] [--variance] [--workers N | --connect URL]`
	predictHelp  = `
DIR is the directory of a run: of kind pinn, whose solution is evaluated, or of
kind surrogate, of which a model is. MODEL.json is the file of a model.

  --points FILE       CSV with a header that names the variables; further
                      columns are passed through; - is standard input
  --derivatives LIST  of a solution: more columns, any expressions of the fields,
                      their derivatives and the variables, separated by commas
  --model NAME        of a run with models: whose prediction; default the best
  --variance          of a model that knows it: the variance of its error, too
  --workers N         evaluate on N processes; the rows are the same
  --connect URL       on the workers of a coordinator, as ritz run does

Prints CSV: the columns of FILE, then the fields and derivatives, or the response. Of
points outside the domain, where values are extrapolated, there is a warning.`
)

func predict(ctx context.Context, args []string, s streams) int {
	f := flag.NewFlagSet("predict", flag.ContinueOnError)
	points := f.String("points", "", "")
	o := job.PredictOptions{Warn: func(warning string) { fmt.Fprintln(s.err, "warning:", warning) }}
	f.StringVar(&o.Derivatives, "derivatives", "", "")
	f.StringVar(&o.Model, "model", "", "")
	f.BoolVar(&o.Variance, "variance", false, "")
	workers := f.Int("workers", 0, "")
	var c connection
	c.flags(f)
	paths, code := parse(f, args, 1, s)
	if code >= 0 {
		return code
	}
	if len(paths) == 0 {
		return misused("predict", s, "no run directory or model")
	}
	if *points == "" {
		return misused("predict", s, "no --points")
	}
	others, fault := helpers(*workers, c)
	if fault != "" {
		return misused("predict", s, fault)
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
	warnUnfinished(paths[0], s)
	say := func(line string) { fmt.Fprintln(s.err, "ritz:", line) }
	code, err := others.with(ctx, "predict "+filepath.Base(paths[0]), say, s, func(ctx context.Context, p *pool) error {
		if p != nil {
			o.Pool = p
		}
		return job.Predict(ctx, paths[0], name, in, o, s.out)
	})
	if err != nil {
		return refuse(s, err)
	}
	if code >= 0 {
		return code
	}
	return exitDone
}
