package distributed

import (
	"fmt"
	"time"
)

// keepFailures is how many failures of one job are held in memory, the newest.
const keepFailures = 1000

// A task is open until its first outcome that counts.
const (
	open uint8 = iota
	succeeded
	failed
)

// progress is the state of a job as a fold over its events in stream order. It is pure: no clock, no I/O. Coordinator
// and clients fold the same events and agree on what counts:
//
//   - The first success of an open task is its result. Whatever comes for it later is a duplicate.
//   - A failure counts if its attempt is later than all that failed before. If it may be retried, and is not the last
//     attempt allowed, the task is queued again as the next attempt; else the task has failed.
//   - Ended closes the job: what comes later is a duplicate, until Retried opens failed tasks again.
type progress struct {
	id       string
	attempts int // allowed to a task, before anybody retries it by hand
	minimize bool
	life     int64 // chunk.Life of its tasks

	task    []uint8          // open, succeeded, failed
	attempt []uint16         // the latest attempt that failed, or the one that succeeded
	allowed map[int]int      // last attempt of tasks retried by hand
	again   map[int]requeued // tasks to queue again and not yet heard of since

	done, failed, retried, lost, duplicates int
	round                                   int
	started, last                           time.Time // of the first attempt; of the last outcome
	released                                bool
	ended                                   State // "" while open
	endedAt                                 time.Time
	best                                    *Result
	improvements                            []Improvement
	failures                                []Failure
}

// requeued is a task for another attempt.
type requeued struct {
	chunkTask
	allowed int
}

func newProgress(id string, tasks, attempts int, minimize bool) *progress {
	return &progress{id: id, attempts: attempts, minimize: minimize, task: make([]uint8, tasks), attempt: make([]uint16, tasks),
		allowed: map[int]int{}, again: map[int]requeued{}}
}

// last attempt that task i may have.
func (p *progress) limit(i int) int {
	if n, ok := p.allowed[i]; ok {
		return n
	}
	return p.attempts
}

// complete tells whether every task has its outcome.
func (p *progress) complete() bool { return p.done+p.failed == len(p.task) }

// apply folds one event in. It calls each, if not nil, for the outcomes that decide their task: successes and final failures.
// What makes no sense is reported and left out.
func (p *progress) apply(e *event, each func(o *outcome, final bool)) error {
	var bad error
	switch {
	case len(e.Outcomes) > 0 && e.Life != 0 && e.Life != p.life:
		p.duplicates += len(e.Outcomes)
	case len(e.Outcomes) > 0:
		for i := range e.Outcomes {
			o := &e.Outcomes[i]
			if o.Index < 0 || o.Index >= len(p.task) || o.Attempt < 1 || o.Attempt > 1<<15 {
				bad = fmt.Errorf("malformed event of job %s: task %d of %d, attempt %d", p.id, o.Index, len(p.task), o.Attempt)
				continue
			}
			if p.outcome(e, o) && each != nil {
				each(o, !o.OK)
			}
		}
	case len(e.Lost) > 0:
		for _, b := range e.Lost {
			if b.Task < 0 || b.Task >= len(p.task) || b.Attempt < 1 {
				bad = fmt.Errorf("malformed event of job %s: task %d of %d, attempt %d lost", p.id, b.Task, len(p.task), b.Attempt)
				continue
			}
			if b.Attempt == int(p.attempt[b.Task]) { // it had ended by then
				continue
			}
			p.lost++
			p.fail(Failure{Job: p.id, Task: b.Task, Attempt: b.Attempt, Worker: e.Worker, Time: e.Time,
				Reason: "its worker fell silent; the task goes to another"})
		}
	case e.Released:
		p.released = true
	case e.Ended.Ended():
		if (e.Round == p.round || e.Ended == Cancelled) && p.ended == "" { // a cancel may have crossed a retry
			p.ended, p.endedAt = e.Ended, e.Time
		}
	case len(e.Retried) > 0:
		if e.Round < p.round || e.Round == p.round && p.ended != "" || p.ended == Cancelled {
			return nil
		}
		p.round, p.ended, p.endedAt = e.Round, "", time.Time{}
		for _, t := range e.Retried {
			if t.Index < 0 || t.Index >= len(p.task) {
				bad = fmt.Errorf("malformed event of job %s: task %d of %d retried", p.id, t.Index, len(p.task))
				continue
			}
			if p.task[t.Index] == failed {
				p.task[t.Index] = open
				p.failed--
				t.Attempt = int(p.attempt[t.Index]) + 1
				p.allowed[t.Index] = int(p.attempt[t.Index]) + p.attempts
				p.again[t.Index] = requeued{t, p.allowed[t.Index]}
			}
		}
	default:
		return fmt.Errorf("malformed event of job %s: it says nothing", p.id)
	}
	return bad
}

