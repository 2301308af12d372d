package figure

import (
	"bytes"
	"compress/zlib"
	"encoding/xml"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/plot/vg"
	"pgregory.net/rapid"
)

var (
	nan = math.NaN()
	inf = math.Inf(1)
)

// picture is a rendered panel with the data areas it was laid out to.
type picture struct {
	image.Image
	sheet sheet
	areas []vg.Rectangle
	t     testing.TB
}

func render(t testing.TB, width, height float64, p Panel) picture {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, Write(&b, "png", width, height, p))
	img, err := png.Decode(&b)
	require.NoError(t, err)
	s, err := p.layout()
	require.NoError(t, err)
	areas, err := s.place(snap(vg.Length(width)*vg.Inch), snap(vg.Length(height)*vg.Inch))
	require.NoError(t, err)
	return picture{img, s, areas, t}
}

// pixelAt returns the colour at a point of the page.
func (p picture) pixelAt(at vg.Point) color.RGBA {
	x, y := int(at.X/pixel), p.Bounds().Dy()-1-int(at.Y/pixel)
	return color.RGBAModel.Convert(p.At(x, y)).(color.RGBA)
}

// dataAt returns the colour at data coordinates of the first panel.
func (p picture) dataAt(x, y float64) color.RGBA {
	f, area := p.sheet.frames[0], p.areas[0]
	return p.pixelAt(vg.Point{
		X: area.Min.X + area.Size().X*vg.Length(f.x.at(x)),
		Y: area.Min.Y + area.Size().Y*vg.Length(f.y.at(y)),
	})
}

func assertColor(t testing.TB, want, got color.RGBA, context ...any) {
	t.Helper()
	for _, d := range []int{int(want.R) - int(got.R), int(want.G) - int(got.G), int(want.B) - int(got.B)} {
		if d < -2 || d > 2 {
			assert.Equal(t, want, got, context...)
			return
		}
	}
}

func field(nx, ny int) Heatmap {
	h := Heatmap{Title: "field", XLabel: "t", YLabel: "x", ZLabel: "u", X: make([]float64, nx), Y: make([]float64, ny)}
	for i := range h.X {
		h.X[i] = float64(i) / float64(max(nx-1, 1))
	}
	for j := range h.Y {
		h.Y[j] = float64(j) / float64(max(ny-1, 1))
		for i := range h.X {
			h.Z = append(h.Z, math.Sin(5*h.X[i])*math.Cos(4*h.Y[j]))
		}
	}
	return h
}

func curve() Lines {
	return Lines{Title: "curve", XLabel: "x", YLabel: "y", Series: []Series{{Name: "line", X: []float64{0, 1, 2}, Y: []float64{0, 1, 0}}}}
}

func TestSize(t *testing.T) {
	tests := []struct {
		width, height float64
		panel         Panel
		want          image.Point
	}{
		{3, 2, field(4, 4), image.Pt(576, 384)},
		{0, 1.5, field(4, 4), image.Pt(1306, 288)},
		{2, 0, curve(), image.Pt(384, 806)},
	}
	for _, test := range tests {
		var b bytes.Buffer
		require.NoError(t, Write(&b, "png", test.width, test.height, test.panel))
		c, err := png.DecodeConfig(&b)
		require.NoError(t, err)
		assert.Equal(t, test.want, image.Pt(c.Width, c.Height))
	}
	s, err := Tile(2, curve(), curve(), curve()).layout()
	require.NoError(t, err)
	assert.Equal(t, [2]float64{2 * 5.2, 2 * 3.7}, [2]float64{s.width, s.height})
}

func TestSameInputSameBytes(t *testing.T) {
	p := Tile(2, field(20, 10), curve())
	for _, format := range []string{"png", "svg", "pdf"} {
		var a, b bytes.Buffer
		require.NoError(t, Write(&a, format, 4.5, 2, p))
		require.NoError(t, Write(&b, format, 4.5, 2, p))
		assert.NotEmpty(t, a.Bytes())
		assert.True(t, bytes.Equal(a.Bytes(), b.Bytes()), format)
	}
}

