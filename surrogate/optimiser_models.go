package surrogate

import (
	"context"
	"slices"
)

// tuning is what was fitted to the first evaluations of the log that had a value.
type tuning struct {
	indices []int
	theta   []float64
	nugget  float64
	warped  bool // to the logarithm: see warp
}

// fitted is a model of the function, whose sign is that of minimisation, or of a
// constraint.
type fitted struct {
	model *KrigingModel
	// The values that the search compares, at the evaluations that succeeded and
	// then at those under way: what was observed, or predicted where the values
	// are noisy or there is none yet.
	values []float64
	warp   *warp // that model and values are of; nil: none
}

// fit models an output, 0 for the function and k for constraint k - 1 of those
// modelled, from the evaluations that succeeded. Those under way count as
// evaluations that gave what the model predicts: the Kriging believer of
// Ginsbourger, Le Riche and Carraro, Kriging is well-suited to parallelize
// optimization (2010).
func (o *Optimiser) fit(ctx context.Context, output int) (fitted, error) {
	d := len(o.settings.Lower)
	data := Data{Inputs: d, Lower: o.settings.Lower, Upper: o.settings.Upper}
	var pending []float64
	var indices []int
	for i, e := range o.log {
		switch {
		case !e.Done:
			pending = append(pending, e.X...)
		case e.Error != "":
		case output == 0:
			data.X, data.Y, indices = append(data.X, e.X...), append(data.Y, o.sign()*e.Y), append(indices, i)
		default:
			data.X, data.Y, indices = append(data.X, e.X...), append(data.Y, e.Constraints[output-1]), append(indices, i)
		}
	}
	spec := o.settings.Kriging
	spec.EstimateNugget = spec.EstimateNugget || o.settings.Noisy && spec.Nugget == 0
	t, err := o.tune(ctx, output, spec, data, indices)
	if err != nil {
		return fitted{}, err
	}
	var f fitted
	if t.warped {
		w := newWarp(data.Y)
		f.warp, data.Y = &w, w.apply(data.Y)
	}
	spec.Theta, spec.Lengths, spec.Components = t.theta, nil, 0
	if spec.EstimateNugget {
		spec.EstimateNugget, spec.Nugget = false, t.nugget
	}
	model, err := spec.Fit(ctx, data)
	if err != nil {
		return fitted{}, err
	}
	f.model, f.values = model.(*KrigingModel), slices.Clone(data.Y)
	if o.settings.Noisy {
		if err := f.model.Predict(data.X, f.values); err != nil {
			return f, err
		}
	}
	if len(pending) > 0 {
		believed := make([]float64, len(pending)/d)
		if err := f.model.Predict(pending, believed); err != nil {
			return f, err
		}
		f.values = append(f.values, believed...)
		data.X, data.Y = append(data.X, pending...), append(data.Y, believed...)
		if model, err = spec.Fit(ctx, data); err != nil {
			return f, err
		}
		f.model = model.(*KrigingModel)
	}
	return f, nil
}

// tune returns hyperparameters. They are fitted anew not at every evaluation but
// whenever there are a twentieth more, on the evaluations there were then: so
// they depend on the log alone.
func (o *Optimiser) tune(ctx context.Context, output int, spec Kriging, data Data, indices []int) (tuning, error) {
	n := len(indices)
	for m := 2; m <= len(indices); m += max(1, m/20) {
		n = m
	}
	if t, ok := o.tuned[output]; ok && slices.Equal(t.indices, indices[:n]) {
		return t, nil
	}
	data.X, data.Y = data.X[:n*data.Inputs], data.Y[:n]
	model, err := spec.Fit(ctx, data)
	if err != nil {
		return tuning{}, err
	}
	h := model.(*KrigingModel).Hyperparameters()
	t := tuning{slices.Clone(indices[:n]), h.Theta, h.Nugget, false}
	if output == 0 && !o.settings.Noisy {
		w, y := newWarp(data.Y), data.Y
		data.Y = w.apply(y)
		if model, err = spec.Fit(ctx, data); err != nil {
			return tuning{}, err
		}
		of := model.(*KrigingModel).Hyperparameters()
		if of.LogLikelihood+w.logSlopes(y) > h.LogLikelihood+warpGain*float64(n) {
			t.theta, t.nugget, t.warped = of.Theta, of.Nugget, true
		}
	}
	o.tuned[output] = t
	return t, nil
}

// fitFailures models where evaluations fail: the value is 1 where one did, -1
// where it did not and expected elsewhere, and the sign tells. It returns nil if
// none failed.
func (o *Optimiser) fitFailures(ctx context.Context) (*KrigingModel, error) {
	const reach = 0.3 // correlation length in widths of the box
	data := Data{Inputs: len(o.settings.Lower), Lower: o.settings.Lower, Upper: o.settings.Upper}
	failed := false
	for _, e := range o.log {
		if !e.Done {
			continue
		}
		v := -1.0
		if e.Error != "" {
			v, failed = 1, true
		}
		data.X, data.Y = append(data.X, e.X...), append(data.Y, v)
	}
	if !failed {
		return nil, nil
	}
	spec := Kriging{Trend: "simple", Mean: -1, Threads: o.settings.Kriging.Threads}
	for j, l := range data.Lower {
		spec.Lengths = append(spec.Lengths, reach*(data.Upper[j]-l))
	}
	model, err := spec.Fit(ctx, data)
	if err != nil {
		return nil, err
	}
	return model.(*KrigingModel), nil
}
