package surrogate

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"time"
)

// ErrNoValue reports an optimisation of which no evaluation succeeded.
var ErrNoValue = errors.New("surrogate: no evaluation succeeded")

// OptimiseSettings are the settings of [Optimise].
type OptimiseSettings struct {
	Lower, Upper []float64 // the box to search
	Maximise     bool      // find the greatest value in place of the least

	// Strategy is [ExpectedImprovement] (the default), [ProbabilityOfImprovement],
	// [LowerConfidenceBound] or [StochasticRBF].
	Strategy Strategy
	// Kriging is the model of the function and of each constraint. Default: the
	// zero Kriging, fitted by likelihood, from 4 starts.
	Kriging Kriging
	// Constraints c(x) <= 0 that the optimum must satisfy.
	Constraints []Constraint
	// Noisy says that values at one point differ from evaluation to evaluation, by
	// noise of one variance: it is estimated, points may be evaluated again, and
	// the best is that of the best posterior mean.
	Noisy bool

	// Sample is the number of points of a maximin Latin hypercube to evaluate first,
	// what is in the log at the outset included; default 2 (d + 1).
	Sample int
	// Evaluations is how many are made beyond the sample; default 20 d.
	Evaluations int
	// Batch is how many points are chosen at once, to be evaluated in parallel;
	// default 1.
	Batch int

	// Further rules to stop by, each off by default.
	Target    *float64      // stop at a value as good as this
	Tolerance float64       // stop once the expected improvement is less; of ExpectedImprovement only
	Patience  int           // stop after so many evaluations without a better value
	Time      time.Duration // stop at the first choice of points after it, counted from the call

	Seed uint64
	// Progress, if set, is called with the log after every batch. An error that it
	// returns ends the optimisation.
	Progress func(log []Evaluation) error
}

// Constraint is the condition c(x) <= 0.
type Constraint struct {
	Name      string    // in errors; default: its number
	Evaluator Evaluator // the function c

	// Known says that c costs next to nothing: it is asked of every point that is
	// considered, and no other is evaluated. Else c is evaluated where the
	// function is, and modelled.
	Known bool
}

// Strategy is a way to choose the points to evaluate: [ExpectedImprovement],
// [ProbabilityOfImprovement], [LowerConfidenceBound] or [StochasticRBF].
type Strategy interface {
	check() error
	// propose chooses a point. It depends on nothing but the settings and the log.
	propose(ctx context.Context, o *Optimiser) (x []float64, score float64, err error)
}

// Evaluation is an entry of the log of an optimisation.
type Evaluation struct {
	Index       int       `json:"index"` // its place in the log, from 0
	X           []float64 `json:"x"`
	Done        bool      `json:"done"`                  // false: asked for, and not told yet
	Y           float64   `json:"y"`                     // the value, if done and without an error
	Constraints []float64 `json:"constraints,omitempty"` // values of those that are not Known, in order
	Error       string    `json:"error,omitempty"`       // why there is no value
	Sample      bool      `json:"sample,omitempty"`      // of the initial sample
	Acquisition float64   `json:"acquisition"`           // score for which the strategy chose the point
	Seconds     float64   `json:"seconds"`               // that the evaluation took; in a batch, all of it

	outside float64 // by how much it violates the Known constraints, as a caller's own points may
}

// OK tells whether the evaluation was made and succeeded.
func (e Evaluation) OK() bool { return e.Done && e.Error == "" }

// Optimum is the result of an optimisation.
type Optimum struct {
	Evaluation         // the best: X and Y
	Feasible   bool    // it satisfies the constraints; if not, it violates them least
	Mean       float64 // if Noisy, the posterior mean at X; else Y
	Deviation  float64 // if Noisy, the posterior standard deviation of that; else 0

	Log    []Evaluation
	Reason string // why the search ended
}