// Whatever the labels, a margin of the picture stays white.
func TestNothingIsCut(t *testing.T) {
	long := Lines{
		Title:  "A title that is a great deal longer than the picture is wide, and goes on",
		XLabel: "an abscissa with a long explanation of what it is and in which unit, kg m^2/s^2",
		YLabel: "an ordinate with a long explanation of what it is and in which unit, kg m^2/s^2",
		Series: []Series{
			{Name: "one series with a long name of its own", X: []float64{-1.23456789e-7, 1e-9}, Y: []float64{-1.000001, -1}},
			{Name: "two", X: []float64{-1.23456789e-7, 1e-9}, Y: []float64{-1, -1.000001}},
		},
	}
	h := field(5, 5)
	h.ZLabel, h.Title = long.YLabel, long.Title
	for i := range h.Z {
		h.Z[i] *= 1e-12
	}
	names := Bars{Title: long.Title, YLabel: long.YLabel, Labels: []string{long.XLabel, "a rather long name", "c"}, Series: []Series{{Y: []float64{1, 2, 3}}}}
	space := Surface{Title: long.Title, XLabel: long.XLabel, YLabel: long.YLabel, ZLabel: long.YLabel, X: h.X, Y: h.Y, Z: h.Z}
	img := render(t, 9, 9, Tile(2, h, long, long, h, names, space))
	r := img.Bounds()
	const margin = 8
	for y := range r.Dy() {
		for x := 0; x < r.Dx(); x++ {
			if x == margin && y >= margin && y < r.Dy()-margin {
				x = r.Dx() - margin
			}
			if c := color.RGBAModel.Convert(img.At(x, y)); c != paper {
				t.Fatalf("ink %v at (%d, %d)", c, x, y)
			}
		}
	}
}

func TestTileAligns(t *testing.T) {
	wide := curve()
	wide.Series[0].Y = []float64{1e-7, 2e-7, 1e-7}
	s, err := Tile(2, wide, curve(), field(3, 3), curve(), curve()).layout()
	require.NoError(t, err)
	a, err := s.place(700, 800)
	require.NoError(t, err)
	require.Len(t, a, 5)
	for i := range a {
		assert.InDelta(t, float64(a[0].Size().X), float64(a[i].Size().X), float64(pixel)*1.01)
		assert.InDelta(t, float64(a[0].Size().Y), float64(a[i].Size().Y), float64(pixel)*1.01)
		assert.Equal(t, a[i%2].Min.X, a[i].Min.X)
		assert.Equal(t, a[i/2*2].Min.Y, a[i].Min.Y)
		// On whole pixels.
		assert.InDelta(t, 0, math.Remainder(float64(a[i].Min.X), float64(pixel)), 1e-9)
	}
	assert.Less(t, a[0].Max.X, a[1].Min.X)
	assert.Greater(t, a[0].Min.Y, a[2].Max.Y)
}

