package job

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Points outside the domain are told, by how many they are and the first; not where the
// solution is periodic.
func TestPredictOutside(t *testing.T) {
	const solved = "ritz: 1\nkind: pinn\ndomain: {t: [0, 1], x: [0, 2]}\nfields: [u]\nequations: [u_t = u_xx]\nconditions: [u = 0 at t=0, periodic in x]\n" +
		"network: {hidden: [4]}\npoints: {interior: 16, boundary: 4}\ntrain: [{adam: {iterations: 1}}]\noutput: {figures: []}\n"
	const fitted = surrogateHead + "inputs: {t: [0, 1], x: [0, 2]}\nfunction: t + x\nsample: {n: 16}\nmodels: [kriging]\noutput: {figures: []}\n"
	for text, want := range map[string][]string{
		solved: {"points: 2 of 4 points lie outside the domain, where values are extrapolated: the first is line 4, with t = 5, not in [0, 1]"},
		fitted: {"points: 3 of 4 points lie outside the domain, where values are extrapolated: the first is line 3, with x = 7, not in [0, 2]"},
	} {
		j, err := decode("a.yaml", text, nil)
		require.NoError(t, err)
		r, err := Run(t.Context(), j, filepath.Join(t.TempDir(), "out"), Options{})
		require.NoError(t, err)
		require.Equal(t, Done, r.Status, r.Reason)
		predict := func(points string) (told []string) {
			o := PredictOptions{Warn: func(w string) { told = append(told, w) }}
			require.NoError(t, Predict(t.Context(), r.Dir, "points", strings.NewReader(points), o, &bytes.Buffer{}))
			return told
		}
		assert.Equal(t, want, predict("x,t\n1,1.0000001\n7,1\n1,5\n1,-1\n"))
		assert.Empty(t, predict("x,t\n0,0\n2,1\n"))
	}
}

// A table of many chunks is evaluated in the order of its rows, by a pool too.
func TestPredictInChunks(t *testing.T) {
	j, err := decode("a.yaml", surrogateHead+"inputs: {a: [0, 1], b: [0, 1]}\nfunction: a + 2*b\nsample: {n: 16}\nmodels: [{polynomial: {degree: 1}}]\noutput: {figures: []}\n", nil)
	require.NoError(t, err)
	r, err := Run(t.Context(), j, filepath.Join(t.TempDir(), "out"), Options{})
	require.NoError(t, err)
	require.Equal(t, Done, r.Status, r.Reason)
	const rows = 2*predictRows + 17
	var points strings.Builder
	points.WriteString("b,note,a\n")
	for i := range rows {
		fmt.Fprintf(&points, "%g,\"n, %d\",0.5\n", float64(i)/rows, i)
	}
	predict := func(text string, p Pool) (string, error) {
		var out bytes.Buffer
		err := Predict(t.Context(), r.Dir, "points", strings.NewReader(text), PredictOptions{Pool: p}, &out)
		return out.String(), err
	}
	alone, err := predict(points.String(), nil)
	require.NoError(t, err)
	p := &countingPool{pool: Local{Workers: 3}}
	pooled, err := predict(points.String(), p)
	require.NoError(t, err)
	require.Equal(t, 3, p.tasks)
	require.True(t, alone == pooled)
	table, err := readTable(strings.NewReader(alone), []string{"b", "y"})
	require.NoError(t, err)
	require.Len(t, table.rows, rows+1)
	require.Equal(t, []string{"b", "note", "a", "y"}, table.rows[0])
	for i := range rows {
		require.InDelta(t, 0.5+2*table.x[2*i], table.x[2*i+1], 1e-9)
		require.Equal(t, fmt.Sprintf("n, %d", i), table.rows[i+1][1])
	}
	// A fault in the last chunk comes after the rows of those before; of a table of
	// one chunk, nothing does.
	out, err := predict(points.String()+"x,y,z\n", nil)
	assert.ErrorContains(t, err, fmt.Sprintf(`points: line %d, column "a": "z" is not a finite number`, rows+2))
	assert.Equal(t, 2*predictRows+1, strings.Count(out, "\n"))
	out, err = predict("a,b\n1,2\n1,x\n", nil)
	assert.ErrorContains(t, err, "line 3")
	assert.Empty(t, out)
	out, err = predict("a,b\n", nil)
	require.NoError(t, err)
	assert.Equal(t, "a,b,y\n", out)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, Predict(ctx, r.Dir, "points", strings.NewReader("a,b\n1,2\n"), PredictOptions{}, &bytes.Buffer{}), context.Canceled)
}
