package trial

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/seed-0772dd2d/ritz/gpu"
	"github.com/seed-0772dd2d/ritz/gpu/gputest/kernels"
)

// Check is what a driver must do right for anything to work: a short form of the suite
// in gpu/kernels.
type Check struct {
	Name    string  `json:"name"`
	Seconds float64 `json:"seconds"`
	Fault   *Fault  `json:"fault,omitempty"`
}

func (s *session) check(ctx context.Context) error {
	checks := []struct {
		name string
		run  func(*session) error
	}{
		{"memory written and read", memory},
		{"fill and copy", fill},
		{"arguments of every type", arguments},
		{"places of work items", places},
		{"local memory and barriers", barriers},
		{"two queues and events", queues},
		{"double precision", doubles},
		{"a program that does not compile", broken},
		{"more memory than there is", tooMuch},
	}
	for i, c := range checks {
		s.tell("checks", i, len(checks))
		start := time.Now()
		err := c.run(s)
		s.Checks = append(s.Checks, Check{c.name, time.Since(start).Seconds(), fault(err)})
		if err := over(ctx, err); err != nil {
			return err
		}
	}
	s.tell("checks", len(checks), len(checks))
	return nil
}

// kernel compiles a source and returns its kernel and what frees it.
func (s *session) kernel(source gpu.Source, name string) (*gpu.Kernel, func(), error) {
	m, err := s.device.Compile(source)
	if err != nil {
		return nil, func() {}, err
	}
	k, err := m.Kernel(name)
	return k, func() { m.Close() }, err
}

// upload makes a buffer with those elements.
func upload[T gpu.Element](s *session, x []T) (*gpu.Buffer, error) {
	b, err := gpu.NewBuffer[T](s.device, len(x))
	if err != nil {
		return nil, err
	}
	return b, gpu.Write(s.queue, b, 0, x)
}

// expect compares the elements of a buffer.
func expect[T gpu.Element](s *session, b *gpu.Buffer, want []T) error {
	got := make([]T, len(want))
	if err := gpu.Read(s.queue, got, b, 0); err != nil {
		return err
	}
	for i := range want {
		if got[i] != want[i] {
			return fmt.Errorf("element %d is %v, want %v", i, got[i], want[i])
		}
	}
	return nil
}

// numbers are n different ones, none of a kind that arithmetic changes.
func numbers(n int) []int32 {
	x := make([]int32, n)
	v := uint32(1)
	for i := range x {
		v = v*1664525 + 1013904223
		x[i] = int32(v)
	}
	return x
}

func memory(s *session) error {
	x := numbers(1 << 18)
	b, err := upload(s, x)
	if err != nil {
		return err
	}
	defer b.Close()
	part := numbers(1001)
	slices.Reverse(part)
	copy(x[77777:], part)
	if err := gpu.Write(s.queue, b, 77777, part); err != nil {
		return err
	}
	return expect(s, b, x)
}

func fill(s *session) error {
	want := make([]float64, 1000)
	b, err := upload(s, want)
	if err != nil {
		return err
	}
	defer b.Close()
	for i := range want {
		want[i] = math.Pi
	}
	if err := gpu.Fill(s.queue, b, math.Pi); err != nil {
		return err
	}
	c, err := upload(s, make([]float64, 1000))
	if err != nil {
		return err
	}
	defer c.Close()
	if err := s.queue.Copy(c, 0, b, 0, 8*1000); err != nil {
		return err
	}
	return expect(s, c, want)
}

func arguments(s *session) error {
	k, free, err := s.kernel(kernels.Arguments, "arguments")
	defer free()
	if err != nil {
		return err
	}
	whole, err := upload(s, make([]int64, 4))
	if err != nil {
		return err
	}
	defer whole.Close()
	fraction, err := upload(s, make([]float32, 1))
	if err != nil {
		return err
	}
	defer fraction.Close()
	err = s.queue.Launch(k, gpu.Over(1, 1), gpu.Mem(whole), gpu.Mem(fraction),
		gpu.Int(-7), gpu.Uint(math.MaxUint32), gpu.Long(-1<<62), gpu.Ulong(1<<63), gpu.Float(0.1))
	if err != nil {
		return err
	}
	return errors.Join(
		expect(s, whole, []int64{-7, math.MaxUint32, -1 << 62, math.MinInt64}),
		expect(s, fraction, []float32{0.1}))
}

