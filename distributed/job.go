package distributed

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// Limits of what may be submitted.
const (
	MaxTasks    = 4 << 20  // tasks of a job
	MaxTask     = 64 << 20 // bytes of Data of one task or one result
	MaxFiles    = 8 << 30  // bytes of the files of one task, one result or one checkpoint
	MaxShared   = 1 << 30  // bytes of Job.Shared
	MaxAttempts = 100      // Job.Attempts
	MaxPriority = 9        // Job.Priority
	MaxAfter    = 1000     // jobs named in Job.After
)

// What can be told apart by a caller; every error of the package that has one of these causes wraps it.
var (
	ErrAuth          = errors.New("not authorised")                         // token, user or certificate refused
	ErrVersion       = errors.New("versions do not fit")                    // client, worker and coordinator speak different protocols
	ErrTooLarge      = errors.New("too large")                              // beyond one of the limits above
	ErrNoJob         = errors.New("no such job")                            //
	ErrNoCoordinator = errors.New("no coordinator answers")                 // the address is right, but nobody is at work there
	ErrName          = errors.New("not a valid name")                       // of a job, label, function or file
	ErrJob           = errors.New("not a valid job")                        // anything else wrong in a job
	ErrConflict      = errors.New("another job has this ID")                // same ID, different content
	ErrCancelled     = errors.New("job was cancelled")                      //
	ErrTask          = errors.New("task failed")                            // see TaskError
	ErrStore         = errors.New("the coordinator's store cannot be used") // its disk is full, say
)

// Job is a set of independent tasks of one kind.
type Job struct {
	ID        string            // names the job: submitted twice it is one job. 1 to 64 of A-Z a-z 0-9 _ -; "" draws one
	Name      string            // for people
	Kind      string            // what runs a task: "function", "command" or what a worker registered, "job" for one
	Function  string            // kind "function": the name it was registered under
	Tasks     []Task            // at least one, at most MaxTasks
	Shared    map[string][]byte // files that every task finds in its directory, stored once; names as in Task.Files
	Requires  map[string]string // labels that a worker must offer, all of them
	Priority  int               // 0 to 9, higher first
	TimeLimit time.Duration     // of one attempt; 0: none
	Memory    int64             // bytes of one attempt, kept where it runs in a child process; 0: none
	Attempts  int               // at most; 0 means 3
	After     []string          // jobs that must be done before this one starts
	Isolate   bool              // run functions too in a process of their own
	Minimize  bool              // the best result has the smallest Measure, not the largest
	Drives    bool              // its tasks wait for jobs that they submit (Attempt.Connect): they run beside a worker's slots
	Parent    string            // the job that drives this one: when it ends, this one is cancelled
}

// Task is one piece of work. What Data means is known to the job's kind.
type Task struct {
	Name  string            `json:"name,omitempty"` // for people
	Data  []byte            `json:"data,omitempty"`
	Files map[string][]byte `json:"files,omitempty"` // put into the task's directory; names are local paths with slashes
	Paths map[string]string `json:"-"`               // more Files, by their paths on this machine; read when the job is submitted
}

// size is the number of bytes that the limits speak of.
func (t Task) size() int { return len(t.Name) + len(t.Data) + sizeOf(t.Files) }

func sizeOf(files map[string][]byte) int {
	n := 0
	for name, data := range files {
		n += len(name) + len(data)
	}
	return n
}

// Result is what a task gave. Each task of a job that was done has exactly one.
type Result struct {
	Task    int               `json:"task"`    // index into Job.Tasks
	Attempt int               `json:"attempt"` // the attempt that counts, from 1
	Data    []byte            `json:"data,omitempty"`
	Files   map[string][]byte `json:"files,omitempty"`
	Paths   map[string]string `json:"-"`                 // in a Handler: more Files, by their paths in Attempt.Dir
	Archive *Archive          `json:"archive,omitempty"` // Files too large to be held: Client.Files reads them
	Measure *float64          `json:"measure,omitempty"` // what "best" compares, if the task has such a number; finite
	Worker  string            `json:"worker,omitempty"`
	Started time.Time         `json:"started"`
	Seconds float64           `json:"seconds"`
}

// Failure is one attempt that gave no result.
type Failure struct {
	Job      string    `json:"job"`
	Task     int       `json:"task"`
	Attempt  int       `json:"attempt"`
	Worker   string    `json:"worker,omitempty"`
	Reason   string    `json:"reason"`
	ExitCode int       `json:"exit_code,omitempty"`
	Signal   string    `json:"signal,omitempty"`
	Stderr   string    `json:"stderr,omitempty"` // the last 4 KiB at most
	Time     time.Time `json:"time"`
	Final    bool      `json:"final"` // the task is given up
}

// TaskError is the error of a task that failed for good; errors.Is(err, ErrTask) holds.
type TaskError struct{ Failure }

func (e *TaskError) Error() string {
	s := fmt.Sprintf("job %s, task %d, attempt %d: %s", e.Job, e.Task, e.Attempt, e.Reason)
	if e.Stderr != "" {
		s += "\n" + strings.TrimRight(e.Stderr, "\n")
	}
	return s
}

