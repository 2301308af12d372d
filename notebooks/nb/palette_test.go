package nb

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-0772dd2d/ritz/figure"
)

// A figure with curves and a colour map becomes half as large, the same bytes
// each time, and no pixel is far from what it was.
func TestLighterFigure(t *testing.T) {
	var x, z []float64
	for i := range 50 {
		x = append(x, float64(i))
	}
	for i := range 50 * 50 {
		z = append(z, float64(i%50)*float64(i/50))
	}
	var b bytes.Buffer
	require.NoError(t, figure.Write(&b, "png", 6, 3, figure.Tile(2,
		figure.Heatmap{X: x, Y: x, Z: z}, figure.Lines{Series: []figure.Series{{Name: "z", X: x, Y: z[50*30 : 50*31]}, {X: x, Y: x}}})))
	light, err := lighter(b.Bytes())
	require.NoError(t, err)
	assert.Less(t, len(light), b.Len()/2)
	again, err := lighter(b.Bytes())
	require.NoError(t, err)
	assert.Equal(t, light, again)

	before, err := png.Decode(&b)
	require.NoError(t, err)
	after, err := png.Decode(bytes.NewReader(light))
	require.NoError(t, err)
	require.Equal(t, before.Bounds(), after.Bounds())
	far, sum := 0, 0
	for y := range before.Bounds().Dy() {
		for x := range before.Bounds().Dx() {
			d := squared(before.At(x, y).(color.RGBA), color.RGBAModel.Convert(after.At(x, y)).(color.RGBA))
			far, sum = max(far, d), sum+d
		}
	}
	assert.LessOrEqual(t, far, 64*64)
	assert.LessOrEqual(t, float64(sum), 1.0*float64(before.Bounds().Dx()*before.Bounds().Dy()))
}

// What has few colours keeps them; what has too many, or none behind it, stays
// as it is.
func TestLighterKeeps(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	few, noise, clear := image.NewRGBA(image.Rect(0, 0, 64, 64)), image.NewRGBA(image.Rect(0, 0, 64, 64)), image.NewNRGBA(image.Rect(0, 0, 8, 8))
	for y := range 64 {
		for x := range 64 {
			few.SetRGBA(x, y, color.RGBA{R: uint8(random.IntN(200)), A: 255})
			noise.SetRGBA(x, y, color.RGBA{R: uint8(random.Uint32()), G: uint8(random.Uint32()), B: uint8(random.Uint32()), A: 255})
		}
	}
	for name, m := range map[string]image.Image{"few": few, "noise": noise, "clear": clear} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			require.NoError(t, png.Encode(&b, m))
			light, err := lighter(b.Bytes())
			require.NoError(t, err)
			if m != few {
				assert.Equal(t, b.Bytes(), light)
				return
			}
			after, err := png.Decode(bytes.NewReader(light))
			require.NoError(t, err)
			require.IsType(t, &image.Paletted{}, after)
			for y := range 64 {
				for x := range 64 {
					require.Equal(t, few.At(x, y), after.At(x, y))
				}
			}
		})
	}
	_, err := lighter([]byte("no picture"))
	assert.Error(t, err)
}
