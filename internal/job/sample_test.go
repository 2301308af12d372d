package job

import (
	"bytes"
	"context"
	"encoding/csv"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/stat/distuv"

	"github.com/seed-0772dd2d/ritz/internal/npy"
	"github.com/seed-0772dd2d/ritz/sampling"
)

const sampleHead = "ritz: 1\nkind: sample\n"

// The classical sample of the Branin function: Julia's first points start at
// index 64.
const branin = sampleHead + `inputs: {x1: [-5, 10], x2: [0, 15]}
sample: {method: sobol, n: 80, skip: 64}
output: {points: [csv, npy], figures: [svg]}
`

func run(t *testing.T, text string) (*Result, *sampleBody) {
	j, err := decode("a.yaml", text, nil)
	require.NoError(t, err)
	r, err := Run(context.Background(), j, filepath.Join(t.TempDir(), "out"), Options{})
	require.NoError(t, err)
	require.Equal(t, Done, r.Status, r.Reason)
	require.Empty(t, r.Reason)
	return r, r.Body.(*sampleBody)
}

func TestSampleRun(t *testing.T) {
	r, body := run(t, branin)
	f, err := os.Open(filepath.Join(r.Dir, "points.csv"))
	require.NoError(t, err)
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, 81)
	assert.Equal(t, []string{"x1", "x2"}, rows[0])
	assert.Equal(t, []string{"-4.6484375", "5.9765625"}, rows[1])

	g, err := os.Open(filepath.Join(r.Dir, "points.npy"))
	require.NoError(t, err)
	defer g.Close()
	shape, x, err := npy.Read(g)
	require.NoError(t, err)
	assert.Equal(t, []int{80, 2}, shape)
	for i, v := range x {
		u, err := strconv.ParseFloat(rows[1+i/2][i%2], 64)
		require.NoError(t, err)
		require.Equal(t, u, v)
	}

	unit, err := sampling.Plan{Method: "sobol", N: 80, Skip: 64}.Points(2)
	require.NoError(t, err)
	for _, k := range sampling.Discrepancies() {
		v, err := k.Of(context.Background(), unit, 2, 1)
		require.NoError(t, err)
		assert.Equal(t, Number(v), body.Discrepancies[string(k)])
	}
	assert.Equal(t, []string{"points.svg"}, body.Figures)
	assert.FileExists(t, filepath.Join(r.Dir, "points.svg"))
	var b bytes.Buffer
	body.Summary(&b)
	assert.Regexp(t, `^80 points in 2 dimensions\ncentred discrepancy 0\.\d+\nwrap-around .*\nmixture .*\nl2-star .*\nsmallest distance 0\.\d+\nfigures points.svg\n$`, b.String())

	read, err := ReadResult(r.Dir)
	require.NoError(t, err)
	assert.Equal(t, body, read.Body)
	files, err := Draw(r.Dir)
	require.NoError(t, err)
	assert.Equal(t, []string{"points.svg"}, files)
	again, err := Resume(context.Background(), r.Dir, Options{})
	require.NoError(t, err)
	assert.True(t, again.Idle)

	// The job as run is the same job.
	text, err := os.ReadFile(filepath.Join(r.Dir, "job.yaml"))
	require.NoError(t, err)
	assert.Contains(t, string(text), "sample: {method: sobol, n: 80, skip: 64, scramble: none}")
	second, _ := run(t, string(text))
	one, err := os.ReadFile(filepath.Join(r.Dir, "points.csv"))
	require.NoError(t, err)
	two, err := os.ReadFile(filepath.Join(second.Dir, "points.csv"))
	require.NoError(t, err)
	assert.Equal(t, string(one), string(two))
}

func TestSampleDistributions(t *testing.T) {
	j, err := decode("a.yaml", sampleHead+`inputs:
  a: {normal: {mean: 1, sd: 2}}
  b: {lognormal: {mu: 0.5}}
  c: {uniform: {lower: -1, upper: 3}}
  d: {triangle: {lower: 0, upper: 2, mode: 1/2}}
sample: {n: 64, scramble: owen}
`, nil)
	require.NoError(t, err)
	task := j.task.(*sampleTask)
	unit, x, err := j.samplePoints(task.plan, task.inputs)
	require.NoError(t, err)
	for i, want := range []sampling.Quantiler{distuv.Normal{Mu: 1, Sigma: 2}, distuv.LogNormal{Mu: 0.5, Sigma: 1}, distuv.Uniform{Min: -1, Max: 3}, distuv.NewTriangle(0, 2, 0.5, nil)} {
		for k := i; k < len(x); k += 4 {
			require.InDelta(t, want.Quantile(unit[k]), x[k], 1e-14)
		}
	}
	var b bytes.Buffer
	require.NoError(t, j.Check(&b))
	assert.Equal(t, `a: sample

64 points, sobol, scrambled by owen

inputs
  a  normal, mean 1, standard deviation 2
  b  lognormal, its logarithm of mean 0.5, standard deviation 1
  c  uniform on [-1, 3]
  d  triangle on [0, 2], mode 0.5
`, b.String())
}

