package pinn

import (
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestReadTable(t *testing.T) {
	table, err := ReadTable(strings.NewReader("u, x,t\n1,2,3\n-4e-3,5,6\n"), []string{"t", "x"}, []string{"u", "v"})
	require.NoError(t, err)
	require.Equal(t, &Table{Points: []float64{3, 2, 6, 5}, Values: map[string][]float64{"u": {1, -4e-3}}}, table)
	for text, want := range map[string]string{
		"":                        "line 1: empty",
		"t,x,u\n":                 "no rows",
		"t,x\n1,2\n":              "line 1: no column for a field (u)",
		"t,u\n1,2\n":              `line 1: no column for the variable "x"`,
		"t,x,u,w\n1,2,3,4\n":      `line 1: column "w" is neither`,
		"t,x,u,u\n1,2,3,4\n":      `line 1: column "u" stands twice`,
		"t,x,u\n1,2,3\n4,5\n":     "line 3",
		"t,x,u\n1,2,3\n4,5,NaN\n": `line 3, column "u": "NaN" is not a finite number`,
		"t,x,u\n1,y,3\n":          `line 2, column "x": "y" is not a finite number`,
		"t,x,u\n1,2,1e999\n":      `line 2, column "u"`,
	} {
		_, err := ReadTable(strings.NewReader(text), []string{"t", "x"}, []string{"u"})
		require.ErrorContains(t, err, want, text)
	}
}

func FuzzReadTable(f *testing.F) {
	f.Add("t,x,u\n1,2,3\n")
	f.Add("u,\"t\",x\n1,2,-1e9\n\n")
	f.Fuzz(func(t *testing.T, text string) {
		table, err := ReadTable(strings.NewReader(text), []string{"t", "x"}, []string{"u"})
		if err == nil {
			require.NoError(t, table.check([]string{"t", "x"}, []string{"u"}))
		}
	})
}

func TestNewReferenceRefuses(t *testing.T) {
	p := testProblems["heat"].problem()
	for want, table := range map[string]*Table{
		"data: 0 coordinates":              {},
		"data: 3 coordinates":              {Points: []float64{1, 2, 3}, Values: map[string][]float64{"u": {1}}},
		"data: no values":                  {Points: []float64{1, 2}},
		"data: 2 values of u at 1 points":  {Points: []float64{1, 2}, Values: map[string][]float64{"u": {1, 2}}},
		`data: "v" is not a field (u)`:     {Points: []float64{1, 2}, Values: map[string][]float64{"v": {1}}},
		"data: x of point 1 is not finite": {Points: []float64{1, 2, 3, math.Inf(1)}, Values: map[string][]float64{"u": {1, 2}}},
		"data: u of point 1 is not finite": {Points: []float64{1, 2, 3, 4}, Values: map[string][]float64{"u": {1, math.NaN()}}},
		"data: 0 values of u at 1 points":  {Points: []float64{1, 2}, Values: map[string][]float64{"u": nil}},
	} {
		_, err := NewReference(table, p)
		require.ErrorContains(t, err, want)
	}
	_, err := NewReference(&Table{Points: []float64{1}}, &Problem{})
	require.ErrorContains(t, err, "domain: a problem needs")
}

func TestExactReferenceRefuses(t *testing.T) {
	p := testProblems["heat"].problem()
	p.Parameters = map[string]float64{"k": 1}
	for want, c := range map[string]struct {
		exact map[string]string
		grid  map[string]int
	}{
		`grid.y: "y" is not a variable`:      {nil, map[string]int{"y": 5}},
		"grid.x: 1 levels":                   {nil, map[string]int{"x": 1}},
		"grid.x: -5 levels":                  {nil, map[string]int{"x": -5}},
		"grid.x: more than 1e+08 points":     {nil, map[string]int{"t": 1e4, "x": 1e5}},
		"grid.t: more than 1e+08 points":     {nil, map[string]int{"t": math.MaxInt}},
		`exact.v: "v" is not a field`:        {map[string]string{"v": "x"}, nil},
		"exact.u: column 1":                  {map[string]string{"u": ""}, nil},
		"exact.u: an exact solution may use": {map[string]string{"u": "u_x"}, nil},
		"may use only the variables":         {map[string]string{"u": "k*x"}, nil},
		"exact.u: ":                          {map[string]string{"u": "integral(x, x)"}, nil},
		"exact.u: not finite at point [0 0]": {map[string]string{"u": "1/x"}, nil},
	} {
		_, err := ExactReference(p, c.exact, c.grid)
		require.ErrorContains(t, err, want)
	}
	_, err := ExactReference(&Problem{}, nil, nil)
	require.ErrorContains(t, err, "domain: a problem needs")
	ref, err := ExactReference(p, map[string]string{"u": "t + 2*x"}, map[string]int{"t": 2, "x": 3})
	require.NoError(t, err)
	require.Equal(t, [][]float64{{0, 1}, {0, 0.5, 1}}, ref.Axes)
	require.Equal(t, []float64{0, 1, 2, 1, 2, 3}, ref.Values["u"])
}
