package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/seed-0772dd2d/ritz/internal/atomicfile"
	"github.com/seed-0772dd2d/ritz/internal/job"
	"github.com/seed-0772dd2d/ritz/surrogate"
)

const (
	surrogateUsage = `fit DATA.csv --model MODEL -o FILE.json [--seed N]
       ritz surrogate predict     DIR|MODEL.json --points FILE.csv [--model NAME] [--variance]
       ritz surrogate optimize    DIR|MODEL.json|JOB.yaml [--model NAME] [--maximize] [--seed N]
       ritz surrogate sensitivity DIR|MODEL.json|JOB.yaml [--model NAME] [--samples N] [--second-order] [--seed N]`
	surrogateHelp = `
fit fits a model to the rows of DATA.csv, whose header names the inputs and, last,
the response, and prints its leave-one-out error. MODEL is what stands in the list
models of a job file: kriging, "kriging: {correlation: gaussian}", or auto.

predict is ritz predict.

optimize prints the least value of a model over its domain. Of a job file, it runs
nothing but the optimisation of the function itself.

sensitivity prints the Sobol' indices of a model over its domain. Of a job file, it
runs nothing but the analysis. An interval holds an index with 95 % confidence.

  --model NAME     of a run with models: which; default the best
  --maximize       find the greatest value
  --samples N      rows of the base sample; default 4096
  --second-order   the interactions of two inputs as well
  --seed N         default 1`
)

func runSurrogate(ctx context.Context, args []string, s streams) int {
	if len(args) == 0 {
		return misused("surrogate", s, "no action: fit, predict, optimize or sensitivity")
	}
	switch args[0] {
	case "fit":
		return fitModel(ctx, args[1:], s)
	case "predict":
		return predict(ctx, args[1:], s)
	case "optimize", "sensitivity":
		return analyse(ctx, args[0], args[1:], s)
	case "-h", "-help", "--help":
		return help([]string{"surrogate"}, s)
	}
	return misused("surrogate", s, fmt.Sprintf("unknown action %q: expected fit, predict, optimize or sensitivity", args[0]))
}

func fitModel(ctx context.Context, args []string, s streams) int {
	f := flag.NewFlagSet("surrogate", flag.ContinueOnError)
	model := f.String("model", "kriging", "")
	out := f.String("o", "", "")
	seed := f.Uint64("seed", 1, "")
	files, code := parse(f, args, 1, s)
	if code >= 0 {
		return code
	}
	if len(files) == 0 {
		return misused("surrogate", s, "no data")
	}
	if *out == "" {
		return misused("surrogate", s, "no -o: the file to write")
	}
	data, err := os.Open(files[0])
	if err != nil {
		return refuse(s, err)
	}
	defer data.Close()
	var b bytes.Buffer
	a, err := job.FitModel(ctx, files[0], data, *model, *seed, &b, func(warning string) { fmt.Fprintln(s.err, "warning:", warning) })
	if err != nil {
		return refuse(s, err)
	}
	if err := atomicfile.Write(*out, &b); err != nil {
		return refuse(s, err)
	}
	fmt.Fprintf(s.out, "%s: %d rows, leave-one-out rmse %s, R2 %s\n", *out, a.Points, measure(a.RMSE), measure(a.R2))
	return exitDone
}

// measure prints a number, and - where there is none: R2 of a constant response.
func measure(x float64) string {
	if x != x {
		return "-"
	}
	return fmt.Sprintf("%.4g", x)
}

// analyse searches the optimum of a model, or computes its indices.
func analyse(ctx context.Context, action string, args []string, s streams) int {
	f := flag.NewFlagSet("surrogate", flag.ContinueOnError)
	model := f.String("model", "", "")
	seed := f.Uint64("seed", 1, "")
	var maximise bool
	var o surrogate.Sensitivity
	if action == "optimize" {
		f.BoolVar(&maximise, "maximize", false, "")
	} else {
		f.IntVar(&o.Samples, "samples", 4096, "")
		f.BoolVar(&o.SecondOrder, "second-order", false, "")
	}
	paths, code := parse(f, args, 1, s)
	if code >= 0 {
		return code
	}
	if len(paths) == 0 {
		return misused("surrogate", s, "no run directory, model or job file")
	}
	if ext := strings.ToLower(filepath.Ext(paths[0])); ext == ".yaml" || ext == ".yml" {
		run, err := alone(f, action, paths[0])
		if err != nil {
			return refuse(s, err)
		}
		return runJob(ctx, run, s)
	}
	m, err := job.LoadModel(paths[0], *model)
	if err != nil {
		return refuse(s, err)
	}
	if action == "sensitivity" {
		o.Seed = *seed
		if err := m.Sensitivity(ctx, o, s.out); err != nil {
			return refuse(s, err)
		}
		return exitDone
	}
	x, y, err := m.Minimise(ctx, maximise, *seed)
	if err != nil {
		return refuse(s, err)
	}
	for j, name := range m.Inputs {
		fmt.Fprintf(s.out, "%s = %.8g\n", name, x[j])
	}
	fmt.Fprintf(s.out, "%s = %.8g\n", m.Response, y)
	return exitDone
}

// alone are the arguments of ritz run for a job of which little more than one
// action is wanted.
func alone(f *flag.FlagSet, action, file string) ([]string, error) {
	j, err := job.Load(file, nil)
	if err != nil {
		return nil, err
	}
	args := []string{file}
	add := func(assignment string) { args = append(args, "--set", assignment) }
	if !j.Has(action) {
		add(action + "={}")
	}
	if action == "optimize" {
		add("models=[]")
		add("sensitivity=null")
	} else {
		add("optimize=null")
	}
	keys := map[string]string{"seed": "seed", "maximize": "optimize.maximize", "samples": "sensitivity.samples", "second-order": "sensitivity.second_order"}
	f.Visit(func(set *flag.Flag) {
		if key := keys[set.Name]; key != "" {
			add(key + "=" + set.Value.String())
		}
	})
	return args, nil
}
