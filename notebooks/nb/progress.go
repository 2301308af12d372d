package nb

import (
	"fmt"
	"html"
	"sync"
	"time"

	"github.com/janpfeifer/gonb/gonbui/protocol"

	"github.com/seed-0772dd2d/ritz/internal/event"
)

// Progress is a bar that moves while a cell works. It may be used by several
// goroutines at once.
type Progress struct {
	mu          sync.Mutex
	title       string
	done, total int
	note        string
	line        *line
}

// NewProgress shows a bar of total steps, at none of them.
func NewProgress(title string, total int) *Progress {
	p := &Progress{title: title, total: total, line: newLine(std)}
	p.show()
	return p
}

// Step tells that one more step is done.
func (p *Progress) Step() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done++
	p.show()
}

// Set tells how many steps are done, with a note to be shown behind the bar.
func (p *Progress) Set(done int, note string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done, p.note = done, note
	p.show()
}

// Close puts a line of text in the place of the bar.
func (p *Progress) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.line.end(fmt.Sprintf("%s after %s", p.text(), event.Duration(time.Since(p.line.began).Seconds())))
}

func (p *Progress) show() {
	fraction := 0.0
	if p.total > 0 {
		fraction = float64(p.done) / float64(p.total)
	}
	p.line.show(fraction, p.text())
}

func (p *Progress) text() string {
	text := fmt.Sprintf("%s %d/%d", p.title, p.done, p.total)
	if p.note != "" {
		text += ", " + p.note
	}
	return text
}

// line is a line of the output with a bar, written over at most four times a
// second. In a terminal it is a new line every five seconds.
type line struct {
	o            *output
	id           string
	began, shown time.Time
}

func newLine(o *output) *line {
	l := &line{o: o, id: newID(), began: time.Now()}
	if !o.notebook { // what takes no time needs no bar
		l.shown = l.began
	}
	return l
}

func (l *line) show(fraction float64, text string) {
	interval := 250 * time.Millisecond
	if !l.o.notebook {
		interval = 5 * time.Second
	}
	if time.Since(l.shown) < interval {
		return
	}
	l.shown = time.Now()
	source := fmt.Sprintf(`<progress value="%.3f" style="width:16em"></progress> <code>%3.0f%% %s</code>`,
		fraction, 100*fraction, html.EscapeString(text))
	l.o.update(l.id, display{protocol.MIMETextHTML: source}, fmt.Sprintf("%3.0f%% %s", 100*fraction, text))
}

// end leaves text in the place of the line.
func (l *line) end(text string) {
	l.o.update(l.id, display{protocol.MIMETextHTML: "<code>" + html.EscapeString(text) + "</code>"}, text)
}
