package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// plane is a table of y = 1 + 2a - 3b on a grid.
func plane(t *testing.T) string {
	text := "a,b,y\n"
	for i := range 25 {
		a, b := float64(i%5)/4, float64(i/5)/4
		text += fmt.Sprintf("%g,%g,%g\n", a, b, 1+2*a-3*b)
	}
	return write(t, "plane.csv", text)
}

func TestSurrogateFit(t *testing.T) {
	data := plane(t)
	file := filepath.Join(t.TempDir(), "model.json")
	code, stdout, stderr := ritz("surrogate", "fit", data, "--model", "polynomial: {degree: 1}", "-o", file)
	require.Equal(t, 0, code, stderr)
	assert.Regexp(t, `model.json: 25 rows, leave-one-out rmse \d\.?\d*e-1\d, R2 1\n$`, stdout)

	points := "b,a,note\n0.5,0.25,x\n"
	for _, command := range [][]string{{"predict"}, {"surrogate", "predict"}} {
		code, stdout, stderr = ritzIn(strings.NewReader(points), append(command, file, "--points", "-", "--variance")...)
		require.Equal(t, 0, code, stderr)
		lines := strings.Split(stdout, "\n")
		assert.Equal(t, "b,a,note,y,y variance", lines[0])
		assert.Regexp(t, `^0.5,0.25,x,(0|-?\d.\d*e-1\d|1e-16),`, lines[1])
	}
	code, stdout, stderr = ritz("surrogate", "optimize", file)
	require.Equal(t, 0, code, stderr)
	assert.Regexp(t, `^a = \S+\nb = 1\ny = -2\n$`, strings.ReplaceAll(stdout, "0.99999999", "1"))
	code, stdout, _ = ritz("surrogate", "optimize", file, "--maximize")
	assert.Equal(t, 0, code)
	assert.Contains(t, stdout, "y = 3\n")
	code, stdout, stderr = ritz("surrogate", "sensitivity", file, "--samples", "1024")
	require.Equal(t, 0, code, stderr)
	assert.Contains(t, stdout, "Sobol' indices of the model model: mean 0.5")
	assert.Regexp(t, `b +0\.69`, stdout)
	assert.Regexp(t, `a +0\.30`, stdout)

	code, stdout, stderr = ritz("surrogate", "fit", data, "--model", "auto", "-o", file)
	require.Equal(t, 0, code, stderr)
	assert.Contains(t, stdout, "25 rows")
}

func TestSurrogateOfRunAndJob(t *testing.T) {
	file := write(t, "ridge.yaml", `ritz: 1
kind: surrogate
inputs: {a: [0, 1], b: [0, 2]}
function: (a - 0.5)^2 + b
sample: {n: 12}
models: [inverse_distance, {polynomial: {degree: 2}}]
output: {figures: []}
`)
	dir := filepath.Join(t.TempDir(), "out")
	code, stdout, stderr := ritz("run", file, "--out", dir)
	require.Equal(t, 0, code, stderr)
	assert.Contains(t, stdout, "12 samples\nmodel (10 folds)")
	assert.Contains(t, stderr, "sample 12/12")
	assert.Equal(t, []string{"history.csv", "job.yaml", "models", "result.json", "samples.csv", "validation.csv"}, files(t, dir))
	code, stdout, stderr = ritz("surrogate", "optimize", dir) // of the better model
	require.Equal(t, 0, code, stderr)
	assert.Contains(t, stdout, "a = 0.5\nb = ")
	code, stdout, _ = ritz("surrogate", "sensitivity", dir, "--model", "inverse_distance")
	assert.Equal(t, 0, code)
	assert.Contains(t, stdout, "the model inverse_distance")

	t.Chdir(t.TempDir())
	code, stdout, stderr = ritz("surrogate", "optimize", file)
	require.Equal(t, 0, code, stderr)
	assert.Contains(t, stdout, "optimum ")
	assert.NotContains(t, stdout, "model (")
	code, stdout, stderr = ritz("surrogate", "sensitivity", file, "--samples", "512", "--second-order")
	require.Equal(t, 0, code, stderr)
	assert.Contains(t, stdout, "Sobol' indices of the function")

	// A run that fails, for whatever reason, exits with 1.
	code, _, stderr = ritz("run", file, "--set", "function=log(-1-a)")
	assert.Equal(t, 1, code)
	assert.Contains(t, stderr, "none of the 12 evaluations has a value")
}

