package job

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/seed-0772dd2d/ritz/internal/simd"
)

// Version is the release this is, as it stands in result.json.
const Version = "v0.1.0"

// Options are of a sitting, not of the job: they change no numbers.
type Options struct {
	// Progress, if set, is called after every iteration; the run waits for it.
	Progress func(Progress)
	// Warn, if set, is called for each of Job.Warnings before a new run starts.
	Warn func(warning string)
	// Started, if set, is called when the run directory has been made.
	Started func(dir string)
	// Pool does the parts of a job that can be done elsewhere; default Local.
	Pool Pool
}

// Progress tells where a run stands.
type Progress struct {
	Stage, Stages         int    // current stage, from 0, and how many there are; 0: what comes before them
	Name                  string // of the stage, "ssbroyden"
	Iteration, Iterations int    // done and at most, in this stage
	Total, TotalMost      int    // the same over all stages; 0 where stages have steps of their own
	Measure               string // what Value is, "loss"; "": there is none yet
	Value                 float64
	Seconds               float64   // over all sittings
	Parameters            []string  // names of the numbers that are sought
	Values                []float64 // and where they stand; valid until the callback returns
}

// Number is a float64 that JSON shows as null if it is not finite.
type Number float64

func (x Number) MarshalJSON() ([]byte, error) {
	if x-x != 0 {
		return []byte("null"), nil
	}
	return json.Marshal(float64(x))
}

func (x *Number) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		*x = Number(math.NaN())
		return nil
	}
	return json.Unmarshal(data, (*float64)(x))
}

// The states of a run. One that is running in a directory that nobody holds
// was killed.
const (
	Running = "running"
	Done    = "done"
	Stopped = "stopped" // interrupted
	Failed  = "failed"
)

// Result is what a run came to: the part of result.json that all kinds share,
// and the kind's own.
type Result struct {
	Ritz    int    `json:"ritz"`
	Kind    string `json:"kind"`
	Name    string `json:"name"`
	Version string `json:"version"`
	Status  string `json:"status"` // Running, Done, Stopped or Failed
	Reason  string `json:"reason"` // of Stopped and Failed; of Done, why figures are missing
	Seconds Number `json:"seconds"`
	Seed    uint64 `json:"seed"`
	Threads int    `json:"threads"`
	SIMD    string `json:"simd"`
	Device  string `json:"device"` // cpu, or opencl:0 with its name

	Dir  string `json:"-"`
	Body Body   `json:"-"` // its keys stand beside those above; nil while Running
	Idle bool   `json:"-"` // it was done before: Resume had nothing to do
}

// Body is the part of a result that is of its kind.
type Body interface {
	// Summary prints the numbers that matter, a line each.
	Summary(w io.Writer)
	setFigures(files []string)
}

// Warnings are what a run that is done has to say against its result.
func (r *Result) Warnings() []string {
	if b, ok := r.Body.(*pinnBody); ok {
		return b.Warnings
	}
	return nil
}

// Run runs a job in a new directory, by default runs/<name>-<time>. An error
// without a result means that nothing was run; when the run itself ends badly
// the Result says so.
func Run(ctx context.Context, j *Job, dir string, o Options) (*Result, error) {
	w, err := j.task.compile(ctx, &o)
	if err != nil {
		return nil, err
	}
	defer release(w)
	if o.Warn != nil {
		for _, warning := range j.Warnings() {
			o.Warn(warning)
		}
	}
	d, err := create(dir, j)
	if err != nil {
		return nil, err
	}
	defer d.unlock()
	return j.sit(ctx, w, d, o)
}

// release frees what a work holds beyond the memory of this process.
func release(w work) {
	if r, ok := w.(interface{ release() }); ok {
		r.release()
	}
}

// open takes the directory of an earlier run, with its job.
func open(dir string) (*directory, *Job, error) {
	d := &directory{path: dir, started: time.Now()}
	if info, err := os.Stat(dir); err == nil && !info.IsDir() {
		return nil, nil, fmt.Errorf("%s is no run directory", dir)
	}
	j, err := Load(d.file("job.yaml"), nil)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, fmt.Errorf("%s holds no run: %w", dir, err)
	}
	if err != nil {
		return nil, nil, err
	}
	return d, j, d.lock()
}

