package gpu

import (
	_ "embed"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/seed-0772dd2d/ritz/gpu/internal/driver"
)

// Prelude stands before every source: the macros that OpenCL, CUDA and HIP share.
//
//go:embed prelude.h
var Prelude string

// Source is a program to compile.
type Source struct {
	Name    string   // in error messages: step.c
	Header  string   // comes before the text, as a file that it includes: no kernels
	Text    string   // in the subset of C that [Prelude] describes
	Defines []string // ORDER=4, as of -D
	Double  bool     // the type real is double instead of float
	// Group is the size of the work groups that the kernels are launched with. The
	// compiler then knows how many registers a work item can have; it assumes large
	// groups otherwise, and may spill. {}: any.
	Group [3]int
}

// Module is a compiled program. It is safe for concurrent use.
type Module struct {
	device     *Device
	m          driver.Module
	group      [3]int // that launches must have, or {}
	signatures map[string][]kind
	kernels    []driver.Kernel
	mu         sync.Mutex
	closed     atomic.Bool
}

// CompileError tells what a compiler found.
type CompileError struct {
	Source string // its name
	Line   int    // of the first error, from 1; 0: unknown
	Text   string // of that line
	Log    string // all that the compiler said
}

func (e *CompileError) Error() string {
	text := fmt.Sprintf("gpu: %s does not compile", e.Source)
	if e.Line > 0 {
		text += fmt.Sprintf(": line %d: %s", e.Line, strings.TrimSpace(e.Text))
	}
	return text + "\n" + strings.TrimSpace(e.Log)
}

// Unwrap returns ErrCompile.
func (e *CompileError) Unwrap() error { return ErrCompile }

// definition is what all compilers take alike: some split their options at blanks.
var definition = regexp.MustCompile(`^[A-Za-z_]\w*(=[^\s"'\\]*)?$`)

// Compile compiles a program for the device. The error is a *CompileError if it does not
// compile, and wraps ErrNoFloat64 if it is in double precision and the device has none.
func (d *Device) Compile(s Source) (*Module, error) {
	if err := d.usable(); err != nil {
		return nil, err
	}
	if s.Name == "" {
		s.Name = "kernel.c"
	}
	if s.Double && !d.info.Float64 {
		return nil, fmt.Errorf("gpu: %s in double precision: %w on %s (%s): use single precision", s.Name, ErrNoFloat64, d.info.ID, d.info.Name)
	}
	for _, define := range s.Defines {
		if !definition.MatchString(define) {
			return nil, fmt.Errorf("gpu: %s: %w: definition %q, want NAME or NAME=VALUE without blanks", s.Name, ErrArgument, define)
		}
	}
	signatures, err := parse(s)
	if err != nil {
		return nil, err
	}
	if s.Group != [3]int{} {
		s.Group = whole(s.Group)
		if err := d.checkGroup(s.Group); err != nil {
			return nil, fmt.Errorf("gpu: %s: %w", s.Name, err)
		}
	}
	made, err := d.d.Compile(s.Full(), s.Options())
	if err != nil {
		return nil, s.place(err)
	}
	m := &Module{device: d, m: made, group: s.Group, signatures: signatures}
	if err := d.own(m); err != nil {
		return nil, err
	}
	return m, nil
}

// Full is the program as the compiler sees it: the prelude, the header, then the text, whose
// lines keep their numbers.
func (s Source) Full() string {
	header := s.Header
	if header != "" && !strings.HasSuffix(header, "\n") {
		header += "\n"
	}
	return Prelude + header + fmt.Sprintf("#line 1 %q\n", s.Name) + s.Text
}

