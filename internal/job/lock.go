package job

import (
	"errors"
	"fmt"
	"os"

	"github.com/seed-0772dd2d/ritz/internal/filelock"
)

// lock takes the directory for this process, for as long as it lives and has
// not called unlock. The lock is the system's, on the file .lock: a process that
// is killed leaves none behind. Where the file system knows no locks there are
// none.
func (d *directory) lock() error {
	f, err := os.OpenFile(d.file(".lock"), os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return fmt.Errorf("cannot write the run directory: %w", err)
	}
	held, err := filelock.Lock(f)
	if err != nil && !errors.Is(err, errors.ErrUnsupported) {
		f.Close()
		return fmt.Errorf("cannot lock the run directory: %w", err)
	}
	if held {
		f.Close()
		return fmt.Errorf("%s is in use: another ritz runs in it", d.path)
	}
	d.locked = f
	return nil
}

func (d *directory) unlock() { d.locked.Close() }
