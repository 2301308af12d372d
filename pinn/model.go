package pinn

import (
	"errors"
	"fmt"
	"maps"
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
	m := &model{problem: *p, shape: shape}
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
	s := &expr.Scope{Fields: p.Fields, Constants: p.Constants, Parameters: slices.Sorted(maps.Keys(p.Parameters))}
	for _, v := range p.Domain {
		s.Variables = append(s.Variables, expr.Variable{Name: v.Name, Lo: v.Lo, Hi: v.Hi})
	}
	if len(p.Domain) == 0 {
		return nil, &TextError{Part: "domain", Index: -1, Err: errors.New("a problem needs at least one variable with its interval")}
	}
	if len(p.Fields) == 0 {
		return nil, &TextError{Part: "fields", Index: -1, Err: errors.New("a problem needs at least one unknown function")}
	}
	if err := s.Validate(); err != nil {
		return nil, err
	}
	for i, let := range p.Let {
		node, err := expr.Parse(let.Text, s)
		if err == nil {
			s.Let = append(s.Let, expr.Let{Name: let.Name, Value: node})
			err = s.Validate()
		}
		if err != nil {
			return nil, &TextError{Part: "let", Index: i, Key: let.Name, Err: err}
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
	for name, v := range p.Parameters {
		if !finite(v) {
			return &TextError{Part: "parameters", Key: name, Err: fmt.Errorf("starting value %v is not finite", v)}
		}
	}
	if len(p.Equations) < len(p.Fields) {
		return &TextError{Part: "equations", Index: -1, Err: fmt.Errorf("%d equations for %d fields: give at least as many equations as fields", len(p.Equations), len(p.Fields))}
	}
	seen := map[int]bool{}
	for i, e := range p.Equations {
		eq, err := expr.ParseEquation(e.Text, m.scope)
		if err == nil && !finitePositive(e.Weight) {
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
	case !finitePositive(c.Weight):
		return nil, fmt.Errorf("weight %v: must be a positive number", c.Weight)
	case c.Points < 0:
		return nil, fmt.Errorf("points %d: must be positive", c.Points)
	case c.Data != nil:
		return nil, c.Data.check(m.variables(), m.problem.Fields)
	}
	return expr.ParseCondition(c.Text, m.scope)
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
		case !finitePositive(s) || s == 0:
			return &TextError{Part: "network", Key: "scale", Err: fmt.Errorf("scale %v of %s: must be a positive number", s, name)}
		}
	}
	scope := *m.scope
	scope.Fields = []string{"N"}
	scope.Let = nil
	for _, let := range m.scope.Let {
		if len(expr.FieldRefs(let.Value)) == 0 {
			scope.Let = append(scope.Let, let)
		}
	}
	scales := map[string]float64{}
	for f, name := range m.problem.Fields {
		text, given := m.problem.Ansatz[name]
		if !given {
			scales[name] = m.fieldScale(f)
			text = strconv.FormatFloat(scales[name], 'g', -1, 64) + "*N"
		}
		node, err := expr.Parse(text, &scope)
		if err == nil {
			err = scope.Validate()
		}
		if err == nil && len(expr.FieldRefs(node)) == 0 {
			err = errors.New("an ansatz must contain N, the network's output")
		}
		if err != nil {
			return &TextError{Part: "ansatz", Key: name, Err: err}
		}
		m.ansatz = append(m.ansatz, expr.Substitute(node, func(_ int, order expr.MultiIndex) expr.Node {
			return m.scope.Field(expr.FieldRef{Index: f, Order: order})
		}))
	}
	m.shape.Scale = scales
	return nil
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
				largest = max(largest, abs(v))
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
			if value := abs(expr.Eval(right, env)); value < 1e300 {
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
