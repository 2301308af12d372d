package distributed

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/rand"
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

// client is one of the worker's coordinator.
func (w *Worker) client(ctx context.Context) (c *Client, err error) {
	err = w.persist(ctx, w.link.timeout, func(ctx context.Context) error {
		c, err = Connect(ctx, w.settings.Connect)
		return err
	})
	return c, err
}

// storing bounds one try to store or fetch an object.
const storing = time.Minute

// objectOptions cut objects into pieces that are as large as a message may be: each is written to the disk by itself.
var objectOptions = &jetstream.ObjectMetaOptions{ChunkSize: maxInline}

// put stores an object, however long the coordinator is away.
func (w *Worker) put(ctx context.Context, name string, data []byte) error {
	return w.persist(ctx, storing, func(ctx context.Context) error {
		store, err := w.link.js.ObjectStore(ctx, bucketFiles)
		if err == nil {
			_, err = store.Put(ctx, jetstream.ObjectMeta{Name: name, Opts: objectOptions}, bytes.NewReader(data))
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

// putter and getter store and fetch the parts of archives.
func (w *Worker) putter(ctx context.Context) func(string, []byte) error {
	return func(name string, data []byte) error { return w.put(ctx, name, data) }
}

func (w *Worker) getter(ctx context.Context) func(string) ([]byte, error) {
	return func(name string) ([]byte, error) { return w.get(ctx, name) }
}

func (w *Worker) getPayload(ctx context.Context, name string) (*payload, error) {
	data, err := w.get(ctx, name)
	if err != nil {
		return nil, err
	}
	return decode[payload]("task", data)
}

// saveCheckpoint stores Dir/checkpoint as an archive under a new name. The object of the checkpoint says which it is, so
// that there is always a whole one.
func (w *Worker) saveCheckpoint(ctx context.Context, a *Attempt) error {
	name := checkpointObject(a.Job, a.Task)
	archive, err := writeArchive(name+"/"+rand.Text(), w.putter(ctx), func(out *tar.Writer) error { return pack(a.Dir, out) })
	if err != nil {
		return err
	}
	if err := w.putJSON(ctx, name, archive); err != nil {
		return err
	}
	if a.saved != nil {
		w.drop(a.saved)
	}
	a.saved = archive
	return nil
}

// checkpointOf is the latest that was saved of a task, nil if there is none.
func (w *Worker) checkpointOf(ctx context.Context, job string, task int) (*Archive, error) {
	data, err := w.get(ctx, checkpointObject(job, task))
	if errors.Is(err, jetstream.ErrObjectNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return decode[Archive]("checkpoint", data)
}

// restoreCheckpoint brings back what the last attempt saved, if anything.
func (w *Worker) restoreCheckpoint(ctx context.Context, a *Attempt) (found bool, err error) {
	for range 3 { // a worker that is thought dead may save another at this moment, and drop this one
		if a.saved, err = w.checkpointOf(ctx, a.Job, a.Task); err != nil || a.saved == nil {
			return false, err
		}
		in := &archiveReader{Archive: *a.saved, get: w.getter(ctx)}
		if err = unpack(a.Dir, in, in.Size); !errors.Is(err, jetstream.ErrObjectNotFound) {
			return true, err
		}
		if err := os.RemoveAll(filepath.Join(a.Dir, checkpointName)); err != nil {
			return false, err
		}
	}
	return false, err
}

// dropCheckpoint removes what a finished task does not need any more; if it cannot,
// it goes with the job.
func (w *Worker) dropCheckpoint(job string, task int) {
	ctx, cancel := context.WithTimeout(w.life, 2*time.Second)
	defer cancel()
	store, err := w.link.js.ObjectStore(ctx, bucketFiles)
	if err != nil {
		return
	}
	name := checkpointObject(job, task)
	data, err := store.GetBytes(ctx, name)
	if err != nil {
		return
	}
	if archive, err := decode[Archive]("checkpoint", data); err == nil && store.Delete(ctx, name) == nil {
		w.drop(archive)
	}
}

// drop removes an archive, as far as it can.
func (w *Worker) drop(a *Archive) {
	ctx, cancel := context.WithTimeout(w.life, 2*time.Second)
	defer cancel()
	store, err := w.link.js.ObjectStore(ctx, bucketFiles)
	for i := 0; i < a.Parts && err == nil; i++ {
		err = store.Delete(ctx, a.part(i))
	}
}

// pack puts dir/checkpoint into an archive.
func pack(dir string, out *tar.Writer) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	total := int64(0)
	return fs.WalkDir(root.FS(), checkpointName, func(name string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) && name != checkpointName {
			return nil // a temporary file of the task, renamed by now
		}
		if err != nil || !(d.IsDir() || d.Type().IsRegular()) {
			return err
		}
		if d.IsDir() {
			return out.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: name + "/", Mode: 0o755})
		}
		info, err := d.Info()
		if err == nil {
			if total += info.Size(); total > MaxFiles {
				return fmt.Errorf("%w: a checkpoint of more than %s", ErrTooLarge, bytesText(MaxFiles))
			}
			err = addFile(out, root.Open, name, name)
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	})
}

// unpack is the inverse of pack. The archive has so many bytes.
func unpack(dir string, archive io.Reader, size int64) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	return readTar(archive, size, func(h *tar.Header, data io.Reader) error {
		name := strings.TrimSuffix(h.Name, "/")
		if name != checkpointName && !strings.HasPrefix(name, checkpointName+"/") {
			return fmt.Errorf("%w: %q in a checkpoint", ErrName, h.Name)
		}
		if err := checkFile(name); err != nil {
			return err
		}
		switch h.Typeflag {
		case tar.TypeDir:
			return root.MkdirAll(filepath.FromSlash(name), 0o755)
		case tar.TypeReg:
			return writeFile(root, name, data)
		}
		return nil
	})
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
