package gputest

import (
	"math"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-0772dd2d/ritz/gpu"
	"github.com/seed-0772dd2d/ritz/gpu/gputest/kernels"
)

// testSources compiles what does not compile, and what does.
func testSources(r *rig) {
	for _, c := range []struct {
		name   string
		source gpu.Source
		line   int
		text   string
	}{
		{"a name that is not declared", gpu.Source{Name: "undeclared.c", Text: "KERNEL nothing(void)\n{\n\tint a = 0;\n\ta = missing_name;\n}\n"}, 4, "missing_name"},
		{"a type that does not exist", gpu.Source{Name: "type.c", Text: "\n\nKERNEL nothing(void)\n{\n\tno_such_type a;\n}\n"}, 5, "no_such_type"},
		{"a function that is not there", gpu.Source{Text: "DEVICE int f(int a) { return a; }\nKERNEL nothing(void)\n{\n\tint b = f(1, 2);\n}\n"}, 4, "f(1, 2)"},
		{"an error of its own", gpu.Source{Name: "own.c", Text: "#error not today\nKERNEL nothing(void) {}\n"}, 1, "not today"},
		{"an error after a header", gpu.Source{Name: "text.c", Header: "\n\n\nDEVICE int f(int a) { return a; }\n", Text: "KERNEL nothing(void)\n{\n\tint a = f(b);\n}\n"}, 3, "f(b)"},
		{"a definition", gpu.Source{Name: "define.c", Defines: []string{"VALUE=41"}, Text: "#if VALUE != 42\n#error VALUE\n#endif\nKERNEL nothing(void) {}\n"}, 2, "#error VALUE"},
	} {
		if r.NoCompiler {
			break
		}
		_, err := r.d.Compile(c.source)
		require.ErrorIs(r, err, gpu.ErrCompile, c.name)
		var of *gpu.CompileError
		require.ErrorAs(r, err, &of, c.name)
		assert.Equal(r, c.line, of.Line, "%s: %s", c.name, of.Log)
		assert.Contains(r, of.Text, c.text, c.name)
		assert.NotEmpty(r, of.Log, c.name)
		if c.source.Name != "" {
			assert.Equal(r, c.source.Name, of.Source)
		}
		assert.ErrorContains(r, err, of.Source)
	}
	for _, source := range []gpu.Source{
		{},
		{Text: "int f(int a) { return a; }"},
		{Text: "KERNEL nothing(void *x) {}"},
		{Text: kernels.Nothing.Text, Defines: []string{"A B"}},
		{Text: kernels.Nothing.Text, Defines: []string{""}},
		{Text: kernels.Nothing.Text, Defines: []string{"A=\"text\""}},
	} {
		_, err := r.d.Compile(source)
		assert.ErrorIs(r, err, gpu.ErrArgument, "%q", source)
	}
	assert.Equal(r, 1, r.d.Live(), "the queue")

	source := gpu.Source{Defines: []string{"VALUE=42", "FLAG", "NEGATIVE=(-1)"},
		Text: "#if VALUE != 42 || NEGATIVE >= 0 || !defined(FLAG) || REAL_SIZE != 4\n#error VALUE\n#endif\nKERNEL nothing(void) {}\n"}
	launch(r, r.q, compile(r, r.d, source, "nothing"), gpu.Over(100, 10))
	require.NoError(r, r.q.Wait())
	if !r.d.Info().Float64 {
		source.Double = true
		_, err := r.d.Compile(source)
		assert.ErrorIs(r, err, gpu.ErrNoFloat64)
	}
}

// testPrograms asks for kernels of programs that stay on the device.
func testPrograms(r *rig) {
	source := kernels.Triple
	b := put(r, r.d, r.q, []uint32{1})
	var first [2]*gpu.Kernel
	want := []uint32{1}
	for range 2 {
		for k, define := range []string{"VARIANT=2", "VARIANT=3"} {
			source.Defines = []string{define}
			kernel, err := r.d.Kernel(source, "triple")
			require.NoError(r, err)
			if first[k] == nil {
				first[k] = kernel
			}
			assert.Same(r, first[k], kernel)
			launch(r, r.q, kernel, one, gpu.Mem(b), gpu.Uint(1), gpu.Int(1), gpu.Int(1))
			triple(want, 1, 1)
			assert.Equal(r, want, get[uint32](r, r.q, b, 1))
		}
	}
	assert.NotSame(r, first[0], first[1])
	_, err := r.d.Kernel(source, "something")
	assert.ErrorIs(r, err, gpu.ErrArgument)
	assert.Equal(r, 4, r.d.Live(), "the queue, the buffer, two modules")
	other := r.open(r)
	foreign, err := other.Kernel(source, "triple")
	require.NoError(r, err)
	assert.NotSame(r, first[1], foreign)
	r.close(other)
	_, err = other.Kernel(source, "triple")
	assert.ErrorIs(r, err, gpu.ErrClosed)
	for range 2 {
		if !r.NoCompiler {
			_, err = r.d.Kernel(gpu.Source{Text: "KERNEL nothing(void) { missing }"}, "nothing")
			assert.ErrorIs(r, err, gpu.ErrCompile)
		}
	}
}

