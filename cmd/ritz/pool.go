package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/seed-0772dd2d/ritz/distributed"
	"github.com/seed-0772dd2d/ritz/internal/atomicfile"
	"github.com/seed-0772dd2d/ritz/internal/job"
)

// pool does the tasks of a job on the workers of a coordinator.
type pool struct {
	client *distributed.Client
	name   string            // of the jobs that it submits
	say    func(line string) // what people should know
	ledger ledger
	driver *driver // nil: this process is nobody's worker
}

var _ job.Pool = (*pool)(nil)

var errSilent = errors.New("the coordinator does not answer")

// Do submits the tasks as a job, or two if some of them work alone; jobs with some of
// them that an earlier sitting has left are gone on with. When ctx ends the jobs are
// cancelled.
func (p *pool) Do(ctx context.Context, tasks []job.Task, done func(i int, result []byte, err error)) error {
	batches, err := p.ledger.plan(tasks)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var group sync.WaitGroup
	var telling sync.Mutex
	tell := func(i int, result []byte, err error) {
		telling.Lock()
		defer telling.Unlock()
		if ctx.Err() == nil {
			done(i, result, err)
		}
	}
	for _, b := range batches {
		group.Go(func() {
			if err := p.do(ctx, b, tasks, tell); err != nil {
				cancel(err)
			}
		})
	}
	group.Wait()
	return context.Cause(ctx)
}

// do does the tasks of a batch.
func (p *pool) do(ctx context.Context, b *batch, tasks []job.Task, tell func(int, []byte, error)) (err error) {
	defer func() {
		if ctx.Err() == nil {
			p.driver.note(err)
		}
	}()
	if err := p.submit(ctx, b, tasks); err != nil {
		return err
	}
	ended := false
	defer func() {
		if !ended && !p.driver.leaves() {
			// A notebook kills a cell five seconds after it was interrupted.
			late, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
			defer cancel()
			err := p.client.Cancel(late, b.ID)
			if errors.Is(err, distributed.ErrNoCoordinator) {
				err = errSilent
			}
			if err != nil {
				p.say(fmt.Sprintf("job %s could not be cancelled: %v", b.ID, err))
				return
			}
		}
		if err := p.ledger.drop(b); err != nil {
			p.say(err.Error())
		}
	}()
	watching, stop := context.WithCancel(ctx)
	defer stop()
	go p.watch(watching, b.ID)
	for r, err := range p.client.Results(ctx, b.ID) {
		var failed *distributed.TaskError
		switch {
		case err != nil && ctx.Err() != nil:
			return context.Cause(ctx)
		case err != nil && !errors.As(err, &failed):
			return err
		case b.members[r.Task] < 0:
			continue
		case failed != nil:
			tell(b.members[r.Task], nil, err)
			continue
		}
		t := &tasks[b.members[r.Task]]
		if err := keep(ctx, p.client, t, r); err != nil {
			return err
		}
		tell(b.members[r.Task], r.Data, nil)
	}
	ended = ctx.Err() == nil
	return context.Cause(ctx)
}

// submit hands the job of a batch over, unless an earlier sitting has done so.
func (p *pool) submit(ctx context.Context, b *batch, tasks []job.Task) error {
	if b.known {
		s, err := p.client.Status(ctx, b.ID)
		switch {
		case errors.Is(err, distributed.ErrNoJob), err == nil && (s.State == distributed.Cancelled || s.Tasks != len(b.members)):
			if err := p.ledger.renew(b); err != nil {
				return err
			}
		case err != nil:
			return err
		case slices.Contains(b.members, -1): // some of its results were told: all of it was submitted
			return nil
		}
	}
	j := distributed.Job{ID: b.ID, Name: p.name, Kind: b.Kind, Minimize: true, Shared: shared(b.members, tasks)}
	if p.driver != nil {
		if err := p.driver.prepare(ctx, p.client, &j, b); err != nil {
			return err
		}
	}
	for _, i := range b.members {
		t, err := remote(tasks[i], j.Shared)
		if err != nil {
			return fmt.Errorf("%s: %w", tasks[i].Name, err)
		}
		j.Tasks = append(j.Tasks, t)
	}
	_, err := p.client.Submit(ctx, j)
	if b.known && errors.Is(err, distributed.ErrConflict) { // other files are in the directories of its tasks by now
		return nil
	}
	return err
}

// end is called when the run is done. Jobs that it has not asked for, because it was
// changed before it was resumed, end too.
func (p *pool) end(ctx context.Context) {
	left, err := p.ledger.end()
	if err != nil {
		p.say(err.Error())
	}
	for _, b := range left {
		_ = p.client.Cancel(ctx, b.ID) // it may have ended, or be unknown here
	}
}

