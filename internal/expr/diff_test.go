package expr

import (
	"fmt"
	"math"
	"math/cmplx"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestDiffPrints(t *testing.T) {
	s := testScope()
	for text, want := range map[string]string{
		"u":                         "u_x",
		"u^2/2":                     "u*u_x",
		"(0.3*x - 0.5*x^3)*u":       "(0.3 - 1.5*x^2)*u + (0.3*x - 0.5*x^3)*u_x",
		"sin(u)":                    "cos(u)*u_x",
		"1/x":                       "-1/x^2",
		"u/v_1":                     "u_x/v_1 - u*v_1_x/v_1^2",
		"nu*t*k":                    "0",
		"x^nu":                      "nu*x^(nu - 1)",
		"x^2.5":                     "2.5*x^1.5",
		"2^x":                       "2^x*log(2)",
		"e^(2*x)":                   "2*exp(2*x)",
		"abs(x)":                    "sign(x)",
		"floor(x) + sign(x)":        "0",
		"heaviside(x)*u":            "heaviside(x)*u_x",
		"max(u, t)":                 "if(u >= t, 1, 0)*u_x",
		"if(x < t, x^2, u)":         "if(x < t, 2*x, u_x)",
		"mod(x, 2)":                 "1",
		"sqrt(x)":                   "1/(2*sqrt(x))",
		"x^0":                       "0",
		"tanh(x)":                   "1 - tanh(x)^2",
		"x^k":                       "if(k == 0, 0, k*x^(k - 1))",
		"if(x < 1 and u > 2, 1, 2)": "0",
		"-x*t":                      "-t",
	} {
		assert.Equal(t, want, Diff(parsed(t, text, s), 1).String(), text)
	}
}

func TestDiffOfIntegral(t *testing.T) {
	c, err := ParseCondition("D(integral(u*t, x), t) + D(integral(u, x), x) = 0 at t=1", testScope())
	require.NoError(t, err)
	assert.Equal(t, "integral(u_t*t + u, x)", c.Equation.Residual().String())
}

// Every function against the central difference with Richardson extrapolation, and at orders 2
// and 3 by the same test on the derivative.
func TestDiffOfFunctions(t *testing.T) {
	s := &Scope{Variables: []Variable{{"x", 0, 1}}}
	texts := []string{"x^x", "x^2.3", "2.5^x", "x^-3", "1/(1 + x^2)", "if(x > 0, x^3, x)", "mod(x^2, 7)", "mod(20, 5 + x)", "atan(x)/sqrt(x)"}
	for _, f := range functions {
		if f.arity == 1 {
			texts = append(texts, f.name+"(x)", f.name+"(x^2 - x/3)")
		} else {
			texts = append(texts, f.name+"(x^2 + 2, 3*x + 1)", f.name+"(3*x + 1, x^2 + 2)")
		}
	}
	for _, text := range texts {
		for order, n := 1, parsed(t, text, s); order <= 3; order++ {
			d := Diff(n, 0)
			for _, x := range []float64{0.2, 0.45, 0.83} {
				f := func(x float64) float64 { return Eval(n, &Env{Variables: []float64{x}}) }
				want := richardson(f, x)
				if isFinite(want) {
					assert.InDelta(t, want, Eval(d, &Env{Variables: []float64{x}}), 1e-9*(1+math.Abs(want)), "%s, order %d at %g", text, order, x)
				}
			}
			n = d
		}
	}
}

// richardson extrapolates central differences of halved steps; the error is about 1e-12.
func richardson(f func(float64) float64, x float64) float64 {
	const levels = 5
	var table [levels]float64
	h := 0.04
	for i := range levels {
		table[i] = (f(x+h) - f(x-h)) / (2 * h)
		h /= 2
	}
	for k, four := 1, 4.0; k < levels; k, four = k+1, four*4 {
		for i := levels - 1; i >= k; i-- {
			table[i] += (table[i] - table[i-1]) / (four - 1)
		}
	}
	return table[levels-1]
}

// evalComplex evaluates smooth expressions in x with complex arithmetic, independently of the
// function table. The imaginary part at x + ih, divided by h, is the derivative without cancellation.
func evalComplex(n Node, x complex128) complex128 {
	switch n := n.(type) {
	case *number:
		return complex(n.value, 0)
	case *constant:
		return complex(n.value, 0)
	case *variable:
		return x
	}
	c := n.(*call)
	a := evalComplex(c.args[0], x)
	var b complex128
	if c.fn.arity == 2 {
		b = evalComplex(c.args[1], x)
	}
	switch fmt.Sprint(c.fn.name, c.fn.arity) {
	case "+2":
		return a + b
	case "-2":
		return a - b
	case "*2":
		return a * b
	case "/2":
		return a / b
	case "-1":
		return -a
	case "^2":
		n, _ := integerPower(c)
		p := complex(1, 0)
		for range abs(n) {
			p *= a
		}
		if n < 0 {
			p = 1 / p
		}
		return p
	case "sin1":
		return cmplx.Sin(a)
	case "cos1":
		return cmplx.Cos(a)
	case "exp1":
		return cmplx.Exp(a)
	case "tanh1":
		return cmplx.Tanh(a)
	case "sinh1":
		return cmplx.Sinh(a)
	case "cosh1":
		return cmplx.Cosh(a)
	case "sech1":
		return 1 / cmplx.Cosh(a)
	}
	panic(c.fn.name)
}

func TestDiffAgainstComplexStep(t *testing.T) {
	const h = 1e-30
	var draw func(t *rapid.T, depth int) Node
	draw = func(t *rapid.T, depth int) Node {
		kind := rapid.IntRange(0, 9).Draw(t, "kind")
		if depth == 0 {
			kind %= 4
		}
		switch {
		case kind == 0:
			return newNumber(float64(rapid.IntRange(-200, 200).Draw(t, "number")) / 100)
		case kind <= 3:
			return newVariable(0, "x")
		case kind <= 6:
			fn := rapid.SampledFrom([]*function{add, sub, mul, div}).Draw(t, "operator")
			return newCall(fn, draw(t, depth-1), draw(t, depth-1))
		case kind == 7:
			return newCall(power, draw(t, depth-1), newNumber(float64(rapid.IntRange(-3, 4).Draw(t, "exponent"))))
		}
		name := rapid.SampledFrom([]string{"sin", "cos", "exp", "tanh", "sinh", "cosh", "sech"}).Draw(t, "function")
		return newCall(functionNamed[name], draw(t, depth-1))
	}
	checked := 0
	rapid.Check(t, func(t *rapid.T) {
		n := draw(t, 5)
		x := float64(rapid.IntRange(-2e6, 2e6).Draw(t, "x")) / 1e6
		want := imag(evalComplex(n, complex(x, h))) / h
		got, bound := bounded(Diff(n, 0), &Env{Variables: []float64{x}})
		value, inner := bounded(n, &Env{Variables: []float64{x}})
		cancels := !(inner < 1e-12*(1+math.Abs(value))) || !(bound < 1e-6*(1+math.Abs(got)))
		if scale := math.Abs(want); isFinite(want) && !cancels {
			checked++
			require.InDelta(t, want, got, 100*bound+1e-11*(1+scale), "%s\n%s", n, Diff(n, 0))
		}
	})
	assert.Greater(t, checked, 50)
}

// Substituting a known function for a field commutes with differentiating.
func TestDiffCommutesWithSubstitution(t *testing.T) {
	s := testScope()
	known := []Node{parsed(t, "sin(2*t)*exp(x - x1)", s), parsed(t, "x1^2*cos(x*t) + 3", s)}
	exact := func(index int, order MultiIndex) Node {
		return Derivative(known[index], order)
	}
	checked := 0
	rapid.Check(t, func(t *rapid.T) {
		n := drawNode(t, s, 3)
		v := rapid.IntRange(0, 2).Draw(t, "v")
		env := drawPoint(t)
		a, aBound := bounded(Substitute(Diff(n, v), exact), env)
		b, bBound := bounded(Diff(Substitute(n, exact), v), env)
		if bound := aBound + bBound; isFinite(a) && isSharp(bound, a) {
			checked++
			require.InDelta(t, a, b, 10*bound+1e-300, n)
		}
	})
	assert.Greater(t, checked, 30)
}

// d/dx p(T) = p'(T) (1 - T^2) with T = tanh x: a recursion on polynomials.
func TestDiffOfTanhToOrder8(t *testing.T) {
	s := &Scope{Variables: []Variable{{"x", 0, 1}}}
	n := parsed(t, "tanh(x)", s)
	p := []float64{0, 1}
	for order := 1; order <= 8; order++ {
		n = Diff(n, 0)
		next := make([]float64, len(p)+1)
		for i := 1; i < len(p); i++ {
			next[i-1] += float64(i) * p[i]
			next[i+1] -= float64(i) * p[i]
		}
		p = next
		for _, x := range []float64{-1.3, 0, 0.4, 2.1} {
			want, scale := 0.0, 0.0
			for i, c := range p {
				want += c * math.Pow(math.Tanh(x), float64(i))
				scale += math.Abs(c * math.Pow(math.Tanh(x), float64(i)))
			}
			assert.InDelta(t, want, Eval(n, &Env{Variables: []float64{x}}), 1e-14*scale, "order %d", order)
		}
		assert.Less(t, n.head().size, 200, "order %d", order)
	}
}

// f = exp(g), g = sin: f' = f g', so f^(n+1) = sum_k C(n,k) f^(n-k) g^(k+1).
func TestDiffOfExpSinToOrder8(t *testing.T) {
	s := &Scope{Variables: []Variable{{"x", 0, 1}}}
	n := parsed(t, "exp(sin(x))", s)
	const x = 0.7
	g := func(k int) float64 { return math.Sin(x + float64(k)*math.Pi/2) }
	f := []float64{math.Exp(math.Sin(x))}
	for order := 1; order <= 8; order++ {
		n = Diff(n, 0)
		next, binomial := 0.0, 1.0
		for k := range order {
			next += binomial * f[order-1-k] * g(k+1)
			binomial *= float64(order-1-k) / float64(k+1)
		}
		f = append(f, next)
		assert.InDelta(t, next, Eval(n, &Env{Variables: []float64{x}}), 1e-11*(1+math.Abs(next)), "order %d", order)
	}
}

func TestDerivativesOfPowersAtZero(t *testing.T) {
	s := testScope()
	env := &Env{Variables: []float64{0, 0, 0}, Parameters: []float64{0, 2}}
	for text, want := range map[string]float64{
		"x^0": 0, "x": 1, "x^1": 1, "x^2": 0, "x^3": 0, "x^k": 0, "x^λ": 0, "x^(nu - nu)": 0, "x^(D + D)": 1, "x^2.5": 0, "x*x": 0, "abs(x)": 0,
	} {
		assert.Equal(t, want, Eval(Diff(parsed(t, text, s), 1), env), text)
	}
}
