// Package nb is what a notebook cell in Go says: figures, tables, formulas and
// animations inline, progress and curves that move while something is trained,
// and job files run with one call.
//
//	%%
//	r := nb.Run("burgers.yaml")
//	nb.Table([]string{"", "value"},
//		[]any{"relative L2 error", r.Number("errors.u.relative_l2")},
//		[]any{"seconds", r.Seconds})
//
// The cells of a notebook are programs: the Go kernel (GoNB) compiles each and
// runs it. Functions and types last from cell to cell, values do not. What a
// later cell needs is in the run directory, which Latest and Open find again,
// or is kept by [Once].
//
// # Failures
//
// A function of this package that cannot do its work prints one message on
// standard error, with the place in the job file where there is one and the
// line of the cell, and ends the cell. [Check] and [Must] do the same with errors of other packages:
//
//	model := nb.Must(surrogate.Kriging{}.Fit(nb.Context(), data))
//
// The button that interrupts the kernel cancels [Context], and stops a [Run]
// such that its directory keeps the best so far; [Resume] goes on from there in
// the next cell.
//
// # Outside of Jupyter
//
// The same program runs in a terminal: text and tables are printed, figures and
// animations are written to files in the current folder, figure-1.png and so on,
// or in the folder that the environment variable RITZ_FIGURES names.
package nb
