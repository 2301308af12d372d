package gpu

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestParse(t *testing.T) {
	for _, c := range []struct {
		name, text string
		double     bool
		want       map[string][]kind
	}{
		{"none", "KERNEL f(void) {}", false, map[string][]kind{"f": {}}},
		{"empty", "KERNEL f() {}", false, map[string][]kind{"f": {}}},
		{"single", "KERNEL f(const real a, real b) {}", false, map[string][]kind{"f": {kindFloat, kindFloat}}},
		{"double", "KERNEL f(const real a, float b) {}", true, map[string][]kind{"f": {kindDouble, kindFloat}}},
		{"numbers", "KERNEL f(int a, uint b, long c, ulong d, float e, double f) {}", false,
			map[string][]kind{"f": {kindInt, kindUint, kindLong, kindUlong, kindFloat, kindDouble}}},
		{"pointers", "KERNEL f(GLOBAL const real *RESTRICT x, GLOBAL unsigned char* y, GLOBAL int * z) {}", false,
			map[string][]kind{"f": {kindBuffer, kindBuffer, kindBuffer}}},
		{"lines and comments", "KERNEL // a kernel KERNEL g(\n f(GLOBAL real *x, /* of x,\n */ const\tint\nn)\n{}", false,
			map[string][]kind{"f": {kindBuffer, kindInt}}},
		{"two", "KERNEL f(int n) {}\nDEVICE int g(int n) { return n; }\nKERNEL h(GLOBAL int *x) {}", false,
			map[string][]kind{"f": {kindInt}, "h": {kindBuffer}}},
		{"two variants", "#if A\nKERNEL f(int n) {}\n#else\nKERNEL f(const int m) { m; }\n#endif", false, map[string][]kind{"f": {kindInt}}},
		{"a call is none", "KERNEL f(int n) { KERNELS(n); MY_KERNEL g(n); }", false, map[string][]kind{"f": {kindInt}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := parse(Source{Text: c.text, Double: c.double})
			require.NoError(t, err)
			assert.Equal(t, c.want, got)
		})
	}
}

func TestParseRefuses(t *testing.T) {
	for _, c := range []struct{ text, says string }{
		{"", "no kernel"},
		{"void f(int n) {}", "no kernel"},
		{"/* KERNEL f(int n) {} */", "no kernel"},
		{"KERNEL f(GLOBAL real *x, size_t n) {}", `"size_t n"`},
		{"KERNEL f(real *x) {}", `"real *x"`},
		{"KERNEL f(NOT_GLOBAL real *x) {}", `"NOT_GLOBAL real *x"`},
		{"KERNEL f(GLOBAL real **x) {}", `"GLOBAL real **x"`},
		{"KERNEL f(LOCAL real *x) {}", `"LOCAL real *x"`},
		{"KERNEL f(GLOBAL real *) {}", `"GLOBAL real *"`},
		{"KERNEL f(unsigned int n) {}", `"unsigned int n"`},
		{"KERNEL f(int) {}", `"int"`},
		{"KERNEL f(int n,) {}", `""`},
		{"KERNEL f(int n,\n#if A\nint m\n#endif\n) {}", "#if A"},
		{"#if A\nKERNEL f(int n) {}\n#else\nKERNEL f(long n) {}\n#endif", "[int] and [long]"},
	} {
		_, err := parse(Source{Name: "x.c", Text: c.text})
		require.ErrorIs(t, err, ErrArgument, c.text)
		assert.ErrorContains(t, err, c.says)
		assert.ErrorContains(t, err, "x.c")
	}
}

// Any list of parameters, however it is set, is found again.
func TestParseFindsWhatIsWritten(t *testing.T) {
	written := []string{"GLOBAL real *x", "int x", "uint x", "long x", "ulong x", "float x", "double x"}
	constant := []string{"GLOBAL const real *x", "const int x", "const uint x", "const long x", "const ulong x", "const float x", "const double x"}
	rapid.Check(t, func(t *rapid.T) {
		blank := rapid.SampledFrom([]string{" ", "\n", "\t ", " // int y, GLOBAL\n", " /* ,\n*/ "})
		kinds := rapid.SliceOf(rapid.IntRange(0, len(written)-1)).Draw(t, "kinds")
		want := make([]kind, len(kinds))
		list := make([]string, len(kinds))
		for i, k := range kinds {
			want[i] = kind(k)
			list[i] = written[k]
			if rapid.Bool().Draw(t, "const") {
				list[i] = constant[k]
			}
			list[i] = blank.Draw(t, "before") + strings.ReplaceAll(list[i], " ", blank.Draw(t, "between")) + blank.Draw(t, "after")
		}
		text := "KERNEL" + blank.Draw(t, "blank") + "f(" + strings.Join(list, ",") + ") {}"
		got, err := parse(Source{Text: text})
		require.NoError(t, err, text)
		assert.Equal(t, map[string][]kind{"f": want}, got, text)
	})
}

func FuzzParse(f *testing.F) {
	f.Add("KERNEL f(GLOBAL const real *RESTRICT x, const int n) {}", false)
	f.Add("KERNEL f(/* */ // \n double a, KERNEL f(int n", true)
	f.Fuzz(func(t *testing.T, text string, double bool) {
		all, err := parse(Source{Text: text, Double: double})
		if err != nil {
			require.ErrorIs(t, err, ErrArgument)
			return
		}
		require.NotEmpty(t, all)
		for name, kinds := range all {
			assert.Contains(t, text, name)
			for _, k := range kinds {
				assert.NotEmpty(t, k.String())
				assert.Less(t, k, kindReal) // which only arguments have
			}
		}
	})
}
