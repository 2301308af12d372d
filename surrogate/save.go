package surrogate

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
)

// ErrFile reports data that is not a model which Save wrote, or is damaged.
var ErrFile = errors.New("surrogate: not a saved model")

// saveVersion is that of the files Save writes. It grows with every change that
// an older reader would not understand.
const saveVersion = 1

// envelope is a saved model.
type envelope struct {
	Version int             `json:"ritz_model"`
	Kind    string          `json:"kind"`
	Model   json.RawMessage `json:"model"`
}

// Save writes the model as JSON: an object with the version ritz_model of the
// format, the kind, which is the method's key in a job file, and the model.
// Numbers are written such that [Load] reads the same bits. The error wraps
// ErrFile if the model is not one of this package or holds a number that is not
// finite.
func Save(w io.Writer, m Model) error {
	e, err := seal(m)
	if err != nil {
		return err
	}
	data, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrFile, err)
	}
	_, err = w.Write(append(data, '\n'))
	return err
}

// Load reads a model that [Save] wrote. The error wraps ErrFile if the data is
// not such a model, or was written by a newer version.
func Load(r io.Reader) (Model, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	var e envelope
	if err := json.Unmarshal(data, &e); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFile, err)
	}
	return open(e, 0)
}

func seal(m Model) (envelope, error) {
	kind := ""
	switch m.(type) {
	case *InverseDistanceModel:
		kind = "inverse_distance"
	case *KrigingModel:
		kind = "kriging"
	case *LobachevskyModel:
		kind = "lobachevsky"
	case *RadialBasisModel:
		kind = "radial_basis"
	case *PolynomialModel:
		kind = "polynomial"
	case *PolynomialChaosModel:
		kind = "polynomial_chaos"
	case *NeuralNetworkModel:
		kind = "neural_network"
	case *EnsembleModel:
		kind = "ensemble"
	default:
		return envelope{}, fmt.Errorf("%w: a %T cannot be saved", ErrFile, m)
	}
	data, err := json.Marshal(m)
	if err != nil {
		return envelope{}, fmt.Errorf("%w: %s: %w", ErrFile, kind, err)
	}
	return envelope{saveVersion, kind, data}, nil
}

// maxNested is how deep ensembles of ensembles may go.
const maxNested = 8

func open(e envelope, depth int) (Model, error) {
	switch {
	case e.Version > saveVersion:
		return nil, fmt.Errorf("%w: it has version %d, this program reads up to %d", ErrFile, e.Version, saveVersion)
	case e.Version < 1:
		return nil, fmt.Errorf("%w: it has no version ritz_model", ErrFile)
	}
	var m Model
	var err error
	switch e.Kind {
	case "inverse_distance":
		m, err = decodeInverseDistance(e.Model)
	case "kriging":
		m, err = decodeKriging(e.Model)
	case "lobachevsky":
		m, err = decodeLobachevsky(e.Model)
	case "radial_basis":
		m, err = decodeRadialBasis(e.Model)
	case "polynomial":
		m, err = decodePolynomial(e.Model)
	case "polynomial_chaos":
		m, err = decodePolynomialChaos(e.Model)
	case "neural_network":
		m, err = decodeNeuralNetwork(e.Model)
	case "ensemble":
		m, err = decodeEnsemble(e.Model, depth)
	default:
		return nil, fmt.Errorf("%w: unknown kind %q", ErrFile, e.Kind)
	}
	if err != nil {
		if !errors.Is(err, ErrFile) {
			err = fmt.Errorf("%w: %w", ErrFile, err)
		}
		return nil, fmt.Errorf("%s: %w", e.Kind, err)
	}
	return m, nil
}

// decodeStrict decodes one JSON value without unknown fields.
func decodeStrict(data []byte, to any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(to); err != nil {
		return fmt.Errorf("%w: %w", ErrFile, err)
	}
	return nil
}

// checkNumbers requires n finite numbers.
func checkNumbers(what string, v []float64, n int) error {
	if len(v) != n {
		return fmt.Errorf("%w: %d %s, want %d", ErrFile, len(v), what, n)
	}
	for i, x := range v {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return fmt.Errorf("%w: %s %d is %g", ErrFile, what, i, x)
		}
	}
	return nil
}