// outcome folds in one attempt and tells whether it decided its task.
func (p *progress) outcome(e *event, o *outcome) bool {
	i := o.Index
	if p.ended != "" || p.task[i] != open || !o.OK && o.Attempt <= int(p.attempt[i]) {
		p.duplicates++
		return false
	}
	if p.started.IsZero() || !o.Started.IsZero() && o.Started.Before(p.started) {
		p.started = o.Started
	}
	p.last = e.Time
	delete(p.again, i)
	if o.OK {
		p.task[i], p.attempt[i] = succeeded, uint16(o.Attempt)
		p.done++
		if p.better(o) {
			r := o.result(e.Worker)
			r.Data, r.Files, r.Archive = nil, nil, nil
			p.best = &r
			p.improvements = append(p.improvements, Improvement{o.Index, *o.Measure, e.Time})
			p.improvements = p.improvements[max(0, len(p.improvements)-MaxImprovements):]
		}
		return true
	}
	p.attempt[i] = uint16(o.Attempt)
	final := !o.Retryable || o.Attempt >= p.limit(i) || o.Task == nil
	f := o.failure(p.id, e)
	f.Final = final
	p.fail(f)
	if final {
		p.task[i] = failed
		p.failed++
		return true
	}
	p.retried++
	t := *o.Task
	t.Index, t.Attempt = i, o.Attempt+1
	p.again[i] = requeued{t, p.limit(i)}
	return false
}

func (p *progress) better(o *outcome) bool {
	switch {
	case o.Measure == nil || *o.Measure != *o.Measure:
		return false
	case p.best == nil:
		return true
	case p.minimize:
		return *o.Measure < *p.best.Measure
	}
	return *o.Measure > *p.best.Measure
}

// fail keeps the newest failures.
func (p *progress) fail(f Failure) {
	if len(p.failures) >= 2*keepFailures {
		p.failures = append(p.failures[:0], p.failures[keepFailures:]...)
	}
	p.failures = append(p.failures, f)
}

func (o *outcome) result(worker string) Result {
	return Result{Task: o.Index, Attempt: o.Attempt, Data: o.Data, Files: o.Files, Archive: o.Archive, Measure: o.Measure,
		Worker: worker, Started: o.Started, Seconds: o.Seconds}
}

func (o *outcome) failure(job string, e *event) Failure {
	stderr := o.Stderr
	if len(stderr) > maxStderr {
		stderr = stderr[len(stderr)-maxStderr:]
	}
	return Failure{Job: job, Task: o.Index, Attempt: o.Attempt, Worker: e.Worker, Reason: o.Reason, ExitCode: o.ExitCode,
		Signal: o.Signal, Stderr: stderr, Time: e.Time}
}

// fill writes what the events say into a status. The state is that of a job with nothing at work.
func (p *progress) fill(s *Status) {
	s.Tasks, s.Done, s.Failed, s.Retried, s.Duplicates = len(p.task), p.done, p.failed, p.retried, p.duplicates
	s.Lost, s.Started, s.Ended, s.Best, s.Round = p.lost, p.started, p.endedAt, p.best, p.round
	s.Improvements = p.improvements
	s.State = Waiting
	if p.ended != "" {
		s.State = p.ended
	}
}

// eta is how long the rest takes at the rate so far.
func (p *progress) eta(now time.Time) time.Duration {
	n := p.done + p.failed
	if n == 0 || p.started.IsZero() || p.ended != "" {
		return 0
	}
	return time.Duration(float64(now.Sub(p.started)) * float64(len(p.task)-n) / float64(n)).Round(time.Millisecond)
}

// pack makes chunks of tasks that have the same last attempt: at most n tasks and maxInline bytes each.
func (r *record) pack(tasks []chunkTask, allowed, n int) []chunk {
	h := &r.Header
	var chunks []chunk
	for len(tasks) > 0 {
		k, bytes := 0, 0
		for k < len(tasks) && k < n {
			if bytes += tasks[k].size(); k > 0 && bytes > maxInline {
				break
			}
			k++
		}
		chunks = append(chunks, chunk{Protocol: protocol, Job: h.ID, Kind: h.Kind, Function: h.Function, Shared: h.Shared, Parts: h.Parts,
			TimeLimit: h.TimeLimit, Memory: h.Memory, Attempts: allowed, Isolate: h.Isolate, Life: r.Submitted.UnixNano(), Tasks: tasks[:k:k]})
		tasks = tasks[k:]
	}
	return chunks
}

// chunkSize is how many tasks a chunk gets: each slot is to see several chunks, and what may run long or be killed stands alone.
// So do tasks of one attempt, which they would lose with one among them that kills the worker.
func (h *header) chunkSize(slots int) int {
	if h.TimeLimit > 0 || h.Isolate || h.Drives || h.Attempts == 1 || h.Kind != "function" {
		return 1
	}
	return min(max(1, h.Tasks/(8*max(1, slots))), maxChunkTasks)
}