func TestSampleMethods(t *testing.T) {
	for section, points := range map[string]int{
		"{n: 5}": 5,
		"{method: halton, n: 7, leap: 409, scramble: permutation}": 7,
		"{method: lhs, n: 6, optimise: maximin, exchanges: 9}":     6,
		"{method: lattice, n: 31, scramble: rotation}":             31,
		"{method: kronecker, n: 9}":                                9,
		"{method: poisson, radius: 2}":                             1,
		"{method: grid, n: 27}":                                    27,
		"{method: grid, levels: [2, 3, 4], midpoints: true}":       24,
		"{method: random, n: 8}":                                   8,
	} {
		_, body := run(t, sampleHead+"inputs: {a: [0, 1], b: [1, 2], c: [2, 3]}\noutput: {figures: []}\nsample: "+section+"\n")
		assert.Equal(t, points, body.Points, section)
	}
	_, body := run(t, sampleHead+"inputs: {a: [0, 1]}\nsample: {n: 1}\noutput: {figures: [svg], points: []}\n")
	assert.Equal(t, []string{"points.svg"}, body.Figures)
	_, body = run(t, sampleHead+"inputs: {a: [0, 1]}\nsample: {n: 20001}\noutput: {figures: []}\n")
	assert.Nil(t, body.Discrepancies)
	assert.Nil(t, body.MinDistance)
}

func TestSampleFaults(t *testing.T) {
	const inputs = "inputs: {a: [0, 1], b: [0, 1]}\n"
	for text, want := range map[string]string{
		inputs:                                                                     `the key "n" is missing: the number of points`,
		"sample: {n: 3}\n":                                                         `the key "inputs" is missing`,
		"inputs: {}\nsample: {n: 3}\n":                                             "inputs: expected at least one input",
		"inputs: {a: [1, 0]}\nsample: {n: 3}\n":                                    "a.yaml:3:13: inputs.a: expected low < high, got [1, 0]",
		"inputs: {a: [1, 1]}\nsample: {n: 3}\n":                                    "expected low < high, got [1, 1]",
		"inputs: {a: [0/0, 1]}\nsample: {n: 3}\n":                                  "inputs.a[0]: column 1: 0/0 is NaN",
		"inputs: {a: [0, 1, 2]}\nsample: {n: 3}\n":                                 "expected an interval [low, high], got a list",
		"inputs: {a: 3}\nsample: {n: 3}\n":                                         `expected an interval [low, high], got "3"`,
		"inputs: {a: {norma: {}}}\nsample: {n: 3}\n":                               `unknown "norma": did you mean "normal"?`,
		"inputs: {a: {normal: {}, uniform: {}}}\nsample: {n: 3}\n":                 "expected one distribution",
		"inputs: {a: {normal: {sd: -1}}}\nsample: {n: 3}\n":                        "inputs.a.normal.sd: expected a number above 0, got -1",
		"inputs: {a: {normal: {sigma: 1}}}\nsample: {n: 3}\n":                      `unknown key "sigma"`,
		"inputs: {a: {uniform: {lower: 1}}}\nsample: {n: 3}\n":                     `inputs.a.uniform: the key "upper" is missing`,
		"inputs: {a: {uniform: {lower: 1, upper: 0}}}\nsample: {n: 3}\n":           "expected lower < upper, got 1 and 0",
		"inputs: {a: {triangle: {lower: 0, upper: 1, mode: 2}}}\nsample: {n: 3}\n": "expected a mode from lower to upper, 0 to 1, got 2",
		inputs + "sample: {method: sobl, n: 3}\n":                                  `sample.method: unknown "sobl": did you mean "sobol"?`,
		inputs + "sample: {n: 0}\n":                                                "expected a whole number of at least 1, got 0",
		inputs + "sample: {method: random, n: 3, skip: 1}\n":                       `sample: unknown key "skip"`,
		inputs + "sample: {method: halton, n: 3, scramble: owen}\n":                `sample.scramble: unknown "owen": expected none, permutation, rotation`,
		inputs + "sample: {method: poisson}\n":                                     `the key "radius" is missing`,
		inputs + "sample: {n: 3}\nprecision: float32\n":                            "precision: points are float64",
		inputs + "sample: {n: 3}\noutput: {points: [xls]}\n":                       `output.points[0]: unknown "xls": expected csv, npy`,
	} {
		_, err := decode("a.yaml", sampleHead+text, nil)
		assert.ErrorContains(t, err, want, text)
	}
	// What depends on the number of inputs, or on the points themselves.
	for text, want := range map[string]string{
		inputs + "sample: {method: grid, n: 80}\n":                             "a.yaml:4:9: sample: a grid of [9 9] points has 81, not 80",
		inputs + "sample: {method: grid, levels: [3]}\n":                       "levels for 1 axes",
		inputs + "sample: {n: 2^40}\n":                                         "at most 2147483648 coordinates",
		inputs + "sample: {n: 3, skip: 2^53}\n":                                "pass the last index",
		inputs + "sample: {method: lattice, n: 100000}\n":                      "take 100003 points",
		inputs + "sample: {method: halton, n: 3, leap: 4}\n":                   "leap 4 is a multiple of 2",
		"inputs: {a: {normal: {}}}\nsample: {n: 3}\n":                          "inputs: point 0: input 0, of distribution distuv.Normal, has no finite quantile of 0: scramble",
		"inputs: {" + manyInputs(1001) + "}\nsample: {method: halton, n: 1}\n": "Halton dimension 1001 is outside 1..1000",
	} {
		j, err := decode("a.yaml", sampleHead+text, nil)
		require.NoError(t, err)
		assert.ErrorContains(t, j.Check(io.Discard), want)
		_, err = Run(context.Background(), j, filepath.Join(t.TempDir(), "out"), Options{})
		assert.ErrorContains(t, err, want)
	}
}

