package offline

import (
	"context"
	"errors"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-0772dd2d/ritz/gpu"
)

// there skips a test whose compiler is not, or fails it where all are required.
func there(t testing.TB, err error) {
	t.Helper()
	if missing := errors.Is(err, ErrNoCompiler) || errors.Is(err, gpu.ErrNoBackend); missing && os.Getenv("RITZ_REQUIRE_ENGINES") != "1" {
		t.Skip(err)
	}
	require.NoError(t, err)
}

// All dialects: local memory, a barrier, every index, both precisions.
const reverse = `
DEVICE real twice(const real x) { return REAL(2.0) * x; }
KERNEL reverse(GLOBAL const real *RESTRICT x, GLOBAL real *RESTRICT y, const int n, const ulong offset) {
	LOCAL real tile[256];
	const int at = LOCAL_ID(0), items = LOCAL_SIZE(0);
	if (GLOBAL_ID(0) < n)
		tile[at] = x[GLOBAL_ID(0) + GLOBAL_ID(1) * GROUPS(0) * items + GROUPS(1) * GROUP(2)];
	BARRIER();
	const int to = GROUP(0) * items + items - 1 - at;
	if (to < n)
		y[to + offset] = twice(tile[items - 1 - at]);
}
KERNEL zero(GLOBAL real *RESTRICT x, const int n) {
	if (GLOBAL_ID(0) < n)
		x[GLOBAL_ID(0)] = REAL(0.0);
}
`

// x and y may overlap, so that all is read before the first is written: more values than a
// work item of a group of 1024 has registers.
const many = `
KERNEL many(GLOBAL const real *x, GLOBAL real *y) {
	real a[96];
	const int at = GLOBAL_ID(0);
#pragma unroll
	for (int k = 0; k < 96; k++)
		a[k] = x[at + k * 1024];
	BARRIER();
#pragma unroll
	for (int k = 0; k < 96; k++)
		y[at + k * 1024] = a[95 - k];
}
`

func compile(t *testing.T, c Compiler, s gpu.Source, processor string) []Use {
	t.Helper()
	program, err := c.Compile(t.Context(), s, processor)
	require.NoError(t, err, processor)
	if slices.Contains(AMD, processor) {
		list, err := ReadCodeObject(program)
		require.NoError(t, err, processor)
		return list
	}
	p, err := FindPtxas()
	there(t, err)
	list, err := p.Assemble(t.Context(), program, processor)
	require.NoError(t, err, processor)
	return list
}

// clangProcessors are those that the oldest clang knows.
func clangProcessors() []string { return append([]string{"sm_70", "sm_80"}, AMD...) }

func TestCompilers(t *testing.T) {
	t.Run("clang", func(t *testing.T) {
		c, err := FindClang()
		there(t, err)
		judge(t, c, clangProcessors())
	})
	t.Run("nvrtc", func(t *testing.T) {
		_, err := RTC{}.Compile(t.Context(), gpu.Source{Text: reverse}, NVIDIA[0])
		there(t, err)
		judge(t, RTC{}, NVIDIA)
	})
	t.Run("hiprtc", func(t *testing.T) {
		_, err := RTC{}.Compile(t.Context(), gpu.Source{Text: reverse}, AMD[0])
		there(t, err)
		judge(t, RTC{}, AMD)
	})
}

// judge compiles two kernels and looks at what they take.
func judge(t *testing.T, c Compiler, processors []string) {
	for _, processor := range processors {
		for _, double := range []bool{false, true} {
			list := compile(t, c, gpu.Source{Name: "reverse.c", Text: reverse, Double: double, Group: [3]int{256}}, processor)
			require.Len(t, list, 2, processor)
			slices.SortFunc(list, func(a, b Use) int { return len(b.Kernel) - len(a.Kernel) })
			size := 4
			if double {
				size = 8
			}
			assert.Equal(t, "reverse", list[0].Kernel)
			assert.Equal(t, 256*size, list[0].Local, processor)
			assert.Equal(t, "zero", list[1].Kernel)
			assert.Zero(t, list[1].Local, processor)
			for _, u := range list {
				assert.Zero(t, u.Scratch, "%s: %+v", processor, u)
				assert.Positive(t, u.Registers, "%s: %+v", processor, u)
				assert.Less(t, u.Registers, 64, "%s: %+v", processor, u)
			}
		}
	}
}

