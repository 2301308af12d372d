package distributed

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"maps"
	"os"
	"slices"
	"strconv"
	"time"
)

// maxPartTasks is how many tasks travel to the coordinator in one request.
const maxPartTasks = 8192

// Submit hands a job over and returns its ID when all of it is on the coordinator's disk. Submitting the same job with
// the same ID again is no error and changes nothing: after a failure whose outcome is not known, just submit again.
// Another job under a known ID is ErrConflict.
func (c *Client) Submit(ctx context.Context, job Job) (id string, err error) {
	if job.ID == "" {
		job.ID = newID()
	}
	h, err := job.header()
	if err != nil {
		return "", err
	}
	for deadline := time.Now().Add(6 * c.timeout); ; {
		if err = c.submit(ctx, h, &job); !errors.Is(err, ErrNoCoordinator) || time.Now().After(deadline) {
			return h.ID, err
		}
	}
}

// newID draws 16 letters and digits.
func newID() string {
	var b [8]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// header checks the job and describes it.
func (j *Job) header() (*header, error) {
	h := &header{ID: j.ID, Name: j.Name, Kind: j.Kind, Function: j.Function, Tasks: len(j.Tasks),
		Shared: slices.Sorted(maps.Keys(j.Shared)), Requires: j.Requires, Priority: j.Priority, TimeLimit: j.TimeLimit,
		Memory: j.Memory, Attempts: j.Attempts, After: j.After, Isolate: j.Isolate, Minimize: j.Minimize, Drives: j.Drives, Parent: j.Parent}
	if h.Attempts == 0 {
		h.Attempts = 3
	}
	if err := h.check(); err != nil {
		return nil, err
	}
	if n := sizeOf(j.Shared); n > MaxShared {
		return nil, fmt.Errorf("%w: shared files of %d bytes, at most %d", ErrTooLarge, n, MaxShared)
	}
	for name, data := range j.Shared {
		if len(data) > partSize {
			if h.Parts == nil {
				h.Parts = map[string]int{}
			}
			h.Parts[name] = (len(data) + partSize - 1) / partSize
		}
	}
	for i := range j.Tasks {
		if err := j.Tasks[i].check(); err != nil {
			return nil, fmt.Errorf("task %d: %w", i, err)
		}
	}
	digest := sha256.New()
	data, err := json.Marshal(h)
	if err != nil {
		return nil, err
	}
	digest.Write(data)
	writeFiles(digest, j.Shared)
	for i := range j.Tasks {
		t := &j.Tasks[i]
		writeBytes(digest, []byte(t.Name))
		writeBytes(digest, t.Data)
		writeFiles(digest, t.Files)
		if err := writePaths(digest, t.Paths); err != nil {
			return nil, fmt.Errorf("task %d: %w", i, err)
		}
	}
	h.Digest = hex.EncodeToString(digest.Sum(nil))
	return h, nil
}

func writeBytes(h hash.Hash, b []byte) {
	h.Write(strconv.AppendInt(nil, int64(len(b)), 10))
	h.Write([]byte{' '})
	h.Write(b)
}

func writeFiles(h hash.Hash, files map[string][]byte) {
	for _, name := range slices.Sorted(maps.Keys(files)) {
		writeBytes(h, []byte(name))
		writeBytes(h, files[name])
	}
	h.Write([]byte{'\n'})
}

// writePaths is writeFiles for files on the disk.
func writePaths(h hash.Hash, paths map[string]string) error {
	for _, name := range slices.Sorted(maps.Keys(paths)) {
		f, err := os.Open(paths[name])
		if err != nil {
			return err
		}
		content := sha256.New()
		_, err = io.Copy(content, f)
		if err = errors.Join(err, f.Close()); err != nil {
			return err
		}
		writeBytes(h, []byte(name))
		writeBytes(h, content.Sum(nil))
	}
	return nil
}

func (c *Client) submit(ctx context.Context, h *header, job *Job) error {
	first := job.part(0)
	if len(first) == len(job.Tasks) && len(job.Shared) == 0 && !slices.ContainsFunc(first, func(t partTask) bool { return t.Object || t.Archive != nil }) {
		r, err := c.ask(ctx, verbSubmit, request{Header: h, Tasks: first})
		if err == nil && !r.Complete {
			err = fmt.Errorf("%w: job %s was not taken in completely", ErrStore, h.ID)
		}
		return err
	}
	r, err := c.ask(ctx, verbSubmit, request{Header: h})
	if err != nil || r.Complete {
		return err
	}
	put := func(name string, data []byte) error { return c.put(ctx, name, data) }
	for name, data := range job.Shared {
		if h.Parts[name] == 0 {
			err = put(sharedObject(h.ID, name), data)
		} else {
			w := &archiveWriter{Archive: Archive{Name: sharedParts(h.ID, name)}, put: put}
			_, err = w.Write(data)
			err = errors.Join(err, w.flush())
		}
		if err != nil {
			return err
		}
	}
	for begin := 0; begin < len(job.Tasks); {
		tasks := job.part(begin)
		for i, t := range tasks {
			whole := job.Tasks[begin+i]
			if t.Archive != nil {
				if tasks[i].Archive, err = whole.files().archive(inputObject(h.ID, begin+i), put); err != nil {
					return err
				}
				whole.Files = nil
			}
			if t.Object {
				if err := c.putTask(ctx, h.ID, begin+i, whole); err != nil {
					return err
				}
			}
		}
		r, err = c.ask(ctx, verbPart, request{Job: h.ID, First: begin, Tasks: tasks})
		if errors.Is(err, ErrNoJob) { // the coordinator's store was lost in between
			return fmt.Errorf("submitting job %s: %w: submit it again", h.ID, err)
		}
		if err != nil {
			return err
		}
		begin += len(tasks)
	}
	if !r.Complete { // the coordinator was started again in between, and has forgotten which parts had come
		return fmt.Errorf("%w: submitting job %s was interrupted: submit it again", ErrNoCoordinator, h.ID)
	}
	return nil
}

// part takes tasks from first on, as many as fit one message.
func (j *Job) part(first int) []partTask {
	var tasks []partTask
	bytes := 0
	for _, t := range j.Tasks[first:] {
		p := partTask{Task: t}
		if len(t.Paths) > 0 || t.size() > MaxTask {
			p = partTask{Task: Task{Name: t.Name, Data: t.Data}, Archive: &Archive{}} // which is yet to be stored
		}
		if p.size() > maxInline {
			p.Object, p.Data, p.Files = true, nil, nil
		}
		if bytes += p.size(); len(tasks) > 0 && (bytes > maxInline || len(tasks) == maxPartTasks) {
			break
		}
		tasks = append(tasks, p)
	}
	return tasks
}
