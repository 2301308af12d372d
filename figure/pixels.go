package figure

import (
	"image"
	"image/draw"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/vgimg"
)

// pixelCanvas draws a PNG. It copies images that fit the pixels: to resample a field
// to its own size took half the time of a frame.
type pixelCanvas struct{ vgimg.PngCanvas }

func newPixelCanvas(width, height vg.Length) pixelCanvas {
	return pixelCanvas{vgimg.PngCanvas{Canvas: vgimg.NewWith(vgimg.UseWH(width, height), vgimg.UseDPI(dpi))}}
}

func (p pixelCanvas) DrawImage(area vg.Rectangle, img image.Image) {
	dst := p.Image()
	x, top := pixels(area.Min.X), dst.Bounds().Max.Y-pixels(area.Max.Y)
	size := img.Bounds().Size()
	if area != (vg.Rectangle{Min: snapped(area.Min), Max: snapped(area.Max)}) || size.X != pixels(area.Size().X) || size.Y != pixels(area.Size().Y) {
		p.PngCanvas.DrawImage(area, img)
		return
	}
	draw.Draw(dst, image.Rect(x, top, x+size.X, top+size.Y), img, img.Bounds().Min, draw.Over)
}

func snapped(p vg.Point) vg.Point { return vg.Point{X: snap(p.X), Y: snap(p.Y)} }
