// Package launch starts and stops the workers of a cluster.
//
// A [Launcher] keeps a number of units, each of them one worker: a process of this
// machine ([Local]), and whatever a batch system makes of it elsewhere, an element of
// a SLURM job array or a pod of a Kubernetes Indexed Job. It is cut for the slowest of
// them: Scale asks and returns, a unit may stay pending for hours and says why, and
// may end without having been asked to. What a launcher has started outlives it: a new
// one made with the same settings takes over all units that are there.
//
//	w, err := launch.NewLocal(launch.LocalSettings{
//		Dir:     "cluster/workers",
//		Command: func(id string) []string { return []string{"ritz", "worker", "--id", id} },
//	})
//	if err != nil { ... }
//	err = w.Scale(ctx, 4)       // four workers, whatever there was before
//	units, err := w.Units(ctx)  // how each of them is
//	err = w.Stop(ctx)           // none, and all have ended
//
// A launcher knows nothing of tasks. A worker that is asked to leave hands its tasks
// back, and one that dies has them done again by others, so that neither scaling nor
// losing units loses work.
package launch
