package nb

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"sync"
	"time"

	"github.com/janpfeifer/gonb/gonbui/protocol"

	"github.com/seed-0772dd2d/ritz/figure"
)

// Curves is a figure of lines that grow while something is computed. It may be
// used by several goroutines at once.
type Curves struct {
	mu            sync.Mutex
	o             *output
	id            string
	width, height float64
	lines         figure.Lines
	every         []int // of each series, one point in so many is kept
	given         []int // points of each series so far
	shown         time.Time
	cost          time.Duration // of drawing it once
}

// curvePoints is the number of points of a series at which every other is
// dropped: more could not be told apart.
const curvePoints = 2000

// NewCurves begins a figure with the title, labels and axes of a figure.Lines.
// Series that it has stay as they are, those of Add come on top.
func NewCurves(lines figure.Lines) *Curves { return newCurves(std, lines) }

func newCurves(o *output, lines figure.Lines) *Curves {
	c := &Curves{o: o, id: newID(), lines: lines}
	c.lines.Series = append([]figure.Series(nil), lines.Series...)
	c.every = make([]int, len(c.lines.Series))
	c.given = make([]int, len(c.lines.Series))
	return c
}

// Add appends the point (x, y) to the series of this name, the first time a new
// one. The figure follows within half a second, or so seldom that drawing it
// takes no more than a twentieth of the time.
func (c *Curves) Add(series string, x, y float64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.add(series, x, y)
	if c.o.notebook && time.Since(c.shown) >= max(500*time.Millisecond, 20*c.cost) {
		c.draw()
	}
}

func (c *Curves) add(series string, x, y float64) {
	i := 0
	for i < len(c.lines.Series) && (c.every[i] == 0 || c.lines.Series[i].Name != series) {
		i++
	}
	if i == len(c.lines.Series) {
		c.lines.Series = append(c.lines.Series, figure.Series{Name: series})
		c.every, c.given = append(c.every, 1), append(c.given, 0)
	}
	s := &c.lines.Series[i]
	if c.given[i]%c.every[i] == 0 {
		s.X, s.Y = append(s.X, x), append(s.Y, y)
	}
	c.given[i]++
	if len(s.X) == curvePoints {
		for k := range curvePoints / 2 {
			s.X[k], s.Y[k] = s.X[2*k], s.Y[2*k]
		}
		s.X, s.Y = s.X[:curvePoints/2], s.Y[:curvePoints/2]
		c.every[i] *= 2
	}
}

// draw shows the figure as it is now. SVG is drawn twenty times as fast as PNG.
func (c *Curves) draw() {
	began := time.Now()
	var b bytes.Buffer
	if figure.Write(&b, "svg", c.width, c.height, c.lines) != nil {
		return // nothing to see yet
	}
	source := "data:image/svg+xml;base64," + base64.StdEncoding.EncodeToString(b.Bytes())
	c.o.update(c.id, display{protocol.MIMETextHTML: fmt.Sprintf(`<img style="max-width:100%%" src="%s">`, source)}, "[figure]")
	c.shown = time.Now()
	c.cost = c.shown.Sub(began)
}

// Close draws the figure for good, as Show does. A figure without any points is
// left out.
func (c *Curves) Close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	var b bytes.Buffer
	if figure.Write(&b, "png", c.width, c.height, c.lines) != nil {
		return
	}
	Check(c.o.picture(c.id, "figure", ".png", b.Bytes(), 2))
}
