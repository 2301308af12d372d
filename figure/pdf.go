package figure

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"image"
	"image/color"
	"io"
	"math"
	"strconv"

	"gonum.org/v1/plot/vg"
)

// pdf is a backend that writes a PDF document of one page (ISO 32000-1). The
// canvas vg/vgpdf of gonum/plot v0.17.0 does not serve: it draws images upside
// down, stamps the time into the file and joins lines in spikes.
type pdf struct {
	width, height vg.Length
	page          bytes.Buffer // content stream
	images        []image.Image
}

func newPDF(width, height vg.Length) *pdf {
	p := &pdf{width: width, height: height}
	p.page.WriteString("1 j\n") // round joins
	return p
}

// op writes an operator after its operands.
func (p *pdf) op(name string, operands ...vg.Length) {
	for _, v := range operands {
		p.page.WriteString(number(float64(v)))
		p.page.WriteByte(' ')
	}
	p.page.WriteString(name)
	p.page.WriteByte('\n')
}

// number formats to a thousandth of a point.
func number(v float64) string {
	return strconv.FormatFloat(math.Round(v*1000)/1000, 'f', -1, 64)
}

func (p *pdf) Push()                 { p.op("q") }
func (p *pdf) Pop()                  { p.op("Q") }
func (p *pdf) Translate(by vg.Point) { p.op("cm", 1, 0, 0, 1, by.X, by.Y) }

func (p *pdf) Rotate(angle float64) {
	sin, cos := math.Sincos(angle)
	p.op("cm", vg.Length(cos), vg.Length(sin), vg.Length(-sin), vg.Length(cos), 0, 0)
}

func (p *pdf) SetColor(c color.Color) {
	r, g, b, _ := c.RGBA()
	part := func(v uint32) vg.Length { return vg.Length(v) / 0xffff }
	p.op("rg", part(r), part(g), part(b))
	p.op("RG", part(r), part(g), part(b))
}

func (p *pdf) SetLineWidth(w vg.Length) { p.op("w", w) }

func (p *pdf) SetLineDash(pattern []vg.Length, offset vg.Length) {
	p.page.WriteString("[ ")
	for _, v := range pattern {
		p.page.WriteString(number(float64(v)) + " ")
	}
	p.page.WriteString("] " + number(float64(offset)) + " d\n")
}

func (p *pdf) Stroke(path vg.Path) {
	p.path(path)
	p.op("S")
}

func (p *pdf) Fill(path vg.Path) {
	p.path(path)
	p.op("f")
}

// path writes the components that this package uses: lines and cubics.
func (p *pdf) path(path vg.Path) {
	for _, c := range path {
		switch c.Type {
		case vg.MoveComp:
			p.op("m", c.Pos.X, c.Pos.Y)
		case vg.LineComp:
			p.op("l", c.Pos.X, c.Pos.Y)
		case vg.CurveComp:
			p.op("c", c.Control[0].X, c.Control[0].Y, c.Control[1].X, c.Control[1].Y, c.Pos.X, c.Pos.Y)
		case vg.CloseComp:
			p.op("h")
		}
	}
}

func (p *pdf) DrawImage(r vg.Rectangle, img image.Image) {
	p.Push()
	p.op("cm", r.Size().X, 0, 0, r.Size().Y, r.Min.X, r.Min.Y)
	p.op("/I" + strconv.Itoa(len(p.images)) + " Do")
	p.Pop()
	p.images = append(p.images, img)
}

// WriteTo writes the document: catalog, page tree, page, content, images, and
// the table of their offsets.
func (p *pdf) WriteTo(w io.Writer) (int64, error) {
	const firstImage = 5
	var (
		doc     bytes.Buffer
		offsets []int
	)
	object := func(dictionary string, stream []byte) {
		offsets = append(offsets, doc.Len())
		fmt.Fprintf(&doc, "%d 0 obj\n<< %s", len(offsets), dictionary)
		if stream == nil {
			doc.WriteString(" >>\nendobj\n")
			return
		}
		packed := deflate(stream)
		fmt.Fprintf(&doc, " /Filter /FlateDecode /Length %d >>\nstream\n%s\nendstream\nendobj\n", len(packed), packed)
	}
	doc.WriteString("%PDF-1.4\n%\u00e2\u00e3\n")
	object("/Type /Catalog /Pages 2 0 R", nil)
	object("/Type /Pages /Kids [3 0 R] /Count 1", nil)
	names := ""
	for i := range p.images {
		names += fmt.Sprintf("/I%d %d 0 R ", i, firstImage+i)
	}
	object(fmt.Sprintf("/Type /Page /Parent 2 0 R /MediaBox [0 0 %s %s] /Contents 4 0 R /Resources << /XObject << %s>> >>",
		number(float64(p.width)), number(float64(p.height)), names), nil)
	object("", p.page.Bytes())
	for _, img := range p.images {
		object(fmt.Sprintf("/Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace /DeviceRGB /BitsPerComponent 8",
			img.Bounds().Dx(), img.Bounds().Dy()), rgb(img))
	}
	table := doc.Len()
	fmt.Fprintf(&doc, "xref\n0 %d\n0000000000 65535 f \n", len(offsets)+1)
	for _, at := range offsets {
		fmt.Fprintf(&doc, "%010d 00000 n \n", at)
	}
	fmt.Fprintf(&doc, "trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(offsets)+1, table)
	return doc.WriteTo(w)
}

func deflate(b []byte) []byte {
	var out bytes.Buffer
	z := zlib.NewWriter(&out)
	_, _ = z.Write(b) // a bytes.Buffer takes all
	_ = z.Close()
	return out.Bytes()
}

// rgb returns the pixels of an image, rows from the top, three bytes each.
func rgb(img image.Image) []byte {
	r := img.Bounds()
	out := make([]byte, 0, 3*r.Dx()*r.Dy())
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			r, g, b, _ := img.At(x, y).RGBA()
			out = append(out, byte(r>>8), byte(g>>8), byte(b>>8))
		}
	}
	return out
}