func testWrongKernel(r *rig) {
	m, err := r.d.Compile(kernels.Nothing)
	require.NoError(r, err)
	_, err = m.Kernel("something")
	assert.ErrorIs(r, err, gpu.ErrArgument)
	assert.ErrorContains(r, err, "something")
	again, err := m.Kernel("nothing")
	require.NoError(r, err)
	launch(r, r.q, again, one)
	require.NoError(r, r.q.Wait())
}

func testWrongArguments(r *rig) {
	k := r.kernel("arguments")
	whole, fraction := put(r, r.d, r.q, make([]int64, 4)), put(r, r.d, r.q, make([]float32, 1))
	right := []gpu.Arg{gpu.Mem(whole), gpu.Mem(fraction), gpu.Int(1), gpu.Uint(2), gpu.Long(3), gpu.Ulong(4), gpu.Float(5)}
	for n := range right {
		assert.ErrorIs(r, r.q.Launch(k, one, right[:n]...), gpu.ErrArgument, n)
	}
	assert.ErrorIs(r, r.q.Launch(k, one, append(right, gpu.Int(1))...), gpu.ErrArgument)
	// Each in the place of each of another type. 7 and 8 have no place of their own.
	all := append(right[:7:7], gpu.Double(6), gpu.Real(7))
	for i := range right {
		for j := range all {
			if i == j || i < 2 && j < 2 || i == 6 && j == 8 {
				continue
			}
			args := append([]gpu.Arg{}, right...)
			args[i] = all[j]
			err := r.q.Launch(k, one, args...)
			assert.ErrorIs(r, err, gpu.ErrArgument, "%d for %d", j, i)
			assert.ErrorContains(r, err, "arguments")
		}
	}
	args := append([]gpu.Arg{gpu.Mem(nil)}, right[1:]...)
	assert.ErrorIs(r, r.q.Launch(k, one, args...), gpu.ErrArgument)
	assert.Equal(r, make([]int64, 4), get[int64](r, r.q, whole, 4), "no launch has run")
	launch(r, r.q, k, one, right...)
	assert.Equal(r, []int64{1, 2, 3, 4}, get[int64](r, r.q, whole, 4))
}

func testWrongGrid(r *rig) {
	k := r.kernel("nothing")
	most := r.d.Info().MaxGroup
	for _, g := range []gpu.Grid{
		{Group: [3]int{most + 1}},
		{Group: [3]int{most, 2}},
		{Group: [3]int{1 << 32, 1 << 32}},
		{Group: [3]int{math.MaxInt, math.MaxInt, math.MaxInt}},
		{Group: [3]int{-1}},
		{Groups: [3]int{1, -1}},
		{Groups: [3]int{math.MaxInt}},
		{Groups: [3]int{1 << 30}, Group: [3]int{2}},
	} {
		assert.ErrorIs(r, r.q.Launch(k, g), gpu.ErrArgument, g)
	}
	launch(r, r.q, k, one)
	require.NoError(r, r.q.Wait())
}

// tripled are the arguments of the kernel triple for one number.
func tripled(b *gpu.Buffer) []gpu.Arg {
	return []gpu.Arg{gpu.Mem(b), gpu.Uint(1), gpu.Int(1), gpu.Int(1)}
}

// touch does everything with a buffer that must not be used, by the kernel triple and with
// one that may be.
func (r *rig) touch(k *gpu.Kernel, bad, good *gpu.Buffer) map[string]error {
	return map[string]error{
		"argument":  r.q.Launch(k, one, tripled(bad)...),
		"write":     gpu.Write(r.q, bad, 0, []uint32{3}),
		"read":      gpu.Read(r.q, []uint32{0}, bad, 0),
		"fill":      gpu.Fill(r.q, bad, uint32(3)),
		"copy to":   r.q.Copy(bad, 0, good, 0, 4),
		"copy from": r.q.Copy(good, 0, bad, 0, 4),
	}
}

