package expr

import (
	"fmt"
	"math"
)

// function is an operator or a named function. The derivative is written in the language itself:
// of a function of one argument in terms of x and its value f, of two in terms of x, y and f.
// Evaluation, differentiation and the compiled reverse pass all read this one definition.
type function struct {
	name       string
	arity      int
	unary      func(x float64) float64    // the value, if arity is 1
	binary     func(x, y float64) float64 // the value, if arity is 2
	derivative []string                   // df/dx, df/dy; none: zero wherever it exists

	precedence int  // of an operator in print, 0 for a named function
	logical    bool // the value is 1 (true) or 0 (false)
	exact      bool // folding it over numbers loses no digits
}

const (
	precedenceOr = 1 + iota
	precedenceAnd
	precedenceNot
	precedenceCompare
	precedenceSum
	precedenceProduct
	precedenceSign
	precedencePower
	precedenceAtom
)

// Operators. The rules for sums and products are the simplifier's (monomial.go, diff.go).
var (
	add    = &function{name: "+", arity: 2, precedence: precedenceSum, binary: func(x, y float64) float64 { return x + y }}
	sub    = &function{name: "-", arity: 2, precedence: precedenceSum, binary: func(x, y float64) float64 { return x - y }}
	mul    = &function{name: "*", arity: 2, precedence: precedenceProduct, binary: func(x, y float64) float64 { return x * y }}
	div    = &function{name: "/", arity: 2, precedence: precedenceProduct, binary: func(x, y float64) float64 { return x / y }}
	negate = &function{name: "-", arity: 1, precedence: precedenceSign, unary: func(x float64) float64 { return -x }}
	// A constant exponent 0 has derivative 0 even at x = 0; x^y log x tends to 0 with x for y > 0.
	power = &function{name: "^", arity: 2, precedence: precedencePower, binary: math.Pow,
		derivative: []string{"if(y == 0, 0, y*x^(y - 1))", "if(x == 0, 0, f*log(x))"}}

	less         = &function{name: "<", arity: 2, precedence: precedenceCompare, logical: true, binary: func(x, y float64) float64 { return truth(x < y) }}
	lessEqual    = &function{name: "<=", arity: 2, precedence: precedenceCompare, logical: true, binary: func(x, y float64) float64 { return truth(x <= y) }}
	greater      = &function{name: ">", arity: 2, precedence: precedenceCompare, logical: true, binary: func(x, y float64) float64 { return truth(x > y) }}
	greaterEqual = &function{name: ">=", arity: 2, precedence: precedenceCompare, logical: true, binary: func(x, y float64) float64 { return truth(x >= y) }}
	equal        = &function{name: "==", arity: 2, precedence: precedenceCompare, logical: true, binary: func(x, y float64) float64 { return truth(x == y) }}
	notEqual     = &function{name: "!=", arity: 2, precedence: precedenceCompare, logical: true, binary: func(x, y float64) float64 { return truth(x != y) }}
	and          = &function{name: "and", arity: 2, precedence: precedenceAnd, logical: true, binary: func(x, y float64) float64 { return truth(x != 0 && y != 0) }}
	or           = &function{name: "or", arity: 2, precedence: precedenceOr, logical: true, binary: func(x, y float64) float64 { return truth(x != 0 || y != 0) }}
	not          = &function{name: "not", arity: 1, precedence: precedenceNot, logical: true, unary: func(x float64) float64 { return truth(x == 0) }}

	// conditional is if(condition, a, b); only the branch taken counts.
	conditional = &function{name: "if", arity: 3}

	comparisons = map[string]*function{"<": less, "<=": lessEqual, ">": greater, ">=": greaterEqual, "==": equal, "!=": notEqual}
)

