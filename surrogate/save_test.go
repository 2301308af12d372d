package surrogate

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// foreign is a Model that is not of this package.
type foreign struct{ Model }

func TestSaveRefuses(t *testing.T) {
	require.ErrorIs(t, Save(io.Discard, foreign{}), ErrFile)
	m := mustFit(t, InverseDistance{}, setA(t)).(*InverseDistanceModel)
	require.EqualError(t, Save(fullDisk{}, m), "full")
	m.data.Y[3] = math.NaN()
	require.ErrorIs(t, Save(io.Discard, m), ErrFile)
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("full") }
func (fullDisk) Read([]byte) (int, error)  { return 0, errors.New("gone") }

func TestLoadRefuses(t *testing.T) {
	for message, text := range map[string]string{
		"unexpected end of JSON":                              `{"ritz_model": 1`,
		"cannot unmarshal":                                    `[]`,
		"it has no version ritz_model":                        `{"kind": "polynomial"}`,
		"it has version 2, this program reads up to 1":        `{"ritz_model": 2, "kind": "polynomial", "model": {}}`,
		`unknown kind "spline"`:                               `{"ritz_model": 1, "kind": "spline", "model": {}}`,
		`unknown field "Degrees"`:                             `{"ritz_model": 1, "kind": "polynomial", "model": {"Degrees": 2}}`,
		"inverse_distance: surrogate: not a saved model: EOF": `{"ritz_model": 1, "kind": "inverse_distance"}`,
		"there are no observations":                           `{"ritz_model": 1, "kind": "lobachevsky", "model": {"Data": {"Inputs": 1}}}`,
		"0 coefficients, want 2":                              `{"ritz_model": 1, "kind": "lobachevsky", "model": {"Spec": {"N": 4, "Alpha": [1]}, "Data": {"Inputs": 1, "X": [1, 2], "Y": [3, 4]}}}`,
		"1 members with 0 weights":                            `{"ritz_model": 1, "kind": "ensemble", "model": {"Inputs": 1, "Outputs": 3, "Members": [{}], "Weights": []}}`,
		"ensembles in ensembles":                              nest(9),
		"a member of 1 inputs and 1 outputs, want 2 and 1":    `{"ritz_model": 1, "kind": "ensemble", "model": {"Inputs": 2, "Outputs": 1, "Weights": [1], "Members": [` + tinyModel + `]}}`,
		"multi-index [7] of 1 inputs and degree at most 2":    chaos(`[7]`),
		"multi-index [1 1] of 1 inputs and degree at most 2":  chaos(`[1, 1]`),
		"9223372036854775807 outputs":                         `{"ritz_model": 1, "kind": "neural_network", "model": {"Inputs": 1, "Outputs": 9223372036854775807, "W": [1]}}`,
		"11 weights, want 10":                                 `{"ritz_model": 1, "kind": "neural_network", "model": {"Spec": {"Hidden": [3], "Decay": 1, "Starts": 1, "Iterations": 1}, "Inputs": 1, "Outputs": 1, "Lower": [0], "Upper": [1], "Mean": [0], "Spread": [1], "W": [1,2,3,4,5,6,7,8,9,10,11]}}`,
		"values of Y for 4 rows":                              `{"ritz_model": 1, "kind": "inverse_distance", "model": {"Spec": {"P": 2}, "Data": {"Inputs": 1, "Outputs": 4611686018427387905, "X": [1, 2, 3, 4], "Y": [1, 2, 3, 4]}}}`,
	} {
		_, err := Load(strings.NewReader(text))
		require.ErrorIs(t, err, ErrFile, text)
		require.ErrorContains(t, err, message)
	}
	_, err := Load(fullDisk{})
	require.EqualError(t, err, "gone")
}

const tinyModel = `{"ritz_model": 1, "kind": "inverse_distance", "model": {"Spec": {"P": 2}, "Data": {"Inputs": 1, "X": [1, 2], "Y": [3, 4]}}}`

func chaos(alpha string) string {
	return `{"ritz_model": 1, "kind": "polynomial_chaos", "model": {"Spec": {"MaxDegree": 2}, "Data": {"Inputs": 1, "X": [1, 2], "Y": [3, 4]},
		"Expansions": [{"Alpha": [` + alpha + `], "C": [1]}]}}`
}

// nest is an ensemble of ensembles that deep.
func nest(depth int) string {
	text := tinyModel
	for range depth {
		text = `{"ritz_model": 1, "kind": "ensemble", "model": {"Inputs": 1, "Outputs": 1, "Weights": [1], "Members": [` + text + `]}}`
	}
	return text
}

func TestLoadNested(t *testing.T) {
	m, err := Load(strings.NewReader(nest(8)))
	require.NoError(t, err)
	require.Equal(t, []float64{3.5}, predict(t, m, []float64{1.5}))
}

// Numbers at the ends of the range come back as they were.
func TestSaveExtremeNumbers(t *testing.T) {
	d := Data{X: []float64{math.Copysign(0, -1), 5e-324, 0.1}, Y: []float64{math.MaxFloat64, 1.0 / 3, -2.2250738585072014e-308}, Inputs: 1}
	m := mustFit(t, InverseDistance{Neighbours: 1}, d)
	var file bytes.Buffer
	require.NoError(t, Save(&file, m))
	loaded, err := Load(&file)
	require.NoError(t, err)
	got := loaded.(*InverseDistanceModel).data
	for i := range d.X {
		require.Equal(t, math.Float64bits(d.X[i]), math.Float64bits(got.X[i]))
		require.Equal(t, math.Float64bits(d.Y[i]), math.Float64bits(got.Y[i]))
	}
}

// Whatever is read, there is an error or a model that predicts, and can be saved.
func FuzzLoad(f *testing.F) {
	for _, c := range methods {
		if !c.saved {
			continue
		}
		var file bytes.Buffer
		m, err := c.spec.Fit(f.Context(), conformanceData(true).rows(0, 16))
		if err != nil {
			continue
		}
		require.NoError(f, Save(&file, m))
		f.Add(file.Bytes())
	}
	f.Add([]byte(nest(3)))
	f.Add([]byte(tinyModel))
	f.Add([]byte(chaos(`[1]`)))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := Load(bytes.NewReader(data))
		if err != nil {
			require.ErrorIs(t, err, ErrFile)
			return
		}
		inputs, outputs := m.Dims()
		x := make([]float64, 2*inputs)
		require.NoError(t, m.Predict(x, make([]float64, 2*outputs)))
		if g, ok := m.(Gradient); ok {
			require.NoError(t, g.PredictGradient(x, make([]float64, 2*inputs*outputs)))
		}
		if v, ok := m.(Variance); ok && outputs == 1 {
			require.NoError(t, v.PredictVariance(x, make([]float64, 2), make([]float64, 2)))
		}
		if l, ok := m.(LeaveOneOut); ok {
			l.LeaveOneOut()
		}
		var again bytes.Buffer
		require.NoError(t, Save(&again, m))
		require.True(t, json.Valid(again.Bytes()))
	})
}
