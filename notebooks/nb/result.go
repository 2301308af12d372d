package nb

import (
	"cmp"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Result is what a run has come to: its directory, and what result.json there
// tells.
type Result struct {
	Dir     string   `json:"-"`
	Kind    string   `json:"kind"`
	Name    string   `json:"name"`
	Status  string   `json:"status"` // done, stopped, failed; running: it was killed, or still goes on
	Reason  string   `json:"reason"` // of stopped and failed
	Seconds float64  `json:"seconds"`
	Threads int      `json:"threads"`
	Device  string   `json:"device"`
	Figures []string `json:"figures"` // names of files in Dir

	numbers any
}

// Open reads the result of a run directory.
func Open(dir string) *Result {
	r, err := readResult(dir)
	Check(err)
	return r
}

func readResult(dir string) (*Result, error) {
	data, err := os.ReadFile(filepath.Join(dir, "result.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s holds no run: %w", dir, err)
	} else if err != nil {
		return nil, err
	}
	r := &Result{Dir: dir}
	if err = json.Unmarshal(data, r); err == nil {
		err = json.Unmarshal(data, &r.numbers)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Join(dir, "result.json"), err)
	}
	return r, nil
}

// Latest reads the result of the youngest run in the folder runs whose job has
// this name.
func Latest(name string) *Result {
	r, err := latest("runs", name)
	Check(err)
	return r
}

func latest(folder, name string) (*Result, error) {
	entries, err := os.ReadDir(folder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var found *Result
	var youngest time.Time
	for _, e := range entries {
		dir := filepath.Join(folder, e.Name())
		info, err := os.Stat(filepath.Join(dir, "job.yaml")) // written when the run began
		if err != nil || found != nil && !info.ModTime().After(youngest) {
			continue
		}
		if r, err := readResult(dir); err == nil && r.Name == name {
			found, youngest = r, info.ModTime()
		}
	}
	if found == nil {
		return nil, fmt.Errorf("the folder %s holds no run of a job with the name %q", folder, name)
	}
	return found, nil
}

// File is the path of a file in the run directory.
func (r *Result) File(name string) string { return filepath.Join(r.Dir, filepath.FromSlash(name)) }

// Number is the number at a dotted path of result.json, such as
// "errors.u.relative_l2" or "stages.0.loss"; NaN where it was not finite.
func (r *Result) Number(path string) float64 {
	if r.numbers == nil {
		fail(fmt.Sprintf("the run in %s has no numbers: it is %s", r.Dir, r.Status))
	}
	x, err := number(r.numbers, "", path)
	if err != nil {
		fail(fmt.Sprintf("%s: %v", r.File("result.json"), err))
	}
	return x
}

// number finds the number at a path below v, which is at above. Keys may have
// dots themselves.
func number(v any, above, path string) (float64, error) {
	at := strings.TrimSuffix(above, ".")
	switch v := v.(type) {
	case map[string]any:
		if below, ok := v[path]; ok {
			return leaf(below, above+path)
		}
		keys := slices.SortedFunc(maps.Keys(v), func(a, b string) int { return cmp.Compare(len(b), len(a)) })
		for _, key := range keys { // the longest first
			if rest, ok := strings.CutPrefix(path, key+"."); ok {
				return number(v[key], above+key+".", rest)
			}
		}
		slices.Sort(keys)
		first, _, _ := strings.Cut(path, ".")
		if at == "" {
			at = "the result"
		}
		return 0, fmt.Errorf("no %s: %s has %s", above+first, at, strings.Join(keys, ", "))
	case []any:
		first, rest, deeper := strings.Cut(path, ".")
		i, err := strconv.Atoi(first)
		if err != nil || i < 0 || i >= len(v) {
			return 0, fmt.Errorf("no %s: %s is a list of %d, counted from 0", above+first, at, len(v))
		}
		if !deeper {
			return leaf(v[i], above+path)
		}
		return number(v[i], above+first+".", rest)
	}
	return 0, fmt.Errorf("no %s: %s is a single value", above+path, at)
}

func leaf(v any, path string) (float64, error) {
	switch v := v.(type) {
	case float64:
		return v, nil
	case nil:
		return math.NaN(), nil
	}
	return 0, fmt.Errorf("%s is not a number", path)
}

// Runs opens the runs of a sweep, in the order of the rows of runs.csv, so that
// the values of a parameter are beside them:
//
//	runs := r.Runs()
//	for i, nu := range r.Columns("runs.csv")["constants.nu"] {
//		fmt.Println(nu, runs[i].Number("errors.u.relative_l2"))
//	}
//
// A run that has not begun has its Status from there, and no numbers.
func (r *Result) Runs() []*Result {
	runs, err := r.runs()
	Check(err)
	return runs
}

func (r *Result) runs() ([]*Result, error) {
	rows, err := records(r.File("runs.csv"))
	if err != nil {
		return nil, err
	}
	cell := func(row []string, name string) string {
		if i := slices.Index(rows[0], name); i >= 0 {
			return row[i]
		}
		return ""
	}
	var runs []*Result
	for _, row := range rows[1:] {
		number, err := strconv.Atoi(cell(row, "run"))
		if err != nil {
			return nil, fmt.Errorf("%s: a row without the number of its run", r.File("runs.csv"))
		}
		one, err := readResult(r.File(fmt.Sprintf("runs/%04d", number)))
		if errors.Is(err, fs.ErrNotExist) {
			one = &Result{Dir: r.File(fmt.Sprintf("runs/%04d", number)), Status: cell(row, "status"), Reason: cell(row, "reason")}
		} else if err != nil {
			return nil, err
		}
		runs = append(runs, one)
	}
	return runs, nil
}

// Columns reads a CSV file of the run directory, such as "history.csv", by the
// names in its header. What is not a number is NaN.
func (r *Result) Columns(file string) map[string][]float64 {
	c, err := columns(r.File(file))
	Check(err)
	return c
}

func columns(path string) (map[string][]float64, error) {
	rows, err := records(path)
	if err != nil {
		return nil, err
	}
	c := map[string][]float64{}
	for i, name := range rows[0] {
		values := make([]float64, 0, len(rows)-1)
		for _, row := range rows[1:] {
			x, err := strconv.ParseFloat(row[i], 64)
			if err != nil {
				x = math.NaN()
			}
			values = append(values, x)
		}
		c[name] = values
	}
	return c, nil
}

// records are the rows of a CSV file, the first its header.
func records(path string) ([][]string, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err == nil && len(rows) == 0 {
		err = errors.New("it has no header")
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return rows, nil
}

// Show shows the figures and animations of the run.
func (r *Result) Show() { r.show(std, "") }

// show shows the figures, the first in the place that was displayed as id, and
// tells whether there are any.
func (r *Result) show(o *output, id string) bool {
	files := slices.Clone(r.Figures)
	animations, _ := filepath.Glob(filepath.Join(r.Dir, "*.gif"))
	for _, a := range animations {
		if name := filepath.Base(a); !slices.Contains(files, name) {
			files = append(files, name)
		}
	}
	for _, name := range files {
		path := r.File(name)
		Check(o.pictureFile(id, path, Must(os.ReadFile(path))))
		id = ""
	}
	return len(files) > 0
}
