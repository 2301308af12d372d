package job

import (
	"encoding/csv"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/seed-0772dd2d/ritz/pinn"
)

// history writes history.csv: a row every so many iterations, and one for the
// last iteration of each stage. That an iteration was the last of its stage
// shows only at the next one, so a row that is not due waits.
type history struct {
	f       *os.File
	every   int
	size    int64  // of the file
	buffer  []byte // rows not written yet
	pending []byte // the row of the last iteration, if it is not in the buffer
	flushed time.Time
}

// newHistory starts the file with its header; no two columns have one name.
func newHistory(path string, every int, terms, parameters []string) (*history, error) {
	header := slices.Concat([]string{"iteration", "stage", "optimizer", "loss"}, terms, parameters, []string{"evaluations", "seconds"})
	for i, name := range header {
		if slices.Contains(header[:i], name) {
			return nil, fmt.Errorf("%s: two columns %q", path, name)
		}
	}
	f, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	h := &history{f: f, every: every}
	w := csv.NewWriter(writer(func(b []byte) { h.buffer = append(h.buffer, b...) }))
	w.Write(header)
	w.Flush()
	return h, h.flush()
}

type writer func(b []byte)

func (w writer) Write(b []byte) (int, error) { w(b); return len(b), nil }

// resumeHistory cuts the file back to where it stood at the checkpoint.
func resumeHistory(path string, every int, c *checkpoint) (*history, error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	size, err := f.Seek(0, io.SeekEnd)
	if err == nil && size < c.History {
		err = fmt.Errorf("%s has lost rows since the checkpoint", path)
	}
	if err == nil {
		err = f.Truncate(c.History)
	}
	if err == nil {
		_, err = f.Seek(c.History, io.SeekStart)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return &history{f: f, every: every, size: c.History, pending: c.Pending}, nil
}

// add takes note of an iteration.
func (h *history) add(p pinn.Progress) error {
	if p.Iteration == 1 { // of a stage: what waits was the last of the one before
		h.buffer = append(h.buffer, h.pending...)
	}
	h.pending = row(h.pending[:0], p)
	if p.Total%h.every == 0 || p.Total == 1 {
		h.buffer = append(h.buffer, h.pending...)
		h.pending = h.pending[:0]
	}
	if time.Since(h.flushed) > time.Second {
		return h.flush()
	}
	return nil
}

func row(b []byte, p pinn.Progress) []byte {
	b = strconv.AppendInt(b, int64(p.Total), 10)
	b = append(b, ',')
	b = strconv.AppendInt(b, int64(p.Stage+1), 10)
	b = append(b, ',')
	b = append(b, p.Optimizer...)
	b = append(b, ',')
	b = strconv.AppendFloat(b, p.Loss, 'g', -1, 64)
	for _, values := range [2][]float64{p.Terms, p.Parameters} {
		for _, x := range values {
			b = append(b, ',')
			b = strconv.AppendFloat(b, x, 'g', -1, 64)
		}
	}
	b = append(b, ',')
	b = strconv.AppendInt(b, int64(p.Evaluations), 10)
	b = append(b, ',')
	b = strconv.AppendFloat(b, p.Seconds, 'f', 3, 64)
	return append(b, '\n')
}

// sync brings the file to the disk, so that size and pending may go into a
// checkpoint.
func (h *history) sync() error {
	if err := h.flush(); err != nil {
		return err
	}
	return h.f.Sync()
}

// flush writes the buffered rows.
func (h *history) flush() error {
	h.flushed = time.Now()
	n, err := h.f.Write(h.buffer)
	h.size += int64(n)
	h.buffer = h.buffer[:0]
	return err
}

// close writes what is left, also the row that waits.
func (h *history) close() error {
	h.buffer = append(h.buffer, h.pending...)
	h.pending = h.pending[:0]
	err := h.flush()
	if e := h.f.Close(); err == nil {
		err = e
	}
	return err
}
