package main

import (
	"context"
	"encoding/json"
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
	report, err := bench.Kernels(ctx, settings)
	if err == nil && *asJSON {
		e := json.NewEncoder(s.out)
		e.SetIndent("", "  ")
		err = e.Encode(report)
	} else if err == nil {
		err = report.WriteTables(s.out)
	}
	if err != nil {
		fmt.Fprintln(s.err, "ritz:", err)
		return exitFailed
	}
	return exitDone
}
