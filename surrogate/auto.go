package surrogate

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Auto fits the method that predicts best what it has not seen: every candidate
// is cross-validated on the same folds, and the one with the smallest RMSE is
// fitted to all data. The model is that of the candidate itself, with all it
// can do.
type Auto struct {
	Candidates      []Candidate     // default: [Candidates]
	CrossValidation CrossValidation // default: 5 folds
}

// Candidate is a method that [Auto] tries.
type Candidate struct {
	Name string
	Spec Spec
}

// Trial is what became of a candidate.
type Trial struct {
	Name     string
	Accuracy Accuracy // of the cross-validation
	Seconds  float64  // that it took
	Err      error    // why it could not be fitted
	Chosen   bool
}

// Fit fits the best candidate.
func (a Auto) Fit(ctx context.Context, d Data) (Model, error) {
	m, _, err := a.Select(ctx, d)
	return m, err
}

// Select fits the best candidate and tells how each of them did, in their order.
// A candidate that cannot be fitted is passed over; its error is in the table.
// If none can, the error returned joins all of theirs.
func (a Auto) Select(ctx context.Context, d Data) (Model, []Trial, error) {
	d, err := d.check()
	if err != nil {
		return nil, nil, err
	}
	if a.Candidates == nil {
		a.Candidates = Candidates()
	}
	if a.CrossValidation.Folds == 0 {
		a.CrossValidation.Folds = 5
	}
	if _, err := a.CrossValidation.deal(d.Rows()); err != nil {
		return nil, nil, err
	}
	table := make([]Trial, len(a.Candidates))
	best := -1
	for i, c := range a.Candidates {
		t := &table[i]
		t.Name = c.Name
		start := time.Now()
		t.Accuracy, t.Err = a.try(ctx, c.Spec, d)
		t.Seconds = time.Since(start).Seconds()
		if ctx.Err() != nil {
			return nil, table, ctx.Err()
		}
		if t.Err == nil && (best < 0 || t.Accuracy.RMSE < table[best].Accuracy.RMSE) {
			best = i
		}
	}
	if best < 0 {
		errs := make([]error, len(table))
		for i, t := range table {
			errs[i] = fmt.Errorf("%s: %w", t.Name, t.Err)
		}
		return nil, table, fmt.Errorf("surrogate: no candidate can be fitted: %w", errors.Join(errs...))
	}
	table[best].Chosen = true
	m, err := a.Candidates[best].Spec.Fit(ctx, d)
	if err != nil {
		return nil, table, fmt.Errorf("%s: %w", table[best].Name, err)
	}
	return m, table, nil
}

func (a Auto) try(ctx context.Context, s Spec, d Data) (Accuracy, error) {
	p, err := a.CrossValidation.Predict(ctx, s, d)
	if err != nil {
		return Accuracy{}, err
	}
	acc, err := p.Accuracy(d.Y)
	if err == nil && acc.RMSE-acc.RMSE != 0 {
		err = fmt.Errorf("%w: the predictions are not finite", ErrData)
	}
	return acc, err
}

// Candidates are the methods that [Auto] tries unless it is told others.
func Candidates() []Candidate {
	return []Candidate{
		{"kriging matern52", Kriging{}},
		{"kriging gaussian", Kriging{Correlation: "gaussian"}},
		{"radial_basis cubic", RadialBasis{}},
		{"radial_basis multiquadric", RadialBasis{Kernel: "multiquadric"}},
		{"polynomial_chaos", PolynomialChaos{}},
	}
}
