// Package surrogate builds models of functions that are expensive to evaluate:
// from n observations y_i = f(x_i) of a function of d inputs it fits a model
// that predicts f elsewhere in a fraction of the time, and often its own error.
//
// A method with its settings is a [Spec]; fitted to [Data] it gives a [Model],
// which is immutable and safe for concurrent use. What a model can do beyond
// predicting is told by the interfaces it satisfies: [Variance], [Gradient],
// [Appender], [LeaveOneOut].
//
//	data := surrogate.Data{Inputs: 2, X: x, Y: y}
//	model, err := surrogate.Kriging{}.Fit(ctx, data)
//	...
//	err = model.Predict(points, values)
//
// The function itself is an [Evaluator]: a [Func], an [Expression] or an external
// [Command]. [Optimise] finds its minimum in few evaluations.
package surrogate
