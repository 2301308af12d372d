package expr

import (
	"flag"
	"math"
	"os"
	"testing"

	"pgregory.net/rapid"
)

func TestMain(m *testing.M) {
	flag.Parse()
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "rapid.seed" })
	if !given {
		if err := flag.Set("rapid.seed", "1"); err != nil {
			panic(err)
		}
	}
	if err := flag.Set("rapid.nofailfile", "true"); err != nil {
		panic(err)
	}
	if testing.Short() { // rapid then takes a fifth; the tests count what they met
		if err := flag.Set("rapid.checks", "500"); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

// testScope has every kind of name, among them names with several letters and underscores.
func testScope() *Scope {
	s := &Scope{
		Variables:  []Variable{{"t", 0, 1}, {"x", -1, 1}, {"x1", 0, 2}},
		Fields:     []string{"u", "v_1"},
		Constants:  map[string]float64{"nu": 0.01 / math.Pi, "D": 0.5, "u_tt": 7},
		Parameters: []string{"k", "λ"},
	}
	phi, err := Parse("1 - x^2", s)
	if err != nil {
		panic(err)
	}
	s.Let = []Let{{"phi", phi}}
	return s
}

func parsed(t testing.TB, text string, s *Scope) Node {
	t.Helper()
	n, err := Parse(text, s)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return n
}

func drawPoint(t *rapid.T) *Env {
	value := rapid.Map(rapid.IntRange(-3e6, 3e6), func(i int) float64 { return float64(i) / 1e6 })
	fields := map[FieldRef]float64{}
	return &Env{
		Variables:  rapid.SliceOfN(value, 3, 3).Draw(t, "variables"),
		Parameters: rapid.SliceOfN(value, 2, 2).Draw(t, "parameters"),
		Field: func(index int, order MultiIndex) float64 {
			ref := FieldRef{index, order}
			if _, ok := fields[ref]; !ok {
				fields[ref] = value.Draw(t, "field")
			}
			return fields[ref]
		},
		Integral: func(*Integral) float64 { return 0.75 },
	}
}

// drawNode draws a tree as the parser could have built it, not simplified.
func drawNode(t *rapid.T, s *Scope, depth int) Node {
	words := s.vocabulary()
	numbers := rapid.OneOf(
		rapid.Map(rapid.IntRange(-4, 9), func(i int) float64 { return float64(i) }),
		rapid.SampledFrom([]float64{0.5, 0.1, 2.5, -0.25, 1e-3, 12345678, 1.0 / 3}),
	)
	var numeric, logical func(depth int) Node
	numeric = func(depth int) Node {
		kind := rapid.IntRange(0, 16).Draw(t, "kind")
		if depth == 0 {
			kind %= 6
		}
		switch {
		case kind == 0:
			return newNumber(numbers.Draw(t, "number"))
		case kind == 1:
			name := rapid.SampledFrom([]string{"nu", "D", "u_tt", "pi", "e"}).Draw(t, "constant")
			n, _ := s.lookup(name, words)
			return n
		case kind == 2:
			v := rapid.IntRange(0, 2).Draw(t, "variable")
			return newVariable(v, s.Variables[v].Name)
		case kind == 3:
			p := rapid.IntRange(0, 1).Draw(t, "parameter")
			return newParameter(p, s.Parameters[p])
		case kind <= 5:
			var order MultiIndex
			for v := range 3 {
				order[v] = uint8(rapid.SampledFrom([]int{0, 0, 1, 2}).Draw(t, "order"))
			}
			return newField(rapid.IntRange(0, 1).Draw(t, "field"), order, words)
		case kind <= 12:
			fn := rapid.SampledFrom([]*function{add, sub, mul, div, add, sub, mul, negate, power}).Draw(t, "operator")
			if fn == negate {
				return newCall(fn, numeric(depth-1))
			}
			return newCall(fn, numeric(depth-1), numeric(depth-1))
		case kind == 13:
			n := rapid.IntRange(-2, 5).Draw(t, "exponent")
			return newCall(power, numeric(depth-1), newNumber(float64(n)))
		case kind <= 15:
			fn := rapid.SampledFrom(functions).Draw(t, "function")
			if fn.arity == 1 {
				return newCall(fn, numeric(depth-1))
			}
			return newCall(fn, numeric(depth-1), numeric(depth-1))
		}
		return newCall(conditional, logical(depth-1), numeric(depth-1), numeric(depth-1))
	}
	logical = func(depth int) Node {
		if depth > 0 {
			switch rapid.IntRange(0, 4).Draw(t, "logic") {
			case 0:
				return newCall(and, logical(depth-1), logical(depth-1))
			case 1:
				return newCall(or, logical(depth-1), logical(depth-1))
			case 2:
				return newCall(not, logical(depth-1))
			}
		}
		fn := rapid.SampledFrom([]*function{less, lessEqual, greater, greaterEqual, equal, notEqual}).Draw(t, "comparison")
		return newCall(fn, numeric(max(depth-1, 0)), numeric(max(depth-1, 0)))
	}
	return numeric(depth)
}

// bounded evaluates n together with a bound on the rounding error: the effect that the errors of
// the arguments have on each function, plus a few units in the last place. It is large where sums
// cancel or a condition is on the verge. Both are NaN if any part of n is not finite.
func bounded(n Node, env *Env) (value, bound float64) {
	const unit = 0x1p-52
	c, ok := n.(*call)
	if !ok {
		value = Eval(n, env)
		return value, unit * math.Abs(value)
	}
	values, bounds := make([]float64, len(c.args)), make([]float64, len(c.args))
	for i, a := range c.args {
		values[i], bounds[i] = bounded(a, env)
		if !isFinite(values[i]) || !isFinite(bounds[i]) {
			return math.NaN(), math.NaN()
		}
	}
	value = c.fn.value(values...)
	bound = 4 * unit * math.Abs(value)
	for i, v := range values {
		effect := 0.0
		for _, moved := range []float64{v - bounds[i], v + bounds[i]} {
			values[i] = moved
			effect = math.Max(effect, math.Abs(c.fn.value(values...)-value))
		}
		values[i] = v
		bound += effect
	}
	return value, bound
}

// isSharp reports whether a bound says something about a value.
func isSharp(bound, value float64) bool { return bound < 1e-3*(1+math.Abs(value)) }