func (e *TaskError) Unwrap() error { return ErrTask }

// State says where a job is.
type State string

const (
	Blocked   State = "blocked"   // jobs it comes after are not done
	Waiting   State = "waiting"   // queued, nothing runs: Status.Why says why
	Running   State = "running"   //
	Done      State = "done"      // every task has its result
	Failed    State = "failed"    // every task has ended, at least one of them without a result
	Cancelled State = "cancelled" //
)

// Ended tells whether nothing more will happen, unless somebody retries the job.
func (s State) Ended() bool { return s == Done || s == Failed || s == Cancelled }

// Status is where a job is at one moment.
type Status struct {
	ID           string            `json:"id"`
	Name         string            `json:"name,omitempty"`
	Kind         string            `json:"kind"`
	Function     string            `json:"function,omitempty"`
	State        State             `json:"state"`
	Why          string            `json:"why,omitempty"` // of Blocked and Waiting: what is missing
	Tasks        int               `json:"tasks"`
	Done         int               `json:"done"`       // tasks with a result
	Failed       int               `json:"failed"`     // tasks given up
	Running      int               `json:"running"`    // tasks in some worker's hands, as of its last heartbeat
	Retried      int               `json:"retried"`    // attempts that failed and were followed by another
	Lost         int               `json:"lost"`       // attempts whose worker fell silent
	Duplicates   int               `json:"duplicates"` // outcomes that came when the task already had its own; not counted
	Submitted    time.Time         `json:"submitted"`
	Started      time.Time         `json:"started,omitzero"` // of the first task
	Ended        time.Time         `json:"ended,omitzero"`
	ETA          time.Duration     `json:"eta,omitempty"`          // until the end at the rate so far; 0: unknown
	Best         *Result           `json:"best,omitempty"`         // by Measure, without Data and Files; nil if no result has one
	Improvements []Improvement     `json:"improvements,omitempty"` // of Best over time, oldest first, the newest MaxImprovements
	Requires     map[string]string `json:"requires,omitempty"`
	After        []string          `json:"after,omitempty"`
	Priority     int               `json:"priority"`
	Minimize     bool              `json:"minimize,omitempty"`
	Attempts     int               `json:"attempts"`        // at most, of a task
	Round        int               `json:"round,omitempty"` // how often failed tasks were retried by hand
	Parent       string            `json:"parent,omitempty"`
	Batches      *Batches          `json:"batches,omitempty"` // of a job that drives others, once there are any
}

// Batches are the jobs that a job drives, together.
type Batches struct {
	Jobs    int `json:"jobs"`
	Tasks   int `json:"tasks"`
	Done    int `json:"done"`
	Failed  int `json:"failed"`
	Running int `json:"running"`
}

// WithBatches counts the tasks that a job drives in place of its own, for people.
func (s Status) WithBatches() Status {
	if b := s.Batches; b != nil {
		s.Tasks, s.Done, s.Failed, s.Running = b.Tasks, b.Done, b.Failed, b.Running
	}
	return s
}

// MaxImprovements is how many entries of Status.Improvements are kept.
const MaxImprovements = 500

// Improvement is a result that was the best of its job when it came.
type Improvement struct {
	Task    int       `json:"task"`
	Measure float64   `json:"measure"`
	Time    time.Time `json:"time"` // when the coordinator counted it
}

// WorkerStatus is a worker as its last heartbeat described it.
type WorkerStatus struct {
	ID      string            `json:"id"`
	Host    string            `json:"host"`
	PID     int               `json:"pid"`
	Slots   int               `json:"slots"` // tasks at a time
	Labels  map[string]string `json:"labels,omitempty"`
	Kinds   []string          `json:"kinds,omitempty"` // what it can run
	Version string            `json:"version"`
	CPU     float64           `json:"cpu"`    // cores in use, child processes included
	RSS     int64             `json:"rss"`    // bytes, child processes included
	Memory  int64             `json:"memory"` // bytes it may use, 0: no limit stated
	Busy    []Busy            `json:"busy,omitempty"`
	Joined  time.Time         `json:"joined"`
	Seen    time.Time         `json:"seen"`  // when the coordinator last heard of it
	State   string            `json:"state"` // "idle", "busy", "draining", "lost"
}

// Busy is a slot at work. Those of tasks that drive other jobs are numbered after WorkerStatus.Slots.
type Busy struct {
	Slot    int       `json:"slot"`
	Job     string    `json:"job"`
	Task    int       `json:"task"`
	Attempt int       `json:"attempt"`
	Since   time.Time `json:"since"`
}

// SlotsBusy is how many of its slots are at work; what drives other jobs takes none.
func (w *WorkerStatus) SlotsBusy() int {
	n := 0
	for _, b := range w.Busy {
		if b.Slot < w.Slots {
			n++
		}
	}
	return n
}