// A source that says its groups has as many registers as they allow; spills show.
func TestGroupsAndSpills(t *testing.T) {
	c, err := FindClang()
	there(t, err)
	for _, processor := range []string{"sm_80", "gfx900"} {
		large := compile(t, c, gpu.Source{Text: many, Group: [3]int{1024}}, processor)
		assert.Positive(t, large[0].Scratch, "%s: %+v", processor, large)
		assert.LessOrEqual(t, large[0].Registers, 64, "%s: %+v", processor, large)
		small := compile(t, c, gpu.Source{Text: many, Group: [3]int{64}}, processor)
		assert.Zero(t, small[0].Scratch, "%s: %+v", processor, small)
		assert.Greater(t, small[0].Registers, 96, "%s: %+v", processor, small)
	}
}

func TestClangRefuses(t *testing.T) {
	c, err := FindClang()
	there(t, err)
	for name, text := range map[string]string{
		"unknown name": "KERNEL f(GLOBAL real *x) { x[0] = y; }",
		"no value":     "KERNEL f(GLOBAL real *x) { real y; x[0] = y; }",
	} {
		for _, processor := range []string{"sm_70", "gfx900"} {
			_, err := c.Compile(t.Context(), gpu.Source{Name: "wrong.c", Text: "\n" + text}, processor)
			require.ErrorIs(t, err, gpu.ErrCompile, name)
			assert.ErrorContains(t, err, "wrong.c:2:", name)
		}
	}
	_, err = c.Compile(t.Context(), gpu.Source{Text: reverse}, "gfx1")
	assert.ErrorIs(t, err, gpu.ErrCompile)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = c.Compile(ctx, gpu.Source{Text: reverse}, "gfx900")
	assert.ErrorIs(t, err, context.Canceled)
}

func TestPtxasRefuses(t *testing.T) {
	p, err := FindPtxas()
	there(t, err)
	_, err = p.Assemble(t.Context(), []byte(".version 7.0\n.target sm_80\nnonsense"), "sm_80")
	assert.ErrorIs(t, err, gpu.ErrCompile)
}

func TestNoCompiler(t *testing.T) {
	t.Setenv("RITZ_CLANG", "/no/such/clang")
	t.Setenv("RITZ_PTXAS", "/no/such/ptxas")
	_, err := FindClang()
	require.ErrorIs(t, err, ErrNoCompiler)
	assert.ErrorContains(t, err, "/no/such/clang")
	_, err = FindPtxas()
	require.ErrorIs(t, err, ErrNoCompiler)
	assert.ErrorContains(t, err, "RITZ_PTXAS")
}

func TestReadPtxas(t *testing.T) {
	list, err := readPtxas(`ptxas info    : 0 bytes gmem
ptxas info    : Compiling entry function 'tiles' for 'sm_90'
ptxas info    : Function properties for tiles
    304 bytes stack frame, 296 bytes spill stores, 300 bytes spill loads
ptxas info    : Used 64 registers, used 1 barriers, 304 bytes cumulative stack size, 1440 bytes smem
ptxas info    : Compiling entry function 'plain' for 'sm_90'
ptxas info    : Function properties for plain
    0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
ptxas info    : Used 15 registers, used 0 barriers, 384 bytes cmem[0]
`)
	require.NoError(t, err)
	assert.Equal(t, []Use{{Kernel: "tiles", Registers: 64, Scratch: 304, Local: 1440}, {Kernel: "plain", Registers: 15}}, list)

	_, err = readPtxas("ptxas info : Compiling entry function 'tiles' for 'sm_90'\n")
	assert.ErrorContains(t, err, "tiles")
}
