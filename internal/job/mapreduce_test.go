package job

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

const mapHead = "ritz: 1\nkind: mapreduce\n"

func mapReduce(t require.TestingT, text, dir string, o Options) (*Result, *mapReduceBody) {
	j, err := decode("a.yaml", mapHead+text, nil)
	require.NoError(t, err)
	r, err := Run(context.Background(), j, dir, o)
	require.NoError(t, err)
	return r, r.Body.(*mapReduceBody)
}

// weather is a table with missing values and bad rows, of stations whose names need
// quotes.
func weather(rows int, seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, 2))
	var b bytes.Buffer
	b.WriteString("station,day,\"Temp (C)\",wind\r\n")
	for i := range rows {
		temp := fmt.Sprintf("%.0f", 15+8*r.NormFloat64())
		switch r.IntN(40) {
		case 0:
			temp = "NA"
		case 1:
			temp = ""
		case 2:
			temp = "broken"
		case 3:
			b.WriteString("S1,2,3\n")
			continue
		case 4:
			b.WriteString("\n")
		}
		fmt.Fprintf(&b, "\"S, %d\",%d,%s,%s\n", r.IntN(4), i%365+1, temp, strconv.FormatFloat(5*r.ExpFloat64(), 'g', -1, 64))
	}
	return b.Bytes()
}

// slow is the same result by encoding/csv, and sums of so many bits that they are
// exact.
func slow(t require.TestingT, files map[string][]byte, names []string) (groups map[string][]string, bad []string) {
	type state struct {
		n, measured int
		sum         *big.Float
		low         float64
		at          []string
		most        float64
	}
	states := map[string]*state{}
	for _, name := range names {
		r := csv.NewReader(bytes.NewReader(files[name]))
		r.FieldsPerRecord = -1
		_, err := r.Read()
		require.NoError(t, err)
		for {
			row, err := r.Read()
			if err != nil {
				break
			}
			line, _ := r.FieldPos(0)
			if len(row) != 4 || row[2] == "broken" {
				bad = append(bad, fmt.Sprintf("%s:%d", name, line))
				continue
			}
			wind, err := strconv.ParseFloat(row[3], 64)
			require.NoError(t, err)
			if !(wind > 0.5) {
				continue
			}
			s := states[row[0]]
			if s == nil {
				s = &state{sum: new(big.Float).SetPrec(2200), low: math.Inf(1), most: math.Inf(-1)}
				states[row[0]] = s
			}
			s.n++
			s.most = max(s.most, wind)
			if temp, err := strconv.ParseFloat(row[2], 64); err == nil {
				s.measured++
				s.sum.Add(s.sum, new(big.Float).SetFloat64(temp*wind))
				if temp < s.low {
					s.low, s.at = temp, []string{name, strconv.Itoa(line), row[1], row[0]}
				}
			}
		}
	}
	groups = map[string][]string{}
	for key, s := range states {
		sum, _ := s.sum.Float64()
		row := []string{key, strconv.Itoa(s.n), strconv.Itoa(s.measured), format(sum), format(sum / float64(s.measured)), format(s.low)}
		groups[key] = append(append(row, s.at...), format(s.most))
	}
	return groups, bad
}