// watch says why nothing goes on.
func (p *pool) watch(ctx context.Context, id string) {
	tick := time.NewTicker(2 * time.Second)
	defer tick.Stop()
	said := ""
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		s, err := p.client.Status(ctx, id)
		why := s.Why
		switch {
		case ctx.Err() != nil:
			return
		case errors.Is(err, distributed.ErrNoCoordinator):
			why = errSilent.Error() + "; the job goes on when it is back"
		case err != nil || s.State == distributed.Running:
			why = ""
		}
		if why != "" && why != said {
			p.say("job " + id + " waits: " + why)
		}
		said = why
	}
}

// shared are the files that all tasks have in common, the very same bytes.
func shared(members []int, tasks []job.Task) map[string][]byte {
	if len(members) < 2 {
		return nil
	}
	common := map[string][]byte{}
	for name, data := range tasks[members[0]].Files {
		common[name] = data
	}
	for _, i := range members[1:] {
		for name, data := range common {
			other, ok := tasks[i].Files[name]
			if !ok || len(other) != len(data) || len(data) == 0 || &other[0] != &data[0] {
				delete(common, name)
			}
		}
	}
	return common
}

// remote is a task with what an earlier sitting has left in its directory.
func remote(t job.Task, shared map[string][]byte) (distributed.Task, error) {
	data, err := json.Marshal(piece{Kind: t.Kind, Data: t.Data})
	if err != nil {
		return distributed.Task{}, err
	}
	r := distributed.Task{Name: t.Name, Data: data, Files: map[string][]byte{}, Paths: map[string]string{}}
	for name, data := range t.Files {
		if _, ok := shared[name]; !ok {
			r.Files[name] = data
		}
	}
	if t.Dir == "" {
		return r, nil
	}
	err = filepath.WalkDir(t.Dir, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) && path == t.Dir {
			return filepath.SkipAll
		}
		if err != nil || !d.Type().IsRegular() || d.Name()[0] == '.' {
			return err
		}
		name, err := filepath.Rel(t.Dir, path)
		if err != nil {
			return err
		}
		name = filepath.ToSlash(name)
		if _, ok := t.Files[name]; ok {
			return nil
		}
		r.Paths[name] = path
		return nil
	})
	return r, err
}

// keep writes the files of a task, what it was given and what it has written, into its
// directory. The last is result.json, by which who resumes the run knows that it is done.
func keep(ctx context.Context, client *distributed.Client, t *job.Task, r distributed.Result) error {
	if t.Dir == "" {
		return nil
	}
	if err := writeFiles(t.Dir, t.Files); err != nil {
		return err
	}
	last := map[string][]byte{}
	err := below(t.Dir, func(write func(string, io.Reader) error) error {
		return client.Files(ctx, r, func(name string, _ int64, data io.Reader) (err error) {
			if name == "result.json" {
				last[name], err = io.ReadAll(data)
				return err
			}
			return write(name, data)
		})
	})
	if err != nil {
		return err
	}
	// It is done: nothing goes on from here.
	if err := os.Remove(filepath.Join(t.Dir, "checkpoint")); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return writeFiles(t.Dir, last)
}

// writeFiles writes files below dir, whole or not at all.
func writeFiles(dir string, files map[string][]byte) error {
	return below(dir, func(write func(string, io.Reader) error) error {
		for name, data := range files {
			if err := write(name, bytes.NewReader(data)); err != nil {
				return err
			}
		}
		return nil
	})
}

// writeResultFiles writes the files of a result below dir, each whole or not at all.
func writeResultFiles(ctx context.Context, client *distributed.Client, r distributed.Result, dir string) error {
	return below(dir, func(write func(string, io.Reader) error) error {
		return client.Files(ctx, r, func(name string, _ int64, data io.Reader) error { return write(name, data) })
	})
}

// below lets f write files below dir. The names are from elsewhere: none leads out of dir.
func below(dir string, f func(write func(name string, data io.Reader) error) error) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	return f(func(name string, data io.Reader) error {
		name = filepath.FromSlash(name)
		if !filepath.IsLocal(name) {
			return fmt.Errorf("a result has a file %q that is not within its directory", name)
		}
		if parent := filepath.Dir(name); parent != "." {
			if err := root.MkdirAll(parent, 0o777); err != nil { // follows no link out of dir
				return err
			}
		}
		return atomicfile.Write(filepath.Join(dir, name), data)
	})
}
