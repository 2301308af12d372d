package offline

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/seed-0772dd2d/ritz/gpu"
	"github.com/seed-0772dd2d/ritz/gpu/internal/cuda"
)

// RTC are the compilers that devices of CUDA and HIP compile with: NVRTC, whose file
// RITZ_NVRTC names, and hipRTC, RITZ_HIPRTC. A missing one is gpu.ErrNoBackend.
type RTC struct{}

// Compile implements [Compiler]. One program is compiled at a time by each.
func (RTC) Compile(ctx context.Context, s gpu.Source, processor string) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	program, err := cuda.Compile(s.Full(), s.Options(), processor)
	if errors.Is(err, gpu.ErrCompile) {
		return nil, fmt.Errorf("%s: %w by %w", s.Name, gpu.ErrCompile, err)
	}
	if strings.HasPrefix(processor, "sm_") { // a text of C
		program = bytes.TrimRight(program, "\x00")
	}
	return program, err
}
