package distributed

import (
	"errors"
	"os"
	"path/filepath"
	"strings"

	"github.com/seed-0772dd2d/ritz/internal/filelock"
)

// scratch is a worker's directory, with a locked file NAME.lock beside it that tells
// others that it is in use. A worker that was killed leaves both behind, and the next
// one removes them.
type scratch struct {
	dir  string
	lock *os.File
}

const scratchPattern = "ritz-worker-*.lock"

func newScratch(parent string) (*scratch, error) {
	if parent == "" {
		parent = os.TempDir()
	}
	if err := os.MkdirAll(parent, 0o700); err != nil {
		return nil, err
	}
	sweepScratch(parent)
	for {
		f, err := os.CreateTemp(parent, scratchPattern)
		if err != nil {
			return nil, err
		}
		held, err := filelock.Lock(f)
		if held { // somebody took it for an old one
			f.Close()
			continue
		}
		s := &scratch{strings.TrimSuffix(f.Name(), ".lock"), f}
		if err != nil && !errors.Is(err, errors.ErrUnsupported) {
			return nil, errors.Join(err, s.remove())
		}
		if err := os.Mkdir(s.dir, 0o700); err != nil {
			return nil, errors.Join(err, s.remove())
		}
		return s, nil
	}
}

// remove removes the directory, then gives up its name. The lock file goes last, and
// on Windows only once it is closed.
func (s *scratch) remove() error {
	err := os.RemoveAll(s.dir)
	return errors.Join(err, s.lock.Close(), os.Remove(s.lock.Name()))
}

// sweepScratch removes what dead workers left, as far as it can.
func sweepScratch(parent string) {
	locks, _ := filepath.Glob(filepath.Join(parent, scratchPattern))
	for _, name := range locks {
		f, err := os.OpenFile(name, os.O_RDWR, 0)
		if err != nil {
			continue // another user's
		}
		if held, err := filelock.Lock(f); held || err != nil {
			f.Close()
			continue
		}
		_ = (&scratch{strings.TrimSuffix(name, ".lock"), f}).remove()
	}
}
