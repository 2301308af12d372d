// Package atomicfile writes files that appear under their names whole or not
// at all.
package atomicfile

import (
	"errors"
	"io"
	"os"
	"path/filepath"
)

// File is a file on its way: a temporary one in the directory of its path.
type File struct {
	*os.File
	path string
}

// Create opens a file that will appear at path when it is committed.
func Create(path string) (*File, error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return nil, err
	}
	return &File{f, path}, nil
}

// Commit flushes the file to the disk and gives it its name, in the place of
// an older file. On an error an old file stays as it was, and nothing else is
// left.
func (f *File) Commit() (err error) {
	defer func() {
		if err != nil {
			f.Discard()
		}
	}()
	// A temporary file starts readable by its owner only; a file system may not
	// know modes, or how to flush.
	if err = f.Chmod(0o644); err != nil && !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	if err = f.Sync(); err != nil && !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	if err = f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), f.path)
}

// Discard removes what was written.
func (f *File) Discard() {
	f.Close() // a second time does nothing
	os.Remove(f.Name())
}

// Write creates or replaces the file at path with all that r has. On an error
// an old file stays as it was, and nothing else is left.
func Write(path string, r io.Reader) error {
	f, err := Create(path)
	if err != nil {
		return err
	}
	if _, err := io.Copy(f, r); err != nil {
		f.Discard()
		return err
	}
	return f.Commit()
}
