package pinn

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"
)

// loss is the objective of a training,
//
//	L(θ) = Σ_j w_j/N_j Σ_p r_j(x_p; θ)²,
//
// over the terms j (equations and conditions) and their points p, with its
// gradient.
type loss struct {
	m       *model
	groups  []*group
	terms   []term
	workers []*worker
	wg      sync.WaitGroup

	// as set before the workers run
	ctx   context.Context
	theta []float64
}

// worker is one goroutine's share: blocks fixed beforehand, so that the same
// sums are formed in the same order however the goroutines are scheduled.
type worker struct {
	passes []*pass // of each group
	blocks []blockRef
	grad   []float64
	sums   []float64
	run    func()
}

type blockRef struct{ group, first, term int }

func newLoss(m *model, groups []*group, threads int) *loss {
	l := &loss{m: m, groups: groups}
	blocks := 0
	for _, g := range groups {
		blocks += g.blocks()
		for _, t := range g.terms {
			t.name = l.unique(t.name)
			l.terms = append(l.terms, t)
		}
	}
	for range min(threadCount(threads), blocks) {
		w := &worker{grad: make([]float64, m.weights()), sums: make([]float64, len(l.terms))}
		for _, g := range groups {
			w.passes = append(w.passes, m.newPass(g, m.single))
		}
		w.run = func() {
			defer l.wg.Done()
			w.sum(l.ctx, l.theta)
		}
		l.workers = append(l.workers, w)
	}
	l.deal()
	return l
}

// unique numbers a name that another term has: "u = 0 at x=0 (2)".
func (l *loss) unique(name string) string {
	taken := func(name string) bool {
		return slices.ContainsFunc(l.terms, func(t term) bool { return t.name == name })
	}
	for k, plain := 2, name; taken(name); k++ {
		name = fmt.Sprintf("%s (%d)", plain, k)
	}
	return name
}

// deal splits the blocks into runs of about equal cost, one a worker.
func (l *loss) deal() {
	total := 0.0
	for _, g := range l.groups {
		total += float64(g.blocks()) * l.m.blockCost(g)
	}
	for _, w := range l.workers {
		w.blocks = w.blocks[:0]
	}
	done, first := 0.0, 0
	for i, g := range l.groups {
		cost := l.m.blockCost(g)
		for b := range g.blocks() {
			w := l.workers[min(int(done/total*float64(len(l.workers))), len(l.workers)-1)]
			w.blocks = append(w.blocks, blockRef{i, b * g.block, first})
			done += cost
		}
		first += len(g.terms)
	}
}

func (g *group) blocks() int { return (len(g.points[0]) + g.block - 1) / g.block }

// blockCost is proportional to the arithmetic of a block.
func (m *model) blockCost(g *group) float64 {
	cost := 1.0
	for i, set := range g.sets {
		if set != nil {
			cost += float64(set.Len() * m.nets[i].Weights())
		}
	}
	return cost * float64(g.block)
}

func (w *worker) sum(ctx context.Context, theta []float64) {
	clear(w.grad)
	clear(w.sums)
	for _, p := range w.passes {
		p.load(theta)
	}
	for _, b := range w.blocks {
		if ctx.Err() != nil {
			break
		}
		w.passes[b.group].squares(w.grad, w.sums[b.term:], b.first)
	}
	for _, p := range w.passes {
		p.flush(w.grad)
	}
}

// gradient computes the loss of each term and the gradient of their sum.
func (l *loss) gradient(ctx context.Context, theta, grad, terms []float64) (float64, error) {
	l.ctx, l.theta = ctx, theta
	l.wg.Add(len(l.workers))
	for _, w := range l.workers[1:] {
		go w.run()
	}
	l.workers[0].run()
	l.wg.Wait()
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	clear(grad)
	clear(terms)
	for _, w := range l.workers {
		for i, v := range w.grad {
			grad[i] += v
		}
		for j, v := range w.sums {
			terms[j] += v
		}
	}
	sum := 0.0
	for _, v := range terms {
		sum += v
	}
	return sum, nil
}

// transform is a monotone function of the loss, which an optimiser sees in its
// place.
type transform string

const (
	identity transform = "loss"
	root     transform = "sqrt"
	logarith transform = "log"
)

// apply returns f(L) and the factor f'(L) of the gradient.
func (t transform) apply(loss float64) (value, slope float64) {
	switch t {
	case root:
		if loss == 0 {
			return 0, 0
		}
		r := math.Sqrt(loss)
		return r, 0.5 / r
	case logarith:
		if loss == 0 {
			return math.Log(math.SmallestNonzeroFloat64), 0 // nothing is left to gain
		}
		return math.Log(loss), 1 / loss
	}
	return loss, 1
}

func (t transform) check() error {
	switch t {
	case identity, root, logarith:
		return nil
	}
	return fmt.Errorf("unknown objective %q: choose loss, sqrt, log", string(t))
}

// objective is the loss as a stage's optimiser sees it. It keeps the
// evaluations since the last call of forget, so that the loss and the terms of
// the point which a line search took are known without another one.
type objective struct {
	loss      *loss
	transform transform
	record    []evaluation
	n         int
}

type evaluation struct {
	value, loss float64
	terms       []float64
}

// maxRecord is more evaluations than a line search makes.
const maxRecord = 64

func newObjective(l *loss, t transform) *objective {
	o := &objective{loss: l, transform: t, record: make([]evaluation, maxRecord)}
	for i := range o.record {
		o.record[i].terms = make([]float64, len(l.terms))
	}
	return o
}

// Gradient implements optimize.Objective.
func (o *objective) Gradient(ctx context.Context, x, g []float64) (float64, error) {
	e := &o.record[o.n%maxRecord]
	value, err := o.loss.gradient(ctx, x, g, e.terms)
	if err != nil {
		return 0, err
	}
	o.n++
	var slope float64
	e.loss = value
	e.value, slope = o.transform.apply(value)
	if slope != 1 {
		for i := range g {
			g[i] *= slope
		}
	}
	return e.value, nil
}

func (o *objective) forget() { o.n = 0 }

// at returns the evaluation of x, where the objective has the given value. Only
// a step that failed at a point known from before the last call of forget costs
// another one; it is not cancelled, since the step is done.
func (o *objective) at(ctx context.Context, x []float64, value float64) (*evaluation, error) {
	if e := o.find(value); e != nil {
		return e, nil
	}
	o.forget()
	_, err := o.Gradient(context.WithoutCancel(ctx), x, make([]float64, len(x)))
	return &o.record[0], err
}

// find returns the latest evaluation with the given value of the objective, or
// nil if there is none.
func (o *objective) find(value float64) *evaluation {
	for i := min(o.n, maxRecord) - 1; i >= 0; i-- {
		if o.record[i].value == value {
			return &o.record[i]
		}
	}
	return nil
}

// culprit names the first term of the last evaluation that is not finite.
func (o *objective) culprit() string {
	last := o.record[max(o.n-1, 0)%maxRecord]
	for j, v := range last.terms {
		if !finite(v) {
			return o.loss.terms[j].name
		}
	}
	return "the gradient"
}
