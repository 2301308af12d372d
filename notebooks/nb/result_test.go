package nb

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestNumber(t *testing.T) {
	var v any
	require.NoError(t, json.Unmarshal([]byte(`{"loss": 0.5, "none": null, "name": "u",
		"stages": [{"loss": 1}, {"loss": 2}],
		"terms": {"u = 0.5 at x=1": 3, "u": {"at": 4}, "u.at": 5}}`), &v))
	for path, want := range map[string]float64{
		"loss": 0.5, "stages.1.loss": 2, "terms.u = 0.5 at x=1": 3, "terms.u.at": 5,
	} {
		x, err := number(v, "", path)
		assert.NoError(t, err, path)
		assert.Equal(t, want, x, path)
	}
	x, err := number(v, "", "none")
	assert.NoError(t, err)
	assert.True(t, math.IsNaN(x))
	for path, want := range map[string]string{
		"los":           `no los: the result has loss, name, none, stages, terms`,
		"stages.2.loss": `no stages.2: stages is a list of 2, counted from 0`,
		"stages.x":      `no stages.x: stages is a list of 2, counted from 0`,
		"loss.u":        `no loss.u: loss is a single value`,
		"name":          `name is not a number`,
		"stages":        `stages is not a number`,
		"stages.1":      `stages.1 is not a number`,
		"stages.1.los":  `no stages.1.los: stages.1 has loss`,
		"terms.v.at":    `no terms.v: terms has u, u = 0.5 at x=1, u.at`,
	} {
		_, err := number(v, "", path)
		assert.EqualError(t, err, want, path)
	}
}

func TestLatest(t *testing.T) {
	t.Chdir(t.TempDir())
	_, err := latest("runs", "heat")
	assert.ErrorContains(t, err, `the folder runs holds no run of a job with the name "heat"`)
	old := time.Now().Add(-time.Hour)
	for i, dir := range []string{"heat-1", "other", "mine"} { // by age, not by name
		path := filepath.Join("runs", dir)
		require.NoError(t, os.MkdirAll(path, 0o777))
		name := map[string]string{"other": "wave"}[dir]
		if name == "" {
			name = "heat"
		}
		require.NoError(t, os.WriteFile(filepath.Join(path, "result.json"), []byte(`{"name": "`+name+`", "seconds": null}`), 0o666))
		job := filepath.Join(path, "job.yaml")
		require.NoError(t, os.WriteFile(job, nil, 0o666))
		when := old.Add(time.Duration(-i) * time.Minute)
		require.NoError(t, os.Chtimes(job, when, when))
	}
	require.NoError(t, os.MkdirAll("runs/values", 0o777))
	r, err := latest("runs", "heat")
	require.NoError(t, err)
	assert.Equal(t, filepath.Join("runs", "heat-1"), r.Dir)

	_, err = readResult("runs/values")
	assert.ErrorContains(t, err, "runs/values holds no run")
	require.NoError(t, os.WriteFile("runs/values/result.json", []byte("{"), 0o666))
	_, err = readResult("runs/values")
	assert.ErrorContains(t, err, "result.json: unexpected end")
}

func TestColumns(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.csv")
	_, err := columns(path)
	assert.ErrorIs(t, err, os.ErrNotExist)
	require.NoError(t, os.WriteFile(path, []byte("iteration,optimizer,\"u, v\"\n1,adam,0.5\n2,adam,\n"), 0o666))
	c, err := columns(path)
	require.NoError(t, err)
	assert.Equal(t, []float64{1, 2}, c["iteration"])
	assert.Equal(t, 0.5, c["u, v"][0])
	assert.True(t, math.IsNaN(c["u, v"][1]))
	assert.True(t, math.IsNaN(c["optimizer"][0]))
	for text, want := range map[string]string{"": "it has no header", "a,b\n1\n": "wrong number of fields"} {
		require.NoError(t, os.WriteFile(path, []byte(text), 0o666))
		_, err = columns(path)
		assert.ErrorContains(t, err, want)
	}
}

// The runs of a sweep are beside the rows of runs.csv, which are not always in
// the order of the folders, and none is left out.
func TestRuns(t *testing.T) {
	r := &Result{Dir: t.TempDir()}
	_, err := r.runs()
	assert.ErrorIs(t, err, os.ErrNotExist)
	put := func(name, text string) {
		path := r.File(name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o777))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o666))
	}
	put("runs.csv", "run,nu,status,seconds,reason\n2,0.2,done,1,\n1,0.1,failed,1,diverged\n3,0.3,waiting,0,not yet\n")
	put("runs/0001/result.json", `{"status": "failed", "reason": "diverged"}`)
	put("runs/0002/result.json", `{"status": "done", "loss": 0.5}`)
	runs, err := r.runs()
	require.NoError(t, err)
	require.Len(t, runs, 3)
	assert.Equal(t, 0.5, runs[0].Number("loss"))
	assert.Equal(t, []string{"failed", "diverged", "runs/0001"}, []string{runs[1].Status, runs[1].Reason, filepath.ToSlash(runs[1].Dir[len(r.Dir)+1:])})
	assert.Equal(t, []string{"waiting", "not yet", r.File("runs/0003")}, []string{runs[2].Status, runs[2].Reason, runs[2].Dir})

	put("runs/0002/result.json", "{")
	_, err = r.runs()
	assert.ErrorContains(t, err, "unexpected end")
	put("runs.csv", "nu\n1\n")
	_, err = r.runs()
	assert.ErrorContains(t, err, "runs.csv: a row without the number of its run")
}

func TestTable(t *testing.T) {
	assert.Equal(t, "a   n\nx   1\n   10  extra\ny", newTable([]string{"a", "n"}, [][]any{{"x", 1}, {nil, 10, "extra"}, {"y"}}).plain())
	assert.Equal(t, "n\n1\n-", newTable([]string{"n"}, [][]any{{1}, {"-"}}).plain()) // one text, and the column is text
	html := newTable([]string{"<"}, [][]any{{"&"}}).html()
	assert.Contains(t, html, "&lt;</th>")
	assert.Contains(t, html, "&amp;</td>")
	header := make([]string, 1, 8)
	newTable(header, [][]any{{1, 2}})
	assert.Equal(t, "", header[:2][1])
}

func init() {
	cells["number of a run that waits"] = func() { (&Result{Dir: "runs/0003", Status: "waiting"}).Number("loss") }
}

func TestNumberOfRunThatWaits(t *testing.T) {
	r := inTerminal(t, "number of a run that waits")
	assert.Equal(t, 1, r.code)
	assert.Equal(t, "ritz: the run in runs/0003 has no numbers: it is waiting\n", r.stderr)
}

// A long training keeps its shape in few points.
func TestCurvesAreThinned(t *testing.T) {
	c := newCurves(&output{}, sine(0))
	for i := range 10 * curvePoints {
		c.Add("loss", float64(i), -float64(i))
		c.Add("sine", float64(i), 0) // not the sine that was there
	}
	require.Len(t, c.lines.Series, 3)
	assert.Len(t, c.lines.Series[0].X, 50)
	s := c.lines.Series[1]
	assert.Less(t, len(s.X), curvePoints)
	assert.Greater(t, len(s.X), curvePoints/2-1)
	for i := 1; i < len(s.X); i++ {
		require.Equal(t, s.X[1]-s.X[0], s.X[i]-s.X[i-1])
		require.Equal(t, -s.X[i], s.Y[i])
	}
}