// Wherever the files are cut and however many are read at once, the result is that
// of reading them one after the other, to the bit.
func TestMapReduceDoesNotDependOnRanges(t *testing.T) {
	in := t.TempDir()
	files := map[string][]byte{}
	var names []string
	for i := range 3 {
		name := filepath.Join(in, fmt.Sprintf("w%d.csv", i))
		files[name] = weather(130*(i+1), uint64(i))
		names = append(names, name)
		require.NoError(t, os.WriteFile(name, files[name], 0o666))
	}
	want, bad := slow(t, files, names)
	require.Len(t, want, 4)
	require.Greater(t, len(bad), maxBadRows)
	rapid.Check(t, func(t *rapid.T) {
		split := rapid.SampledFrom([]int{0, 1 << 20, 5000, 1000, 333, 101}).Draw(t, "split")
		workers := rapid.IntRange(1, 4).Draw(t, "workers")
		text := fmt.Sprintf(`files: ['%s/w*.csv']
columns: {temp: Temp (C)}
let: {load: temp*wind}
where: wind > 0.5
group: station
reduce:
  n: count
  measured: {count: temp}
  sum: {sum: load}
  mean: {mean: load}
  coldest: {argmin: temp, show: [day, station]}
  windiest: {max: wind}
split: %d/2^20
output: {figures: []}
`, filepath.ToSlash(in), split)
		dir, err := os.MkdirTemp("", "ritz-")
		require.NoError(t, err)
		defer os.RemoveAll(dir)
		r, body := mapReduce(t, text, dir, Options{Pool: Local{Workers: workers}})
		require.Equal(t, Done, r.Status, r.Reason)
		f, err := os.Open(filepath.Join(dir, "groups.csv"))
		require.NoError(t, err)
		defer f.Close()
		rows, err := csv.NewReader(f).ReadAll()
		require.NoError(t, err)
		require.Equal(t, []string{"station", "n", "measured", "sum", "mean", "coldest", "coldest.file", "coldest.line", "coldest.day", "coldest.station", "windiest"}, rows[0])
		require.Len(t, rows, 5)
		for i, row := range rows[1:] {
			require.Equal(t, fmt.Sprintf("S, %d", i), row[0])
			require.Equal(t, want[row[0]], row)
		}
		require.EqualValues(t, len(bad), body.BadRows)
		require.Len(t, body.FirstBad, maxBadRows)
		for i, b := range body.FirstBad {
			require.Equal(t, bad[i], fmt.Sprintf("%s:%d", b.File, b.Line))
		}
	})
}

// A sum over numbers of all magnitudes, whose rounding in any order would show.
func TestMapReduceSumsExactly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.csv")
	require.NoError(t, os.WriteFile(path, []byte("k;x\n"+strings.Repeat("1;1e100\n0;1\n1;-1e100\n0;0.1\n", 1000)), 0o666))
	_, body := mapReduce(t, "files: "+path+"\nseparator: ';'\nreduce: {s: {sum: x}, m: {mean: x}}\nsplit: 100/2^20\n", filepath.Join(t.TempDir(), "out"), Options{})
	sum, _ := new(big.Float).SetPrec(200).Mul(new(big.Float).Add(new(big.Float).SetPrec(200).SetFloat64(0.1), big.NewFloat(1)), big.NewFloat(1000)).Float64()
	require.Equal(t, []map[string]any{{"s": Number(sum), "m": Number(sum / 4000)}}, body.Table)
}

func TestMapReduceGroupsByExpressions(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.csv")
	require.NoError(t, os.WriteFile(path, []byte("10.5,a\n9,b\n-0.5,a\n,a\n0.25,b\n100,c\n"), 0o666))
	dir := filepath.Join(t.TempDir(), "out")
	r, body := mapReduce(t, "files: "+path+"\nheader: [x, kind]\ngroup: [{ten: floor(x/10)}]\nreduce: {n: count, x: {max: x}, of: {argmax: x, show: [kind]}}\n", dir, Options{})
	require.Equal(t, Done, r.Status, r.Reason)
	text, err := os.ReadFile(filepath.Join(dir, "groups.csv"))
	require.NoError(t, err)
	p := filepath.ToSlash(path)
	assert.Equal(t, strings.ReplaceAll("ten,n,x,of,of.file,of.line,of.kind\n,1,,,,,\n-1,1,-0.5,-0.5,P,3,a\n0,2,9,9,P,2,b\n1,1,10.5,10.5,P,1,a\n10,1,100,100,P,6,c\n", "P", p), filepath.ToSlash(string(text)))
	assert.Equal(t, []string{"groups.png"}, body.Figures)
	files, err := Draw(dir)
	require.NoError(t, err)
	assert.Equal(t, []string{"groups.png"}, files)
}