// Options are the definitions that the compiler gets with the program, as -DNAME=VALUE.
func (s Source) Options() []string {
	size := "4"
	if s.Double {
		size = "8"
	}
	options := []string{"-DREAL_SIZE=" + size}
	if s.Group != [3]int{} {
		g := whole(s.Group)
		options = append(options, fmt.Sprintf("-DGROUP_X=%d", g[0]), fmt.Sprintf("-DGROUP_Y=%d", g[1]), fmt.Sprintf("-DGROUP_Z=%d", g[2]))
	}
	for _, d := range s.Defines {
		options = append(options, "-D"+d)
	}
	return options
}

// place makes a compiler's log an error at a line of the source.
func (s Source) place(err error) error {
	var log *driver.CompileError
	if !errors.As(err, &log) {
		return fmt.Errorf("gpu: %s: %w", s.Name, err)
	}
	e := &CompileError{Source: s.Name, Log: log.Log}
	// x.c:3:5: error: of Clang, x.c(3): error: of NVRTC, error: x.c:3:5: of PoCL.
	place := `\b` + regexp.QuoteMeta(s.Name) + `[:(](\d+)`
	where := regexp.MustCompile(place + `[):\d]*:? *(?:\w+ )?error\b|\berror: ` + place).FindStringSubmatch(log.Log)
	before := 0
	if where == nil {
		// Oclgrind counts the lines of the prelude too, in a file of its own.
		where = regexp.MustCompile(`(?m)^input\.cl:(\d+):\d+: (?:\w+ )?error(\b)`).FindStringSubmatch(log.Log)
		before = strings.Count(s.Full(), "\n") - strings.Count(s.Text, "\n")
	}
	lines := strings.Split(s.Text, "\n")
	if where != nil {
		n, err := strconv.Atoi(where[1] + where[2])
		if n -= before; err == nil && n >= 1 && n <= len(lines) {
			e.Line, e.Text = n, lines[n-1]
		}
	}
	return e
}

// Kernels are the names of the kernels, sorted.
func (m *Module) Kernels() []string { return slices.Sorted(maps.Keys(m.signatures)) }

// Log is what the compiler said, warnings perhaps.
func (m *Module) Log() string { return m.m.Log() }

// Close frees the module and its kernels.
func (m *Module) Close() error { return m.device.disown(m, "module") }

func (m *Module) release() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed.Store(true)
	var errs []error
	for _, k := range m.kernels {
		errs = append(errs, k.Close())
	}
	return errors.Join(append(errs, m.m.Close())...)
}

// Usage is what the compiler tells about a kernel, -1 for what it does not tell.
type Usage = driver.Usage

// Kernel is a function of a module. Launches of it are safe for concurrent use in different queues.
type Kernel struct {
	module *Module
	name   string
	kinds  []kind
	usage  Usage
	k      driver.Kernel

	mu     sync.Mutex
	values []uint64
	sizes  []int
}

// Kernel returns the kernel of that name. It lives as long as the module.
func (m *Module) Kernel(name string) (*Kernel, error) {
	kinds, ok := m.signatures[name]
	if !ok {
		return nil, fmt.Errorf("gpu: %w: no kernel %q in the module", ErrArgument, name)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed.Load() {
		return nil, fmt.Errorf("gpu: module: %w", ErrClosed)
	}
	made, err := m.m.Kernel(name)
	if err != nil {
		return nil, fmt.Errorf("gpu: kernel %s: %w", name, err)
	}
	m.kernels = append(m.kernels, made)
	usage := made.Usage()
	if has := m.device.info.LocalMemory; has > 0 && usage.Local > has {
		return nil, fmt.Errorf("gpu: %w: kernel %s wants %d bytes of local memory a group, %s has %d", ErrArgument, name, usage.Local, m.device.info.ID, has)
	}
	k := &Kernel{module: m, name: name, kinds: kinds, usage: usage, k: made, values: make([]uint64, len(kinds)), sizes: make([]int, len(kinds))}
	for i, kind := range kinds {
		k.sizes[i] = kind.size()
	}
	return k, nil
}

// Usage is what the compiler tells about the kernel.
func (k *Kernel) Usage() Usage { return k.usage }
