package launch

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/seed-0772dd2d/ritz/internal/atomicfile"
	"github.com/seed-0772dd2d/ritz/internal/filelock"
)

// record is what lasts of a Local: the file units.json.
type record struct {
	Next  int    `json:"next"` // number of the next unit
	Units []unit `json:"units"`
}

// unit is a process. Its ID may be that of another one by now: Born tells.
type unit struct {
	Unit
	PID  int    `json:"pid"`
	Born string `json:"born,omitempty"` // when the process started, as the system counts it
}

// gone is the state of a unit that is to be forgotten.
const gone State = ""

func (l *Local) recordPath() string { return filepath.Join(l.settings.Dir, "units.json") }

func (l *Local) read() (*record, error) {
	r := &record{Next: 1}
	text, err := os.ReadFile(l.recordPath())
	if errors.Is(err, fs.ErrNotExist) {
		return r, nil
	}
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, r); err != nil {
		return nil, fmt.Errorf("%s is damaged: %w", l.recordPath(), err)
	}
	return r, nil
}

func (l *Local) write(r *record) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return atomicfile.Write(l.recordPath(), bytes.NewReader(append(text, '\n')))
}

// update has f change the record, which is up to date then, while no other process
// does. What f has changed is kept, also if it returns an error.
func (l *Local) update(ctx context.Context, f func(*record) error) error {
	unlock, err := l.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	r, err := l.read()
	if err != nil {
		return err
	}
	before := slices.Clone(r.Units)
	for i := range r.Units {
		l.look(&r.Units[i])
	}
	r.Units = slices.DeleteFunc(r.Units, func(u unit) bool { return u.State == gone })
	failed := f(r)
	if slices.Equal(before, r.Units) {
		return failed
	}
	return errors.Join(failed, l.write(r))
}

// lock waits until it is this call's turn.
func (l *Local) lock(ctx context.Context) (unlock func(), err error) {
	f, err := os.OpenFile(filepath.Join(l.settings.Dir, ".lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	for {
		held, err := filelock.Lock(f)
		if err != nil && !errors.Is(err, errors.ErrUnsupported) {
			f.Close()
			return nil, err
		}
		if !held {
			return func() { f.Close() }, nil
		}
		select {
		case <-ctx.Done():
			f.Close()
			return nil, context.Cause(ctx)
		case <-time.After(5 * time.Millisecond):
		}
	}
}