func TestMapReduceResumes(t *testing.T) {
	in := t.TempDir()
	path := filepath.Join(in, "w.csv")
	require.NoError(t, os.WriteFile(path, weather(2000, 7), 0o666))
	text := "files: w.csv\ncolumns: {temp: Temp (C)}\ngroup: [station]\nreduce: {n: count, s: {sum: temp}, c: {argmin: temp}}\nsplit: 4000/2^20\noutput: {figures: []}\n"
	load := func() *Job {
		j, err := decode(filepath.Join(in, "a.yaml"), mapHead+text, nil)
		require.NoError(t, err)
		return j
	}
	whole := filepath.Join(t.TempDir(), "whole")
	_, err := Run(t.Context(), load(), whole, Options{})
	require.NoError(t, err)

	dir := filepath.Join(t.TempDir(), "out")
	ctx, cancel := context.WithCancel(t.Context())
	r, err := Run(ctx, load(), dir, Options{Pool: &countingPool{pool: Local{Workers: 2}, most: 5, stop: cancel}})
	require.NoError(t, err)
	require.Equal(t, Stopped, r.Status)
	p := &countingPool{pool: Local{}}
	r, err = Resume(t.Context(), dir, Options{Pool: p})
	require.NoError(t, err)
	require.Equal(t, Done, r.Status, r.Reason)
	j := load()
	require.NoError(t, j.Check(&bytes.Buffer{}))
	require.Equal(t, len(j.task.(*mapReduceTask).plan.ranges)-5, p.tasks)
	want, err := os.ReadFile(filepath.Join(whole, "groups.csv"))
	require.NoError(t, err)
	got, err := os.ReadFile(filepath.Join(dir, "groups.csv"))
	require.NoError(t, err)
	require.Equal(t, string(want), string(got))

	// A file that has changed is not taken for the one that was.
	dir = filepath.Join(t.TempDir(), "changed")
	ctx, cancel = context.WithCancel(t.Context())
	_, err = Run(ctx, load(), dir, Options{Pool: &countingPool{pool: Local{Workers: 1}, most: 2, stop: cancel}})
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, weather(2001, 7), 0o666))
	_, err = Resume(t.Context(), dir, Options{})
	require.ErrorContains(t, err, "w.csv is new or has changed since")
}

func TestMapReduceFailsAtABadRow(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.csv")
	require.NoError(t, os.WriteFile(path, []byte("x\n"+strings.Repeat("1\n", 50)+"\"a\nb\"\n"), 0o666))
	text := "files: " + path + "\nreduce: {s: {sum: x}}\nbad_rows: fail\nsplit: 10/2^20\n"
	r, _ := mapReduce(t, text, filepath.Join(t.TempDir(), "out"), Options{Pool: Local{Workers: 1}})
	require.Equal(t, Failed, r.Status)
	assert.Contains(t, r.Reason, "x.csv:52: field 1: a quoted field is not closed at the end of the line; fields of several lines need split: 0")
	r, _ = mapReduce(t, strings.Replace(text, "split: 10/2^20", "split: 0", 1), filepath.Join(t.TempDir(), "out"), Options{})
	assert.Contains(t, r.Reason, `x.csv:52: field 1: "a\nb" is not a number`)
}

// Of a table many times as large as what may be in memory, one range at a time is.
func TestMapReduceIsBounded(t *testing.T) {
	if testing.Short() {
		t.Skip("writes 60 MB")
	}
	path := filepath.Join(t.TempDir(), "x.csv")
	f, err := os.Create(path)
	require.NoError(t, err)
	line := []byte(strings.Repeat("station17,1.25,-3.5,0.30000000000000004\n", 1000))
	_, err = f.WriteString("name,a,b,c\n")
	require.NoError(t, err)
	const blocks = 1500
	for range blocks {
		_, err = f.Write(line)
		require.NoError(t, err)
	}
	require.NoError(t, f.Close())
	j, err := decode("a.yaml", mapHead+"files: "+path+"\ngroup: [name]\nreduce: {n: count, s: {sum: a*b}, m: {mean: c}}\noutput: {figures: []}\nsplit: 4\n", nil)
	require.NoError(t, err)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	r, err := Run(t.Context(), j, filepath.Join(t.TempDir(), "out"), Options{})
	require.NoError(t, err)
	runtime.ReadMemStats(&after)
	require.Equal(t, Done, r.Status, r.Reason)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(32<<20), "in all, for 60 MB of text")
	table := r.Body.(*mapReduceBody).Table
	require.Equal(t, []map[string]any{{"name": "station17", "n": Number(blocks * 1000), "s": Number(-4.375 * blocks * 1000), "m": table[0]["m"]}}, table)
	require.InEpsilon(t, 0.30000000000000004, float64(table[0]["m"].(Number)), 1e-15)
}

