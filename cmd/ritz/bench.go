package main

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/seed-0772dd2d/ritz/bench"
)

const (
	benchUsage = "distributed|kernels|sampling|stencil|surrogate [--json] [--quick] [--threads N]"
	benchHelp  = `
  --json       print the report as JSON
  --quick      take seconds instead of minutes: smaller sizes, fewer rounds
  --threads N  threads of the parallel measurements; default all cores

distributed: tasks a second and the time of one, with workers of one slot each,
everything on the disk, beside one synced write a task.

kernels: under every level of vector instructions the CPU has, on one thread and
on all, the peak of multiply-adds, the bandwidth of memory, elementary functions,
matrix products as part of the peak, and the training step of a PINN beside its
arithmetic floor.

sampling: points a second, beside one coordinate at a time by its formula.

stencil: acoustic waves on large and small grids beside two plain passes over
the fields, in Go and, where there is gcc, in C with OpenMP.

surrogate: Kriging fitted and evaluated beside the naive way, and minima found
beside random points.

Let nothing else run meanwhile.`
)

// suite is a set of measurements.
type suite = func(context.Context, bench.Settings) (*bench.Report, error)

var suites = map[string]suite{"distributed": bench.Distributed, "kernels": bench.Kernels, "sampling": bench.Sampling, "stencil": bench.Stencil, "surrogate": bench.Surrogate}

func runBench(ctx context.Context, args []string, s streams) int {
	return benchWith(ctx, args, s, suites)
}

// benchWith is the command with another way to measure, for its test.
func benchWith(ctx context.Context, args []string, s streams, suites map[string]suite) int {
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	asJSON := f.Bool("json", false, "")
	settings := bench.Settings{Progress: func(round, rounds int) { fmt.Fprintf(s.err, "round %d of %d\n", round, rounds) }}
	f.BoolVar(&settings.Quick, "quick", false, "")
	f.IntVar(&settings.Threads, "threads", 0, "")
	names := strings.Join(slices.Sorted(maps.Keys(suites)), ", ")
	what, code := parse(f, args, 1, s)
	switch {
	case code >= 0:
		return code
	case len(what) == 0:
		return misused("bench", s, "bench what? there is: "+names)
	case suites[what[0]] == nil:
		return misused("bench", s, fmt.Sprintf("unknown benchmark %q: there is: %s", what[0], names))
	}
	if err := settings.Check(); err != nil {
		return misused("bench", s, err.Error())
	}
	report, err := suites[what[0]](ctx, settings)
	if err == nil {
		if *asJSON {
			err = report.WriteJSON(s.out)
		} else {
			err = report.WriteTables(s.out)
		}
	}
	if err != nil {
		fmt.Fprintln(s.err, "ritz:", err)
		return exitFailed
	}
	return exitDone
}
