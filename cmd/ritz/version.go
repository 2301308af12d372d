package main

import (
	"context"
	"fmt"
	"runtime"

	"github.com/seed-0772dd2d/ritz/internal/job"
)

func version(_ context.Context, _ []string, s streams) int {
	fmt.Fprintf(s.out, "ritz %s %s %s/%s\n", job.Version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return exitDone
}
