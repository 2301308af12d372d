package job

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/seed-0772dd2d/ritz/surrogate"
)

// SavedModel is a fitted model with what is known of its inputs.
type SavedModel struct {
	Name         string
	Model        surrogate.Model
	Inputs       []string
	Lower, Upper []float64 // of the domain; empty where the file does not tell
	Response     string
}

// modelInputs is what stands in the file of a model beside the model, which knows
// no names.
type modelInputs struct {
	Names    []string  `json:"inputs"`
	Lower    []float64 `json:"lower"`
	Upper    []float64 `json:"upper"`
	Response string    `json:"response"`
}

// encodeModel is the file of a model.
func (t *surrogateTask) encodeModel(m surrogate.Model) ([]byte, error) {
	var b bytes.Buffer
	if err := surrogate.Save(&b, m); err != nil {
		return nil, err
	}
	head, err := json.Marshal(modelInputs{t.names, t.lower, t.upper, t.response})
	if err != nil {
		return nil, err
	}
	// One object of the keys of both.
	return slices.Concat(head[:len(head)-1], []byte(","), bytes.TrimSpace(b.Bytes())[1:], []byte("\n")), nil
}

// LoadModel reads a model from its file, or from the directory of a run: there
// the one of that name, by default the best.
func LoadModel(path, name string) (*SavedModel, error) {
	if info, err := os.Stat(path); err != nil {
		return nil, err
	} else if info.IsDir() {
		if path, err = modelOfRun(path, name); err != nil {
			return nil, err
		}
	} else if name != "" {
		return nil, fmt.Errorf("%s is the file of one model: --model picks one from a run directory", path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	m := &SavedModel{Name: strings.TrimSuffix(filepath.Base(path), ".json")}
	if m.Model, err = surrogate.Load(bytes.NewReader(text)); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return m, m.describe(path, text)
}

// describe takes the inputs from the text of the file. Models that package
// surrogate saved do not have them: their inputs are x1, x2, ...
func (m *SavedModel) describe(path string, text []byte) error {
	var in modelInputs
	if err := json.Unmarshal(text, &in); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	d, _ := m.Model.Dims()
	if in.Names == nil {
		for j := range d {
			in.Names = append(in.Names, fmt.Sprintf("x%d", j+1))
		}
	}
	if in.Response == "" {
		in.Response = "y"
	}
	bounded := len(in.Lower) == d && len(in.Upper) == d
	if len(in.Names) != d || !bounded && len(in.Lower)+len(in.Upper) > 0 {
		return fmt.Errorf("%s: %d names and %d bounds for %d inputs", path, len(in.Names), len(in.Lower), d)
	}
	m.Inputs, m.Lower, m.Upper, m.Response = in.Names, in.Lower, in.Upper, in.Response
	return nil
}

// modelOfRun is the file of a model of a run.
func modelOfRun(dir, name string) (string, error) {
	files, err := filepath.Glob(filepath.Join(dir, "models", "*.json"))
	if err != nil {
		return "", err
	}
	if len(files) == 0 {
		return "", nothingIn(dir, "model")
	}
	var names []string
	for _, f := range files {
		names = append(names, strings.TrimSuffix(filepath.Base(f), ".json"))
	}
	if r, err := ReadResult(dir); name == "" && err == nil {
		if b, ok := r.Body.(*surrogateBody); ok {
			name = b.Best
		}
	}
	if name == "" {
		name = names[0]
	}
	if !slices.Contains(names, name) {
		return "", fmt.Errorf("%s holds no model %q%s", dir, name, suggest(name, names))
	}
	return filepath.Join(dir, "models", name+".json"), nil
}

// predict evaluates the model at points, and its variance there.
func (m *SavedModel) predict(x []float64, variance bool) ([][]float64, error) {
	p, err := surrogate.Predict(m.Model, x)
	if err != nil {
		return nil, err
	}
	if p.Outputs > 1 {
		return nil, errors.New("a model of several outputs")
	}
	if !variance {
		return [][]float64{p.Mean}, nil
	}
	if p.Variance == nil {
		return nil, fmt.Errorf("the model %s knows no variance", m.Name)
	}
	return [][]float64{p.Mean, p.Variance}, nil
}

// FitModel fits a model to the observations in a CSV file, whose last column is
// the response, and writes it to w. The model is text as in the list models of a
// job file: "kriging", or "kriging: {correlation: gaussian}". What is legal in the
// table but hardly meant goes to warn.
func FitModel(ctx context.Context, name string, data io.Reader, model string, seed uint64, w io.Writer, warn func(string)) (surrogate.Accuracy, error) {
	d, names, err := surrogate.ReadCSV(data, 1)
	if err != nil {
		return surrogate.Accuracy{}, fmt.Errorf("%s: %w", name, err)
	}
	d.Lower, d.Upper = d.Extent()
	t := &surrogateTask{job: &Job{Seed: seed}, names: names[:d.Inputs], lower: d.Lower, upper: d.Upper, response: names[d.Inputs]}
	spec, err := t.parseModel(model, d.Rows())
	if err != nil {
		return surrogate.Accuracy{}, err
	}
	t.oddData(d, func(text string) { warn(name + ": " + text) })
	m, err := spec.Fit(ctx, d)
	if err != nil {
		return surrogate.Accuracy{}, err
	}
	p, err := surrogate.PredictLeftOut(ctx, spec, m, d, 0)
	if err != nil {
		return surrogate.Accuracy{}, err
	}
	a, err := p.Accuracy(d.Y)
	if err != nil {
		return a, err
	}
	text, err := t.encodeModel(m)
	if err != nil {
		return a, err
	}
	_, err = w.Write(text)
	return a, err
}

// parseModel reads one model from a text.
func (t *surrogateTask) parseModel(text string, rows int) (surrogate.Spec, error) {
	src := &source{name: "--model", lines: strings.Split(text, "\n")}
	root, err := parse(text, src)
	if err != nil {
		return nil, err
	}
	if root.kind == scalarNode && root.text == "auto" {
		return surrogate.Auto{CrossValidation: surrogate.CrossValidation{Seed: t.job.Seed}}, nil
	}
	d := &decoder{}
	list := root.beside(listNode, "")
	list.items = []*node{root}
	m, _ := t.model(d, list, 0, root, "models")
	if err := d.err(); err != nil {
		return nil, err
	}
	return m.spec, t.checkNeeds(rows)
}

// Minimise finds the least value of the model in its domain, the greatest with
// maximise.
func (m *SavedModel) Minimise(ctx context.Context, maximise bool, seed uint64) (x []float64, y float64, err error) {
	if len(m.Lower) == 0 {
		return nil, 0, errors.New("the file does not tell the domain of the model")
	}
	return surrogate.Minimise(ctx, m.Model, m.Lower, m.Upper, maximise, seed)
}

// Sensitivity prints the Sobol' indices of the model over its domain.
func (m *SavedModel) Sensitivity(ctx context.Context, s surrogate.Sensitivity, w io.Writer) error {
	if len(m.Lower) == 0 {
		return errors.New("the file does not tell the domain of the model")
	}
	in, err := s.Run(ctx, surrogate.ModelEvaluator{Model: m.Model}, m.Lower, m.Upper)
	if err != nil {
		return err
	}
	newSensitivity(m.Name, m.Inputs, in).summary(w)
	return nil
}
