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
	Next   *sample
}

func init() {
	keep := func(x float64) func() {
		return func() {
			v := Once("x", func() sample {
				return sample{Points: []float64{x, math.NaN()}, Names: map[string]int{"n": 1}, When: time.Unix(1, 0), Next: &sample{}}
			})
			Table([]string{"x"}, []any{v.Points[0]}, []any{v.Names["n"]}, []any{v.When.Unix()})
		}
	}
	cells["keep 1"] = keep(1)
	cells["keep 2"] = keep(2)
	cells["keep an int"] = func() { Once("x", func() int { return 3 }) }
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
	assert.Regexp(t, `^x: computed again, because what was kept cannot be used: it is a nb.sample, not a int\nx: computed in \d+\.\d s\n$`, r.stdout)
	r = run("forget")
	assert.Zero(t, r.code, r.stderr)
	r = run("keep 2")
	assert.Regexp(t, `^x: computed in \d+\.\d s\nx\n2\n1\n1\n$`, r.stdout)

	require.NoError(t, os.WriteFile(filepath.Join(dir, "runs/values/x.gob"), []byte("no gob"), 0o666))
	assert.Contains(t, run("keep 1").stdout, "x: computed again, because what was kept cannot be used: ")

	r = run("keep a function")
	assert.Equal(t, 1, r.code)
	assert.Equal(t, "ritz: func() cannot be kept: it is a func; keep what it is made of, or a file\n", r.stderr)
	r = run("odd name")
	assert.Equal(t, 1, r.code)
	assert.Contains(t, r.stderr, `not "../x"`)
}

// What gob would drop in silence is refused.
func TestStorable(t *testing.T) {
	type open struct {
		A []map[string]*struct{ B complex128 }
		C time.Time
	}
	type recursive struct{ Below []*recursive }
	for _, c := range []struct {
		value any
		want  string
	}{
		{0.0, ""},
		{open{}, ""},
		{recursive{}, ""},
		{[]url.Userinfo{}, "v cannot be kept: its field username is not exported"},
		{struct{ Deep []struct{ F func() } }{}, "v.Deep.F cannot be kept: it is a func"},
		{map[string]any{}, "v cannot be kept: it is a interface"},
		{make(chan int), "v cannot be kept: it is a chan"},
		{map[[2]uintptr]int{}, "v (key) cannot be kept: it is a uintptr"},
	} {
		err := storable(reflect.TypeOf(c.value), "v")
		if c.want == "" {
			assert.NoError(t, err)
		} else {
			assert.ErrorContains(t, err, c.want)
		}
	}
}
