package surrogate

import (
	"errors"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
)

func TestReadCSV(t *testing.T) {
	data, names, err := ReadCSV(strings.NewReader("\ufeffx1, x2 ,y\r\n# a remark\r\n\r\n1,2,3\r\n -4.5 , 5e-1,\"6\"\r\n"), 1)
	require.NoError(t, err)
	require.Equal(t, []string{"x1", "x2", "y"}, names)
	require.Equal(t, Data{X: []float64{1, 2, -4.5, 0.5}, Y: []float64{3, 6}, Inputs: 2, Outputs: 1}, data)

	data, _, err = ReadCSV(strings.NewReader("a,f,g\n1,2,3\n"), 2)
	require.NoError(t, err)
	require.Equal(t, Data{X: []float64{1}, Y: []float64{2, 3}, Inputs: 1, Outputs: 2}, data)
}

func TestReadCSVFaults(t *testing.T) {
	for text, want := range map[string]string{
		"":                   "the table is empty",
		"# nothing\n":        "the table is empty",
		"x,y\n":              "no rows",
		"y\n1\n":             "1 columns, want at least 1 input and 1 outputs",
		"x,,y\n1,2,3":        "column 2 has no name",
		"x,x,y\n1,2,3":       `two columns are named "x"`,
		"1,2,3\n4,5,6":       "column 1 is headed by the number 1: the first line must name the columns",
		"x,y\n1,2\n\n3,a4\n": `line 4, column "y": "a4" is not a finite number`,
		"x,y\n1,2\nNaN,4\n":  `line 3, column "x": "NaN" is not a finite number`,
		"x,y\n1,1e999\n":     `line 2, column "y": "1e999" is not a finite number`,
		"x,y\n1,2\n1,2,3\n":  "line 3 has another number of columns than the first",
		"x,y\n1,2\n1\n":      "line 3 has another number of columns than the first",
		"x,y\n1,\"2\n":       "line 2: extraneous",
		"x,y\n1,\n":          `line 2, column "y": "" is not a finite number`,
	} {
		_, _, err := ReadCSV(strings.NewReader(text), 1)
		require.ErrorIs(t, err, ErrData, text)
		require.ErrorContains(t, err, want, text)
	}
	_, _, err := ReadCSV(strings.NewReader("x,y\n1,2"), 0)
	require.ErrorIs(t, err, ErrSettings)
	broken := errors.New("broken")
	_, _, err = ReadCSV(iotest.ErrReader(broken), 1)
	require.ErrorIs(t, err, broken)
}

// Whatever is read without a fault is data that a model can be fitted to.
func FuzzReadCSV(f *testing.F) {
	for _, text := range []string{"x,y\n1,2\n", "\ufeffa, b\n\"1\",2\n#\n", "x,y\n\"1\n", "x,y,z\n1,2,3\n,,\n"} {
		f.Add(text, 1)
	}
	f.Fuzz(func(t *testing.T, text string, outputs int) {
		data, names, err := ReadCSV(strings.NewReader(text), outputs)
		if err != nil {
			return
		}
		require.Len(t, names, data.Inputs+data.Outputs)
		_, err = data.check()
		require.NoError(t, err)
	})
}