// Span is one attempt in time, a bar of the task stream.
type Span struct {
	Worker  string    `json:"worker"`
	Slot    int       `json:"slot"`
	Job     string    `json:"job"`
	Task    int       `json:"task"`
	Attempt int       `json:"attempt"`
	Start   time.Time `json:"start"`
	End     time.Time `json:"end"`
	Failed  bool      `json:"failed,omitempty"`
}

// Counters count since the coordinator started, but for the last five, which are of now.
type Counters struct {
	Submitted  uint64 `json:"submitted"`  // jobs
	Done       uint64 `json:"done"`       // tasks
	Failed     uint64 `json:"failed"`     // tasks given up
	Retried    uint64 `json:"retried"`    // attempts followed by another
	Duplicates uint64 `json:"duplicates"` // outcomes not counted
	Lost       uint64 `json:"lost"`       // workers that fell silent
	Malformed  uint64 `json:"malformed"`  // messages that could not be read
	Refused    uint64 `json:"refused"`    // requests refused: versions, limits, names
	Queued     int    `json:"queued"`     // tasks neither running nor ended
	Running    int    `json:"running"`
	Workers    int    `json:"workers"`
	Slots      int    `json:"slots"`
	StoreBytes uint64 `json:"store_bytes"`
}

var (
	idPattern   = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)
	namePattern = regexp.MustCompile(`^[A-Za-z0-9_./+-]{1,128}$`) // functions, kinds, labels
)

// checkID tells whether id can name a job or a worker: it becomes part of subjects and of file names.
func checkID(what, id string) error {
	if !idPattern.MatchString(id) {
		return fmt.Errorf("%w: %s %q: use 1 to 64 letters, digits, _ and -", ErrName, what, id)
	}
	return nil
}

// checkFile tells whether name stays inside the directory it is put in, on every system.
func checkFile(name string) error {
	if name == "" || name == "." || len(name) > 1024 || strings.ContainsAny(name, "\\:\x00") || !filepath.IsLocal(filepath.FromSlash(name)) {
		return fmt.Errorf("%w: file %q: use a relative path with slashes that stays inside the task's directory", ErrName, name)
	}
	return nil
}

// CheckLabels tells whether these can be labels of a worker or requirements of a job.
func CheckLabels(labels map[string]string) error {
	for k, v := range labels {
		if !namePattern.MatchString(k) || v != "" && !namePattern.MatchString(v) {
			return fmt.Errorf("%w: label %q: letters, digits and _ . / + - on both sides of =", ErrName, k+"="+v)
		}
	}
	return nil
}

// check validates the job but for its tasks.
func (h *header) check() error {
	bad := func(format string, a ...any) error { return fmt.Errorf("%w: "+format, append([]any{ErrJob}, a...)...) }
	if err := checkID("job", h.ID); err != nil {
		return err
	}
	if len(h.Name) > 1024 {
		return bad("its name has %d bytes, at most 1024", len(h.Name))
	}
	if !namePattern.MatchString(h.Kind) {
		return fmt.Errorf("%w: kind %q of a job", ErrName, h.Kind)
	}
	if h.Kind == "function" && !namePattern.MatchString(h.Function) {
		return fmt.Errorf("%w: function %q", ErrName, h.Function)
	}
	if err := CheckLabels(h.Requires); err != nil {
		return err
	}
	if h.Parent != "" {
		if err := checkID("job", h.Parent); err != nil {
			return fmt.Errorf("parent: %w", err)
		}
		if h.Parent == h.ID {
			return bad("it is its own parent")
		}
	}
	for _, id := range h.After {
		if err := checkID("job", id); err != nil {
			return fmt.Errorf("after: %w", err)
		}
		if id == h.ID {
			return bad("it waits for itself")
		}
	}
	for _, name := range h.Shared {
		if err := checkFile(name); err != nil {
			return err
		}
	}
	switch {
	case h.Tasks < 1:
		return bad("it has no tasks")
	case h.Tasks > MaxTasks:
		return fmt.Errorf("%w: %d tasks, at most %d", ErrTooLarge, h.Tasks, MaxTasks)
	case h.Priority < 0 || h.Priority > MaxPriority:
		return bad("priority %d: 0 to %d", h.Priority, MaxPriority)
	case h.Attempts < 1 || h.Attempts > MaxAttempts:
		return bad("%d attempts: 1 to %d", h.Attempts, MaxAttempts)
	case h.TimeLimit < 0:
		return bad("time limit %v", h.TimeLimit)
	case h.Memory < 0:
		return bad("memory limit %d", h.Memory)
	case len(h.After) > MaxAfter:
		return fmt.Errorf("%w: after %d jobs, at most %d", ErrTooLarge, len(h.After), MaxAfter)
	}
	return nil
}

// check validates one task.
func (t Task) check() error {
	if n := len(t.Name) + len(t.Data); n > MaxTask {
		return fmt.Errorf("%w: %d bytes, at most %d a task", ErrTooLarge, n, MaxTask)
	}
	_, err := t.files().check()
	return err
}

func (t Task) files() *files { return &files{t.Files, t.Paths, os.Open, os.Stat} }
