package nb

import (
	"bytes"
	"cmp"
	"image"
	"image/color"
	"image/png"
	"slices"
)

// A figure has some thousand colours: those of lines and paper, the 256 of a
// colour map, and the mixtures where they meet, in few pixels each. With 256 in
// all it looks the same, and is a third as large, as is the notebook that keeps it.

// seen is the mean square by which a change of colours, of 0 to 255, would be seen.
const seen = 9

// lighter returns a PNG of the picture in data with no more than 256 colours,
// or data where that would be seen or is no smaller.
func lighter(data []byte) ([]byte, error) {
	m, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	picture, ok := m.(*image.RGBA) // what the decoder makes of a PNG without transparency
	if !ok {
		return data, nil
	}
	pixels := map[color.RGBA]int{}
	for i := 0; i < len(picture.Pix); {
		c, begin := colorAt(picture, i), i
		for i < len(picture.Pix) && colorAt(picture, i) == c {
			i += 4
		}
		pixels[c] += (i - begin) / 4
	}
	palette, index, change := choose(pixels, 256)
	if change > seen {
		return data, nil
	}
	p := image.NewPaletted(picture.Rect, palette)
	var last color.RGBA // transparent, as no pixel is
	var k uint8
	for i := range p.Pix {
		if c := colorAt(picture, 4*i); c != last {
			k, last = index[c], c
		}
		p.Pix[i] = k
	}
	var b bytes.Buffer
	if err := png.Encode(&b, p); err != nil {
		return nil, err
	}
	if b.Len() >= len(data) {
		return data, nil
	}
	return b.Bytes(), nil
}

func colorAt(m *image.RGBA, i int) color.RGBA {
	return color.RGBA{R: m.Pix[i], G: m.Pix[i+1], B: m.Pix[i+2], A: 255}
}

// choose takes at most n of the colours of a picture, which has each in so many
// pixels: one after the other that which is served worst by those before, its
// squared distance from the nearest times its pixels being largest. It tells
// which is the nearest to each colour, and the mean square change of a pixel.
func choose(pixels map[color.RGBA]int, n int) (palette color.Palette, index map[color.RGBA]uint8, change float64) {
	type place struct {
		color    color.RGBA
		pixels   int
		nearest  uint8
		distance int // from it, squared
	}
	var places []place
	for c, count := range pixels {
		places = append(places, place{color: c, pixels: count, distance: 3 * 255 * 255})
	}
	slices.SortFunc(places, func(a, b place) int { // so that the same picture gives the same bytes
		return cmp.Or(cmp.Compare(a.color.R, b.color.R), cmp.Compare(a.color.G, b.color.G), cmp.Compare(a.color.B, b.color.B))
	})
	for range min(n, len(places)) {
		worst := slices.MaxFunc(places, func(a, b place) int { return cmp.Compare(a.distance*a.pixels, b.distance*b.pixels) }).color
		for i := range places {
			if d := squared(places[i].color, worst); d < places[i].distance {
				places[i].nearest, places[i].distance = uint8(len(palette)), d
			}
		}
		palette = append(palette, worst)
	}
	index = make(map[color.RGBA]uint8, len(places))
	sum, all := 0, 0
	for _, p := range places {
		index[p.color] = p.nearest
		sum, all = sum+p.distance*p.pixels, all+p.pixels
	}
	return palette, index, float64(sum) / float64(all)
}

// squared is the square of the distance of two colours.
func squared(a, b color.RGBA) int {
	dr, dg, db := int(a.R)-int(b.R), int(a.G)-int(b.G), int(a.B)-int(b.B)
	return dr*dr + dg*dg + db*db
}
