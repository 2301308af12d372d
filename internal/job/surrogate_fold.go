package job

import (
	"bytes"
	"context"
	"encoding/gob"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"github.com/seed-0772dd2d/ritz/surrogate"
)

// Specs go to other machines as they are: structs of settings.
func init() {
	for _, s := range []surrogate.Spec{
		surrogate.Kriging{}, surrogate.InverseDistance{}, surrogate.Lobachevsky{}, surrogate.RadialBasis{}, surrogate.Polynomial{},
		surrogate.PolynomialChaos{}, surrogate.NeuralNetwork{}, surrogate.Ensemble{}, surrogate.Auto{},
	} {
		gob.Register(s)
	}
}

// foldFile is what all folds of a cross-validation share, in the file fold.gob.
type foldFile struct {
	Folds int
	Seed  uint64
	Spec  surrogate.Spec
	Data  surrogate.Data
}

// crossValidation returns a cross-validation whose folds are tasks of the pool, if
// there is one.
func (w *surrogateWork) crossValidation() surrogate.CrossValidation {
	c := surrogate.CrossValidation{Folds: w.task.validate.folds, Seed: w.task.job.Seed, Threads: w.task.job.threads()}
	if w.pool == nil {
		return c
	}
	local := c
	c.Elsewhere = func(ctx context.Context, s surrogate.Spec, d surrogate.Data, folds int) ([]*surrogate.Predictions, error) {
		local.Folds = folds
		var b bytes.Buffer
		if err := gob.NewEncoder(&b).Encode(foldFile{folds, c.Seed, s, d}); err != nil {
			return nil, err
		}
		tasks := make([]Task, folds)
		for k := range tasks {
			tasks[k] = Task{Name: fmt.Sprintf("fold %d", k+1), Kind: "fold", Data: strconv.AppendInt(nil, int64(k), 10), Files: map[string][]byte{"fold.gob": b.Bytes()}}
		}
		parts, errs := make([]*surrogate.Predictions, folds), make([]error, folds)
		err := w.pool.Do(ctx, tasks, func(k int, result []byte, err error) {
			if err == nil {
				err = gob.NewDecoder(bytes.NewReader(result)).Decode(&parts[k])
			}
			errs[k] = err
		})
		for _, e := range errs {
			if err == nil {
				err = e
			}
		}
		return parts, err
	}
	return c
}

// taskFold fits a method to all but one fold of some data, and predicts that.
func taskFold(ctx context.Context, data []byte, dir string, _ io.Writer) ([]byte, error) {
	k, err := strconv.Atoi(string(data))
	if err != nil {
		return nil, fmt.Errorf("the data of the task are no number of a fold: %w", err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "fold.gob"))
	if err != nil {
		return nil, err
	}
	var f foldFile
	if err := gob.NewDecoder(bytes.NewReader(text)).Decode(&f); err != nil {
		return nil, fmt.Errorf("fold.gob: %w", err)
	}
	if f.Spec == nil {
		return nil, fmt.Errorf("fold.gob holds no method")
	}
	p, err := surrogate.CrossValidation{Folds: f.Folds, Seed: f.Seed}.PredictFold(ctx, f.Spec, f.Data, k)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = gob.NewEncoder(&b).Encode(p)
	return b.Bytes(), err
}
