package pinn

import (
	"fmt"
	"slices"
	"strings"

	"github.com/seed-0772dd2d/ritz/internal/expr"
)

// missing tells of each field and variable in which the equations have a derivative of order k
// and the field has fewer than k conditions: one in t, k of all its sides in a space variable.
// It judges by counting alone and keeps silent in doubt: where data stand for conditions, of a
// field with an ansatz, of first derivatives in space (whose conditions hang on where the
// characteristics enter), and of a system that has enough conditions in all, for other fields.
func (m *model) missing() (texts []string) {
	if slices.Contains(m.conditions, nil) {
		return nil
	}
	for v, d := range m.problem.Domain {
		if slices.ContainsFunc(m.conditions, func(c *expr.Condition) bool { return c.Periodic == v }) {
			continue
		}
		asked := make([]int, len(m.problem.Fields)) // conditions on each field
		for f, name := range m.problem.Fields {
			if _, given := m.problem.Ansatz[name]; !given {
				asked[f] = m.highest(f, v)
			}
			if asked[f] == 1 && d.Name != "t" {
				asked[f] = 0
			}
		}
		there, all, wanted := make([]int, len(asked)), 0, 0
		for _, c := range m.conditions {
			if on := m.concerns(c, v); len(on) > 0 {
				all++
				for _, f := range on {
					there[f]++
				}
			}
		}
		for _, k := range asked {
			wanted += k
		}
		if all >= wanted {
			continue
		}
		for f, k := range asked {
			if there[f] < k {
				texts = append(texts, m.tellMissing(f, v, k, there[f]))
			}
		}
	}
	return texts
}

// highest is the order of the highest derivative of field f in variable v that counts at the
// ends of its interval: one whose factor vanishes at an end, x*u_xx, may ask for nothing there.
func (m *model) highest(f, v int) int {
	order := 0
	for _, e := range m.equations {
		residual := e.Residual()
		for _, ref := range expr.FieldRefs(residual) {
			if k := int(ref.Order[v]); ref.Index == f && k > order && !m.degenerate(residual, ref, v) {
				order = k
			}
		}
	}
	return order
}

// degenerate tells whether an equation does not depend on a derivative at an end of a variable,
// the others in the midst of theirs.
func (m *model) degenerate(residual expr.Node, ref expr.FieldRef, v int) bool {
	d := m.problem.Domain[v]
	for _, x := range [2]float64{d.Lo, d.Hi} {
		value := func(derivative float64) float64 {
			env := &expr.Env{Integral: func(*expr.Integral) float64 { return 1 }}
			for i, other := range m.problem.Domain {
				at := other.Lo + 0.4142*(other.Hi-other.Lo)
				if i == v {
					at = x
				}
				env.Variables = append(env.Variables, at)
			}
			for range m.params {
				env.Parameters = append(env.Parameters, 0.7)
			}
			env.Field = func(index int, order expr.MultiIndex) float64 {
				if (expr.FieldRef{Index: index, Order: order}) == ref {
					return derivative
				}
				return 0.6 + 0.1*float64(index)
			}
			return expr.Eval(residual, env)
		}
		if value(0.3) == value(0.9) {
			return true
		}
	}
	return false
}

// concerns lists the fields that a condition is on, if it counts in variable v: one at a value of
// it, or one with an integral.
func (m *model) concerns(c *expr.Condition, v int) (fields []int) {
	if c.Periodic >= 0 {
		return nil
	}
	nodes := []expr.Node{c.Equation.Left, c.Equation.Right}
	_, counts := c.At[v]
	for _, n := range slices.Clone(nodes) {
		for _, i := range expr.Integrals(n) {
			nodes, counts = append(nodes, i.Body), true
		}
	}
	if !counts {
		return nil
	}
	for _, n := range nodes {
		for _, ref := range expr.FieldRefs(n) {
			if !slices.Contains(fields, ref.Index) {
				fields = append(fields, ref.Index)
			}
		}
	}
	return fields
}

// tellMissing says where a condition on field f is missing, and why one is: k are asked for.
func (m *model) tellMissing(f, v, k, there int) string {
	d, name := m.problem.Domain[v], m.problem.Fields[f]
	ends := []float64{d.Lo, d.Hi}
	if d.Name == "t" {
		ends = ends[:1]
	}
	var bare []string
	for _, x := range ends {
		if !slices.ContainsFunc(m.conditions, func(c *expr.Condition) bool {
			at, fixed := c.At[v]
			return fixed && at == x && slices.Contains(m.concerns(c, v), f)
		}) {
			bare = append(bare, fmt.Sprintf("%s = %g", d.Name, x))
		}
	}
	highest := expr.FieldRef{Index: f}
	highest.Order[v] = uint8(k)
	where := "no condition on " + name + " at " + strings.Join(bare, " nor at ")
	if len(bare) == 0 {
		where = fmt.Sprintf("too few conditions on %s in %s", name, d.Name)
	}
	are := map[int]string{0: "are none", 1: "is 1"}[there]
	if are == "" {
		are = fmt.Sprintf("are %d", there)
	}
	return fmt.Sprintf("%s: %s asks for %d in %s, and there %s", where, m.scope.Name(highest), k, d.Name, are)
}
