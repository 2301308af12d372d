package pinn

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"

	"github.com/seed-0772dd2d/ritz/internal/expr"
	"github.com/seed-0772dd2d/ritz/internal/jet"
)

// model is a problem made ready: texts parsed, networks laid out in one vector
// of weights, every field an expression of raw network outputs.
type model struct {
	problem Problem
	shape   Network
	scope   *expr.Scope
	params  []string // names of the parameters, sorted
	single  bool     // the networks train in float32

	nets    []*jet.Network
	offsets []int       // of each network in the weights; the last is that of the parameters
	ansatz  []expr.Node // of each field; the field i in it stands for the raw network output of field i

	equations  []expr.Equation
	conditions []*expr.Condition // nil for data
}

// raw says where the raw output of field f comes from.
func (m *model) raw(f int) (net, output int) {
	if m.shape.Shared {
		return 0, f
	}
	return f, 0
}

// weights is the number of trainable numbers: weights, then parameters.
func (m *model) weights() int { return m.offsets[len(m.nets)] + len(m.params) }

func newModel(p *Problem, shape Network) (*model, error) {
	m := &model{problem: p.clone(), shape: shape}
	m.shape.Hidden, m.shape.Scale = slices.Clone(shape.Hidden), maps.Clone(shape.Scale)
	if err := m.parse(); err != nil {
		return nil, err
	}
	m.params = m.scope.Parameters
	if err := m.layOut(); err != nil {
		return nil, err
	}
	return m, nil
}

