package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-0772dd2d/ritz/internal/npy"
	"github.com/seed-0772dd2d/ritz/sampling"
)

func TestSample(t *testing.T) {
	code, stdout, stderr := ritz(strings.Fields("sample sobol -n 3 -d 2 --skip 64 --lower -5,0 --upper 10,15")...)
	require.Equal(t, 0, code, stderr)
	assert.Empty(t, stderr)
	assert.True(t, strings.HasPrefix(stdout, "x1,x2\n-4.6484375,5.9765625\n"), stdout)
	assert.Equal(t, 4, strings.Count(stdout, "\n"))

	// The dimension may follow from the bounds; one bound serves all.
	_, short, _ := ritz(strings.Fields("sample sobol -n 3 --skip 64 --lower -5,0 --upper=10,15")...)
	assert.Equal(t, stdout, short)
	_, stdout, _ = ritz(strings.Fields("sample grid -n 4 -d 2 --lower -1")...)
	assert.Equal(t, "x1,x2\n-1,-1\n-1,1\n1,-1\n1,1\n", stdout)

	// The discrepancy is that of the unit points.
	code, stdout, stderr = ritz(strings.Fields("sample sobol -n 8 -d 2 --lower -3 --discrepancy")...)
	require.Equal(t, 0, code, stderr)
	assert.True(t, strings.HasPrefix(stdout, "centred          0.01388210720486"), stdout)
	assert.Equal(t, 5, strings.Count(stdout, "\n"))
}

func TestSampleFile(t *testing.T) {
	dir := t.TempDir()
	csv, array := filepath.Join(dir, "points.csv"), filepath.Join(dir, "points.npy")
	common := "sample sobol -n 256 -d 6 --lower 0,0,0,0,0,0 --upper 1,2,3,4,5,6 --scramble owen --seed 3 -o "
	for _, file := range []string{csv, array} {
		code, stdout, stderr := ritz(strings.Fields(common + file)...)
		require.Equal(t, 0, code, stderr)
		assert.Empty(t, stdout+stderr)
	}
	want, err := sampling.Plan{Method: "sobol", N: 256, Scramble: sampling.Owen, Seed: 3}.Points(6)
	require.NoError(t, err)
	require.NoError(t, sampling.Scale(want, make([]float64, 6), []float64{1, 2, 3, 4, 5, 6}))
	data, err := os.ReadFile(array)
	require.NoError(t, err)
	shape, x, err := npy.Read(bytes.NewReader(data))
	require.NoError(t, err)
	assert.Equal(t, []int{256, 6}, shape)
	assert.Equal(t, want, x)

	code, stdout, _ := ritz(strings.Fields(common + "- --format npy")...)
	require.Equal(t, 0, code)
	assert.Equal(t, string(data), stdout)
	code, stdout, _ = ritz(strings.Fields(common + "-")...)
	require.Equal(t, 0, code)
	text, err := os.ReadFile(csv)
	require.NoError(t, err)
	assert.Equal(t, string(text), stdout)

	code, _, stderr := ritz(strings.Fields("sample random -n 3 -o " + filepath.Join(csv, "x.csv"))...)
	assert.Equal(t, 1, code)
	assert.Contains(t, stderr, "ritz: ")
	code, stdout, _ = ritz(strings.Fields("sample sobol -n 8 -d 2 --discrepancy -o " + csv)...)
	assert.Equal(t, 0, code)
	assert.Contains(t, stdout, "min_distance")
}

func TestSampleRefuses(t *testing.T) {
	for args, want := range map[string]string{
		"":                                     "no method: one of sobol, halton, lhs",
		"sobel -n 1":                           `method "sobel" is none of sobol`,
		"sobol":                                "0 points: expected at least 1",
		"sobol -n -3":                          "-3 points: expected at least 1",
		"sobol -n 1e3":                         "invalid value",
		"sobol -n 1 -d -1":                     "dimension -1 is less than 1",
		"sobol -n 1 -d 21202":                  "Sobol dimension 21202 is outside 1..21201",
		"sobol -n 3000000000":                  "at most 2147483648 coordinates",
		"sobol -n 1 --lower 1,2,3 -d 2":        "3 numbers for the axes of dimension 2",
		"sobol -n 1 --lower 1,2 --upper 3,4,5": "2 numbers in --lower for dimension 3",
		"sobol -n 1 --lower 1 --upper 1":       "bounds of dimension 1: expected lower < upper, got 1 and 1",
		"sobol -n 1 --lower 0,2 --upper 1":     "bounds of dimension 2: expected lower < upper, got 2 and 1",
		"sobol -n 1 --lower NaN":               "expected lower < upper, got NaN and 1",
		"sobol -n 1 --upper Inf":               "bounds [0, +Inf] of dimension 0 are not an interval",
		"sobol -n 1 --lower a":                 `"a" is not a number`,
		"sobol -n 1 -o points.txt":             `points are written as csv or npy, not "txt"`,
		"sobol -n 1 --scramble random":         `scramble "random" of the Sobol sequence is none of`,
		"lhs -n 1 --skip 3":                    "skip has no meaning for the method lhs",
		"poisson -n 1 --radius 1":              "n has no meaning for the method poisson",
		"grid --levels 2.5":                    "2.5 levels on an axis",
		"grid --levels 2,3 -d 3":               "levels for 2 axes of a grid in 3 dimensions",
	} {
		code, stdout, stderr := ritz(append([]string{"sample"}, strings.Fields(args)...)...)
		assert.Equal(t, 2, code, args)
		assert.Empty(t, stdout, args)
		assert.Contains(t, stderr, want, args)
	}
}

func TestSampleOutputFull(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("needs /dev/full")
	}
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	require.NoError(t, err)
	defer full.Close()
	var b bytes.Buffer
	assert.Equal(t, 1, run(context.Background(), []string{"sample", "sobol", "-n", "3"}, strings.NewReader(""), full, &b))
	assert.Contains(t, b.String(), "no space left on device")
}

// A job of kind sample, as text to a directory of files.
func TestSampleJob(t *testing.T) {
	file := write(t, "points.yaml", "ritz: 1\nkind: sample\ninputs: {x: [0, 1], y: {normal: {}}}\nsample: {n: 16, scramble: owen}\n")
	dir := filepath.Join(t.TempDir(), "out")
	code, stdout, stderr := ritz("run", file, "--out", dir)
	require.Equal(t, 0, code, stderr)
	assert.Equal(t, []string{"job.yaml", "points.csv", "points.png", "result.json"}, files(t, dir))
	assert.Contains(t, stdout, "16 points in 2 dimensions\ncentred discrepancy ")
	r := result(t, dir)
	assert.Equal(t, "sample", r["kind"])
	assert.Len(t, r["discrepancies"], 4)
	code, stdout, stderr = ritz("check", file)
	require.Equal(t, 0, code, stderr)
	assert.Contains(t, stdout, "16 points, sobol, scrambled by owen")
}
