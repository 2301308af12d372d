package job

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"sort"
	"strings"
)

// Job is a job file, read and found to be well formed.
type Job struct {
	Kind      string
	Name      string
	Seed      uint64
	Threads   int    // 0: all cores
	Precision string // float64 or float32
	Device    string // cpu, auto, opencl:0, cuda:0, hip:0 and the like

	ranOn string // the device by its name, once it is open

	path string // of the job file; files it names are relative to its folder
	tree *node  // as read, with --set applied and defaults filled in
	task task
	// inputs are the scalars of the tree that name files; a run directory gets
	// copies of them.
	inputs []*node
}

// task is the decoded section of a kind of job.
type task interface {
	// check writes what the job would do, and returns its faults.
	check(w io.Writer) error
	// compile makes ready to run, and returns the faults that decoding cannot
	// see. Nothing has been written yet.
	compile(ctx context.Context, o *Options) (work, error)
	// warnings are what check or compile found odd.
	warnings() []string
	// draw draws the figures of a run from the files in its directory.
	draw(d *directory) ([]string, error)
}

// work is a task made ready to run.
type work interface {
	// restore takes up the state of a checkpoint.
	restore(c *checkpoint) error
	// run does the work in the directory until it is done or ctx is cancelled,
	// writing the files of its kind. What it has to tell it returns also with
	// an error, as far as it came.
	run(ctx context.Context, dir *directory) (Body, error)
	// draw draws the figures of a run that is done, and returns the names of
	// those that it could.
	draw(dir *directory) ([]string, error)
}

// kind is what the package knows of one kind of job.
type kind struct {
	// decode reads the kind's own keys from the root section of the job.
	decode func(j *Job, s *section) task
	// body returns the empty part of result.json that is the kind's own.
	body func() Body
}

var kinds = map[string]kind{
	"pinn":      {decodePINN, func() Body { return new(pinnBody) }},
	"mapreduce": {decodeMapReduce, func() Body { return new(mapReduceBody) }},
	"sample":    {decodeSample, func() Body { return new(sampleBody) }},
	"stencil":   {decodeStencil, func() Body { return new(stencilBody) }},
	"surrogate": {decodeSurrogate, func() Body { return new(surrogateBody) }},
}

// A sweep is a job that decodes jobs.
func init() { kinds["sweep"] = kind{decodeSweep, func() Body { return new(sweepBody) }} }

// schema is the version of the job file that this package reads.
const schema = 1

var fileName = regexp.MustCompile(`^[\pL\pN_][\pL\pN._-]*$`)

// Load reads the job file at path after the assignments of sets
// ("train.0.adam.rate=1e-4") have been applied to it. Faults in the file come
// as Errors or *Error, all that were found.
func Load(path string, sets []string) (*Job, error) {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		hint, inside := "", filepath.Join(path, "job.yaml")
		if _, err := os.Stat(inside); err == nil {
			hint = ": did you mean " + inside + "?"
		}
		return nil, fmt.Errorf("%s is a directory, not a job file%s", path, hint)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return decode(path, string(text), sets)
}

// Read is Load for a job whose text comes from r. Errors speak of it by name;
// files that it names are relative to the current folder.
func Read(r io.Reader, name string, sets []string) (*Job, error) {
	text, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return decode(name, string(text), sets)
}

func decode(path, text string, sets []string) (*Job, error) {
	text = strings.TrimPrefix(text, "\ufeff")
	src := newSource(path, text)
	if err := src.readable(text); err != nil {
		return nil, err
	}
	root, err := parse(text, src)
	if err != nil {
		return nil, err
	}
	for _, s := range sets {
		if err := set(root, s); err != nil {
			return nil, err
		}
	}
	return decodeTree(path, root)
}

// decodeTree decodes the job whose file, at path, reads as root.
func decodeTree(path string, root *node) (*Job, error) {
	j := &Job{path: path, tree: root}
	d := &decoder{}
	j.header(d.section(root, ""))
	if err := d.err(); err != nil {
		return nil, err
	}
	return j, nil
}