// testForeign uses what belongs to another device, be it the same card.
func testForeign(r *rig) {
	other := start(r.T, r.open, r.Options)
	k, foreign := r.kernel("triple"), other.kernel("triple")
	b, away := put(r, r.d, r.q, []uint32{1}), put(r, other.d, other.q, []uint32{2})
	e, err := r.q.Record()
	require.NoError(r, err)
	e2, err := other.q.Record()
	require.NoError(r, err)
	_, since := e.Since(e2)
	for name, err := range map[string]error{
		"kernel":        r.q.Launch(foreign, one, tripled(b)...),
		"queue":         other.q.Launch(k, one, tripled(b)...),
		"event's start": since,
	} {
		assert.ErrorIs(r, err, gpu.ErrArgument, name)
	}
	for name, err := range r.touch(k, away, b) {
		assert.ErrorIs(r, err, gpu.ErrArgument, name)
	}
	assert.Equal(r, []uint32{1}, get[uint32](r, r.q, b, 1))
	assert.Equal(r, []uint32{2}, get[uint32](r, other.q, away, 1))
}

// testClosed uses each thing after it is closed.
func testClosed(r *rig) {
	m, err := r.d.Compile(kernels.Triple)
	require.NoError(r, err)
	k, err := m.Kernel("triple")
	require.NoError(r, err)
	b, open := put(r, r.d, r.q, []uint32{1}), put(r, r.d, r.q, []uint32{2})
	e, err := r.q.Record()
	require.NoError(r, err)
	late, err := r.q.Record()
	require.NoError(r, err)

	r.close(b)
	for name, err := range r.touch(k, b, open) {
		assert.ErrorIs(r, err, gpu.ErrClosed, "buffer: %s", name)
	}
	assert.ErrorIs(r, b.Close(), gpu.ErrClosed)

	r.close(e)
	_, since := e.Since(late)
	_, until := late.Since(e)
	for name, err := range map[string]error{"wait": e.Wait(), "since": since, "until": until, "close": e.Close()} {
		assert.ErrorIs(r, err, gpu.ErrClosed, "event: %s", name)
	}

	r.close(m)
	_, kernel := m.Kernel("triple")
	for name, err := range map[string]error{"launch": r.q.Launch(k, one, tripled(open)...), "kernel": kernel, "close": m.Close()} {
		assert.ErrorIs(r, err, gpu.ErrClosed, "module: %s", name)
	}
	assert.Equal(r, k.Usage(), k.Usage()) // what is known stays known

	r.close(r.q)
	_, record := r.q.Record()
	for name, err := range map[string]error{
		"launch": r.q.Launch(k, one, tripled(open)...),
		"write":  gpu.Write(r.q, open, 0, []uint32{1}),
		"read":   gpu.Read(r.q, []uint32{1}, open, 0),
		"fill":   gpu.Fill(r.q, open, uint32(1)),
		"copy":   r.q.Copy(open, 0, open, 0, 0),
		"record": record,
		"flush":  r.q.Flush(),
		"wait":   r.q.Wait(),
		"close":  r.q.Close(),
	} {
		assert.ErrorIs(r, err, gpu.ErrClosed, "queue: %s", name)
	}
	assert.NoError(r, late.Wait())
	r.close(open, late)
	assert.Zero(r, r.d.Live())
}

// testClosedDevice closes a device under what was made on it.
func testClosedDevice(r *rig) {
	d := r.open(r)
	q, err := d.NewQueue()
	require.NoError(r, err)
	m, err := d.Compile(kernels.Triple)
	require.NoError(r, err)
	k, err := m.Kernel("triple")
	require.NoError(r, err)
	b := put(r, d, q, []uint32{1})
	launch(r, q, k, one, gpu.Mem(b), gpu.Uint(1), gpu.Int(1<<20), gpu.Int(1))
	e, err := q.Record()
	require.NoError(r, err)
	assert.Equal(r, 4, d.Live())

	r.close(d)
	assert.Zero(r, d.Live())
	_, queue := d.NewQueue()
	_, buffer := gpu.NewBuffer[int8](d, 1)
	_, module := d.Compile(kernels.Nothing)
	_, kernel := m.Kernel("triple")
	_, since := e.Since(e)
	for name, err := range map[string]error{
		"device": d.Close(), "new queue": queue, "new buffer": buffer, "new module": module,
		"kernel": kernel, "since": since, "wait for the event": e.Wait(), "wait": q.Wait(),
		"launch":       q.Launch(k, one, gpu.Mem(b), gpu.Uint(1), gpu.Int(1), gpu.Int(1)),
		"read":         gpu.Read(q, []uint32{0}, b, 0),
		"close buffer": b.Close(), "close queue": q.Close(), "close module": m.Close(), "close event": e.Close(),
	} {
		assert.ErrorIs(r, err, gpu.ErrClosed, name)
	}
	assert.NotEmpty(r, d.Info().ID)
}
