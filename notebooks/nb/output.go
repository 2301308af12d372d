package nb

import (
	"fmt"
	"html"
	"io"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/janpfeifer/gonb/gonbui"
	"github.com/janpfeifer/gonb/gonbui/protocol"
)

// output is where a program shows things: the cell that it was started from, or
// a terminal and files.
type output struct {
	notebook bool
	send     func(*protocol.DisplayData) // of a notebook: has arrived when it returns

	text   io.Writer // of a terminal
	folder string    // for files

	mu    sync.Mutex
	files int // written so far
}

var std = newOutput()

func newOutput() *output {
	return &output{notebook: gonbui.IsNotebook, send: deliver, text: os.Stdout, folder: os.Getenv("RITZ_FIGURES")}
}

// deliver sends data to the kernel and waits until it has them: what is still
// on its way when a program ends would be lost.
func deliver(data *protocol.DisplayData) {
	gonbui.SendData(data)
	gonbui.Sync()
	if err := gonbui.Error(); err != nil {
		fmt.Fprintln(os.Stderr, "ritz: the kernel shows nothing:", err)
	}
}

// Notebook tells whether the program was started from a notebook cell.
func Notebook() bool { return std.notebook }

// display is one output of a cell: the same content by MIME type, for the front
// end to choose from.
type display map[protocol.MIMEType]any

// show displays d; plain is what a terminal prints. A notebook that is saved
// as text has it too.
func (o *output) show(d display, plain string) { o.update("", d, plain) }

// update displays d in the place of what was displayed under the same id.
func (o *output) update(id string, d display, plain string) {
	if !o.notebook {
		if plain != "" {
			fmt.Fprintln(o.text, plain)
		}
		return
	}
	if plain != "" {
		d[protocol.MIMETextPlain] = plain
	}
	o.send(&protocol.DisplayData{Data: d, DisplayID: id})
}

// say shows a line of text, in order with what else is displayed.
func (o *output) say(format string, arguments ...any) {
	text := fmt.Sprintf(format, arguments...)
	o.show(display{protocol.MIMETextHTML: "<code>" + html.EscapeString(text) + "</code>"}, text)
}

var ids atomic.Int64

// newID names a place of the output. The kernel remembers names for as long as
// it runs, also those of earlier cells.
func newID() string {
	return fmt.Sprintf("ritz-%d-%d-%d", os.Getpid(), time.Now().UnixNano(), ids.Add(1))
}

// nextFile names the next file, "figure-3.png".
func (o *output) nextFile(kind, extension string) (string, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.files++
	if o.folder != "" {
		if err := os.MkdirAll(o.folder, 0o777); err != nil {
			return "", err
		}
	}
	return filepath.Join(o.folder, fmt.Sprintf("%s-%d%s", kind, o.files, extension)), nil
}
