package main

import (
	"context"
	"flag"
	"fmt"

	"github.com/seed-0772dd2d/ritz/internal/job"
)

const (
	checkUsage = "FILE [--set KEY=VALUE]..."
	checkHelp  = "  --set KEY=VALUE  change the job, as in ritz run"
)

func checkJob(_ context.Context, args []string, s streams) int {
	f := flag.NewFlagSet("check", flag.ContinueOnError)
	var sets list
	f.Var(&sets, "set", "")
	files, code := parse(f, args, 1, s)
	if code >= 0 {
		return code
	}
	if len(files) == 0 {
		return misused("check", s, "no job file")
	}
	j, err := job.Load(files[0], sets)
	if err == nil {
		err = j.Check(s.out)
	}
	if err != nil {
		return refuse(s, err)
	}
	for _, w := range j.Warnings() {
		fmt.Fprintln(s.err, "warning:", w)
	}
	return exitDone
}
