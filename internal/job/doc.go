// Package job reads job files and runs them. It is where the command line, a
// worker and a notebook meet: [Load] a file, [Job.Check] it, [Run] it in a
// directory of its own, [Resume] it from there.
//
// # Job files
//
// A job file is YAML, read strictly. Every value keeps its place in the file,
// so that each fault is shown at its character; all faults that can be found
// are shown at once; unknown keys are faults, with the nearest known one named.
// Wherever a number stands, an expression may stand: 0.01/pi. An assignment
// such as "train.0.adam.rate=1e-4" changes the file before it is decoded, with
// the same strictness.
//
// # Runs
//
// A run directory holds all there is to know of a run:
//
//	job.yaml       the job as run, defaults filled in: itself a job file
//	inputs/        copies of the files it read
//	result.json    what became of it: the fields of Result, and those of its kind;
//	               from the start, when the status is running
//	history.csv    the course of the numbers
//	solution.json  (pinn) the trained networks, which Predict evaluates
//	samples.csv    (surrogate) every evaluation, written as it is made
//	models/        (surrogate) the fitted models, which Predict evaluates
//	validation.csv (surrogate) what the models say where they were validated
//	receivers.csv, receivers.npy  (stencil) what the receivers saw, a row a step
//	pressure.npy   (stencil) the pressure as it is
//	energy.csv, snapshots/, snapshots*.pvd, animation.gif, frames/  (stencil) where asked
//	animation.raw  (stencil) until the run is done: frames to be drawn
//	runs/0001, ... (sweep) a run directory for each run
//	groups.csv     (mapreduce) a row a group
//	runs.csv       (sweep) a row a run: parameters, status, criterion
//	*.png, *.svg, *.pdf  figures, drawn when all else is written
//	checkpoint     until the run is done; the first of a pinn is that of iteration 0
//	.lock          locked while a process runs in the directory
//
// Files appear whole or not at all: they are written under a temporary name,
// flushed to the disk, then renamed. Only history.csv and animation.raw
// grow; a resumed run cuts them back to where they stood at the checkpoint, and
// continues bit for bit. A
// surrogate has no checkpoint: it runs anew, but no evaluation that samples.csv
// holds is made again. Nor has a sweep: a run that has ended is not run again.
//
// # Pools
//
// The parts of a job that do not depend on each other are tasks of a [Pool]: the
// runs of a sweep, the ranges of a mapreduce, the evaluations of a program, the
// folds of a cross-validation, chunks of points to predict at. [Local] does them on goroutines;
// another one, in Options.Pool, on other machines, by calling [RunTask] there. The
// numbers are the same: a task holds all it needs, and what comes of the tasks is
// put together by their numbers, not by the order in which they end.
//
// # Kinds
//
// Each kind of job decodes its own section and does its own work: an entry in
// the table kinds, a task that can be checked and compiled, and a work that can
// be restored and run. What they share (header, directory, envelope of the
// result, checkpoints) is here. The kinds so far:
// mapreduce, pinn, sample, stencil, surrogate, sweep.
package job
