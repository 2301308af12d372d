package nb

import (
	"errors"
	"image/gif"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-0772dd2d/ritz/figure"
)

func sine(phase float64) figure.Lines {
	s := figure.Series{Name: "sine"}
	for i := range 50 {
		s.X = append(s.X, float64(i))
		s.Y = append(s.Y, math.Sin(float64(i)/8+phase))
	}
	return figure.Lines{XLabel: "x", YLabel: "y", Series: []figure.Series{s}}
}

func init() {
	cells["show everything"] = func() {
		Markdown("$u_t = %d u_{xx}$", 2)
		Markdown("100% sure")
		HTML("<p>a &lt; <b>b</b></p>")
		Table([]string{"model", "RMSE"}, []any{"kriging", 0.015625}, []any{"inverse distance", 21})
		ShowSize(sine(0), 4, 3)
		p := NewProgress("points", 3)
		p.Step()
		p.Set(3, "all")
		p.Close()
		c := NewCurves(figure.Lines{XLabel: "iteration", YLabel: "loss"})
		for i := range 10 {
			c.Add("loss", float64(i), 1/float64(1+i))
		}
		c.Close()
		NewCurves(figure.Lines{}).Close()
		AnimateSize(3, 2, 4, 10, func(i int) figure.Panel { return sine(float64(i)) })
		Picture("figure-1.png")
		Usage()
	}
	cells["show everything that moves"] = func() {
		p := NewProgress("points", 3)
		c := NewCurves(figure.Lines{YLog: true})
		c.Add("loss", 1, 0) // cannot be drawn: nothing positive yet
		c.Add("loss", 2, 1)
		c.Add("loss", 3, 2)
		c.Close()
		p.Close()
	}
	cells["check"] = func() { Check(nil); Check(errors.New("surrogate: no data")) }
	cells["no figure"] = func() { Show(figure.Lines{}) }
	cells["no picture"] = func() { Picture("missing.png") }
}

func TestTerminal(t *testing.T) {
	r := inTerminal(t, "show everything", "RITZ_FIGURES=")
	assert.Empty(t, r.stderr)
	assert.Zero(t, r.code)
	assert.Regexp(t, `^\$u_t = 2 u_\{xx\}\$
100% sure
a < b
model                RMSE
kriging           0.01562
inverse distance       21
figure figure-1.png
points 3/3, all after [0-9.]+ s
figure figure-2.png
frames 4/4 after [0-9.]+ s
animation animation-3.gif
picture figure-1.png
[0-9.]+ s, .*[0-9]+ of [0-9]+ processors allowed
$`, r.stdout)
	for _, name := range []string{"figure-1.png", "figure-2.png"} {
		f, err := os.Open(filepath.Join(r.dir, name))
		require.NoError(t, err)
		_, err = png.Decode(f)
		assert.NoError(t, err)
		f.Close()
	}
	f, err := os.Open(filepath.Join(r.dir, "animation-3.gif"))
	require.NoError(t, err)
	defer f.Close()
	a, err := gif.DecodeAll(f)
	require.NoError(t, err)
	assert.Len(t, a.Image, 4)
}

func TestFiguresFolder(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "pictures", "here")
	r := inTerminal(t, "check", "RITZ_FIGURES="+folder)
	assert.Equal(t, 1, r.code)
	assert.NoDirExists(t, folder) // made when needed
	r = inTerminal(t, "show everything that moves", "RITZ_FIGURES="+folder)
	assert.Zero(t, r.code, r.stderr)
	assert.FileExists(t, filepath.Join(folder, "figure-1.png"))
}

// What fails says one line, not a stack.
func TestFailures(t *testing.T) {
	for cell, want := range map[string]string{
		"check":      "ritz: surrogate: no data\n",
		"no figure":  "ritz: .*no data.*\n",
		"no picture": "ritz: open missing.png: .*\n",
	} {
		r := inTerminal(t, cell)
		assert.Equal(t, 1, r.code, cell)
		assert.Empty(t, r.stdout, cell)
		assert.Regexp(t, "^"+want+"$", r.stderr, cell)
	}
}
