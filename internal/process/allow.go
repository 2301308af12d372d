package process

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// ErrNotAllowed is the cause of an error of Check.
var ErrNotAllowed = errors.New("program not allowed")

type allowedKey struct{}

// Allow returns a context in which Check allows only these programs: names, absolute
// paths, or * for all. Without Allow, all are.
func Allow(ctx context.Context, programs []string) context.Context {
	return context.WithValue(ctx, allowedKey{}, programs)
}

// Check tells whether the program, as it was named, may be run. Who runs jobs of others
// decides by Allow what they may start; whoever starts programs for a job asks here.
func Check(ctx context.Context, program string) error {
	programs, limited := ctx.Value(allowedKey{}).([]string)
	switch {
	case !limited, slices.Contains(programs, "*"), slices.Contains(programs, program):
		return nil
	case len(programs) == 0:
		return fmt.Errorf("%w: %q: this worker runs no programs (see --allow-command)", ErrNotAllowed, program)
	}
	return fmt.Errorf("%w: %q: this worker runs %s", ErrNotAllowed, program, strings.Join(programs, ", "))
}
