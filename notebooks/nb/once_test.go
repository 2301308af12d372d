package nb

import (
	"math"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type sample struct {
	Points []float64
	Names  map[string]int
	When   time.Time // marshals itself
	Next   []sample
}

// sampleOfLater is a sample that has got one more field since.
type sampleOfLater struct {
	Points []float64
	Names  map[string]int
	When   time.Time
	Next   []sample
	More   bool
}

// stubborn does not marshal itself as it promises.
type stubborn int

func (stubborn) GobEncode() ([]byte, error) { panic("no") }

func init() {
	keep := func(x float64) func() {
		return func() {
			v := Once("x", func() sample {
				return sample{Points: []float64{x, math.NaN()}, Names: map[string]int{"n": 1}, When: time.Unix(1, 0), Next: []sample{{}}}
			})
			Table([]string{"x"}, []any{v.Points[0]}, []any{v.Names["n"]}, []any{v.When.Unix()})
		}
	}
	cells["keep 1"] = keep(1)
	cells["keep 2"] = keep(2)
	cells["keep an int"] = func() { Once("x", func() int { return 3 }) }
	cells["keep more"] = func() { Once("x", func() (s sampleOfLater) { panic("not called") }) }
	cells["keep a pointer"] = func() { Once("p", func() []*int { panic("not called") }) }
	cells["keep what panics"] = func() {
		Table([]string{"x"}, []any{Once("s", func() stubborn { return 7 })})
	}
	cells["forget"] = func() { Forget("x", "never-kept") }
	cells["keep a function"] = func() { Once("f", func() func() { panic("not called") }) }
	cells["odd name"] = func() { Once("../x", func() int { panic("not called") }) }
}

func TestOnce(t *testing.T) {
	dir := t.TempDir()
	run := func(cell string) cellRun {
		_, wait := start(t, dir, cell)
		return wait()
	}
	r := run("keep 1")
	require.Zero(t, r.code, r.stderr)
	assert.Regexp(t, `^x: computed in \d+\.\d s\nx\n1\n1\n1\n$`, r.stdout)
	r = run("keep 2") // a changed function changes nothing
	assert.Regexp(t, `^x: kept since 20.*; nb.Forget\("x"\) drops it\nx\n1\n1\n1\n$`, r.stdout)
	r = run("keep an int")
	assert.Equal(t, 1, r.code)
	assert.Regexp(t, `^ritz: the value x has the type nb\.sample struct{Points \[\]float64; .*}, not int; nb\.Forget\("x"\) drops it\n$`, r.stderr)
	r = run("keep more")
	assert.Equal(t, 1, r.code)
	assert.Regexp(t, `^ritz: the value x has the type nb\.sample .*; More bool}; nb\.Forget\("x"\) drops it\n$`, r.stderr)
	assert.Regexp(t, `^x: kept since`, run("keep 2").stdout)
	r = run("forget")
	assert.Zero(t, r.code, r.stderr)
	r = run("keep 2")
	assert.Regexp(t, `^x: computed in \d+\.\d s\nx\n2\n1\n1\n$`, r.stdout)

	require.NoError(t, os.WriteFile(filepath.Join(dir, "runs/values/x.gob"), []byte("no gob"), 0o666))
	assert.Contains(t, run("keep 1").stdout, "x: computed again, because what was kept cannot be used: ")

	r = run("keep a function")
	assert.Equal(t, 1, r.code)
	assert.Equal(t, "ritz: func() cannot be kept: its kind is func; keep what it is made of, or a file\n", r.stderr)
	r = run("keep a pointer")
	assert.Equal(t, 1, r.code)
	assert.Equal(t, "ritz: []*int cannot be kept: it is a pointer; keep what it points to\n", r.stderr)
	r = run("keep what panics") // the cell goes on with what it has computed
	assert.Zero(t, r.code)
	assert.Equal(t, "x\n7\n", r.stdout)
	assert.Regexp(t, `^warning: s: computed in .*, but not kept: .*no\n$`, r.stderr)
	r = run("odd name")
	assert.Equal(t, 1, r.code)
	assert.Contains(t, r.stderr, `not "../x"`)
}

// What gob would drop in silence is refused.
func TestStorable(t *testing.T) {
	type open struct {
		A []map[string]struct{ B complex128 }
		C time.Time
	}
	type recursive struct{ Below []recursive }
	for _, c := range []struct {
		value any
		want  string
	}{
		{0.0, ""},
		{open{}, ""},
		{recursive{}, ""},
		{[]url.Userinfo{}, "v cannot be kept: its field username is not exported"},
		{struct{ Deep []struct{ F func() } }{}, "v.Deep.F cannot be kept: its kind is func"},
		{map[string]any{}, "v cannot be kept: its kind is interface"},
		{new(time.Time), "v cannot be kept: it is a pointer"},
		{struct{ Deep map[string]*int }{}, "v.Deep cannot be kept: it is a pointer"},
		{make(chan int), "v cannot be kept: its kind is chan"},
		{map[[2]uintptr]int{}, "v (key) cannot be kept: its kind is uintptr"},
	} {
		err := storable(reflect.TypeOf(c.value), "v")
		if c.want == "" {
			assert.NoError(t, err)
		} else {
			assert.ErrorContains(t, err, c.want)
		}
	}
}

// A type is told from another by all that gob writes of it.
func TestDescribe(t *testing.T) {
	type recursive struct{ Below []recursive }
	type degrees float64
	for want, value := range map[string]any{
		"int":                   0,
		"[]map[string][2]uint8": []map[string][2]byte{},
		"nb.degrees float64":    degrees(0),
		"time.Time":             time.Time{},
		"nb.recursive struct{Below []nb.recursive}": recursive{},
		"struct{A int; B struct{C time.Time}}": struct {
			A int
			B struct{ C time.Time }
		}{},
	} {
		assert.Equal(t, want, describe(reflect.TypeOf(value), nil))
	}
}
