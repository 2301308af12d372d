package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/seed-0772dd2d/ritz/internal/job"
	"github.com/seed-0772dd2d/ritz/internal/jobschema"
)

// help prints the overview, or what there is to know of one command.
func help(args []string, s streams) int {
	if len(args) == 0 {
		overview(s.out)
		return exitDone
	}
	if args[0] == "job" {
		return helpJob(args[1:], s)
	}
	if c, ok := find(args[0]); ok && c.short != "" {
		describe(c, s.out)
		return exitDone
	}
	hint := `see "ritz help"`
	if _, ok := references[args[0]]; ok {
		hint = fmt.Sprintf("the keys of a job of that kind are in \"ritz help job %s\"", args[0])
	}
	fmt.Fprintf(s.err, "ritz help: unknown command %q: %s\n", args[0], hint)
	return exitUsage
}

var references = map[string]string{
	"mapreduce": job.MapReduceReference, "pinn": job.PINNReference, "sample": job.SampleReference,
	"stencil": job.StencilReference, "surrogate": job.SurrogateReference, "sweep": job.SweepReference,
}

// helpJob prints the reference of a kind of job.
func helpJob(args []string, s streams) int {
	kind := "pinn"
	if len(args) > 0 {
		kind = args[0]
	}
	text, ok := references[kind]
	if !ok {
		fmt.Fprintln(s.err, "ritz help job:", unknownKind(kind))
		return exitUsage
	}
	fmt.Fprint(s.out, text)
	return exitDone
}

func unknownKind(kind string) string {
	return fmt.Sprintf("unknown kind %q: there are %s", kind, strings.Join(jobschema.Kinds, ", "))
}

func overview(w io.Writer) {
	fmt.Fprint(w, "ritz solves problems that are described by text files.\n\n")
	for _, c := range commands() {
		if c.short != "" {
			fmt.Fprintf(w, "  ritz %-11s %s\n", c.name, c.short)
		}
	}
	fmt.Fprint(w, `  ritz help      this text; ritz help COMMAND tells more,
                 ritz help job KIND prints a job file with every key; KIND is
                 pinn, the default, mapreduce, sample, stencil, surrogate,
                 sweep

Exit codes: 0 done, 1 the run failed or was interrupted, 2 bad arguments or bad
input (nothing was run).
`)
}

func describe(c command, w io.Writer) {
	fmt.Fprintf(w, "usage: %s\n\n%s.\n", strings.TrimSpace("ritz "+c.name+" "+c.usage), strings.ToUpper(c.short[:1])+c.short[1:])
	if c.long != "" {
		fmt.Fprintf(w, "\n%s\n", strings.Trim(c.long, "\n"))
	}
}