func places(s *session) error {
	k, free, err := s.kernel(kernels.IDs, "ids")
	defer free()
	if err != nil {
		return err
	}
	g := gpu.Grid{Groups: [3]int{3, 2, 2}, Group: [3]int{4, 2, 3}}
	var want []int32
	for z := range g.Groups[2] * g.Group[2] {
		for y := range g.Groups[1] * g.Group[1] {
			for x := range g.Groups[0] * g.Group[0] {
				for d, i := range [3]int{x, y, z} {
					n := g.Group[d]
					want = append(want, int32(i), int32(i/n), int32(i%n), int32(g.Groups[d]), int32(n))
				}
			}
		}
	}
	out, err := upload(s, make([]int32, len(want)))
	if err != nil {
		return err
	}
	defer out.Close()
	if err := s.queue.Launch(k, g, gpu.Mem(out)); err != nil {
		return err
	}
	return expect(s, out, want)
}

func barriers(s *session) error {
	k, free, err := s.kernel(kernels.Reverse, "reverse")
	defer free()
	if err != nil {
		return err
	}
	const groups, group = 1000, 64
	want := numbers(groups * group)
	x, err := upload(s, want)
	if err != nil {
		return err
	}
	defer x.Close()
	if err := s.queue.Launch(k, gpu.Over(len(want), group), gpu.Mem(x)); err != nil {
		return err
	}
	for part := range slices.Chunk(want, group) {
		slices.Reverse(part)
	}
	return expect(s, x, want)
}

// triple3 is 3 x + 1, taken rounds times.
func triple3(x []uint32, rounds int) []uint32 {
	x = slices.Clone(x)
	for range rounds {
		for i := range x {
			x[i] = 3*x[i] + 1
		}
	}
	return x
}

func queues(s *session) error {
	k, free, err := s.kernel(kernels.Triple, "triple")
	defer free()
	if err != nil {
		return err
	}
	second, err := s.device.NewQueue()
	if err != nil {
		return err
	}
	defer second.Close()
	const n, rounds = 1000, 100
	start := make([]uint32, n)
	for i := range start {
		start[i] = uint32(i)
	}
	var all []*gpu.Buffer
	for _, q := range []*gpu.Queue{s.queue, second} {
		b, err := upload(s, start)
		if err != nil {
			return err
		}
		defer b.Close()
		all = append(all, b)
		before, err := q.Record()
		if err != nil {
			return err
		}
		defer before.Close()
		for range 3 {
			if err := q.Launch(k, gpu.Over(n, 64), gpu.Mem(b), gpu.Uint(1), gpu.Int(rounds), gpu.Int(n)); err != nil {
				return err
			}
		}
		after, err := q.Record()
		if err != nil {
			return err
		}
		defer after.Close()
		if took, err := after.Since(before); err != nil || took < 0 || took > time.Minute {
			return errors.Join(err, fmt.Errorf("three kernels took %v", took))
		}
	}
	if err := second.Wait(); err != nil {
		return err
	}
	want := triple3(start, 3*rounds)
	return errors.Join(expect(s, all[0], want), expect(s, all[1], want))
}

func doubles(s *session) error {
	k, free, err := s.kernel(kernels.Axpy(true), "axpy_double")
	defer free()
	if !s.Device.Float64 {
		if !errors.Is(err, gpu.ErrNoFloat64) {
			return fmt.Errorf("the device says that it has none, but a program in double precision gives: %w", err)
		}
		return nil
	}
	if err != nil {
		return err
	}
	x, err := upload(s, []float64{1, 2, 1 << 52})
	if err != nil {
		return err
	}
	defer x.Close()
	y, err := upload(s, []float64{1e15, -1, 1})
	if err != nil {
		return err
	}
	defer y.Close()
	if err := s.queue.Launch(k, gpu.Over(3, 4), gpu.Mem(x), gpu.Mem(y), gpu.Real(0.5), gpu.Int(3)); err != nil {
		return err
	}
	return expect(s, y, []float64{1e15 + 0.5, 0, 1<<51 + 1})
}

func broken(s *session) error {
	_, free, err := s.kernel(gpu.Source{Name: "broken.c", Text: "\nKERNEL f(GLOBAL real *x)\n{\n\tx[0] = unknown;\n}\n"}, "f")
	defer free()
	e, ok := errors.AsType[*gpu.CompileError](err)
	switch {
	case !ok:
		return fmt.Errorf("the compiler does not say so: %w", errors.Join(err, errors.New("want a compile error")))
	case e.Line != 4:
		return fmt.Errorf("the error is put at line %d, want 4: %s", e.Line, e.Log)
	}
	return nil
}

func tooMuch(s *session) error {
	b, err := gpu.NewBuffer[float64](s.device, 1<<42)
	if err == nil {
		b.Close()
		return errors.New("the driver gave 32 TiB")
	}
	if !errors.Is(err, gpu.ErrMemory) {
		return fmt.Errorf("want %q: %w", gpu.ErrMemory, err)
	}
	return nil
}