// Resume goes on with the run in dir from its checkpoint, or from the start if
// it was killed before it had one. A run that is done is left alone; its result
// is returned.
func Resume(ctx context.Context, dir string, o Options) (*Result, error) {
	d, j, err := open(dir)
	if err != nil {
		return nil, err
	}
	defer d.unlock()
	r, damaged := ReadResult(dir)
	if damaged == nil && r.Status == Done {
		r.Idle = true
		return r, nil
	}
	w, err := j.task.compile(ctx, &o)
	if err != nil {
		return nil, err
	}
	defer release(w)
	if damaged == nil {
		d.before = float64(r.Seconds) // unless there is a checkpoint, which knows it better
	}
	c, err := d.load()
	switch {
	case errors.Is(err, fs.ErrNotExist) && (damaged == nil || errors.Is(damaged, fs.ErrNotExist)):
		return j.sit(ctx, w, d, o)
	case errors.Is(err, fs.ErrNotExist): // it may have been done
		return nil, fmt.Errorf("%w; and there is no checkpoint to go on from", damaged)
	case err != nil:
		return nil, err
	}
	err = w.restore(c)
	c.rest.Close()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", d.file("checkpoint"), err)
	}
	d.before = c.Seconds
	return j.sit(ctx, w, d, o)
}

// Draw draws the figures of a run in dir that is not going on, from its solution,
// and returns their names.
func Draw(dir string) ([]string, error) {
	d, j, err := open(dir)
	if err != nil {
		return nil, err
	}
	defer d.unlock()
	files, err := j.task.draw(d)
	if j.Kind == "surrogate" && (errors.Is(err, fs.ErrNotExist) || err == nil && len(files) == 0) {
		r, unread := ReadResult(dir)
		if _, e := modelOfRun(dir, ""); e != nil && (unread != nil || r.Status != Done) {
			return nil, e
		}
	}
	if err != nil {
		return nil, err
	}
	if r, err := ReadResult(dir); err == nil {
		r.Body.setFigures(files)
		if r.Status == Done {
			r.Reason = ""
		}
		return files, d.writeResult(r)
	}
	return files, nil
}

// sit runs the work until it ends. The directory has a result.json at all
// times; what the training came to is in it before anything is drawn.
func (j *Job) sit(ctx context.Context, w work, d *directory, o Options) (*Result, error) {
	r := &Result{
		Ritz: schema, Kind: j.Kind, Name: j.Name, Version: Version, Status: Running,
		Seed: j.Seed, Threads: j.Threads, SIMD: simd.Level(), Device: j.Device,
		Dir: d.path, Seconds: Number(d.before),
	}
	if r.Threads == 0 {
		r.Threads = runtime.GOMAXPROCS(0)
	}
	if j.ranOn != "" {
		r.Device = j.ranOn
	}
	if err := d.writeResult(r); err != nil {
		return nil, fmt.Errorf("cannot write the run directory: %w", err)
	}
	if o.Started != nil {
		o.Started(d.path)
	}
	var err error
	r.Body, err = w.run(ctx, d)
	r.Seconds, r.Status = Number(d.seconds()), Done
	switch {
	case errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded):
		r.Status, r.Reason = Stopped, "interrupted"
	case err != nil:
		r.Status, r.Reason = Failed, err.Error()
	}
	err = d.writeResult(r)
	if err == nil && r.Status == Done {
		if err = os.Remove(d.file("checkpoint")); errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
	}
	if err != nil && r.Status != Failed {
		r.Status, r.Reason = Failed, err.Error()
	}
	if r.Status != Done {
		return r, nil
	}
	files, err := w.draw(d)
	r.Body.setFigures(files)
	if err != nil {
		r.Reason = err.Error()
	}
	r.Seconds = Number(d.seconds())
	if err := d.writeResult(r); err != nil && r.Reason == "" {
		r.Reason = err.Error()
	}
	return r, nil
}

func (d *directory) writeResult(r *Result) error {
	data, err := r.json()
	if err != nil {
		return err
	}
	return d.write("result.json", data)
}

// json merges the shared part and the kind's own into one object.
func (r *Result) json() ([]byte, error) {
	var merged, out bytes.Buffer
	parts := []any{r}
	if r.Body != nil {
		parts = append(parts, r.Body)
	}
	for _, part := range parts {
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false) // "u < 1" should read so
		if err := e.Encode(part); err != nil {
			return nil, err
		}
		text := bytes.TrimSpace(b.Bytes())
		keys := text[1 : len(text)-1]
		if merged.Len() > 0 && len(keys) > 0 {
			merged.WriteByte(',')
		}
		merged.Write(keys)
	}
	err := json.Indent(&out, fmt.Appendf(nil, "{%s}", merged.Bytes()), "", "  ")
	out.WriteByte('\n')
	return out.Bytes(), err
}

// ReadResult reads the result of a run directory.
func ReadResult(dir string) (*Result, error) {
	path := filepath.Join(dir, "result.json")
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	r := &Result{Dir: dir}
	if err := json.Unmarshal(data, r); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	k, ok := kinds[r.Kind]
	if !ok {
		return nil, fmt.Errorf("%s: unknown kind %q", path, r.Kind)
	}
	r.Body = k.body()
	if err := json.Unmarshal(data, r.Body); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return r, nil
}
