package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"sync"

	"github.com/seed-0772dd2d/ritz/distributed"
	"github.com/seed-0772dd2d/ritz/internal/job"
	"github.com/seed-0772dd2d/ritz/internal/process"
)

// driverAttempts is how many workers of a driver may die: it is not what kills them.
const driverAttempts = 20

// driver is the attempt of a job's task that runs in this worker and has the parts of the
// job done as batches: jobs whose parent it is. The ID of a batch comes from that of the
// parent and from what it is. So a driver whose worker has died leaves nothing behind that
// is needed: another one begins anew, submits the same batches, and finds their results.
type driver struct {
	attempt *distributed.Attempt
	life    context.Context // of the attempt
	round   int             // how often the job was retried by hand
	terms   terms

	mu    sync.Mutex
	fault error // of the cluster, not of the job
}

// drive runs a job as a driver, in this process, which has the token: it starts no programs,
// its batches do. What is no task of a batch, the last fit of a model, is done here too.
func drive(ctx context.Context, a *distributed.Attempt) (r distributed.Result, err error) {
	p, err := readPiece(a.Data, kindDrive)
	if err == nil && p.Batches == nil {
		err = errors.New("malformed task of kind drive: it does not say how its batches are")
	}
	if err != nil {
		return r, distributed.InVain(err)
	}
	dir := filepath.Join(a.Dir, checkpointName)
	given, err := settle(a.Dir, dir)
	if err != nil {
		return r, err
	}
	client, err := a.Connect(ctx)
	if err != nil {
		return r, err
	}
	defer client.Close()
	status, err := client.Status(ctx, a.Job)
	if err != nil {
		return r, err
	}
	d := &driver{attempt: a, life: ctx, round: status.Round, terms: *p.Batches}
	work := &pool{client: client, name: a.Name, say: func(line string) { fmt.Fprintln(a.Log, line) }, driver: d}
	work.ledger.id = func(b *batch) string { return d.id(b, 0) }
	r.Data, err = job.RunIn(process.Allow(ctx, []string{}), dir, work, a.Log)
	if err == nil {
		err = p.give(&r, dir, given)
	}
	if err != nil && ctx.Err() == nil && d.fault == nil {
		err = distributed.InVain(err)
	}
	return r, err
}

// id names a batch: that of the same tasks has the same ID.
func (d *driver) id(b *batch, round int) string {
	text, _ := json.Marshal([]any{d.attempt.Job, round, b.Kind, b.names, b.Tasks})
	sum := sha256.Sum256(text)
	parent := d.attempt.Job
	return parent[:min(len(parent), 40)] + "-" + hex.EncodeToString(sum[:8])
}

// prepare makes j a batch. When the job of the driver was retried by hand, what has failed
// in its batches is tried again too.
func (d *driver) prepare(ctx context.Context, client *distributed.Client, j *distributed.Job, b *batch) error {
	t := d.terms
	j.Parent, j.Requires, j.Priority, j.TimeLimit, j.Memory, j.Attempts = d.attempt.Job, t.Requires, t.Priority, t.TimeLimit, t.Memory, t.Attempts
	if d.round == 0 {
		return nil
	}
	s, err := client.Status(ctx, b.ID)
	switch {
	case errors.Is(err, distributed.ErrNoJob):
		return nil
	case err != nil:
		return err
	case s.State == distributed.Failed:
		_, err = client.Retry(ctx, b.ID)
	case s.State == distributed.Cancelled: // it has lost its tasks
		b.ID = d.id(b, d.round)
		j.ID = b.ID
	}
	return err
}

// leaves tells whether the driver ends before its job does: its batches go on. Those of a
// job that has ended are cancelled by the coordinator.
func (d *driver) leaves() bool { return d != nil && d.life.Err() != nil }

// note keeps an error with which another attempt may not meet.
func (d *driver) note(err error) {
	if d == nil || err == nil {
		return
	}
	for _, lasting := range []error{distributed.ErrTooLarge, distributed.ErrName, distributed.ErrJob, distributed.ErrConflict, distributed.ErrCancelled} {
		if errors.Is(err, lasting) {
			return
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fault = err
}