// functions are the named functions.
var functions = []*function{
	{name: "sin", arity: 1, unary: math.Sin, derivative: []string{"cos(x)"}},
	{name: "cos", arity: 1, unary: math.Cos, derivative: []string{"-sin(x)"}},
	{name: "tan", arity: 1, unary: math.Tan, derivative: []string{"1 + f^2"}},
	{name: "asin", arity: 1, unary: math.Asin, derivative: []string{"1/sqrt(1 - x^2)"}},
	{name: "acos", arity: 1, unary: math.Acos, derivative: []string{"-1/sqrt(1 - x^2)"}},
	{name: "atan", arity: 1, unary: math.Atan, derivative: []string{"1/(1 + x^2)"}},
	{name: "exp", arity: 1, unary: math.Exp, derivative: []string{"f"}},
	{name: "log", arity: 1, unary: math.Log, derivative: []string{"1/x"}},
	{name: "sqrt", arity: 1, unary: math.Sqrt, derivative: []string{"1/(2*f)"}},
	{name: "sinh", arity: 1, unary: math.Sinh, derivative: []string{"cosh(x)"}},
	{name: "cosh", arity: 1, unary: math.Cosh, derivative: []string{"sinh(x)"}},
	{name: "tanh", arity: 1, unary: math.Tanh, derivative: []string{"1 - f^2"}},
	{name: "sech", arity: 1, unary: func(x float64) float64 { return 1 / math.Cosh(x) }, derivative: []string{"-f*tanh(x)"}},
	{name: "erf", arity: 1, unary: math.Erf, derivative: []string{"2*exp(-x^2)/sqrt(pi)"}},
	{name: "abs", arity: 1, unary: math.Abs, derivative: []string{"sign(x)"}, exact: true},
	{name: "sign", arity: 1, unary: sign, exact: true},
	{name: "heaviside", arity: 1, unary: func(x float64) float64 { return (1 + sign(x)) / 2 }, exact: true}, // 1/2 at 0
	{name: "floor", arity: 1, unary: math.Floor, exact: true},
	{name: "min", arity: 2, binary: math.Min, derivative: []string{"if(x <= y, 1, 0)", "if(x <= y, 0, 1)"}, exact: true},
	{name: "max", arity: 2, binary: math.Max, derivative: []string{"if(x >= y, 1, 0)", "if(x >= y, 0, 1)"}, exact: true},
	{name: "mod", arity: 2, binary: func(x, y float64) float64 { return x - y*math.Floor(x/y) }, derivative: []string{"1", "-floor(x/y)"}, exact: true},
}

// aliases are names from other languages.
var aliases = map[string]string{
	"ln": "log(...)", "arcsin": "asin(...)", "arccos": "acos(...)", "arctan": "atan(...)", "sgn": "sign(...)",
	"fabs": "abs(...)", "pow": "a^b", "step": "heaviside(...)", "diff": "D(u, x)", "sec": "1/cos(...)",
	"lap": "laplace(...)", "laplacian": "laplace(...)", "where": "if(condition, a, b)", "π": "pi",
}

var functionNamed = func() map[string]*function {
	named := map[string]*function{}
	for _, f := range functions {
		named[f.name] = f
	}
	return named
}()

var builtinConstants = map[string]*constant{
	"pi": newConstant("pi", math.Pi).(*constant),
	"e":  newConstant("e", math.E).(*constant),
}

// value returns f(args).
func (f *function) value(args ...float64) float64 {
	switch f.arity {
	case 1:
		return f.unary(args[0])
	case 2:
		return f.binary(args[0], args[1])
	}
	if args[0] != 0 {
		return args[1]
	}
	return args[2]
}

// partials holds the parsed derivatives, with x, y and f as variables 0, 1 and 2.
var partials = map[*function][]Node{}

func init() { // not an initialiser: the parser itself differentiates
	scope := &Scope{Variables: []Variable{{"x", 0, 1}, {"y", 0, 1}, {"f", 0, 1}}}
	for _, f := range append([]*function{power}, functions...) {
		for _, text := range f.derivative {
			n, err := Parse(text, scope)
			if err != nil {
				panic(fmt.Sprintf("expr: derivative of %s: %v", f.name, err))
			}
			partials[f] = append(partials[f], n)
		}
	}
}

// partial returns the simplified derivative of a simplified call with respect to its argument i.
func partial(c *call, i int) Node {
	formulas := partials[c.fn]
	if i >= len(formulas) {
		return zero
	}
	values := [3]Node{0: c.args[0], 2: c}
	if len(c.args) > 1 {
		values[1] = c.args[1]
	}
	return Simplify(replace(formulas[i], func(n Node) Node {
		if v, ok := n.(*variable); ok {
			return values[v.index]
		}
		return n
	}))
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func sign(x float64) float64 {
	switch {
	case x > 0:
		return 1
	case x < 0:
		return -1
	}
	return x // 0, or NaN
}
