package figure

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/draw"
	"image/gif"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// wave is a frame of a standing wave.
func wave(k int) Heatmap {
	x := steps(41, 0, 1)
	h := Heatmap{Title: "wave", X: x, Y: x, Diverging: true, ZMin: -1, ZMax: 1}
	h.Z = sample(x, x, func(x, y float64) float64 {
		return math.Sin(2*math.Pi*x) * math.Sin(math.Pi*y) * math.Cos(0.4*float64(k))
	})
	return h
}

// memory is a file in memory that fails when it is full.
type memory struct {
	data                 []byte
	at                   int
	room                 int
	committed, discarded bool
}

var errFull = errors.New("disk full")

func (m *memory) Write(p []byte) (int, error) {
	n := min(len(p), m.room-m.at)
	overwritten := min(m.at+n, len(m.data))
	m.data = append(m.data[:m.at], append(slices.Clone(p[:n]), m.data[overwritten:]...)...)
	m.at += n
	if n < len(p) {
		return n, errFull
	}
	return n, nil
}

func (m *memory) Seek(at int64, _ int) (int64, error) { m.at = int(at); return at, nil }
func (m *memory) Truncate(n int64) error              { m.data = m.data[:n]; return nil }
func (m *memory) Commit() error                       { m.committed = true; return nil }
func (m *memory) Discard()                            { m.discarded = true }

func inMemory(room int) (*Animation, *memory) {
	m := &memory{room: room}
	return &Animation{out: m, width: 3, height: 2.5, perSecond: 24}, m
}

// compose returns the pictures that a viewer shows.
func compose(t *testing.T, r io.Reader) (*gif.GIF, []*image.RGBA) {
	g, err := gif.DecodeAll(r)
	require.NoError(t, err)
	var out []*image.RGBA
	now := image.NewRGBA(image.Rect(0, 0, g.Config.Width, g.Config.Height))
	for i, frame := range g.Image {
		assert.Equal(t, byte(gif.DisposalNone), g.Disposal[i])
		draw.Draw(now, frame.Bounds(), frame, frame.Bounds().Min, draw.Over)
		copied := image.NewRGBA(now.Bounds())
		copy(copied.Pix, now.Pix)
		out = append(out, copied)
	}
	return g, out
}

