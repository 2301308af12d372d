// Package offline compiles kernels for GPUs that are not there, and tells what each
// takes of a processor: registers, memory of a work item, local memory. It needs the
// compilers: clang 15 or later with its AMDGPU and NVPTX targets and lld, or NVRTC or hipRTC,
// and ptxas to know the registers of NVIDIA's.
//
// [Clang] and [RTC] compile, for the processors in [AMD] and [NVIDIA] and others that they
// know. PTX is not yet a program of a processor; [Ptxas] makes it one.
package offline

import (
	"context"

	"github.com/seed-0772dd2d/ritz/gpu"
)

// The processors of the cards that kernels are made for, each with a card that has it.
var (
	NVIDIA = []string{
		"sm_70", // V100
		"sm_80", // A100
		"sm_90", // H100
	}
	AMD = []string{
		"gfx900",  // MI25
		"gfx906",  // MI50
		"gfx90a",  // MI210, MI250
		"gfx1030", // Radeon RX 6800
	}
)

// Use is what a kernel takes of a processor.
type Use struct {
	Kernel    string
	Registers int // of a work item, of 32 bits: vector registers on AMD
	Scalars   int // scalar registers of a wavefront on AMD, else 0
	Scratch   int // bytes of memory a work item, for registers that did not suffice and for arrays
	Local     int // bytes of local memory a group
}

// Compiler makes programs for processors.
type Compiler interface {
	// Compile returns a code object of AMD's, or PTX. The error wraps gpu.ErrCompile if
	// the source does not compile.
	Compile(ctx context.Context, s gpu.Source, processor string) ([]byte, error)
}