func TestErrors(t *testing.T) {
	edit := func(change func(h *Heatmap)) Heatmap {
		h := field(3, 2)
		change(&h)
		return h
	}
	tests := []struct {
		name  string
		panel Panel
		want  string
	}{
		{"no panel", nil, "no panel"},
		{"empty map", Heatmap{}, "no data"},
		{"map length", edit(func(h *Heatmap) { h.Z = h.Z[:5] }), "5 values on a grid of 3 x 2 points, want 6"},
		{"decreasing", edit(func(h *Heatmap) { h.X[2] = h.X[1] }), "X[2] = 0.5: coordinates must be finite and increase"},
		{"NaN coordinate", edit(func(h *Heatmap) { h.Y[0] = nan }), "Y[0] = NaN"},
		{"infinite coordinate", edit(func(h *Heatmap) { h.Y[1] = inf }), "Y[1] = +Inf"},
		{"diverging log", edit(func(h *Heatmap) { h.Diverging, h.Log10 = true, true }), "exclude each other"},
		{"range", edit(func(h *Heatmap) { h.ZMin = 1 }), "colour range [1, 0]"},
		{"log range", edit(func(h *Heatmap) { h.Log10, h.ZMax = true, 1 }), "colour range [0, 1]"},
		{"levels", edit(func(h *Heatmap) { h.Levels = []float64{1, 1} }), "Levels[1] = 1: levels must be finite and increase"},
		{"log levels", edit(func(h *Heatmap) { h.Log10, h.Levels = true, []float64{0, 1} }), "Levels[0] = 0"},
		{"contours", edit(func(h *Heatmap) { h.Contours = 51 }), "51 contours"},
		{"contours and levels", edit(func(h *Heatmap) { h.Contours, h.Levels = 1, []float64{1} }), "exclude each other"},
		{"filled", edit(func(h *Heatmap) { h.Filled = true }), "need Contours or Levels"},
		{"no series", Lines{}, "no data"},
		{"empty series", Lines{Series: []Series{{Name: "a"}}}, "no data"},
		{"series length", Lines{Title: "T", Series: []Series{{Name: "a", X: []float64{1}}}}, `lines "T": series 0 ("a") has 1 x and 0 y`},
		{"style", Lines{Series: []Series{{Style: 7, X: []float64{1}, Y: []float64{1}}}}, "style 7"},
		{"tile columns", Tile(0, curve()), "0 columns"},
		{"empty tile", Tile(2), "no data"},
		{"hole in a tile", Tile(2, curve(), nil), "panel 1 of the tile: no data"},
		{"nested tile", Tile(2, Tile(1, curve())), "panel 0 of the tile is a tile"},
		{"panel of a tile", Tile(2, curve(), Lines{}), "panel 1 of the tile: lines"},
	}
	for _, test := range tests {
		assert.ErrorContains(t, Write(io.Discard, "png", 0, 0, test.panel), test.want, test.name)
	}
	for _, p := range []Panel{nil, Heatmap{}, Lines{}, Tile(1)} {
		assert.ErrorIs(t, Write(io.Discard, "svg", 0, 0, p), ErrNoData)
	}
	for _, size := range [][2]float64{{-1, 0}, {0, 41}, {nan, 0}, {inf, 1}} {
		assert.ErrorContains(t, Write(io.Discard, "svg", size[0], size[1], curve()), "outside (0, 40]")
	}
	assert.ErrorContains(t, Write(io.Discard, "svg", 0.5, 0.5, curve()), "no room")
	assert.ErrorContains(t, Write(io.Discard, "gif", 0, 0, curve()), `"gif" is none of png, svg, pdf`)
	broken := errors.New("broken")
	for _, format := range []string{"png", "svg", "pdf"} {
		assert.ErrorIs(t, Write(failing{broken}, format, 2, 2, curve()), broken)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

func TestSave(t *testing.T) {
	dir := t.TempDir()
	names := func() (out []string) {
		entries, err := os.ReadDir(dir)
		require.NoError(t, err)
		for _, e := range entries {
			out = append(out, e.Name())
		}
		return out
	}
	for _, name := range []string{"a.png", "b.SVG", "c.pdf"} {
		require.NoError(t, Save(filepath.Join(dir, name), 2, 2, curve()))
		require.NoError(t, Save(filepath.Join(dir, name), 2, 3, curve()), "over an existing file")
		info, err := os.Stat(filepath.Join(dir, name))
		require.NoError(t, err)
		assert.NotZero(t, info.Size())
	}
	assert.Equal(t, []string{"a.png", "b.SVG", "c.pdf"}, names())

	// What goes wrong leaves nothing behind.
	assert.ErrorContains(t, Save(filepath.Join(dir, "d"), 0, 0, curve()), "format")
	assert.ErrorIs(t, Save(filepath.Join(dir, "d.png"), 0, 0, Lines{}), ErrNoData)
	assert.ErrorIs(t, Save(filepath.Join(dir, "none", "d.png"), 0, 0, curve()), os.ErrNotExist)
	require.NoError(t, os.Mkdir(filepath.Join(dir, "e.png"), 0o755))
	assert.Error(t, Save(filepath.Join(dir, "e.png"), 2, 2, curve()), "a directory in its place")
	assert.Equal(t, []string{"a.png", "b.SVG", "c.pdf", "e.png"}, names())
}

// A field is one image, not a rectangle a cell, and the text needs no font.
func TestSVG(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, Write(&b, "svg", 4, 3, field(256, 100)))
	elements := map[string]int{}
	d := xml.NewDecoder(bytes.NewReader(b.Bytes()))
	for {
		token, err := d.Token()
		if err == io.EOF {
			break
		}
		require.NoError(t, err)
		if e, ok := token.(xml.StartElement); ok {
			elements[e.Name.Local]++
		}
	}
	assert.Equal(t, 2, elements["image"], "field and colour bar")
	assert.Zero(t, elements["text"])
	assert.Less(t, elements["path"], 200)
	assert.Contains(t, b.String(), `stroke-linejoin="round"`)
}

func TestPDF(t *testing.T) {
	h := Heatmap{X: []float64{0, 1}, Y: []float64{0, 1}, Z: []float64{0, 0, 1, 1}}
	var b bytes.Buffer
	require.NoError(t, Write(&b, "pdf", 4, 3, h))
	doc := b.Bytes()
	assert.True(t, bytes.HasPrefix(doc, []byte("%PDF-1.4\n")))
	assert.True(t, bytes.HasSuffix(doc, []byte("%%EOF\n")))
	assert.Contains(t, b.String(), "/MediaBox [0 0 288 216]")

	// The table of offsets is where the end says, and points at the objects.
	start, err := strconv.Atoi(string(regexp.MustCompile(`startxref\n(\d+)\n`).FindSubmatch(doc)[1]))
	require.NoError(t, err)
	entries := regexp.MustCompile(`(\d{10}) 00000 n \n`).FindAllSubmatch(doc[start:], -1)
	require.Len(t, entries, 6, "catalog, pages, page, content, field, colour bar")
	streams := map[int][]byte{}
	for i, e := range entries {
		at, err := strconv.Atoi(string(e[1]))
		require.NoError(t, err)
		object := doc[at:]
		require.True(t, bytes.HasPrefix(object, fmt.Appendf(nil, "%d 0 obj\n", i+1)))
		if i >= 3 {
			z, err := zlib.NewReader(bytes.NewReader(object[bytes.Index(object, []byte("stream\n"))+7:]))
			require.NoError(t, err)
			streams[i+1], err = io.ReadAll(z)
			require.NoError(t, err)
		}
	}
	// Images stand upright, their first row, the largest y, at the top.
	assert.Regexp(t, `q\n[\d.]+ 0 0 [\d.]+ [\d.]+ [\d.]+ cm\n/I0 Do\nQ`, string(streams[4]))
	top := viridis.at(1)
	assert.Equal(t, []byte{top.R, top.G, top.B}, streams[5][:3])
	bottom := viridis.at(0)
	assert.Equal(t, []byte{bottom.R, bottom.G, bottom.B}, streams[5][len(streams[5])-3:])
}

// Any numbers make a picture.
func TestAnyNumbers(t *testing.T) {
	number := rapid.OneOf(
		rapid.Float64(),
		rapid.Float64Range(-10, 10),
		rapid.SampledFrom([]float64{0, math.Copysign(0, -1), nan, inf, -inf, math.MaxFloat64, -math.MaxFloat64,
			math.SmallestNonzeroFloat64, 1, 1 + 1e-15, 1 - 1e-12, 1e300, -1e300, 1e-300, 1e9, 1e9 + 1}),
	)
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 5).Draw(t, "n")
		numbers := func(name string, n int) []float64 { return rapid.SliceOfN(number, n, n).Draw(t, name) }
		l := Lines{XLog: rapid.Bool().Draw(t, "xlog"), YLog: rapid.Bool().Draw(t, "ylog"), Series: []Series{
			{Name: "a", X: numbers("x", n), Y: numbers("y", n)},
			{Name: "b", X: numbers("x", n), Y: numbers("y", n), Style: Style(rapid.IntRange(0, 5).Draw(t, "style"))},
		}}
		h := Heatmap{Diverging: rapid.Bool().Draw(t, "diverging"), Z: numbers("z", 2*n), Y: []float64{0, 1}}
		h.Log10 = !h.Diverging && rapid.Bool().Draw(t, "log")
		for i := range n {
			h.X = append(h.X, math.Sqrt(float64(i)))
		}
		for _, s := range []*Series{&l.Series[0], &l.Series[1]} {
			if rapid.Bool().Draw(t, "errors") {
				for _, e := range numbers("err", n) {
					s.Err = append(s.Err, math.Abs(e))
				}
			}
		}
		h.Contours, h.Labels = rapid.IntRange(1, 50).Draw(t, "contours"), rapid.Bool().Draw(t, "labels")
		h.Filled, h.Series = rapid.Bool().Draw(t, "filled"), l.Series
		b := Bars{Labels: make([]string, n), Series: []Series{{Y: numbers("bars", n), Err: l.Series[0].Err}}}
		for i := range b.Labels {
			b.Labels[i] = "name"
		}
		panels := []Panel{l, h, b}
		if n > 1 && rapid.IntRange(0, 4).Draw(t, "surface") == 0 {
			panels = append(panels, Surface{X: h.X, Y: h.Y, Z: h.Z, Points: []Point{{h.X[1], 0.5, h.Z[0]}}, Stems: true})
		}
		s, err := Tile(2, panels...).layout()
		require.NoError(t, err)
		page := newPDF(520, 420)
		require.NoError(t, s.draw(canvas{backend: page}, 520, 420))
		for _, word := range []string{"NaN", "Inf"} {
			require.False(t, bytes.Contains(page.page.Bytes(), []byte(word)), word)
		}
	})
}
