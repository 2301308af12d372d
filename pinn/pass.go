package pinn

import (
	"context"
	"runtime"
	"sync"

	"github.com/seed-0772dd2d/ritz/internal/expr"
	"github.com/seed-0772dd2d/ritz/internal/jet"
)

// pass is the memory in which one goroutine takes a group forward and backward
// over one block of points.
type pass struct {
	m     *model
	g     *group
	nets  []jet.Pass // nil where the network is not needed
	prog  *expr.Workspace
	outer *expr.Workspace

	parameters  []float64   // of the problem
	variables   [][]float64 // rows of the block
	fields      [][]float64 // views of the networks' derivatives, as program.Fields
	fieldBars   [][]float64 // views of their adjoints
	seeds       [][]float64 // adjoints of the program's outputs
	integrals   [][]float64 // one value each
	integralBar [][]float64
	outerVars   [][]float64
	outerSeed   [][]float64
}

// newPass returns the memory; the networks work in float32 if single.
func (m *model) newPass(g *group, single bool) *pass {
	p := &pass{m: m, g: g, nets: make([]jet.Pass, len(m.nets)), prog: g.program.NewWorkspace(g.block)}
	for i, set := range g.sets {
		if set != nil {
			p.nets[i] = m.nets[i].NewPass(set, g.block, single)
		}
	}
	for range m.problem.Domain {
		p.variables = append(p.variables, make([]float64, g.block))
	}
	for _, f := range g.fields {
		p.fields = append(p.fields, p.nets[f.net].Derivative(f.unit, f.member))
		p.fieldBars = append(p.fieldBars, p.nets[f.net].Bar(f.unit, f.member))
	}
	for range g.program.Outputs() {
		p.seeds = append(p.seeds, make([]float64, g.block))
	}
	if g.outer != nil {
		p.outer = g.outer.NewWorkspace(1)
		for range g.outer.Integrals {
			p.integrals = append(p.integrals, make([]float64, 1))
			p.integralBar = append(p.integralBar, make([]float64, 1))
		}
		for _, row := range p.variables {
			p.outerVars = append(p.outerVars, row[:1])
		}
		p.outerSeed = [][]float64{make([]float64, 1)}
	}
	return p
}

// load takes the weights of the passes that follow.
func (p *pass) load(theta []float64) {
	for i, net := range p.nets {
		if net != nil {
			net.Load(theta[p.m.offsets[i]:p.m.offsets[i+1]])
		}
	}
	p.parameters = theta[p.m.offsets[len(p.m.nets)]:]
}

// flush adds to grad the gradients with respect to the weights of the networks
// that backward has summed up.
func (p *pass) flush(grad []float64) {
	for i, net := range p.nets {
		if net != nil {
			net.AddGradient(grad[p.m.offsets[i]:p.m.offsets[i+1]])
		}
	}
}

// forward computes the outputs at points first, first+1, ... of the columns, a
// block of them or as many as there are, and returns how many.
func (p *pass) forward(points [][]float64, first int) int {
	n := min(p.g.block, len(points[0])-first)
	for v, row := range p.variables {
		copy(row, points[v][first:first+n])
		for i := n; i < len(row); i++ {
			row[i] = row[n-1] // the networks take whole blocks
		}
	}
	for _, net := range p.nets {
		if net != nil {
			net.Forward(p.variables)
		}
	}
	p.g.program.Forward(p.prog, n, p.variables, p.fields, nil, p.parameters)
	return n
}

// backward adds to grad the gradient of the scalar whose adjoints with respect
// to the outputs of forward are in p.seeds.
func (p *pass) backward(grad []float64, n int) {
	params := p.m.offsets[len(p.m.nets)]
	p.g.program.Reverse(p.prog, n, p.seeds, p.fieldBars, nil, grad[params:])
	for _, row := range p.fieldBars {
		clear(row[n:])
	}
	for _, net := range p.nets {
		if net != nil {
			net.Reverse()
		}
	}
}

// squares adds the weighted mean squares of the residuals of one block to
// sums, one a term. Their gradient goes to grad, for the most part with flush.
func (p *pass) squares(grad, sums []float64, first int) {
	n := p.forward(p.g.points, first)
	if p.g.outer != nil {
		p.integralSquares(grad, sums, n)
		return
	}
	for j, t := range p.g.terms {
		r, seed := p.prog.Output(j)[:n], p.seeds[j][:n]
		copy(seed, r)
		if p.g.target != nil {
			for i := range seed {
				seed[i] -= p.g.target[first+i]
			}
		}
		factor := t.weight / float64(p.g.residuals())
		square := 0.0
		for i, v := range seed {
			square += v * v
			seed[i] = 2 * factor * v
		}
		sums[j] += factor * square
	}
	p.backward(grad, n)
}

// integralSquares is squares for an integral condition: n nodes of one outer
// point.
func (p *pass) integralSquares(grad, sums []float64, n int) {
	g, params := p.g, p.m.offsets[len(p.m.nets)]
	for i, value := range p.integrals {
		value[0] = 0
		for q, w := range g.weights {
			value[0] += w * p.prog.Output(i)[q]
		}
	}
	g.outer.Forward(p.outer, 1, p.outerVars, nil, p.integrals, p.parameters)
	r := p.outer.Output(0)[0]
	factor := g.terms[0].weight / float64(g.residuals())
	sums[0] += factor * r * r
	p.outerSeed[0][0] = 2 * factor * r
	g.outer.Reverse(p.outer, 1, p.outerSeed, nil, p.integralBar, grad[params:])
	for i, seed := range p.seeds {
		for q, w := range g.weights {
			seed[q] = w * p.integralBar[i][0]
		}
	}
	p.backward(grad, n)
}

// evaluate computes the outputs of a group at any points, given as a column a
// variable; the result is a column an output.
func (m *model) evaluate(ctx context.Context, g *group, theta []float64, points [][]float64, threads int) ([][]float64, error) {
	n := len(points[0])
	out := make([][]float64, g.program.Outputs())
	for j := range out {
		out[j] = make([]float64, n)
	}
	blocks := (n + g.block - 1) / g.block
	threads = min(threadCount(threads), max(blocks, 1))
	var wg sync.WaitGroup
	for t := range threads {
		wg.Go(func() {
			p := m.newPass(g, false)
			p.load(theta)
			for b := t; b < blocks && ctx.Err() == nil; b += threads {
				first := b * g.block
				k := p.forward(points, first)
				for j := range out {
					copy(out[j][first:first+k], p.prog.Output(j)[:k])
				}
			}
		})
	}
	wg.Wait()
	return out, ctx.Err()
}

func threadCount(n int) int {
	if n > 0 {
		return n
	}
	return runtime.GOMAXPROCS(0)
}
