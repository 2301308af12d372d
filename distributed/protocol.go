package distributed

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"maps"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"
)

// protocol is the version of everything in this file. Who speaks another is refused.
const protocol = 1

// Streams, buckets and their limits.
const (
	streamTasks  = "RITZ_TASKS"  // work queue of chunks
	streamEvents = "RITZ_EVENTS" // what happened to jobs, in order: the one source of truth
	bucketJobs   = "RITZ_JOBS"   // key-value: job ID -> record
	bucketFiles  = "RITZ_FILES"  // objects: what is larger than maxInline, shared files, checkpoints, logs

	maxInline     = 512 << 10 // bytes of data in one message, before base64: the message stays below NATS' 1 MiB
	maxChunkTasks = 256
	maxStderr     = 4 << 10

	beatEvery  = time.Second            // heartbeats of workers
	lostAfter  = 5 * time.Second        // of silence: the worker counts as lost
	flushEvery = 200 * time.Millisecond // a chunk publishes the outcomes it has at least this often

	defaultAckWait = 6 * time.Second
)

// Subjects.
const (
	subjectAPI    = "ritz.api."    // + verb: requests to the coordinator
	subjectBeat   = "ritz.beat."   // + worker: heartbeats (beat)
	subjectCancel = "ritz.cancel"  // to workers: the ID of a job
	subjectStop   = "ritz.stop."   // + worker: finish what runs, take no more, leave
	subjectWake   = "ritz.wake"    // to workers: there is new work (queue)
	subjectFollow = "ritz.follow." // + job.task: request to whoever runs it, see logLines
	subjectLog    = "ritz.log."    // + job.task: lines (logLines)
	subjectTask   = "ritz.task."   // + class.priority.job: chunks
	subjectEvent  = "ritz.event."  // + job: events
)

func taskSubject(class string, priority int, job string) string {
	return subjectTask + class + "." + strconv.Itoa(priority) + "." + job
}

func logSubject(prefix, job string, task int) string {
	return prefix + job + "." + strconv.Itoa(task)
}

// Objects in bucketFiles. A name starts with its job's ID, and ends with the job's history.
func sharedObject(job, file string) string      { return job + "/shared/" + file }
func sharedParts(job, file string) string       { return job + "/parts/" + file } // Archive.Name of one in parts
func taskObject(job string, task int) string    { return fmt.Sprintf("%s/task/%d", job, task) }
func inputObject(job string, task int) string   { return fmt.Sprintf("%s/input/%d", job, task) }
func checkpointObject(job string, t int) string { return fmt.Sprintf("%s/checkpoint/%d", job, t) }

// resultObject is another one each time: two workers may run the same attempt, and the later does not overwrite.
func resultObject(job string, task, attempt int) string {
	return fmt.Sprintf("%s/result/%d/%d-%s", job, task, attempt, rand.Text())
}
func logObject(job string, task, attempt int) string {
	return fmt.Sprintf("%s/log/%d/%d", job, task, attempt)
}

// Classes of work: one class a set of requirements, so that workers pull only what they can run.
const (
	classAny  = "any"  // no requirements
	classHeld = "held" // jobs that wait for others; nobody pulls it

	classDrive = "drive-" // + any other class: tasks that take no slot
)

