package distributed

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/seed-0772dd2d/ritz/internal/filelock"
)

// storeLock keeps a second coordinator out of a store: two servers would damage it.
type storeLock struct{ f *os.File }

func lockStore(dir string) (*storeLock, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrStore, err)
	}
	f, err := os.OpenFile(filepath.Join(dir, ".lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrStore, err)
	}
	held, err := filelock.Lock(f)
	if held {
		err = fmt.Errorf("%w: a coordinator is at work in %s", ErrStore, dir)
	} else if errors.Is(err, errors.ErrUnsupported) {
		err = nil
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &storeLock{f}, nil
}

func (l *storeLock) release() error {
	if l == nil {
		return nil
	}
	return l.f.Close()
}
