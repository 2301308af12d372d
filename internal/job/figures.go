package job

import (
	"errors"
	"fmt"

	"github.com/seed-0772dd2d/ritz/figure"
)

// figures reads the key figures of the section output: the formats to draw in,
// by default png.
func (s *section) figures() (formats []string) {
	v := s.get("figures")
	if v == nil {
		list := s.n.beside(listNode, "")
		list.items = append(list.items, list.beside(scalarNode, "png"))
		s.n.put("figures", list)
		return []string{"png"}
	}
	for i, f := range s.list(v, s.at("figures")) {
		formats = append(formats, s.word(f, item(s.at("figures"), i), []string{"png", "svg", "pdf"}))
	}
	return formats
}

// drawing is the figures of a run while they are drawn. What has no data to
// show is left out; what cannot be drawn keeps nothing else from being drawn.
type drawing struct {
	dir     *directory
	formats []string
	files   []string // drawn so far
	failed  error
}

func newDrawing(d *directory, formats []string) *drawing {
	return &drawing{dir: d, formats: formats, files: []string{}}
}

// save draws a panel in all formats, or remembers why there is none.
func (w *drawing) save(name string, p figure.Panel, err error) {
	for _, format := range w.formats {
		file := name + "." + format
		e := err
		if e == nil {
			e = figure.Save(w.dir.file(file), 0, 0, p)
		}
		switch {
		case errors.Is(e, figure.ErrNoData):
		case e != nil && w.failed == nil:
			w.failed = fmt.Errorf("cannot draw %s: %w", file, e)
		case e != nil:
			w.failed = fmt.Errorf("%w; cannot draw %s: %w", w.failed, file, e)
		default:
			w.files = append(w.files, file)
		}
	}
}
