package figure

import "fmt"

// Tile puts panels side by side in rows of cols, in the order given, their
// data areas of equal size and aligned. Tiles do not nest.
func Tile(cols int, panels ...Panel) Panel { return tile{cols, panels} }

type tile struct {
	cols   int
	panels []Panel
}

func (t tile) layout() (sheet, error) {
	if t.cols < 1 {
		return sheet{}, fmt.Errorf("tile of %d columns, want at least 1", t.cols)
	}
	if len(t.panels) == 0 {
		return sheet{}, fmt.Errorf("tile without panels: %w", ErrNoData)
	}
	cols := min(t.cols, len(t.panels))
	rows := (len(t.panels) + cols - 1) / cols
	s := sheet{cols: cols, width: 5.2 * float64(cols), height: 3.7 * float64(rows)}
	for i, p := range t.panels {
		switch p.(type) {
		case nil:
			return sheet{}, fmt.Errorf("panel %d of the tile: %w", i, ErrNoData)
		case tile:
			return sheet{}, fmt.Errorf("panel %d of the tile is a tile", i)
		}
		one, err := p.layout()
		if err != nil {
			return sheet{}, fmt.Errorf("panel %d of the tile: %w", i, err)
		}
		s.frames = append(s.frames, one.frames...)
	}
	return s, nil
}
