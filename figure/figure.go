package figure

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"io"
	"path/filepath"
	"strings"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/vgsvg"

	"github.com/seed-0772dd2d/ritz/internal/atomicfile"
)

// Panel is what [Save] and [Write] draw: a [Heatmap], [Surface], [Lines], [Bars],
// or a [Tile] of them.
type Panel interface {
	// layout checks the data and prepares its frames, row by row.
	layout() (sheet, error)
}

// sheet is a table of frames, the last row possibly incomplete.
type sheet struct {
	frames        []*frame
	cols          int
	width, height float64 // default size in inches
}

// ErrNoData is the error for a panel without any data.
var ErrNoData = errors.New("no data")

const (
	dpi   = 192                 // resolution of PNG files and of images within SVG and PDF
	pixel = vg.Length(72) / dpi // its side in points
	limit = 40.                 // largest side of a picture in inches
)

// Save writes the panel to a file whose extension, .png, .svg or .pdf, is the
// format. Width and height are in inches; 0 takes the panel's default. PNG has
// 192 pixels an inch. The file appears under its name only when complete.
//
// It is an error if the data do not fit together, there is none ([ErrNoData]),
// the extension is another, the size is outside (0, 40] or too small for the
// labels, or the file cannot be written.
func Save(path string, width, height float64, p Panel) error {
	var b bytes.Buffer
	if err := Write(&b, strings.TrimPrefix(strings.ToLower(filepath.Ext(path)), "."), width, height, p); err != nil {
		return err
	}
	if err := atomicfile.Write(path, &b); err != nil {
		return fmt.Errorf("figure: %w", err)
	}
	return nil
}

// Write writes the panel in the format png, svg or pdf, as [Save] does.
func Write(out io.Writer, format string, width, height float64, p Panel) error {
	s, w, h, err := prepare(p, width, height)
	if err != nil {
		return fmt.Errorf("figure: %w", err)
	}
	page, err := newBackend(format, w, h)
	if err != nil {
		return fmt.Errorf("figure: %w", err)
	}
	if err := s.draw(canvas{backend: page}, w, h); err != nil {
		return fmt.Errorf("figure: %w", err)
	}
	if _, err := page.WriteTo(out); err != nil {
		return fmt.Errorf("figure: %w", err)
	}
	return nil
}

// prepare returns the layout of a panel with its size on the page, in whole pixels.
func prepare(p Panel, width, height float64) (s sheet, w, h vg.Length, err error) {
	if p == nil {
		return sheet{}, 0, 0, fmt.Errorf("no panel: %w", ErrNoData)
	}
	if s, err = p.layout(); err != nil {
		return sheet{}, 0, 0, err
	}
	if width == 0 {
		width = s.width
	}
	if height == 0 {
		height = s.height
	}
	if !(width > 0 && width <= limit && height > 0 && height <= limit) {
		return sheet{}, 0, 0, fmt.Errorf("size %g x %g inches is outside (0, %g]", width, height, limit)
	}
	return s, max(snap(vg.Length(width)*vg.Inch), pixel), max(snap(vg.Length(height)*vg.Inch), pixel), nil
}

// backend is what a format has to offer: the part of [vg.Canvas] that figures use.
type backend interface {
	Push()
	Pop()
	Translate(by vg.Point)
	Rotate(angle float64)
	SetColor(color.Color)
	SetLineWidth(vg.Length)
	SetLineDash(pattern []vg.Length, offset vg.Length)
	Stroke(vg.Path)
	Fill(vg.Path)
	DrawImage(vg.Rectangle, image.Image)
	io.WriterTo
}

func newBackend(format string, width, height vg.Length) (backend, error) {
	switch format {
	case "png":
		return newPixelCanvas(width, height), nil
	case "svg":
		return svg{vgsvg.New(width, height)}, nil
	case "pdf":
		return newPDF(width, height), nil
	}
	return nil, fmt.Errorf("format %q is none of png, svg, pdf", format)
}

// svg rounds the joins of lines: mitred, those of noisy data become spikes
// longer than the data.
type svg struct{ *vgsvg.Canvas }

func (c svg) WriteTo(out io.Writer) (int64, error) {
	var b bytes.Buffer
	if _, err := c.Canvas.WriteTo(&b); err != nil {
		return 0, err
	}
	n, err := out.Write(bytes.Replace(b.Bytes(), []byte("<svg "), []byte(`<svg stroke-linejoin="round" `), 1))
	return int64(n), err
}
