package distributed

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
)

const (
	sharedJobs = 16      // whose shared files a worker keeps
	linkFrom   = 1 << 20 // bytes of a shared file that is linked, not copied
)

// sharedFiles are the jobs' shared files on a worker's disk.
type sharedFiles struct {
	dir  string
	turn chan struct{} // one at a time, so that a file is fetched once
	jobs []string      // the latest last
}

func newSharedFiles(dir string) *sharedFiles {
	return &sharedFiles{dir: dir, turn: make(chan struct{}, 1)}
}

// place puts a shared file below root, fetching it if it is not here yet. A large
// one is linked: it is for reading.
func (s *sharedFiles) place(ctx context.Context, root *os.Root, job, name string, fetch func(to io.Writer) error) error {
	if err := checkFile(name); err != nil {
		return err
	}
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	dir, err := s.of(job)
	if err != nil {
		return err
	}
	hash := sha256.Sum256([]byte(name))
	kept := filepath.Join(dir, hex.EncodeToString(hash[:16]))
	info, err := os.Stat(kept)
	if errors.Is(err, fs.ErrNotExist) {
		part, err := os.OpenFile(kept+".part", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o444)
		if err != nil {
			return err
		}
		if err := errors.Join(fetch(part), part.Close()); err != nil {
			_ = os.Remove(kept + ".part")
			return err
		}
		if err := os.Rename(kept+".part", kept); err != nil {
			return err
		}
		if info, err = os.Stat(kept); err != nil {
			return err
		}
	} else if err != nil {
		return err
	}
	if info.Size() >= linkFrom {
		if parent := path.Dir(name); parent != "." {
			if err := root.MkdirAll(filepath.FromSlash(parent), 0o755); err != nil {
				return err
			}
		}
		if os.Link(kept, filepath.Join(root.Name(), filepath.FromSlash(name))) == nil {
			return nil
		}
	}
	f, err := os.Open(kept)
	if err != nil {
		return err
	}
	defer f.Close()
	return writeFile(root, name, f)
}

// of is the directory of a job's files; those of the oldest job make room for it.
func (s *sharedFiles) of(job string) (string, error) {
	dir := filepath.Join(s.dir, job)
	if slices.Contains(s.jobs, job) {
		return dir, nil
	}
	if len(s.jobs) >= sharedJobs {
		_ = os.RemoveAll(filepath.Join(s.dir, s.jobs[0]))
		s.jobs = slices.Delete(s.jobs, 0, 1)
	}
	s.jobs = append(s.jobs, job)
	return dir, os.MkdirAll(dir, 0o700)
}
