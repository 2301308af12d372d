package distributed

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Waits between attempts to reach the coordinator.
const (
	firstWait = 50 * time.Millisecond
	lastWait  = time.Second
)

// persist calls f until it succeeds, ctx ends or more of it makes no sense. Each try
// has so much time, and ends with the connection it began on: its answer will not come.
func (w *Worker) persist(ctx context.Context, limit time.Duration, f func(context.Context) error) error {
	try := func() error {
		connection := w.connection()
		if connection.Err() != nil {
			return ErrNoCoordinator
		}
		ctx, cancel := context.WithTimeout(ctx, limit)
		defer cancel()
		defer context.AfterFunc(connection, cancel)()
		return f(ctx)
	}
	for wait := firstWait; ; wait = min(2*wait, lastWait) {
		err := try()
		if err == nil || errors.Is(err, jetstream.ErrObjectNotFound) || errors.Is(err, jetstream.ErrDigestMismatch) || errors.Is(err, nats.ErrMaxPayload) {
			return err
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return errors.Join(context.Cause(ctx), err)
		}
	}
}

// storing bounds one try to store or fetch an object.
const storing = time.Minute

// put stores an object, however long the coordinator is away.
func (w *Worker) put(ctx context.Context, name string, data []byte) error {
	return w.persist(ctx, storing, func(ctx context.Context) error {
		store, err := w.link.js.ObjectStore(ctx, bucketFiles)
		if err == nil {
			_, err = store.PutBytes(ctx, name, data)
		}
		return err
	})
}

func (w *Worker) putJSON(ctx context.Context, name string, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return w.put(ctx, name, data)
}

func (w *Worker) get(ctx context.Context, name string) (data []byte, err error) {
	err = w.persist(ctx, storing, func(ctx context.Context) error {
		store, err := w.link.js.ObjectStore(ctx, bucketFiles)
		if err == nil {
			data, err = store.GetBytes(ctx, name)
		}
		return err
	})
	return data, err
}

func (w *Worker) getPayload(ctx context.Context, name string) (*payload, error) {
	data, err := w.get(ctx, name)
	if err != nil {
		return nil, err
	}
	return decode[payload]("task", data)
}

// saveCheckpoint stores Dir/checkpoint as a tar archive.
func (w *Worker) saveCheckpoint(ctx context.Context, a *Attempt) error {
	data, err := pack(a.Dir)
	if err != nil {
		return err
	}
	return w.put(ctx, checkpointObject(a.Job, a.Task), data)
}

// restoreCheckpoint brings back what the last attempt saved, if anything.
func (w *Worker) restoreCheckpoint(ctx context.Context, a *Attempt) (found bool, err error) {
	data, err := w.get(ctx, checkpointObject(a.Job, a.Task))
	if errors.Is(err, jetstream.ErrObjectNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return true, unpack(a.Dir, data)
}

// dropCheckpoint removes what a finished task does not need any more; if it cannot,
// it goes with the job.
func (w *Worker) dropCheckpoint(job string, task int) {
	ctx, cancel := context.WithTimeout(w.life, 2*time.Second)
	defer cancel()
	if store, err := w.link.js.ObjectStore(ctx, bucketFiles); err == nil {
		_ = store.Delete(ctx, checkpointObject(job, task))
	}
}

// pack makes a tar archive of dir/checkpoint.
func pack(dir string) ([]byte, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	var archive bytes.Buffer
	out := tar.NewWriter(&archive)
	err = fs.WalkDir(root.FS(), checkpointName, func(name string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) && name != checkpointName {
			return nil // a temporary file of the task, renamed by now
		}
		if err != nil || !(d.IsDir() || d.Type().IsRegular()) {
			return err
		}
		if d.IsDir() {
			return out.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: name + "/", Mode: 0o755})
		}
		data, err := root.ReadFile(filepath.FromSlash(name))
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		if archive.Len()+len(data) > MaxShared {
			return fmt.Errorf("%w: a checkpoint of more than %s", ErrTooLarge, bytesText(MaxShared))
		}
		if err := out.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o644, Size: int64(len(data))}); err != nil {
			return err
		}
		_, err = out.Write(data)
		return err
	})
	return archive.Bytes(), errors.Join(err, out.Close())
}

// unpack is the inverse of pack.
func unpack(dir string, archive []byte) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	in := tar.NewReader(bytes.NewReader(archive))
	for {
		h, err := in.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		name := strings.TrimSuffix(h.Name, "/")
		if name != checkpointName && !strings.HasPrefix(name, checkpointName+"/") {
			return fmt.Errorf("%w: %q in a checkpoint", ErrName, h.Name)
		}
		if h.Size > int64(len(archive)) { // a sparse file
			return fmt.Errorf("%w: %q in a checkpoint has %d bytes", ErrTooLarge, h.Name, h.Size)
		}
		switch h.Typeflag {
		case tar.TypeDir:
			if err := checkFile(name); err != nil {
				return err
			}
			err = root.MkdirAll(filepath.FromSlash(name), 0o755)
		case tar.TypeReg:
			var data []byte
			if data, err = io.ReadAll(in); err == nil {
				err = putFile(root, name, data)
			}
		}
		if err != nil {
			return err
		}
	}
}

// fingerprint changes when dir/checkpoint does; "" if there is none.
func fingerprint(dir string) string {
	h := fnv.New64a()
	err := fs.WalkDir(os.DirFS(dir), checkpointName, func(name string, d fs.DirEntry, err error) error {
		var info fs.FileInfo
		if err == nil {
			info, err = d.Info()
		}
		if errors.Is(err, fs.ErrNotExist) && name != checkpointName {
			return nil // a temporary file, as in pack
		}
		if err == nil {
			fmt.Fprintf(h, "%s %d %d\n", name, info.Size(), info.ModTime().UnixNano())
		}
		return err
	})
	if err != nil {
		return ""
	}
	return strconv.FormatUint(h.Sum64(), 16)
}
