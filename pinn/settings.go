package pinn

import (
	"fmt"
	"slices"

	"github.com/seed-0772dd2d/ritz/internal/optimize"
)

// Settings says how a Problem is solved. The zero value is usable.
type Settings struct {
	Network Network
	Points  Points
	Train   []Stage // in order; default AutoTrain
	Seed    uint64
	Threads int // goroutines; 0: GOMAXPROCS
	// Precision of the networks and their derivatives: float64 (default) or
	// float32. Weights, residuals, sums over blocks and optimisers are float64.
	Precision string
	// Progress, if set, is called after every iteration by the goroutine that
	// trains. It may call the methods of the Trainer (to write a checkpoint,
	// say); the training waits for it.
	Progress func(Progress)
}

// Network is the shape of the networks.
type Network struct {
	Hidden     []int  // widths of the hidden layers; default 20, 20, 20, 20
	Activation string // tanh (default), sin, sigmoid, swish, softplus
	Shared     bool   // one network with an output a field; default one network a field
	// Scale multiplies the network output of a field; default the largest
	// absolute value that a condition of the form "field = expression" gives
	// it, or 1 where there is none or the field has an ansatz.
	Scale map[string]float64
}

// Points says where residuals are taken.
type Points struct {
	Interior int    // collocation points of the equations; default 4096
	Boundary int    // points of each condition; default 256
	Strategy string // sobol (default), lhs, random, grid
	Resample Resample
}

// Resample draws the interior points anew from a large set of uniform
// candidates, with probability proportional to |r|^K / mean(|r|^K) + C (RAD of
// Wu et al. 2023, Computer Methods in Applied Mechanics and Engineering 403,
// 115671, equation 2), r the norm of the weighted residuals.
type Resample struct {
	Every      int     // iterations between draws; 0: the points stay
	Candidates int     // default 5 times the interior points
	K, C       float64 // default 1, 1
}

// Stage is one optimiser with its stopping rule.
type Stage struct {
	Optimizer  string  // one of Optimizers
	Iterations int     // most iterations; required
	Tolerance  float64 // stop when the loss falls below; 0: never
	Rate       float64 // adam: learning rate; default 1e-3
	Schedule   Schedule
	Memory     int // lbfgs: pairs kept; default 20
	// Objective is what the optimiser sees, a monotone function of the loss:
	// loss, sqrt or log. Quasi-Newton methods converge further on log, which
	// is their default; adam takes the loss itself.
	Objective string
}

// Schedule is the factor on Adam's learning rate by iteration: constant,
// exponential, staircase or cosine, after an optional linear warm-up.
type Schedule = optimize.Schedule

// AutoTrain is the training where none is given: Adam to find the basin, then a
// quasi-Newton method, which with a dense inverse Hessian converges further but
// stores the square of the number of weights.
func AutoTrain(weights int) []Stage {
	last := Stage{Optimizer: "ssbroyden", Iterations: 10000, Tolerance: 1e-12}
	if weights > 6000 {
		last.Optimizer = "lbfgs"
	}
	return []Stage{{Optimizer: "adam", Iterations: 1000, Rate: 2e-3}, last}
}

var optimizers = []string{"adam", "lbfgs", "ssbroyden", "ssbfgs", "bfgs"}

// Optimizers lists the names that Stage.Optimizer may have.
func Optimizers() []string { return slices.Clone(optimizers) }

// maxDense is the largest number of weights for a dense inverse Hessian.
const maxDense = 12000

// withDefaults fills in and checks a stage for a number of weights.
func (s Stage) withDefaults(weights int) (Stage, error) {
	if s.Objective == "" {
		s.Objective = string(logarith)
		if s.Optimizer == "adam" {
			s.Objective = string(identity)
		}
	}
	switch {
	case !slices.Contains(optimizers, s.Optimizer):
		return s, fmt.Errorf("unknown optimizer %q: choose %s", s.Optimizer, list(optimizers))
	case s.Iterations < 1:
		return s, fmt.Errorf("%s: iterations %d: must be at least 1", s.Optimizer, s.Iterations)
	case !finiteNotNegative(s.Tolerance):
		return s, fmt.Errorf("%s: tolerance %v: must be a number, not negative", s.Optimizer, s.Tolerance)
	case s.Optimizer != "adam" && (s.Rate != 0 || s.Schedule != Schedule{}):
		return s, fmt.Errorf("%s: rate and schedule belong to adam", s.Optimizer)
	case s.Optimizer != "adam" && s.Optimizer != "lbfgs" && weights > maxDense:
		return s, fmt.Errorf("%s stores the square of the number of weights, %d, and takes at most %d: use lbfgs", s.Optimizer, weights, maxDense)
	case s.Optimizer != "lbfgs" && s.Memory != 0:
		return s, fmt.Errorf("%s: memory belongs to lbfgs", s.Optimizer)
	}
	if err := transform(s.Objective).check(); err != nil {
		return s, err
	}
	_, err := s.method(&objective{}, []float64{0}, 1) // the optimiser checks its settings
	return s, err
}

// method builds the optimiser of a stage at theta.
func (s Stage) method(obj optimize.Objective, theta []float64, threads int) (optimize.Method, error) {
	switch s.Optimizer {
	case "adam":
		return optimize.NewAdam(obj, theta, optimize.AdamSettings{Rate: s.Rate, Schedule: s.Schedule})
	case "lbfgs":
		return optimize.NewLBFGS(obj, theta, optimize.LBFGSSettings{Memory: s.Memory})
	}
	return optimize.NewSSBroyden(obj, theta, optimize.SSBroydenSettings{Update: s.Optimizer, Threads: threads, MaxDimension: maxDense})
}

// Progress tells where a training stands.
type Progress struct {
	Stage, Stages         int // current stage, from 0, and how many there are
	Optimizer             string
	Iteration, Iterations int // done and at most, in this stage
	Total, TotalMost      int // the same over all stages
	Evaluations           int // of the gradient, over all stages
	Loss                  float64
	Terms                 []float64 // weighted loss of each term, as in Trainer.Terms; valid until the callback returns
	Parameters            []float64 // of the problem, in the order of their names; valid until the callback returns
	Seconds               float64   // of training, over all stages and resumptions
}

// Report is the outcome of a training.
type Report struct {
	Stages     []StageReport
	Loss       float64            // the lowest since the points last changed: that of the Solution
	Start      float64            // the loss of the initial weights
	Highest    float64            // of the losses after each iteration
	Terms      map[string]float64 // weighted loss of each term, by its name, for that loss
	Parameters map[string]float64
	Seconds    float64
}

// StageReport is the outcome of one stage.
type StageReport struct {
	Optimizer   string
	Iterations  int
	Evaluations int
	Loss        float64 // of its last iteration
	Stopped     string  // iterations, tolerance, stalled, interrupted, failed
}