func classOf(requires map[string]string) string {
	if len(requires) == 0 {
		return classAny
	}
	h := sha256.New()
	for _, k := range slices.Sorted(maps.Keys(requires)) {
		fmt.Fprintf(h, "%s=%s\n", k, requires[k])
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// offers tells whether labels satisfy requires.
func offers(labels, requires map[string]string) bool {
	for k, v := range requires {
		if w, ok := labels[k]; !ok || w != v {
			return false
		}
	}
	return true
}

// queue is a durable consumer of streamTasks: the chunks of one class and priority.
// The coordinator makes it before the first chunk is there.
type queue struct {
	Class    string            `json:"class"`
	Priority int               `json:"priority"`
	Requires map[string]string `json:"requires,omitempty"`
}

func (q queue) durable() string { return "ritz-" + q.Class + "-" + strconv.Itoa(q.Priority) }
func (q queue) filter() string  { return taskSubject(q.Class, q.Priority, "*") }
func (q queue) drives() bool    { return strings.HasPrefix(q.Class, classDrive) }

// header is a job without its tasks.
type header struct {
	ID        string            `json:"id"`
	Name      string            `json:"name,omitempty"`
	Kind      string            `json:"kind"`
	Function  string            `json:"function,omitempty"`
	Tasks     int               `json:"tasks"`
	Shared    []string          `json:"shared,omitempty"` // names; the bytes are in bucketFiles
	Parts     map[string]int    `json:"parts,omitempty"`  // of those that are stored in more than one
	Requires  map[string]string `json:"requires,omitempty"`
	Priority  int               `json:"priority"`
	TimeLimit time.Duration     `json:"time_limit,omitempty"`
	Memory    int64             `json:"memory,omitempty"`
	Attempts  int               `json:"attempts"`
	After     []string          `json:"after,omitempty"`
	Isolate   bool              `json:"isolate,omitempty"`
	Minimize  bool              `json:"minimize,omitempty"`
	Drives    bool              `json:"drives,omitempty"`
	Parent    string            `json:"parent,omitempty"`
	Digest    string            `json:"digest"` // SHA-256 of all content, to tell a repeated submission from a different job
}

// chunk is a message of streamTasks: tasks that one slot runs one after the other.
type chunk struct {
	Protocol  int            `json:"protocol"`
	Job       string         `json:"job"`
	Kind      string         `json:"kind"`
	Function  string         `json:"function,omitempty"`
	Shared    []string       `json:"shared,omitempty"`
	Parts     map[string]int `json:"parts,omitempty"`
	TimeLimit time.Duration  `json:"time_limit,omitempty"`
	Memory    int64          `json:"memory,omitempty"`
	Attempts  int            `json:"attempts"` // the last attempt allowed: what is numbered higher fails for good without being run
	Isolate   bool           `json:"isolate,omitempty"`
	Life      int64          `json:"life,omitempty"` // tells a job from one of the same ID that the coordinator has forgotten
	Tasks     []chunkTask    `json:"tasks"`
}

// chunkTask is a task with its index and the number its first delivery has as an attempt, from 1.
// A delivery d of the message (from 1) is attempt Attempt + d - 1.
type chunkTask struct {
	Index   int `json:"i"`
	Attempt int `json:"attempt"`
	Task
	Object  bool     `json:"object,omitempty"`  // Data and Files are in taskObject, as the JSON of payload
	Archive *Archive `json:"archive,omitempty"` // more Files
	Deaths  int      `json:"deaths,omitempty"`  // attempts before in which the worker died
	Resume  bool     `json:"resume,omitempty"`  // an attempt was given back: its checkpoint may be there
}

// payload is what an object holds in place of an inline task or result.
type payload struct {
	Data  []byte            `json:"data,omitempty"`
	Files map[string][]byte `json:"files,omitempty"`
}

// messageID is what JetStream tells repetitions of a chunk by: equal for the same tasks at the same attempts.
func (c *chunk) messageID() string {
	h := fnv.New64a()
	var b [16]byte
	for _, t := range c.Tasks {
		binary.LittleEndian.PutUint64(b[:], uint64(t.Index))
		binary.LittleEndian.PutUint64(b[8:], uint64(t.Attempt))
		h.Write(b[:])
	}
	return fmt.Sprintf("%s/%x/%d-%d/%x", c.Job, c.Life, c.Tasks[0].Index, c.Tasks[len(c.Tasks)-1].Index, h.Sum64())
}

// split gives a chunk a task, as of attempt a: so that a task that kills its workers stands alone.
func (c *chunk) split(deliveries int) []chunk {
	parts := make([]chunk, len(c.Tasks))
	for i, t := range c.Tasks {
		parts[i] = *c
		t.Attempt += deliveries - 1
		t.Deaths += deliveries - 1
		parts[i].Tasks = []chunkTask{t}
	}
	return parts
}

// event is a message of streamEvents. Exactly one of its parts is set.
type event struct {
	Protocol int         `json:"protocol"`
	Time     time.Time   `json:"time"`
	Worker   string      `json:"worker,omitempty"`   // of Outcomes and Lost
	Round    int         `json:"round,omitempty"`    // of Ended and Retried: how often the job was retried
	Outcomes []outcome   `json:"outcomes,omitempty"` // by a worker: attempts that ended
	Life     int64       `json:"life,omitempty"`     // of Outcomes: chunk.Life; another one's are of a job of this ID that was forgotten
	Lost     []Busy      `json:"lost,omitempty"`     // by the coordinator: attempts whose worker fell silent; for the history only
	Released bool        `json:"released,omitempty"` // by the coordinator: what it waited for is done, its chunks are queued
	Ended    State       `json:"ended,omitempty"`    // by the coordinator: Done, Failed or Cancelled
	Retried  []chunkTask `json:"retried,omitempty"`  // by the coordinator: failed tasks that are to be queued again, in round Round
}

// outcome is the end of one attempt of one task.
type outcome struct {
	Index   int       `json:"i"`
	Attempt int       `json:"attempt"`
	OK      bool      `json:"ok"`
	Slot    int       `json:"slot,omitempty"`
	Started time.Time `json:"started"`
	Seconds float64   `json:"seconds"`

	// of a success
	Data    []byte            `json:"data,omitempty"`
	Files   map[string][]byte `json:"files,omitempty"`
	Object  string            `json:"object,omitempty"`  // Data and Files are in this object, as the JSON of payload
	Archive *Archive          `json:"archive,omitempty"` // more Files
	Measure *float64          `json:"measure,omitempty"`

	// of a failure
	Reason    string     `json:"reason,omitempty"`
	ExitCode  int        `json:"exit_code,omitempty"`
	Signal    string     `json:"signal,omitempty"`
	Stderr    string     `json:"stderr,omitempty"`
	Retryable bool       `json:"retryable,omitempty"` // another attempt may do better
	Task      *chunkTask `json:"task,omitempty"`      // the task, so that it can be queued again, now or by Retry
}

// beat is a heartbeat.
type beat struct {
	Protocol int `json:"protocol"`
	WorkerStatus
}

// logLines is a piece of what a task wrote. A worker that runs job.task answers a request on subjectFollow with all it
// has (Offset 0), and for followFor after the last request publishes on subjectLog what is written.
type logLines struct {
	Attempt int    `json:"attempt"`
	Offset  int64  `json:"offset"` // bytes of this attempt's log before Text
	Text    []byte `json:"text"`
	End     bool   `json:"end,omitempty"` // the attempt has ended
}

const followFor = 10 * time.Second

// request is what every request to the coordinator carries, with the part that its verb needs.
type request struct {
	Protocol int           `json:"protocol"`
	Version  string        `json:"version"`
	Job      string        `json:"job,omitempty"`    // cancel, retry, status, failures, part
	All      bool          `json:"all,omitempty"`    // jobs: the ended too
	Limit    int           `json:"limit,omitempty"`  // failures, jobs: at most
	Header   *header       `json:"header,omitempty"` // submit
	First    int           `json:"first,omitempty"`  // submit, part: index of Tasks[0]; jobs, failures, workers: how many to skip
	Tasks    []partTask    `json:"tasks,omitempty"`  // submit, part
	Worker   *WorkerStatus `json:"worker,omitempty"` // join
}

// partTask is a task on its way to the coordinator.
type partTask struct {
	Task
	Object  bool     `json:"object,omitempty"`  // Data and Files are in taskObject
	Archive *Archive `json:"archive,omitempty"` // Files, in another object
}

// Verbs.
const (
	verbHello    = "hello"    // who is there
	verbSubmit   = "submit"   // Header, and Tasks if all fit; answers Known and Complete
	verbPart     = "part"     // more Tasks; answers Complete
	verbStatus   = "status"   //
	verbJobs     = "jobs"     //
	verbFailures = "failures" //
	verbWorkers  = "workers"  //
	verbCancel   = "cancel"   //
	verbRetry    = "retry"    // answers Count
	verbJoin     = "join"     // a worker comes; answers AckWait and Queues
	verbQueues   = "queues"   // all queues there are
)

// response answers a request.
type response struct {
	Protocol int            `json:"protocol"`
	Version  string         `json:"version"`
	Error    string         `json:"error,omitempty"`
	Code     string         `json:"code,omitempty"` // names the sentinel that Error wraps
	Known    bool           `json:"known,omitempty"`
	Complete bool           `json:"complete,omitempty"` // all tasks have arrived
	Count    int            `json:"count,omitempty"`
	Jobs     []Status       `json:"jobs,omitempty"`
	More     bool           `json:"more,omitempty"` // the answer was cut to fit a message
	Failures []Failure      `json:"failures,omitempty"`
	Workers  []WorkerStatus `json:"workers,omitempty"`
	Queues   []queue        `json:"queues,omitempty"`
	AckWait  time.Duration  `json:"ack_wait,omitempty"`
}

// codes name sentinels on the wire.
var codes = map[string]error{
	"auth": ErrAuth, "version": ErrVersion, "large": ErrTooLarge, "nojob": ErrNoJob, "name": ErrName,
	"job": ErrJob, "conflict": ErrConflict, "cancelled": ErrCancelled, "store": ErrStore,
}

func codeOf(err error) string {
	for code, sentinel := range codes {
		if errors.Is(err, sentinel) {
			return code
		}
	}
	return ""
}

// remoteError is an error that came over the wire.
type remoteError struct {
	text  string
	cause error
}

func (e *remoteError) Error() string { return e.text }
func (e *remoteError) Unwrap() error { return e.cause }

// err is the error that the response reports, nil if none.
func (r *response) err() error {
	if r.Error == "" {
		return nil
	}
	return &remoteError{r.Error, codes[r.Code]}
}

// checkProtocol compares what the other side speaks; who is "client", "worker" or "coordinator".
func checkProtocol(got int, who, theirs string) error {
	if got == protocol {
		return nil
	}
	if theirs == "" {
		theirs = "unknown"
	}
	return fmt.Errorf("%w: the %s (version %s) speaks protocol %d, this side (version %s) protocol %d; use the same version of ritz on both",
		ErrVersion, who, theirs, got, Version(), protocol)
}

// decode reads exactly one JSON value. It never panics, and reports what the message was meant to be.
func decode[T any](what string, data []byte) (*T, error) {
	v := new(T)
	d := json.NewDecoder(bytes.NewReader(data))
	if err := d.Decode(v); err != nil {
		return nil, fmt.Errorf("malformed %s: %w", what, err)
	}
	if d.More() {
		return nil, fmt.Errorf("malformed %s: more than one value", what)
	}
	return v, nil
}

// decodeChunk reads and checks a chunk. Names of files are checked where they are written: one that this system does not
// have (aux, on Windows) is a failure of its task, not a chunk that nobody answers for.
func decodeChunk(data []byte) (*chunk, error) {
	c, err := decode[chunk]("chunk of tasks", data)
	if err != nil {
		return nil, err
	}
	if c.Protocol == 0 {
		return nil, errors.New("malformed chunk of tasks: no protocol")
	}
	if err := checkProtocol(c.Protocol, "coordinator", ""); err != nil {
		return nil, err
	}
	if err := checkID("job", c.Job); err != nil {
		return nil, err
	}
	if len(c.Tasks) == 0 || c.Attempts < 1 {
		return nil, errors.New("malformed chunk of tasks: no tasks or no attempts")
	}
	for _, t := range c.Tasks {
		if t.Index < 0 || t.Index >= MaxTasks || t.Attempt < 1 {
			return nil, fmt.Errorf("malformed chunk of tasks: task %d, attempt %d", t.Index, t.Attempt)
		}
	}
	return c, nil
}

// Version is the version of the running binary, "devel" if it was built without one.
func Version() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		if v := strings.TrimPrefix(info.Main.Version, "v"); v != "" && v != "(devel)" {
			return v
		}
	}
	return "devel"
}
