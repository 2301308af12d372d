package figure

import (
	"fmt"
	"image/color"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/plot/vg"
	"pgregory.net/rapid"
)

func TestBars(t *testing.T) {
	b := Bars{Labels: []string{"a", "b", "c"}, Series: []Series{
		{Name: "first", Y: []float64{1, nan, -1}, Err: []float64{0.5, 1, 0}},
		{Name: "total", Y: []float64{2, 3, inf}, Color: color.Black},
	}}
	img := render(t, 5, 4, b)
	left, right := -groupWidth/4, groupWidth/4
	blue := okabeIto[0]
	assertColor(t, blue, img.dataAt(left+0.1, 0.9))
	assertColor(t, paper, img.dataAt(left+0.1, 1.1))
	assertColor(t, color.RGBA{0, 0, 0, 0xff}, img.dataAt(right, 1.9))
	assertColor(t, paper, img.dataAt(1+left+0.1, 0.4), "nothing where there is no number")
	assertColor(t, color.RGBA{0, 0, 0, 0xff}, img.dataAt(1+right, 2.9))
	assertColor(t, blue, img.dataAt(2+left, -0.9))
	assertColor(t, paper, img.dataAt(2+left, 0.4))
	assertColor(t, paper, img.dataAt(0.5, 0.4), "between the groups")
	// The error bar.
	assertColor(t, ink, img.dataAt(left, 1.3))
	assertColor(t, ink, img.dataAt(left, 0.7))
	assert.Equal(t, paper, img.dataAt(left, 1.6))
}

func TestBarsStandOnTheFrame(t *testing.T) {
	s, err := Bars{Labels: []string{"a"}, Series: []Series{{Y: []float64{3}}}}.layout()
	require.NoError(t, err)
	assert.Equal(t, 0., s.frames[0].y.lo)
	assert.InDelta(t, 3.15, s.frames[0].y.hi, 1e-9)
	s, err = Bars{Labels: []string{"a"}, Series: []Series{{Y: []float64{0}}}}.layout()
	require.NoError(t, err)
	assert.Less(t, s.frames[0].y.lo, s.frames[0].y.hi)
}

func TestBarsErrors(t *testing.T) {
	for want, b := range map[string]Bars{
		"no data":          {Title: "T"},
		"has 1 y for 2":    {Labels: []string{"a", "b"}, Series: []Series{{Y: []float64{1}}}},
		"label 1: empty":   {Labels: []string{"a", ""}, Series: []Series{{Y: []float64{1, 2}}}},
		"has X or a Style": {Labels: []string{"a"}, Series: []Series{{X: []float64{1}, Y: []float64{1}}}},
		"X or a Style":     {Labels: []string{"a"}, Series: []Series{{Y: []float64{1}, Style: Points}}},
		"Err[0] = -1":      {Labels: []string{"a"}, Series: []Series{{Y: []float64{1}, Err: []float64{-1}}}},
		"2 errors of 1":    {Labels: []string{"a"}, Series: []Series{{Y: []float64{1}, Err: []float64{1, 1}}}},
	} {
		_, err := b.layout()
		assert.ErrorContains(t, err, "bars \""+b.Title+"\": ")
		assert.ErrorContains(t, err, want)
	}
	_, err := Bars{}.layout()
	assert.ErrorIs(t, err, ErrNoData)
}

// Names stand clear of each other, and as upright as they can.
func TestNames(t *testing.T) {
	angle := func(n int, text string, length vg.Length) float64 {
		names := names{text: make([]string, n)}
		for i := range names.text {
			names.text[i] = text
		}
		names.fit(length)
		return names.angle
	}
	assert.Equal(t, 0., angle(3, "x1", 200))
	assert.Equal(t, math.Pi/4, angle(8, "transmissivity", 300))
	assert.Equal(t, quarterTurn, angle(60, "transmissivity", 300))

	rapid.Check(t, func(t *rapid.T) {
		count := rapid.IntRange(1, 80).Draw(t, "count")
		n := names{}
		for i := range count {
			n.text = append(n.text, strings.Repeat("w", rapid.IntRange(1, 30).Draw(t, fmt.Sprint(i))))
		}
		length := vg.Length(rapid.Float64Range(100, 800).Draw(t, "length"))
		n.fit(length)
		space := length / vg.Length(count)
		switch n.angle {
		case 0:
			for i := 1; i < count; i++ {
				require.Less(t, n.around(i-1).Max.X, space+n.around(i).Min.X)
			}
		default:
			// The distance of the lines is more than the height of letters.
			require.Greater(t, space*vg.Length(math.Sin(n.angle)), n.size)
			require.LessOrEqual(t, n.width(0), longestName)
		}
		require.Less(t, n.height(), longestName+2*tickSize)
	})
}