// newScope gathers the names that the texts of a problem may use.
func newScope(p *Problem) (*expr.Scope, error) {
	s := &expr.Scope{Constants: map[string]float64{}}
	at := func(part string, index int, key string) error {
		if err := s.Validate(); err != nil {
			return &TextError{Part: part, Index: index, Key: key, Err: err}
		}
		return nil
	}
	for _, v := range p.Domain {
		s.Variables = append(s.Variables, expr.Variable{Name: v.Name, Lo: v.Lo, Hi: v.Hi})
		if err := at("domain", 0, v.Name); err != nil {
			return nil, err
		}
	}
	for i, name := range p.Fields {
		s.Fields = append(s.Fields, name)
		if err := at("fields", i, ""); err != nil {
			return nil, err
		}
	}
	if len(p.Domain) == 0 {
		return nil, &TextError{Part: "domain", Index: -1, Err: errors.New("a problem needs at least one variable with its interval")}
	}
	if len(p.Fields) == 0 {
		return nil, &TextError{Part: "fields", Index: -1, Err: errors.New("a problem needs at least one unknown function")}
	}
	for _, name := range slices.Sorted(maps.Keys(p.Constants)) {
		s.Constants[name] = p.Constants[name]
		if err := at("constants", 0, name); err != nil {
			return nil, err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(p.Parameters)) {
		s.Parameters = append(s.Parameters, name)
		if err := at("parameters", 0, name); err != nil {
			return nil, err
		}
		if v := p.Parameters[name]; !finite(v) {
			return nil, &TextError{Part: "parameters", Key: name, Err: fmt.Errorf("starting value %v is not finite", v)}
		}
	}
	for i, let := range p.Let {
		node, err := expr.Parse(let.Text, s)
		if err != nil {
			return nil, &TextError{Part: "let", Index: i, Key: let.Name, Err: err}
		}
		s.Let = append(s.Let, expr.Let{Name: let.Name, Value: node})
		if err := at("let", i, let.Name); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (m *model) parse() error {
	p := &m.problem
	var err error
	if m.scope, err = newScope(p); err != nil {
		return err
	}
	if len(p.Equations) < len(p.Fields) {
		return &TextError{Part: "equations", Index: -1, Err: fmt.Errorf("%s for %s: give at least as many equations as fields", count(len(p.Equations), "equation"), count(len(p.Fields), "field"))}
	}
	seen := map[int]bool{}
	for i, e := range p.Equations {
		eq, err := expr.ParseEquation(e.Text, m.scope)
		if err == nil && !finiteNotNegative(e.Weight) {
			err = fmt.Errorf("weight %v: must be a positive number", e.Weight)
		}
		if err != nil {
			return &TextError{Part: "equations", Index: i, Err: err}
		}
		for _, ref := range expr.FieldRefs(eq.Residual()) {
			seen[ref.Index] = true
		}
		m.equations = append(m.equations, eq)
	}
	for f, name := range p.Fields {
		if !seen[f] {
			return &TextError{Part: "equations", Index: -1, Err: fmt.Errorf("no equation contains the field %q", name)}
		}
	}
	for i, c := range p.Conditions {
		cond, err := m.parseCondition(c)
		if err != nil {
			return &TextError{Part: "conditions", Index: i, Err: err}
		}
		m.conditions = append(m.conditions, cond)
	}
	return nil
}

func (m *model) parseCondition(c Condition) (*expr.Condition, error) {
	switch {
	case !finiteNotNegative(c.Weight):
		return nil, fmt.Errorf("weight %v: must be a positive number", c.Weight)
	case c.Points < 0:
		return nil, fmt.Errorf("points %d: must be positive", c.Points)
	case c.Data != nil && c.Text != "":
		return nil, errors.New("a condition is either a text or data")
	case c.Data != nil && c.Points != 0:
		return nil, errors.New("data come with their points")
	case c.Data != nil:
		return nil, c.Data.check(m.variables(), m.problem.Fields)
	}
	cond, err := expr.ParseCondition(c.Text, m.scope)
	if err == nil && cond.Periodic >= 0 && (c.Weight != 0 || c.Points != 0) {
		err = errors.New("a periodic condition holds exactly: it has neither weight nor points")
	}
	return cond, err
}

func (m *model) variables() []string { return m.problem.variables() }

func (p *Problem) variables() []string {
	names := make([]string, len(p.Domain))
	for i, v := range p.Domain {
		names[i] = v.Name
	}
	return names
}

// layOut builds the networks, then the ansatz of each field.
func (m *model) layOut() error {
	if m.shape.Hidden == nil {
		m.shape.Hidden = []int{20, 20, 20, 20}
	}
	if m.shape.Activation == "" {
		m.shape.Activation = jet.Tanh.String()
	}
	act, err := jet.ParseActivation(m.shape.Activation)
	if err != nil {
		return &TextError{Part: "network", Key: "activation", Err: err}
	}
	inputs := make([]jet.Input, len(m.problem.Domain))
	for v, d := range m.problem.Domain {
		inputs[v] = jet.Input{Lo: d.Lo, Hi: d.Hi}
	}
	for _, c := range m.conditions {
		if c != nil && c.Periodic >= 0 {
			inputs[c.Periodic].Periodic = true
		}
	}
	count, outputs := len(m.problem.Fields), 1
	if m.shape.Shared {
		count, outputs = 1, count
	}
	m.offsets = []int{0}
	for i := range count {
		net, err := jet.NewNetwork(inputs, m.shape.Hidden, outputs, act)
		if err != nil {
			return &TextError{Part: "network", Key: "hidden", Err: err}
		}
		m.nets = append(m.nets, net)
		m.offsets = append(m.offsets, m.offsets[i]+net.Weights())
	}
	return m.parseAnsatz()
}

// parseAnsatz gives each field its expression of the raw network output, called
// N in the text: the ansatz of the problem, or scale times N.
func (m *model) parseAnsatz() error {
	for name := range m.problem.Ansatz {
		if !slices.Contains(m.problem.Fields, name) {
			return &TextError{Part: "ansatz", Key: name, Err: fmt.Errorf("%q is not a field", name)}
		}
	}
	for name, s := range m.shape.Scale {
		switch {
		case !slices.Contains(m.problem.Fields, name):
			return &TextError{Part: "network", Key: "scale", Err: fmt.Errorf("%q is not a field", name)}
		case !finiteNotNegative(s) || s == 0:
			return &TextError{Part: "network", Key: "scale", Err: fmt.Errorf("scale %v of %s: must be a positive number", s, name)}
		case m.problem.Ansatz[name] != "":
			return &TextError{Part: "network", Key: "scale", Err: fmt.Errorf("%s has an ansatz: put the scale there, as a factor of N", name)}
		}
	}
	scales := map[string]float64{}
	for f, name := range m.problem.Fields {
		node, err := m.fieldAnsatz(f, scales)
		if err != nil {
			return &TextError{Part: "ansatz", Key: name, Err: err}
		}
		m.ansatz = append(m.ansatz, node)
	}
	m.shape.Scale = scales
	return nil
}

// fieldAnsatz is the ansatz of field f. Without one it is scale times the
// network, and the scale is added to scales.
func (m *model) fieldAnsatz(f int, scales map[string]float64) (expr.Node, error) {
	name := m.problem.Fields[f]
	text, given := m.problem.Ansatz[name]
	if !given {
		scales[name] = m.fieldScale(f)
		return expr.Parse(strconv.FormatFloat(scales[name], 'g', -1, 64)+"*"+name, m.scope)
	}
	scope := *m.scope
	scope.Fields, scope.Let = []string{"N"}, nil
	if err := scope.Validate(); err != nil {
		return nil, fmt.Errorf("the name N stands for the network here: %w", err)
	}
	for _, let := range m.scope.Let {
		if len(expr.FieldRefs(let.Value)) == 0 {
			scope.Let = append(scope.Let, let)
		}
	}
	node, err := expr.Parse(text, &scope)
	if err != nil {
		return nil, err
	}
	if len(expr.FieldRefs(node)) == 0 {
		return nil, errors.New("an ansatz must contain N, the network's output")
	}
	return expr.Substitute(node, func(_ int, order expr.MultiIndex) expr.Node {
		return m.scope.Field(expr.FieldRef{Index: f, Order: order})
	}), nil
}

// fieldScale is the output scale of field f: as given, or the largest absolute
// value that a condition "field = expression" takes at a few hundred points.
func (m *model) fieldScale(f int) float64 {
	if s, ok := m.shape.Scale[m.problem.Fields[f]]; ok {
		return s
	}
	largest := 0.0
	for i, c := range m.conditions {
		if c == nil {
			for _, v := range m.problem.Conditions[i].Data.Values[m.problem.Fields[f]] {
				largest = max(largest, math.Abs(v))
			}
			continue
		}
		if c.Periodic >= 0 {
			continue
		}
		right := c.Equation.Right
		if ref, ok := expr.AsField(c.Equation.Left); !ok || ref != (expr.FieldRef{Index: f}) || len(expr.FieldRefs(right)) > 0 ||
			len(expr.Parameters(right)) > 0 || len(expr.Integrals(right)) > 0 {
			continue
		}
		points := m.boxPoints(c.At, 256, "sobol", 0)
		env := &expr.Env{Variables: make([]float64, len(points))}
		for p := range points[0] {
			for v := range points {
				env.Variables[v] = points[v][p]
			}
			if value := math.Abs(expr.Eval(right, env)); value < 1e300 {
				largest = max(largest, value)
			}
		}
	}
	if largest == 0 {
		return 1
	}
	return largest
}

// outputs replaces the fields of an expression by their ansatz, so that what
// remains are raw network outputs and their derivatives.
func (m *model) outputs(n expr.Node) expr.Node {
	return expr.Substitute(n, func(f int, order expr.MultiIndex) expr.Node {
		return expr.Derivative(m.ansatz[f], order)
	})
}

// start draws the initial weights and sets the parameters.
func (m *model) start(seed uint64) []float64 {
	theta := make([]float64, m.weights())
	rng := rand.New(rand.NewPCG(seed, 0x72697478))
	for i, net := range m.nets {
		net.Init(theta[m.offsets[i]:m.offsets[i+1]], rng)
	}
	for i, name := range m.params {
		theta[m.offsets[len(m.nets)]+i] = m.problem.Parameters[name]
	}
	return theta
}

// parameters names the values that theta holds of them.
func (m *model) parameters(theta []float64) map[string]float64 {
	if len(m.params) == 0 {
		return nil
	}
	values := map[string]float64{}
	for i, name := range m.params {
		values[name] = theta[m.offsets[len(m.nets)]+i]
	}
	return values
}