// What a decoder shows are the panels, in the colours of the palette.
func TestAnimation(t *testing.T) {
	path := filepath.Join(t.TempDir(), "wave.gif")
	a, err := NewAnimation(path, 3, 2.5, 24)
	require.NoError(t, err)
	const n = 6
	for k := range n {
		require.NoError(t, a.Frame(wave(k)))
		assert.NoFileExists(t, path)
	}
	require.NoError(t, a.Close())
	require.NoError(t, a.Close(), "again")
	assert.ErrorContains(t, a.Frame(wave(0)), "closed")
	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	g, pictures := compose(t, f)
	require.Len(t, pictures, n)
	assert.Equal(t, image.Pt(288, 240), image.Pt(g.Config.Width, g.Config.Height))
	assert.Equal(t, 0, g.LoopCount, "for ever")
	for k, got := range pictures {
		sum := 0.
		want := halve(toRGBA(render(t, 3, 2.5, wave(k)).Image))
		for i := 0; i < len(want.Pix); i += 4 {
			nearest := a.palette[a.index(byteColor(want.Pix[i:i+3]))]
			require.Equal(t, nearest, byteColor(got.Pix[i:i+3]), "frame %d, pixel %d", k, i/4)
			for c, v := range nearest {
				sum += math.Abs(float64(v) - float64(want.Pix[i+c]))
			}
		}
		assert.Less(t, sum/float64(len(want.Pix)), 1., "frame %d: the palette suits", k)
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	assert.Len(t, entries, 1)
}

func toRGBA(img image.Image) *image.RGBA {
	out := image.NewRGBA(img.Bounds())
	draw.Draw(out, out.Bounds(), img, img.Bounds().Min, draw.Src)
	return out
}

// Each frame is in the file when it is drawn, and only what changed.
func TestAnimationStreams(t *testing.T) {
	a, m := inMemory(1 << 30)
	var sizes []int
	for _, k := range []int{0, 1, 1, 2} {
		before := len(m.data)
		require.NoError(t, a.Frame(wave(k)))
		sizes = append(sizes, len(m.data)-before)
		assert.Len(t, a.shown, 288*240)
	}
	assert.Less(t, sizes[2], 40, "nothing changed")
	assert.Greater(t, sizes[1], 200)
	require.NoError(t, a.Close())
	assert.True(t, m.committed)
	g, pictures := compose(t, bytes.NewReader(m.data))
	assert.Equal(t, pictures[1], pictures[2])
	assert.NotEqual(t, pictures[0], pictures[1])
	area := g.Image[1].Bounds()
	assert.Less(t, area.Dx()*area.Dy(), 288*240*3/4, "titles, axes and colour bar stay")
}

func TestAnimationTiming(t *testing.T) {
	a, m := inMemory(1 << 30)
	for range 24 {
		require.NoError(t, a.Frame(curve()))
	}
	require.NoError(t, a.Close())
	g, _ := compose(t, bytes.NewReader(m.data))
	total := 0
	for _, d := range g.Delay {
		assert.InDelta(t, 100./24, float64(d), 1)
		total += d
	}
	assert.Equal(t, 100, total, "a second")
}

// When the disk is full there remain the frames before.
func TestAnimationOnFullDisk(t *testing.T) {
	whole, m := inMemory(1 << 30)
	for k := range 3 {
		require.NoError(t, whole.Frame(wave(k)))
	}
	for _, room := range []int{len(m.data) - 1, len(m.data) - 300} {
		a, m := inMemory(room)
		require.NoError(t, a.Frame(wave(0)))
		require.NoError(t, a.Frame(wave(1)))
		assert.ErrorIs(t, a.Frame(wave(2)), errFull)
		assert.ErrorIs(t, a.Frame(wave(1)), errFull, "it stays broken")
		assert.ErrorIs(t, a.Close(), errFull)
		assert.True(t, m.committed)
		_, pictures := compose(t, bytes.NewReader(m.data))
		assert.Len(t, pictures, 2)
		assert.Equal(t, byte(0x3b), m.data[a.complete])
		assert.Len(t, m.data, int(a.complete)+1)
	}
	a, m := inMemory(100)
	assert.ErrorIs(t, a.Frame(wave(0)), errFull)
	assert.ErrorIs(t, a.Close(), errFull)
	assert.True(t, m.discarded)
	assert.False(t, m.committed)
}

func TestAnimationErrors(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.gif")
	for _, speed := range []float64{-1, 51, 0.001, nan, inf} {
		_, err := NewAnimation(path, 0, 0, speed)
		assert.ErrorContains(t, err, "frames a second")
	}
	_, err := NewAnimation(filepath.Join(dir, "none", "a.gif"), 0, 0, 0)
	assert.ErrorIs(t, err, os.ErrNotExist)

	a, err := NewAnimation(path, 0, 0, 0)
	require.NoError(t, err)
	assert.ErrorIs(t, a.Close(), ErrNoData)
	a, err = NewAnimation(path, -1, 0, 0)
	require.NoError(t, err)
	assert.ErrorContains(t, a.Frame(curve()), "frame 0: size -1")
	assert.ErrorIs(t, a.Close(), ErrNoData)
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Empty(t, entries)

	// A bad panel does no harm.
	a, m := inMemory(1 << 30)
	require.NoError(t, a.Frame(wave(0)))
	assert.ErrorIs(t, a.Frame(Lines{}), ErrNoData)
	assert.ErrorIs(t, a.Frame(nil), ErrNoData)
	require.NoError(t, a.Frame(wave(1)))
	require.NoError(t, a.Close())
	_, pictures := compose(t, bytes.NewReader(m.data))
	assert.Len(t, pictures, 2)
}

func TestPalette(t *testing.T) {
	contains := func(p []byteColor, c color.RGBA) bool {
		for _, q := range p[1:] {
			if q == (byteColor{c.R, c.G, c.B}) {
				return true
			}
		}
		return false
	}
	for _, p := range []Panel{wave(0), curve(), hillSurface(3), Tile(2, wave(0), field(3, 3), hillSurface(3))} {
		s, err := p.layout()
		require.NoError(t, err)
		colors := paletteOf(s)
		require.Len(t, colors, 256)
		for _, c := range []color.RGBA{paper, {0, 0, 0, 0xff}, ink, masked, okabeIto[0], okabeIto[5]} {
			assert.True(t, contains(colors, c), "%v", c)
		}
	}
	s, err := Tile(2, field(3, 3), wave(0)).layout()
	require.NoError(t, err)
	assert.True(t, contains(paletteOf(s), blueRed[128]), "zero has its colour")
	assert.True(t, contains(paletteOf(s), blueRed[256]))

	a := &Animation{palette: paletteOf(s), nearest: map[byteColor]byte{}}
	rapid.Check(t, func(t *rapid.T) {
		c := byteColor(rapid.SliceOfN(rapid.Byte(), 3, 3).Draw(t, "colour"))
		distance := func(q byteColor) (d float64) {
			for k := range c {
				d += math.Pow(float64(c[k])-float64(q[k]), 2)
			}
			return d
		}
		got := a.index(c)
		require.NotEqual(t, byte(transparent), got)
		for _, q := range a.palette[1:] {
			require.LessOrEqual(t, distance(a.palette[got]), distance(q))
		}
		require.Equal(t, got, a.index(c), "remembered")
	})
}
