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
)

// Version is the release this is, as it stands in result.json.
const Version = "v0.1.0"

// Options are of a sitting, not of the job: they change no numbers.
type Options struct {
	// Progress, if set, is called after every iteration; the run waits for it.
	Progress func(Progress)
	// Started, if set, is called when the run directory has been made.
	Started func(dir string)
}

// Progress tells where a run stands.
type Progress struct {
	Stage, Stages         int    // current stage, from 0, and how many there are
	Name                  string // of the stage, "ssbroyden"
	Iteration, Iterations int    // done and at most, in this stage
	Total, TotalMost      int    // the same over all stages
	Loss                  float64
	Seconds               float64 // over all sittings
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

// The states in which a run ends.
const (
	Done    = "done"
	Stopped = "stopped" // interrupted; it can be resumed
	Failed  = "failed"
)

// Result is what a run came to: the part of result.json that all kinds share,
// and the kind's own.
type Result struct {
	Ritz    int    `json:"ritz"`
	Kind    string `json:"kind"`
	Name    string `json:"name"`
	Version string `json:"version"`
	Status  string `json:"status"` // Done, Stopped or Failed
	Reason  string `json:"reason"`
	Seconds Number `json:"seconds"`
	Seed    uint64 `json:"seed"`
	Threads int    `json:"threads"`
	SIMD    string `json:"simd"`
	Device  string `json:"device"`

	Dir  string `json:"-"`
	Body Body   `json:"-"` // its keys stand beside those above
}

// Body is the part of a result that is of its kind.
type Body interface {
	// Summary prints the numbers that matter, a line each.
	Summary(w io.Writer)
}

// Run runs a job in a new directory, by default runs/<name>-<time>. An error
// without a result means that nothing was run; when the run itself ends badly
// the Result says so.
func Run(ctx context.Context, j *Job, dir string, o Options) (*Result, error) {
	w, err := j.task.compile(&o)
	if err != nil {
		return nil, err
	}
	d, err := create(dir, j)
	if err != nil {
		return nil, err
	}
	return j.sit(ctx, w, d, o)
}

// Resume goes on with the run in dir from its checkpoint. A run that is done
// is left alone; its result is returned.
func Resume(ctx context.Context, dir string, o Options) (*Result, error) {
	r, err := ReadResult(dir)
	if err == nil && r.Status == Done {
		return r, nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	d := &directory{path: dir, started: time.Now()}
	j, err := Load(d.file("job.yaml"), nil)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s holds no run: %w", dir, err)
	}
	if err != nil {
		return nil, err
	}
	w, err := j.task.compile(&o)
	if err != nil {
		return nil, err
	}
	c, err := d.load()
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s holds no checkpoint: run its job.yaml again", dir)
	}
	if err != nil {
		return nil, err
	}
	if err := w.restore(c); err != nil {
		return nil, fmt.Errorf("%s: %w", d.file("checkpoint"), err)
	}
	d.before = c.Seconds
	return j.sit(ctx, w, d, o)
}

// sit runs the work until it ends and writes result.json.
func (j *Job) sit(ctx context.Context, w work, d *directory, o Options) (*Result, error) {
	if o.Started != nil {
		o.Started(d.path)
	}
	body, err := w.run(ctx, d)
	r := &Result{
		Ritz: schema, Kind: j.Kind, Name: j.Name, Version: Version, Status: Done,
		Seed: j.Seed, Threads: j.Threads, SIMD: "portable", Device: j.Device,
		Dir: d.path, Body: body, Seconds: Number(d.seconds()),
	}
	if r.Threads == 0 {
		r.Threads = runtime.GOMAXPROCS(0)
	}
	switch {
	case errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded):
		r.Status, r.Reason = Stopped, "interrupted"
	case err != nil:
		r.Status, r.Reason = Failed, err.Error()
	}
	data, err := r.json()
	if err == nil {
		err = d.write("result.json", data)
	}
	if err == nil && r.Status == Done {
		if err = os.Remove(d.file("checkpoint")); errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
	}
	if err != nil && r.Status != Failed {
		r.Status, r.Reason = Failed, err.Error()
	}
	return r, nil
}

// json merges the shared part and the kind's own into one object.
func (r *Result) json() ([]byte, error) {
	var merged, out bytes.Buffer
	for _, part := range []any{r, r.Body} {
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
