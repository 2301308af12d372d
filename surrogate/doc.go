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
//
// The methods, and what each is for:
//
//	Kriging           smooth functions, few points, error bars; the default choice
//	RadialBasis       as smooth, without error bars; several outputs; large n
//	PolynomialChaos   analytic functions on a box: sparse, with Sobol' indices for free
//	Polynomial        trends and noisy data, with error bars
//	NeuralNetwork     many points; any number of outputs from one model
//	InverseDistance   nothing to solve; stays within the range of the data
//	Lobachevsky       compact support, exact integrals
//	Ensemble          a weighted mean of several
//
// Inputs are scaled by the domain where the method says so. Interpolants take rows of
// equal inputs as one, with their mean. [Save] and [Load] keep models in files.
package surrogate
