package figure

import (
	"image/color"
	"math"
)

// byteColor is red, green and blue.
type byteColor [3]byte

const (
	paletteSize = 256
	greys       = 32
	lights      = 5 // strengths of light for which a surface has colours
)

// paletteOf returns the colours of an animation that begins with a sheet: the
// transparent one, greys for text and axes, the colours of series with paler
// ones for the smoothing of their edges, and for the rest the colour maps.
func paletteOf(s sheet) []byteColor {
	var p []byteColor
	add := func(c color.Color) {
		q := color.RGBAModel.Convert(c).(color.RGBA)
		p = append(p, byteColor{q.R, q.G, q.B})
	}
	add(masked) // never looked up: the transparent one
	for i := range greys {
		v := uint8(255 * i / (greys - 1))
		add(color.RGBA{v, v, v, 0xff})
	}
	for _, c := range []color.Color{ink, masked, paleGrey, edgeGrey, wallGrey, onMap[2][0]} {
		add(c)
	}
	for _, c := range okabeIto {
		for _, t := range []float64{0, 0.3, 0.6, 0.78} {
			add(mix(c, color.White, t))
		}
	}
	var maps []colormap
	light := []float64{1}
	for _, f := range s.frames {
		if f.bar != nil && !holds(maps, f.bar.colors) {
			maps = append(maps, f.bar.colors)
		}
		if f.box != nil {
			light = nil
			for k := range lights {
				light = append(light, ambient+(fullLight-ambient)*float64(k)/(lights-1))
			}
		}
	}
	if len(maps) > 0 {
		n := (paletteSize - len(p)) / len(maps) / len(light)
		n -= 1 - n%2 // odd: the neutral middle of a diverging map is one of them
		for _, m := range maps {
			for _, l := range light {
				for i := range n {
					add(shade(m.at(float64(i)/float64(n-1)), l))
				}
			}
		}
	}
	for k := 0; len(p) < paletteSize; k++ { // what is left: more pale colours
		add(mix(okabeIto[k%len(okabeIto)], color.White, math.Mod(0.15+0.618*float64(k/len(okabeIto)), 1)))
	}
	return p
}

func holds(maps []colormap, m colormap) bool {
	for _, o := range maps {
		if &o[0] == &m[0] {
			return true
		}
	}
	return false
}

// index returns the place in the palette of the colour nearest to c, never
// the transparent one.
func (a *Animation) index(c byteColor) byte {
	if i, ok := a.nearest[c]; ok {
		return i
	}
	best, least := 1, math.MaxInt
	for i := 1; i < len(a.palette); i++ {
		distance := 0
		for k, v := range a.palette[i] {
			d := int(v) - int(c[k])
			distance += d * d
		}
		if distance < least {
			best, least = i, distance
		}
	}
	if len(a.nearest) >= nearestMemory {
		clear(a.nearest)
	}
	a.nearest[c] = byte(best)
	return byte(best)
}