func TestSurrogateFitOddData(t *testing.T) {
	out := filepath.Join(t.TempDir(), "m.json")
	data := write(t, "d.csv", "a,y\n0,3\n0.5,3\n1,3\n")
	code, stdout, stderr := ritz("surrogate", "fit", data, "--model", "inverse_distance", "-o", out)
	assert.Equal(t, 0, code)
	assert.Equal(t, out+": 3 rows, leave-one-out rmse 0, R2 -\n", stdout)
	assert.Equal(t, "warning: "+data+": y is 3 in all rows\n", stderr)
	data = write(t, "d.csv", "a,y\n0,1\n0.5,2\n0.5,3\n1,3\n")
	code, _, stderr = ritz("surrogate", "fit", data, "--model", "inverse_distance", "-o", out)
	assert.Equal(t, 0, code)
	assert.Equal(t, "warning: "+data+": 1 rows repeat the inputs of an earlier row, 0 more nearly do\n", stderr)
}

// A run that was killed before it had a model says so, and how to go on.
func TestSurrogateWithoutModel(t *testing.T) {
	const text = "ritz: 1\nkind: surrogate\ninputs: {a: [0, 1]}\nfunction: a^2\noutput: {figures: [svg]}\n"
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "job.yaml"), []byte(text), 0o666))
	want := dir + " holds no model yet: go on with ritz run --resume " + dir
	for range 2 { // without the folder models, and with it
		for _, args := range [][]string{{"predict", dir, "--points=-"}, {"predict", dir, "--points=-", "--variance"}, {"draw", dir}, {"surrogate", "optimize", dir}} {
			code, stdout, stderr := ritzIn(strings.NewReader("a\n0\n"), args...)
			assert.Equal(t, 2, code, args)
			assert.Empty(t, stdout)
			assert.Equal(t, "ritz: "+want+"\n", stderr, args)
		}
		require.NoError(t, os.MkdirAll(filepath.Join(dir, "models"), 0o777))
	}
	code, _, stderr := ritz("run", "--resume", dir)
	assert.Equal(t, 0, code, stderr)

	other := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(other, "job.yaml"), []byte("ritz: 1\nkind: sample\ninputs: {a: [0, 1]}\nsample: {n: 4}\n"), 0o666))
	code, _, stderr = ritz("predict", other, "--points=-")
	assert.Equal(t, 2, code)
	assert.Contains(t, stderr, "holds a run of kind sample")
}

func TestSurrogateRefuses(t *testing.T) {
	data := plane(t)
	out := filepath.Join(t.TempDir(), "m.json")
	bad := write(t, "bad.csv", "a,y\n0,1\n0.5,NaN\n")
	short := write(t, "short.csv", "a,y\n0,1\n1,2\n")
	broken := write(t, "broken.json", "{}")
	for args, want := range map[string]string{
		"":                          "no action",
		"guess":                     `unknown action "guess"`,
		"fit":                       "no data",
		"fit " + data:               "no -o",
		"fit missing.csv -o " + out: "missing.csv",
		"fit " + bad + " -o " + out: `line 3, column "y": "NaN" is not a finite number`,
		"fit " + short + " --model polynomial -o " + out:   "a polynomial of this degree needs at least 3 samples, there are 2",
		"fit " + data + " --model krigin -o " + out:        `unknown "krigin": did you mean "kriging"?`,
		"fit " + data + " --model kriging:{p:2} -o " + out: "--model",
		"optimize":                          "no run directory, model or job file",
		"optimize missing.json":             "missing.json",
		"optimize " + broken:                "not a saved model",
		"optimize " + broken + " --model x": "the file of one model",
		"optimize " + t.TempDir():           "holds no run",
		"sensitivity missing.yaml":          "missing.yaml",
		"predict " + broken:                 "no --points",
		"predict " + broken + " --points -": "not a saved model",
	} {
		code, stdout, stderr := ritz(append([]string{"surrogate"}, strings.Fields(args)...)...)
		assert.Equal(t, 2, code, args)
		assert.Empty(t, stdout)
		assert.Contains(t, stderr, want, args)
	}
	_, err := os.Stat(out)
	assert.ErrorIs(t, err, os.ErrNotExist)
}