func TestMapReduceFaults(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"x.csv": "x,y,name\n1,2,a\n", "semi.csv": "x;y\n1;2\n", "empty.csv": "", "twice.csv": "x,x\n1,2\n", "other.csv": "y,z\n1,2\n", "quote.csv": "x,\"y\n",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666))
	}
	const x, n = "files: x.csv\n", "reduce: {n: count}\n"
	for text, want := range map[string]string{
		n:                                      `the key "files" is missing`,
		x:                                      `the key "reduce" is missing`,
		x + "reduce: {}\n":                     `expected at least one`,
		x + "reduce: {n: x}\n":                 `expected count, or an expression, {mean: x}`,
		x + "reduce: {n: {median: x}}\n":       `unknown key "median"`,
		x + "reduce: {n: {mean: x, sum: x}}\n": `expected one of count, sum, mean`,
		x + "reduce: {n: {mean: x, show: [y]}}\n":             `it is for argmin and argmax`,
		x + "reduce: {n: {mean: z + x}}\n":                    `a.yaml:4:20: reduce.n.mean: column 1: unknown name "z"`,
		x + "reduce: {n: {mean: name2}}\n":                    `unknown name "name2": did you mean "name"?`,
		x + "reduce: {n: {argmin: x, show: [namee]}}\n":       `x.csv:1:1: there is no column "namee": did you mean "name"?`,
		x + n + "group: [nam]\n":                              `there is no column "nam": did you mean "name"?`,
		x + n + "group: [name, name]\n":                       `"name" stands twice`,
		x + "reduce: {name: count}\ngroup: [name]\n":          `a group is called "name" too`,
		x + n + "where: x >\n":                                `where: column 4`,
		x + n + "where: x\n":                                  `where: column 1`,
		x + n + "let: {x2: 2*w}\n":                            `let.x2: column 3: unknown name "w"`,
		x + "columns: {w: weight}\nreduce: {n: {mean: w}}\n":  `there is no column "weight"`,
		"files: nothing*.csv\n" + n:                           `a.yaml:3:8: files[0]: no file matches`,
		"files: nothing.csv\n" + n:                            `nothing.csv`,
		"files: []\n" + n:                                     `expected at least one file`,
		"files: .\n" + n:                                      `is a folder: name its files`,
		"files: empty.csv\n" + n:                              `empty.csv: empty; expected a header`,
		"files: quote.csv\n" + n:                              `the header: field 2: a quoted field is not closed`,
		"files: semi.csv\nreduce: {n: {mean: x}}\n":           `unknown name "x"`,
		"files: semi.csv\n" + n + "group: [x]\n":              `are the columns separated by ";"? separator: ";"`,
		"files: twice.csv\n" + n + "group: [x]\n":             `column "x" stands twice`,
		"files: [x.csv, other.csv]\nreduce: {n: {mean: x}}\n": `other.csv:1:1: there is no column "x": expected y, z`,
		x + n + "separator: ab\n":                             `expected one character`,
		x + n + "header: [a, a]\n":                            `column "a" stands twice`,
		x + n + "split: -1\n":                                 `expected a number of at least 0, got -1`,
		x + n + "bad_rows: warn\n":                            `unknown "warn"`,
		x + n + "precision: float32\n":                        `numbers of tables are float64`,
		x + n + "constants: {sin: 1}\nlet: {a: x}\n":          `clashes with the function sin`,
	} {
		j, err := decode(filepath.Join(dir, "a.yaml"), mapHead+text, nil)
		if err == nil {
			err = j.Check(&bytes.Buffer{})
		}
		if assert.Error(t, err, text) {
			assert.Contains(t, err.Error(), want, text)
			var e *Error
			assert.True(t, errors.As(err, &e), "%s: %v", text, err)
		}
	}
}

func TestMapReduceSummary(t *testing.T) {
	var text strings.Builder
	b := &mapReduceBody{Files: 1, Rows: 1095, Used: 1095, Groups: 12, BadRows: 1, FirstBad: []badPlace{{File: "a.csv", Line: 3, Reason: "short"}}}
	b.Summary(&text)
	assert.Equal(t, "1095 rows of 1 file, 12 groups (groups.csv)\n1 bad row left out; the first: a.csv:3: short\n", text.String())
}
