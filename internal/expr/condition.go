package expr

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
)

// Equation is Left = Right.
type Equation struct {
	Left, Right Node
	Text        string
}

// Residual returns the simplified Left - Right, which training drives to zero.
func (e Equation) Residual() Node { return Simplify(newCall(sub, e.Left, e.Right)) }

func (e Equation) String() string { return e.Left.String() + " = " + e.Right.String() }

// ParseEquation reads an equation that holds in the interior, such as u_t + u*u_x = nu*u_xx.
func ParseEquation(text string, s *Scope) (Equation, error) {
	var e Equation
	err := parse(text, s, func(p *parser) {
		e = p.equation()
		p.end()
	})
	return e, err
}

// equation reads LEFT = RIGHT.
func (p *parser) equation() Equation {
	left := p.numeric(p.expression)
	if t := p.peek(); !p.accept("=") {
		p.fail(t.offset, "write it as LEFT = RIGHT", "an equation needs \"=\", found %s", t)
	}
	right := p.numeric(p.expression)
	if t := p.peek(); t.text == "=" {
		p.fail(t.offset, "", "an equation has one \"=\"")
	}
	residual := newCall(sub, left, right)
	if len(FieldRefs(residual)) == 0 && len(Integrals(residual)) == 0 {
		hint := ""
		if len(p.words.fields) > 0 {
			hint = "the fields are " + strings.Join(p.words.fields, ", ")
		}
		p.fail(0, hint, "the equation contains no field")
	}
	return Equation{left, right, p.text}
}

// Condition is an equation that holds on a part of the domain, or the periodicity of all fields.
type Condition struct {
	Equation Equation        // empty if periodic
	At       map[int]float64 // the variables that are fixed, by index, and their values
	Periodic int             // index of the variable in which all fields are periodic, else -1
	Text     string

	variables []string
}

// String writes the condition as ParseCondition reads it.
func (c *Condition) String() string {
	if c.Periodic >= 0 {
		return "periodic in " + c.variables[c.Periodic]
	}
	var places []string
	for _, v := range slices.Sorted(maps.Keys(c.At)) {
		places = append(places, c.variables[v]+"="+formatNumber(c.At[v]))
	}
	if len(places) == 0 {
		return c.Equation.String()
	}
	return c.Equation.String() + " at " + strings.Join(places, ", ")
}

// ParseCondition reads `u = -sin(pi*x) at t=0`, `u = 0 at x=-1, y=0`, `integral(p, x) = 1` or
// `periodic in x`.
func ParseCondition(text string, s *Scope) (*Condition, error) {
	c := &Condition{Periodic: -1, Text: text}
	err := parse(text, s, func(p *parser) {
		c.variables = p.words.variables
		if p.accept("periodic") {
			p.expect("in", "after periodic")
			c.Periodic = p.variable()
			p.end()
			return
		}
		p.integrals = true
		c.Equation = p.equation()
		c.Equation.Text = strings.TrimSpace(text[:p.peek().offset])
		integrals := Integrals(c.Equation.Left)
		integrals = append(integrals, Integrals(c.Equation.Right)...)
		if t := p.peek(); p.accept("at") {
			c.At = map[int]float64{}
			for more := true; more; more = p.accept(",") {
				p.place(c, integrals)
			}
		} else if t.kind == tokenEnd && len(integrals) == 0 {
			p.fail(t.offset, fmt.Sprintf("add, for example, at %s", p.example()), "the condition does not say where it holds")
		}
		if t := p.peek(); t.text == "and" {
			p.fail(t.offset, "", "places are separated by a comma")
		}
		p.end()
	})
	if err != nil {
		return nil, err
	}
	return c, nil
}

// place reads VARIABLE = VALUE into c.At.
func (p *parser) place(c *Condition, integrals []*Integral) {
	start := p.peek()
	v := p.variable()
	if _, twice := c.At[v]; twice {
		p.fail(start.offset, "", "%s is fixed twice", start.text)
	}
	for _, i := range integrals {
		if i.Variable == v {
			p.fail(start.offset, "", "%s is fixed here, but %s runs over it", start.text, i)
		}
	}
	p.expect("=", "after the variable")
	offset := p.peek().offset
	value := p.number(p.sum)
	interval := p.scope.Variables[v]
	slack := 1e-12 * (interval.Hi - interval.Lo) // rounding of a bound written differently
	if value < interval.Lo-slack || value > interval.Hi+slack {
		p.fail(offset, "", "%s = %s lies outside [%s, %s]", start.text, formatNumber(value), formatNumber(interval.Lo), formatNumber(interval.Hi))
	}
	c.At[v] = math.Max(interval.Lo, math.Min(interval.Hi, value))
}
