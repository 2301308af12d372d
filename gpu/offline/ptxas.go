package offline

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"

	"github.com/seed-0772dd2d/ritz/gpu"
)

// Ptxas is NVIDIA's assembler of PTX. The driver has one of its own, which may be newer.
type Ptxas struct{ path string }

// FindPtxas looks for ptxas: RITZ_PTXAS, or ptxas in the path. The error wraps ErrNoCompiler.
func FindPtxas() (*Ptxas, error) {
	path, err := find("RITZ_PTXAS", "ptxas")
	return &Ptxas{path}, err
}

// Assemble makes a program of PTX and returns what its kernels take. The error wraps
// gpu.ErrCompile if the text is not PTX for the processor.
func (p *Ptxas) Assemble(ctx context.Context, ptx []byte, processor string) ([]Use, error) {
	folder, err := os.MkdirTemp("", "ritz-ptxas")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	input := filepath.Join(folder, "kernel.ptx")
	if err := os.WriteFile(input, ptx, 0o600); err != nil {
		return nil, err
	}
	said, err := output(ctx, "PTX", p.path, "-v", "-arch="+processor, "-o", filepath.Join(folder, "kernel.out"), input)
	if err != nil {
		return nil, err
	}
	return readPtxas(said)
}

var (
	ptxasKernel    = regexp.MustCompile(`Compiling entry function '(\w+)'`)
	ptxasScratch   = regexp.MustCompile(`(\d+) bytes stack frame`)
	ptxasRegisters = regexp.MustCompile(`Used (\d+) registers`)
	ptxasLocal     = regexp.MustCompile(`(\d+) bytes smem`)
)

// readPtxas reads what ptxas -v says: for each kernel
//
//	ptxas info    : Compiling entry function 'name' for 'sm_80'
//	ptxas info    : Function properties for name
//	    0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
//	ptxas info    : Used 15 registers, used 1 barriers, 1440 bytes smem
func readPtxas(said string) ([]Use, error) {
	var all []Use
	starts := ptxasKernel.FindAllStringSubmatchIndex(said, -1)
	for i, at := range starts {
		end := len(said)
		if i+1 < len(starts) {
			end = starts[i+1][0]
		}
		part := said[at[1]:end]
		u := Use{Kernel: said[at[2]:at[3]]}
		var known bool
		u.Registers, known = figure(ptxasRegisters, part)
		u.Scratch, _ = figure(ptxasScratch, part)
		u.Local, _ = figure(ptxasLocal, part)
		if !known {
			return nil, fmt.Errorf("ptxas: %w: no registers of kernel %s in %q", gpu.ErrCompile, u.Kernel, part)
		}
		all = append(all, u)
	}
	return all, nil
}

// figure is the number that the expression finds.
func figure(e *regexp.Regexp, text string) (int, bool) {
	m := e.FindStringSubmatch(text)
	if m == nil {
		return 0, false
	}
	n, err := strconv.Atoi(m[1])
	return n, err == nil
}
