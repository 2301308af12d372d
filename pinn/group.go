package pinn

import (
	"fmt"
	"slices"

	"github.com/seed-0772dd2d/ritz/internal/expr"
	"github.com/seed-0772dd2d/ritz/internal/jet"
	"github.com/seed-0772dd2d/ritz/internal/simd"
)

// A group is a set of residuals at a common set of points. Networks and
// program run once a block of points for all of them.
//
// The residual of a condition with integrals is a function of the integrals,
// so it has one value an outer point: each block of points is then the
// quadrature nodes of one outer point, program computes the integrands, and
// outer the residual from the sums.
type group struct {
	program *expr.Program
	outer   *expr.Program // nil unless the group is an integral condition
	sets    []*jet.Set    // of each network; nil where it is not needed
	fields  []output      // what program.Fields[i] stands for
	points  [][]float64   // a column a variable
	target  []float64     // of a data condition: the residual is the output minus this
	weights []float64     // of an integral condition: quadrature weights
	block   int           // points of a block
	terms   []term
}

// output is a derivative of a raw network output: member of the network's set.
type output struct{ net, unit, member int }

// term is one mean-square residual of the loss.
type term struct {
	name   string
	weight float64
	part   string // of the problem, and the position in it
	index  int
}

// residuals is the number of values of each residual.
func (g *group) residuals() int {
	if g.outer != nil {
		return len(g.points[0]) / len(g.weights)
	}
	return len(g.points[0])
}

// A block is as large as keeps its jets in three quarters of a core's
// second-level cache, and no larger than pays. The bound is not a power of two,
// so that rows do not fall on the same cache sets.
const (
	smallest = 16 // points of a block, a multiple of this: whole vectors
	largest  = 112
)

// newGroup compiles expressions of fields into a group without points.
func (m *model) newGroup(nodes ...expr.Node) (*group, error) {
	for i, n := range nodes {
		nodes[i] = m.outputs(n)
	}
	program, err := expr.Compile(m.scope, nodes...)
	if err != nil {
		return nil, err
	}
	g := &group{program: program, sets: make([]*jet.Set, len(m.nets))}
	want := make([][]jet.MultiIndex, len(m.nets))
	for _, ref := range program.Fields {
		net, _ := m.raw(ref.Index)
		want[net] = append(want[net], ref.Order)
	}
	bytes := 0
	for i, orders := range want {
		if orders == nil {
			continue
		}
		if g.sets[i], err = jet.NewSet(orders...); err != nil {
			return nil, err
		}
		bytes += m.nets[i].BlockBytes(g.sets[i], m.single)
	}
	for _, ref := range program.Fields {
		net, unit := m.raw(ref.Index)
		g.fields = append(g.fields, output{net, unit, g.sets[net].Find(ref.Order)})
	}
	g.block = largest
	if bytes > 0 {
		g.block = min(max(simd.L2()/4*3/bytes/smallest*smallest, smallest), largest)
	}
	return g, nil
}

// interior is the group of all equations.
func (m *model) interior(points [][]float64) (*group, error) {
	nodes := make([]expr.Node, len(m.equations))
	for i, eq := range m.equations {
		nodes[i] = eq.Residual()
	}
	g, err := m.newGroup(nodes...)
	if err != nil {
		return nil, &TextError{Part: "equations", Index: -1, Err: err}
	}
	g.points = points
	for i, e := range m.problem.Equations {
		g.terms = append(g.terms, term{e.Text, orOne(e.Weight), "equations", i})
	}
	return g, nil
}

// boundary returns the groups of condition i: none if it is periodic, which
// the networks are by construction, one a field if it is data.
func (m *model) boundary(i int, p Points, seed uint64) ([]*group, error) {
	c, given := m.conditions[i], m.problem.Conditions[i]
	weight := orOne(given.Weight)
	if c == nil {
		return m.data(i, weight)
	}
	if c.Periodic >= 0 {
		return nil, nil
	}
	residual := c.Equation.Residual()
	if len(expr.Integrals(residual)) > 0 {
		g, err := m.integral(i, p, seed)
		return []*group{g}, err
	}
	g, err := m.newGroup(residual)
	if err != nil {
		return nil, err
	}
	g.points = m.boxPoints(c.At, given.points(p), p.Strategy, seed)
	g.terms = []term{{given.Text, weight, "conditions", i}}
	return []*group{g}, nil
}

// points is the number of points asked for.
func (c Condition) points(p Points) int {
	if c.Points == 0 {
		return p.Boundary
	}
	return c.Points
}

// nodes is the number of quadrature nodes of a condition with integrals.
func (c Condition) nodes() int {
	if c.Points == 0 {
		return 64
	}
	return c.Points
}

func (m *model) integral(i int, p Points, seed uint64) (*group, error) {
	c, given := m.conditions[i], m.problem.Conditions[i]
	residual := c.Equation.Residual()
	integrals := expr.Integrals(residual)
	v := integrals[0].Variable
	var bodies []expr.Node
	for _, in := range integrals {
		if in.Variable != v {
			return nil, fmt.Errorf("integrals over %s and %s in one condition: split it", m.problem.Domain[v].Name, m.problem.Domain[in.Variable].Name)
		}
	}
	if len(expr.FieldRefs(residual)) > 0 || slices.Contains(expr.Variables(residual), v) {
		return nil, fmt.Errorf("a condition with integrals over %s may hold fields and %s only inside them", m.problem.Domain[v].Name, m.problem.Domain[v].Name)
	}
	outer, err := expr.Compile(m.scope, residual)
	if err != nil {
		return nil, err
	}
	for _, in := range outer.Integrals {
		bodies = append(bodies, in.Body)
	}
	g, err := m.newGroup(bodies...)
	if err != nil {
		return nil, err
	}
	g.outer = outer
	g.block = given.nodes()
	g.points, g.weights = m.integralPoints(c.At, v, g.block, p.Boundary, p.Strategy, seed)
	g.terms = []term{{given.Text, orOne(given.Weight), "conditions", i}}
	return g, nil
}

func (m *model) data(i int, weight float64) ([]*group, error) {
	t := m.problem.Conditions[i].Data
	d := len(m.problem.Domain)
	columns := make([][]float64, d)
	for k, x := range t.Points {
		columns[k%d] = append(columns[k%d], x)
	}
	var groups []*group
	for f, name := range m.problem.Fields {
		values, ok := t.Values[name]
		if !ok {
			continue
		}
		g, err := m.newGroup(m.scope.Field(expr.FieldRef{Index: f}))
		if err != nil {
			return nil, err
		}
		g.points, g.target = columns, values
		g.terms = []term{{name + " = data", weight, "conditions", i}}
		groups = append(groups, g)
	}
	return groups, nil
}
