package main

import (
	"context"
	"flag"
	"fmt"

	"github.com/seed-0772dd2d/ritz/bench"
)

const (
	benchUsage = "kernels [--json] [--quick] [--threads N]"
	benchHelp  = `
  --json       print the report as JSON
  --quick      take seconds instead of minutes: smaller sizes, fewer rounds
  --threads N  threads of the parallel measurements; default all cores

Measures, under every level of vector instructions the CPU has, on one thread
and on all: the peak of multiply-adds, the bandwidth of memory, elementary
functions, matrix products as part of the peak, and the training step of a PINN
beside its arithmetic floor. Let nothing else run meanwhile.`
)

func runBench(ctx context.Context, args []string, s streams) int {
	return benchWith(ctx, args, s, bench.Kernels)
}

// benchWith is the command with another way to measure, for its test.
func benchWith(ctx context.Context, args []string, s streams, kernels func(context.Context, bench.Settings) (*bench.Report, error)) int {
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	asJSON := f.Bool("json", false, "")
	settings := bench.Settings{Progress: func(round, rounds int) { fmt.Fprintf(s.err, "round %d of %d\n", round, rounds) }}
	f.BoolVar(&settings.Quick, "quick", false, "")
	f.IntVar(&settings.Threads, "threads", 0, "")
	what, code := parse(f, args, 1, s)
	switch {
	case code >= 0:
		return code
	case len(what) == 0:
		return misused("bench", s, "bench what? there is: kernels")
	case what[0] != "kernels":
		return misused("bench", s, fmt.Sprintf("unknown benchmark %q: there is: kernels", what[0]))
	}
	if err := settings.Check(); err != nil {
		return misused("bench", s, err.Error())
	}
	report, err := kernels(ctx, settings)
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