// header reads the keys that all kinds share, then hands over to the kind.
func (j *Job) header(s *section) {
	if v := s.require("ritz", fmt.Sprintf("the version of the job file, ritz: %d", schema)); v != nil {
		if version := s.decoder.integer(v, "ritz", 1); version > schema {
			s.fail(v, "ritz", "version %d of the job file: this ritz reads version %d", version, schema)
		}
	}
	names := make([]string, 0, len(kinds))
	for name := range kinds {
		names = append(names, name)
	}
	sort.Strings(names)
	var read func(*Job, *section) task // nil until the kind is known
	if v := s.require("kind", "one of "+strings.Join(names, ", ")); v != nil {
		j.Kind = s.word(v, "kind", names)
		read = kinds[j.Kind].decode
	}

	base := strings.TrimSuffix(filepath.Base(j.path), filepath.Ext(j.path))
	if !fileName.MatchString(base) {
		base = "job"
	}
	j.Name = base
	if v := s.get("name"); v == nil {
		s.fill("name", base)
	} else if j.Name = s.text(v, "name"); v.kind == scalarNode && !fileName.MatchString(j.Name) {
		s.fail(v, "name", "expected letters, digits, '.', '_' and '-' (it names a folder), got %q", j.Name)
	}
	j.Seed = uint64(s.integer("seed", 1, 0))
	j.Threads = s.integer("threads", 0, 0)
	j.Precision = "float64"
	if v := s.get("precision"); v != nil {
		j.Precision = s.word(v, "precision", []string{"float64", "float32"})
	} else {
		s.fill("precision", j.Precision)
	}
	j.Device = j.readDevice(s)

	if read == nil {
		s.reportMissing()
		return // which keys are legal is not known
	}
	j.task = read(j, s)
	s.close()
}

// deviceName is what a device is called besides cpu.
var deviceName = regexp.MustCompile(`^(auto|(opencl|cuda|hip):[0-9]+)$`)

// readDevice reads where the work is done.
func (j *Job) readDevice(s *section) string {
	v := s.get("device")
	if v == nil {
		s.fill("device", "cpu")
		return "cpu"
	}
	text := s.text(v, "device")
	switch {
	case v.kind != scalarNode || text == "cpu":
	case !deviceName.MatchString(text):
		s.fail(v, "device", "expected cpu, auto, or a device as ritz devices lists them, opencl:0, cuda:0 or hip:0, got %q", text)
	case j.Kind != "" && j.Kind != "stencil":
		s.fail(v, "device", "jobs of kind %s run on the cpu; those of kind stencil run on devices", j.Kind)
	}
	return text
}

// file reads the name of an input file, relative to the job file, and returns
// the path to open.
func (j *Job) file(d *decoder, v *node, path string) string {
	name := d.text(v, path)
	if v.kind != scalarNode {
		return ""
	}
	j.inputs = append(j.inputs, v)
	return j.resolve(name)
}

func (j *Job) resolve(name string) string { return resolveFrom(j.path, name) }

// resolveFrom returns the path of a file that is named in the file at path.
func resolveFrom(path, name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(filepath.Dir(path), filepath.FromSlash(name))
}

// threads is how many cores the job may use.
func (j *Job) threads() int {
	if j.Threads > 0 {
		return j.Threads
	}
	return runtime.GOMAXPROCS(0)
}

// Check writes to w what the job would do, without doing it.
func (j *Job) Check(w io.Writer) error { return j.task.check(w) }

// Warnings are what is legal but hardly meant. They are known after Check, and
// when Run starts.
func (j *Job) Warnings() []string { return j.task.warnings() }

// Has tells whether the job has a key.
func (j *Job) Has(key string) bool { return j.tree.get(key) != nil }

// YAML is the job as it runs: with what was set, and with defaults filled in.
func (j *Job) YAML() string { return j.tree.yaml() }