// Optimise minimises, or maximises, an expensive function over a box. It
// evaluates an initial sample, and then one batch after another of points that a
// model of the values so far makes promising. Kriging models the logarithm of
// their distance from the least where that is far likelier, as it is where they
// range over decades.
//
// An evaluation that fails is logged and takes its share of the budget; points
// near it are avoided. When ctx is done or an evaluator gives up as a whole,
// Optimise returns that error together with the optimum so far, whose log
// goes on with [NewOptimiser] and [Optimiser.Run] as if nothing had been.
// Without any success the error wraps [ErrNoValue].
func Optimise(ctx context.Context, e Evaluator, s OptimiseSettings) (*Optimum, error) {
	o, err := NewOptimiser(s, nil)
	if err != nil {
		return nil, err
	}
	return o.Run(ctx, e)
}

// Run is [Optimise] from where the optimiser stands.
func (o *Optimiser) Run(ctx context.Context, e Evaluator) (*Optimum, error) {
	began := time.Now()
	var err error
	reason := ""
	for err == nil && reason == "" {
		pending := o.Pending()
		if len(pending) == 0 {
			if reason = o.Stopped(); reason == "" && o.settings.Time > 0 && time.Since(began) >= o.settings.Time {
				reason = fmt.Sprintf("the time of %v is up", o.settings.Time)
			}
			if reason != "" {
				break
			}
			if pending, err = o.Ask(ctx, o.batch()); err != nil || len(pending) == 0 {
				continue // at the next turn, Stopped has the reason
			}
		}
		err = o.evaluate(ctx, e, pending)
		if o.settings.Progress != nil {
			err = errors.Join(err, o.settings.Progress(o.Log()))
		}
	}
	best, noBest := o.Best(context.WithoutCancel(ctx))
	if err == nil {
		err = noBest
	}
	best.Reason = reason
	if err != nil {
		best.Reason = err.Error()
	}
	return best, err
}

// batch is how many points to evaluate at once. The sample depends on nothing,
// so that its parts can be as large as keeps the machine busy.
func (o *Optimiser) batch() int {
	if len(o.log) < o.settings.Sample {
		return max(o.settings.Batch, 8*runtime.GOMAXPROCS(0))
	}
	return o.settings.Batch
}

// evaluate evaluates the function, and where that succeeds the constraints that
// are to be modelled, and tells the results.
func (o *Optimiser) evaluate(ctx context.Context, e Evaluator, pending []Evaluation) error {
	began := time.Now()
	whole := evaluateAll(ctx, e, pending, func(p *Evaluation, y float64) { p.Y = y })
	for _, c := range o.settings.Constraints {
		if c.Known {
			continue
		}
		var ok []Evaluation
		var at []int
		for i, p := range pending {
			if p.OK() {
				p.Done = false
				ok, at = append(ok, p), append(at, i)
			}
		}
		if whole == nil {
			whole = evaluateAll(ctx, c.Evaluator, ok, func(p *Evaluation, y float64) { p.Constraints = append(p.Constraints, y) })
		} // else, without all constraints, they are to be evaluated again
		for k, i := range at {
			if pending[i] = ok[k]; ok[k].Error != "" {
				pending[i].Error = fmt.Sprintf("constraint %s: %s", c.Name, ok[k].Error)
			}
		}
	}
	seconds := time.Since(began).Seconds()
	for _, p := range pending {
		if p.Done {
			p.Seconds = seconds
			if err := o.Tell(p); err != nil {
				return err
			}
		}
	}
	return whole
}

// evaluateAll evaluates at the points and marks as done those that have a value,
// which it hands to set, or an error of their own.
func evaluateAll(ctx context.Context, e Evaluator, points []Evaluation, set func(p *Evaluation, y float64)) error {
	if len(points) == 0 {
		return nil
	}
	var x []float64
	y, errs := make([]float64, len(points)), make([]error, len(points))
	for i, p := range points {
		x = append(x, p.X...)
		y[i] = math.NaN()
	}
	err := e.Evaluate(ctx, x, len(points), y, errs)
	for i := range points {
		p := &points[i]
		switch {
		case err != nil && (errs[i] == nil && math.IsNaN(y[i]) || errs[i] != nil && ctx.Err() != nil && errors.Is(errs[i], ctx.Err())):
			// Not evaluated.
		case errs[i] != nil:
			p.Done, p.Error = true, errs[i].Error()
		case checkValue(y[i]) != nil:
			p.Done, p.Error = true, checkValue(y[i]).Error()
		default:
			p.Done = true
			set(p, y[i])
		}
	}
	return err
}
