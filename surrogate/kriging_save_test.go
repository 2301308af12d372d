package surrogate

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func saved(t testing.TB, m *KrigingModel) []byte {
	t.Helper()
	data, err := json.Marshal(m)
	require.NoError(t, err)
	return data
}

// A loaded model gives the bits of the saved one, and grows as it would.
func TestKrigingSave(t *testing.T) {
	data := threeInputs(30)
	data.X, data.Y = append(data.X, data.X[:3]...), append(data.Y, data.Y[0]+0.1)
	cases := map[string]Kriging{
		"fitted":   {},
		"nugget":   {EstimateNugget: true, Trend: "linear", Criterion: "leave_one_out"},
		"noise":    {Noise: constant(0.01, 31)},
		"gaussian": {Correlation: "gaussian", Components: 2},
	}
	for name, s := range krigingCases {
		cases[name] = s
	}
	delete(cases, "own")
	for name, s := range cases {
		t.Run(name, func(t *testing.T) {
			m := fitKriging(t, s, data)
			got, err := decodeKriging(saved(t, m))
			require.NoError(t, err)
			loaded := got.(*KrigingModel)
			assert.Equal(t, m.Hyperparameters(), loaded.Hyperparameters())
			assert.Equal(t, m.gamma, loaded.gamma)
			assert.JSONEq(t, string(saved(t, m)), string(saved(t, loaded)))
			requireSame(t, m, loaded, 0x1p-60)
			x := []float64{0.5, 0.5, 1.5}
			a, err := m.Append(x, []float64{4})
			require.NoError(t, err)
			b, err := loaded.Append(x, []float64{4})
			require.NoError(t, err)
			assert.Equal(t, a.(*KrigingModel).gamma, b.(*KrigingModel).gamma)
		})
	}
	_, err := json.Marshal(fitKriging(t, krigingCases["own"], data))
	assert.ErrorContains(t, err, "basis of its own")
}

// An input that does not vary is in no component.
func TestKrigingSaveComponentsOfConstantInput(t *testing.T) {
	data := threeInputs(30)
	for i := range 30 {
		data.X[3*i+1] = 0.5
	}
	m := fitKriging(t, Kriging{Components: 2}, data)
	_, err := json.Marshal(m.Hyperparameters())
	require.NoError(t, err)
	loaded, err := decodeKriging(saved(t, m))
	require.NoError(t, err)
	requireSame(t, m, loaded, 0x1p-60)
}

func TestDecodeKrigingErrors(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{`[`, "JSON"},
		{`{}`, "0 inputs"},
		{`{"inputs":1,"x":[0,1,2],"y":[1,2]}`, "2 values of Y"},
		{`{"inputs":1,"x":[0,1,2],"y":[1,2,3]}`, "without theta"},
		{`{"inputs":1,"x":[0,1,2],"y":[1,2,3],"theta":[1,2]}`, "2 values of theta"},
		{`{"inputs":1,"x":[0,1,2],"y":[1,2,3],"theta":[-1]}`, "above 0"},
		{`{"inputs":1,"x":[0,1,2],"y":[1,2,3],"theta":[1],"nugget":-1}`, "nugget -1"},
		{`{"inputs":1,"x":[0,1,2],"y":[1,2,3],"theta":[1],"noise":[1,1,1]}`, "sigma2 = 0"},
		{`{"inputs":1,"x":[0,1,2],"y":[1,2,3],"theta":[1],"lower":[3],"upper":[2]}`, "not an interval"},
		{`{"inputs":1,"x":[0,1,2],"y":[1,2,3],"theta":[1],"trend":"own"}`, `trend "own"`},
	} {
		_, err := decodeKriging([]byte(c.text))
		assert.ErrorContains(t, err, c.want, c.text)
	}
}

func FuzzDecodeKriging(f *testing.F) {
	data := threeInputs(6)
	f.Add(saved(f, fitKriging(f, Kriging{Theta: []float64{0.5}}, data)))
	f.Add(saved(f, fitKriging(f, Kriging{Noise: constant(0.01, 6)}, data)))
	f.Add([]byte(`{"inputs":1,"x":[0,1e308,-1e308],"y":[1,2,3e300],"theta":[1e300]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := decodeKriging(text)
		if err != nil {
			return
		}
		d, _ := m.Dims()
		x, y := make([]float64, d), make([]float64, 1)
		require.NoError(t, m.Predict(x, y))
		_, err = decodeKriging(saved(t, m.(*KrigingModel)))
		require.NoError(t, err)
	})
}