func manyInputs(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString("x" + strconv.Itoa(i) + ": [0, 1], ")
	}
	return strings.TrimSuffix(b.String(), ", ")
}

// An interrupted sample can be made anew in its directory.
func TestSampleInterrupted(t *testing.T) {
	j, err := decode("a.yaml", branin, nil)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	r, err := Run(ctx, j, filepath.Join(t.TempDir(), "out"), Options{})
	require.NoError(t, err)
	assert.Equal(t, Stopped, r.Status)
	r, err = Resume(context.Background(), r.Dir, Options{})
	require.NoError(t, err)
	assert.Equal(t, Done, r.Status)
}

// The reference of the kind runs, and has every key that the decoder knows.
func TestSampleReference(t *testing.T) {
	j, err := decode("example.yaml", SampleReference, nil)
	require.NoError(t, err)
	require.NoError(t, j.Check(io.Discard))
	alternatives := regexp.MustCompile(`(?m)^#  (\{method: .*\})`).FindAllStringSubmatch(SampleReference, -1)
	assert.Len(t, alternatives, len(sampling.Methods())-1)
	for _, a := range alternatives {
		text := regexp.MustCompile(`(?ms)^sample:.*?^# or`).ReplaceAllLiteralString(SampleReference, "sample: "+a[1]+"\n")
		j, err := decode("example.yaml", text, []string{"inputs.x2=[0, 1]", "inputs.x3=[0, 1]"})
		require.NoError(t, err)
		require.NoError(t, j.Check(io.Discard), a[1])
	}
	for _, set := range []string{"", "inputs.x2.normal", "inputs.x3.lognormal", "inputs.x4.uniform", "inputs.x5.triangle", "sample", "output"} {
		known := knownKeys(t, SampleReference, set)
		for _, key := range known {
			assert.Regexp(t, `(?m)(^|[ {])`+key+`:`, SampleReference)
		}
	}
	for _, m := range sampling.Methods() {
		assert.Contains(t, SampleReference, m)
		text := sampleHead + "inputs: {a: [0, 1]}\nsample: {method: " + m + ", optimise: maximin}\n"
		if m != "lhs" {
			text = strings.Replace(text, ", optimise: maximin", "", 1)
		}
		for _, key := range knownKeys(t, text, "sample") {
			assert.Regexp(t, `[ {]`+key+`:`, SampleReference, m)
		}
	}
}

// knownKeys are the legal keys of a section, as the message about an unknown
// one lists them.
func knownKeys(t *testing.T, text, section string) []string {
	_, err := decode("example.yaml", text, []string{strings.TrimPrefix(section+".qqqqqq=1", ".")})
	require.Error(t, err)
	_, known, found := strings.Cut(err.Error(), `unknown key "qqqqqq": expected `)
	require.True(t, found, err.Error())
	known, _, _ = strings.Cut(known, "\n")
	keys := strings.Split(known, ", ")
	for i, key := range keys {
		require.NotContains(t, keys[:i], key, "each once")
	}
	return keys
}
