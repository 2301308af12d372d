package expr

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestParsePrints(t *testing.T) {
	s := testScope()
	for text, want := range map[string]string{
		"1+2*3":                              "1 + 2*3",
		"(1+2)*3":                            "(1 + 2)*3",
		"1-2-3":                              "1 - 2 - 3",
		"1-(2-3)":                            "1 - (2 - 3)",
		"2/3/4":                              "2/3/4",
		"2/(3*4)":                            "2/(3*4)",
		"2^3^4":                              "2^3^4",
		"(2^3)^4":                            "(2^3)^4",
		"-x^2":                               "-x^2",
		"(-x)^2":                             "(-x)^2",
		"(-2)^2":                             "(-2)^2",
		"-2^2":                               "-2^2",
		"2^-3":                               "2^(-3)",
		"2^-x^2":                             "2^(-x^2)",
		"--x":                                "-(-x)",
		"+x":                                 "x",
		"x*-2":                               "x*(-2)",
		"x - -2":                             "x - (-2)",
		"-(2)":                               "-(2)",
		"-2":                                 "-2",
		".5 + 2.5E+4 + 1e-5 + 1e6 + 3.":      "0.5 + 25000 + 1e-5 + 1e6 + 3",
		"pi*e":                               "pi*e",
		"λ*D":                                "λ*D",
		"u_xx + u_tx + u_xt":                 "u_xx + u_tx + u_tx",
		"D(u, x, 2, t)":                      "u_txx",
		"D(u, x) + D(u, x1)":                 "u_x + D(u, x1)",
		"v_1 + v_1_x":                        "v_1 + v_1_x",
		"D(u, t, 2) + u_tt":                  "D(u, t, 2) + u_tt", // u_tt is a constant here
		"D*D(D*u, x)":                        "D*(D*u_x)",
		"D(u_x, x)":                          "u_xx",
		"phi":                                "1 - x^2",
		"phi_x*u":                            "-2*x*u",
		"phi_xx":                             "-2",
		"laplace(u)":                         "u_xx + D(u, x1, 2)",
		"max(1, x, t)":                       "max(max(1, x), t)",
		"if(x<0 and not t>=1 or u!=k, 1, 2)": "if(x < 0 and not t >= 1 or u != k, 1, 2)",
		"if((x<0 or x>1) and t==1, 1, 2)":    "if((x < 0 or x > 1) and t == 1, 1, 2)",
		"if(not (x<0 and x>1), 1, 2)":        "if(not (x < 0 and x > 1), 1, 2)",
		"  sin ( x )\n+ 1":                   "sin(x) + 1",
	} {
		n, err := Parse(text, s)
		if assert.NoError(t, err, text) {
			if !assert.Equal(t, want, n.String(), text) {
				continue
			}
			again, err := Parse(n.String(), s)
			require.NoError(t, err, text)
			assert.True(t, Equal(n, again), text)
		}
	}
}

func TestNumber(t *testing.T) {
	constants := map[string]float64{"nu": 0.25}
	for text, want := range map[string]float64{
		"0.01/pi": 0.01 / math.Pi, "-2^2": -4, "2^-2": 0.25, "2^3^2": 512, "-2*-3": 6, "1 - 2 - 3": -4, "12/3/2": 2,
		"sech(0) + erf(0) + heaviside(0)": 1.5, "mod(-1, 3)": 2, "sign(-3) + floor(-1.5)": -3, "nu*4": 1, "e": math.E,
		"if(1 < 2 and not 2 < 1, 3, 1/0)": 3, "min(3, 1, 2)": 1, "atan(1)*4": math.Pi, "1e3": 1000, "sqrt(16)": 4,
	} {
		got, err := Number(text, constants)
		if assert.NoError(t, err, text) {
			assert.InDelta(t, want, got, 1e-15*math.Abs(want), text)
		}
	}
	for text, want := range map[string]string{
		"1/0":   "column 1: 1/0 is +Inf: a finite number is needed",
		"":      "column 1: expected a number, a name or a parenthesis, found the end",
		"2*nv":  `column 3: unknown name "nv": did you mean "nu"?`,
		"1 < 2": "column 1: a comparison is not a number: write if(condition, a, b)",
	} {
		_, err := Number(text, constants)
		assert.EqualError(t, err, want, text)
	}
}

func TestParseErrors(t *testing.T) {
	s := testScope()
	for text, want := range map[string]string{
		"uu + 1":         `column 1: unknown name "uu": did you mean "u"?`,
		"1 + lamda":      `column 5: unknown name "lamda": known are t, x, x1, u, v_1, D, nu, u_tt, k, λ, phi, pi, e`,
		"1 + pi1":        `column 5: unknown name "pi1": did you mean "pi"?`,
		"1 + π":          `column 5: unknown name "π": write pi`,
		"λ + U":          `column 5: unknown name "U": did you mean "u"?`,
		"2x":             `column 2: two factors without an operator between them: write 2*x`,
		"2(x+1)":         `column 2: two factors without an operator between them: write 2*(...)`,
		"(x)(t)":         `column 4: two factors without an operator between them: write (...)*(...)`,
		"x t":            `column 3: two factors without an operator between them: write x*t`,
		"2 sin(x)":       `column 3: two factors without an operator between them: write 2*sin(...)`,
		"2e":             `column 2: two factors without an operator between them: write 2*e`,
		"2e + 1":         `column 2: two factors without an operator between them: write 2*e`,
		"2e3x":           `column 4: two factors without an operator between them: write 2e3*x`,
		"x 2":            `column 3: two factors without an operator between them: write x*2`,
		"u_y":            `column 3: u_y: y is not a variable: the variables are t, x, x1`,
		"u_xy":           `column 4: u_xy: y is not a variable: the variables are t, x, x1`,
		"u_x1":           `column 1: u_x1: a subscript is made of one-letter variables: write D(u, x1)`,
		"nu_x":           `column 1: nu is a constant, not a field`,
		"k_x":            `column 1: k is a parameter, not a field`,
		"t_x":            `column 1: t is a variable, not a field`,
		"w_xx":           `column 1: unknown name "w_xx": known are t, x, x1, u, v_1, D, nu, u_tt, k, λ, phi, pi, e`,
		"uu_xx":          `column 1: unknown name "uu_xx": did you mean "u_xx"?`,
		"sin(x, 2)":      `column 1: sin takes 1 argument, got 2`,
		"1 + mod(x)":     `column 5: mod takes 2 arguments, got 1`,
		"sin()":          `column 1: sin takes 1 argument, got 0`,
		"if(x < 1, 2)":   `column 1: if takes 3 arguments, got 2: write if(condition, a, b)`,
		"sen(x)":         `column 1: unknown function "sen": did you mean "sin"?`,
		"ln(x)":          `column 1: unknown function "ln": write log(...)`,
		"foobar(x)":      `column 1: unknown function "foobar"`,
		"sin x":          `column 1: sin needs its arguments in parentheses: write sin(...)`,
		"u(0, x)":        `column 1: u is a field, not a function to call: write u alone; where a condition holds follows it: u = 0 at t=0`,
		"nu(x)":          `column 1: nu is a constant, not a function: write nu*(...)`,
		"(1 + x":         `column 7: expected ")" to close the parenthesis at column 1, found the end`,
		"sin(x":          `column 6: expected "," or ")" after an argument, found the end`,
		"1 + x)":         `column 6: unexpected ")": there is no "(" to match`,
		"1 +":            `column 4: expected a number, a name or a parenthesis, found the end`,
		"* 2":            `column 1: expected a number, a name or a parenthesis, found "*"`,
		"x**2":           `column 2: "**" is not part of the language: write ^`,
		"x²":             `column 2: "²" is not part of the language: write ^2`,
		"λ − 1":          `column 3: "−" is not part of the language: write -`,
		"x & t":          `column 3: unexpected character '&'`,
		"x $ t":          `column 3: unexpected character '$'`,
		"x é\xff":        `column 4: byte 0xff is not UTF-8 text`,
		"1.2.3":          `column 4: a second point in the number 1.2`,
		"1e999":          `column 1: the number 1e999 is too large`,
		"x < 1":          `column 1: a comparison is not a number: write if(condition, a, b)`,
		"1 + (x < 1)":    `column 3: "+" works on numbers, not on a comparison: write if(condition, a, b)`,
		"if(x, 1, 2)":    `column 1: "if" needs a comparison: such as x < 1`,
		"if(0<x<1,1,2)":  `column 7: a comparison has two sides: write a < b and b < c`,
		"if(x=1, 1, 2)":  `column 5: expected "," or ")" after an argument, found "="`,
		"u = 1":          `column 3: unexpected "=": equality in a condition of if is ==`,
		"u at x=1":       `column 3: unexpected "at": at belongs to a condition of the problem`,
		"integral(u, x)": `column 1: an integral stands only in a condition: write it as a condition: integral(u, x) = 1`,
		"D(u)":           `column 1: D needs a variable: write D(u, x), or D(u, x, 2) for the second`,
		"D(u, y)":        `column 6: expected a variable, found "y": the variables are t, x, x1`,
		"D(u, 2)":        `column 6: expected a variable, found "2": the variables are t, x, x1`,
		"D(u, x, 0)":     `column 9: 0 is not an order of differentiation: a whole number from 1 to 12`,
		"D(u, x, 1.5)":   `column 9: 1.5 is not an order of differentiation: a whole number from 1 to 12`,
		"D(u, x, 13)":    `column 1: derivative of order 13: at most 12 is supported`,
		"D(D(u,x,12),t)": `column 1: derivative of order 13: at most 12 is supported`,
		"laplace(u, x)":  `column 1: laplace takes 1 argument, got 2`,
		"laplace(u<1)":   `column 1: "laplace" works on numbers, not on a comparison: write if(condition, a, b)`,
		"D(u<1, x)":      `column 3: a comparison is not a number: write if(condition, a, b)`,
		"1 + not (x<1)":  `column 5: expected a number, a name or a parenthesis, found "not"`,
		"v1_x":           `column 1: unknown name "v1_x": did you mean "v_1_x"?`,
		"x +\n  uu":      `line 2, column 3: unknown name "uu": did you mean "u"?`,
	} {
		_, err := Parse(text, s)
		var fault *Error
		if assert.ErrorAs(t, err, &fault, text) {
			assert.Equal(t, want, err.Error(), text)
		}
	}
}

func TestParseErrorsWithFewNames(t *testing.T) {
	onlyTime := &Scope{Variables: []Variable{{"t", 0, 1}}, Fields: []string{"u"}}
	for text, want := range map[string]string{
		"laplace(u)": "column 1: laplace needs a space variable: the variable is t",
		"u_x":        "column 3: u_x: x is not a variable: the variable is t",
	} {
		_, err := Parse(text, onlyTime)
		assert.EqualError(t, err, want)
	}
	none := &Scope{Fields: []string{"u"}}
	for text, want := range map[string]string{
		"u_x":  "column 3: u_x: x is not a variable: there are no variables here",
		"u(1)": "column 1: u is a field, not a function to call: write u alone; where a condition holds follows it: u = 0 at x=0",
	} {
		_, err := Parse(text, none)
		assert.EqualError(t, err, want)
	}
	_, err := Parse("x", nil)
	assert.EqualError(t, err, `column 1: unknown name "x": known are pi, e`)
}

func TestBranin(t *testing.T) {
	s := &Scope{Variables: []Variable{{"x1", -5, 10}, {"x2", 0, 15}}}
	n := parsed(t, "(x2 - 5.1/(4*pi^2)*x1^2 + 5/pi*x1 - 6)^2 + 10*(1 - 1/(8*pi))*cos(x1) + 10", s)
	for _, x := range [][]float64{{-math.Pi, 12.275}, {math.Pi, 2.275}} {
		for _, n := range []Node{n, Simplify(n)} {
			assert.InDelta(t, 0.39788735772973816, Eval(n, &Env{Variables: x}), 1e-14)
		}
		for v := range x {
			assert.InDelta(t, 0, Eval(Diff(n, v), &Env{Variables: x}), 1e-14)
		}
	}
}

func TestLimits(t *testing.T) {
	s := testScope()
	for text, want := range map[string]string{
		strings.Repeat("(", 1000) + "x" + strings.Repeat(")", 1000): "nested more than 200 deep",
		strings.Repeat("-", 1000) + "x":                             "nested more than 200 deep",
		strings.Repeat("2^", 1000) + "x":                            "nested more than 200 deep",
		strings.Repeat("sin(", 1000) + "x":                          "nested more than 200 deep",
		strings.Repeat("x", maxText+1):                              "at most 65536 are read",
		"x" + strings.Repeat("+x", 20000):                           "more than 20000 terms and factors",
		"D(sin(u*x)*tan(x/u)*exp(u^x), x, 12)":                      "more than 20000 terms and factors",
	} {
		_, err := Parse(text, s)
		require.Error(t, err)
		assert.Contains(t, err.Error(), want)
	}
	_, err := Parse(strings.Repeat("(", 190)+"x"+strings.Repeat(")", 190), s)
	assert.NoError(t, err)

	s.Let = nil
	text := "x + 1"
	for i := range 20 { // 2^20 nodes, if written out
		n, err := Parse(text, s)
		if err != nil {
			assert.Contains(t, err.Error(), "more than 20000 terms and factors")
			return
		}
		name := strings.Repeat("a", i+1)
		s.Let = append(s.Let, Let{name, n})
		text = name + "*" + name
	}
	t.Fatal("no limit on named expressions")
}

func TestErrorSnippet(t *testing.T) {
	_, err := Parse("λ +\n\té + uu", testScope())
	var fault *Error
	require.ErrorAs(t, err, &fault)
	assert.Equal(t, 2, fault.Column())
	assert.Equal(t, "\té + uu\n\t^", fault.Snippet())

	_, err = Parse("λ + uu\r\n", testScope())
	require.ErrorAs(t, err, &fault)
	assert.Equal(t, "λ + uu\n    ^", fault.Snippet())
	assert.Equal(t, 5, fault.Offset) // bytes

	_, err = Parse("1 +", testScope())
	require.ErrorAs(t, err, &fault)
	assert.Equal(t, "1 +\n   ^", fault.Snippet())
}

func TestValidate(t *testing.T) {
	x := []Variable{{"x", 0, 1}}
	for want, s := range map[string]*Scope{
		`variable "x" is declared twice`:                                                          {Variables: append(x, x...)},
		`"x" is both a variable and a field`:                                                      {Variables: x, Fields: []string{"x"}},
		`field "sin" clashes with the function sin`:                                               {Fields: []string{"sin"}},
		`parameter "pi" clashes with the constant pi = 3.141592653589793`:                         {Parameters: []string{"pi"}},
		`constant "at" is a word of the equation language`:                                        {Constants: map[string]float64{"at": 1}},
		`constant "a" is NaN: it must be finite`:                                                  {Constants: map[string]float64{"a": math.NaN()}},
		`field "1u" is not a name: a name is a letter, then letters, digits and underscores`:      {Fields: []string{"1u"}},
		`field "" is not a name: a name is a letter, then letters, digits and underscores`:        {Fields: []string{""}},
		`parameter "a b" is not a name: a name is a letter, then letters, digits and underscores`: {Parameters: []string{"a b"}},
		`variable "x" runs over [1, 1]: the interval must be finite and not empty`:                {Variables: []Variable{{"x", 1, 1}}},
		`variable "x" runs over [0, +Inf]: the interval must be finite and not empty`:             {Variables: []Variable{{"x", 0, math.Inf(1)}}},
		`9 variables: at most 8 are supported`:                                                    {Variables: make([]Variable, 9)},
		`named expression "phi" has no value`:                                                     {Let: []Let{{"phi", nil}}},
		`"k" is both a constant and a parameter`:                                                  {Constants: map[string]float64{"k": 1}, Parameters: []string{"k"}},
	} {
		assert.EqualError(t, s.Validate(), want)
		_, err := Parse("1", s)
		assert.EqualError(t, err, want)
	}
	assert.NoError(t, testScope().Validate())
	assert.NoError(t, (&Scope{}).Validate())
}

func TestNearest(t *testing.T) {
	names := []string{"pressure", "velocity", "nu", "u"}
	for name, want := range map[string]string{
		"presure": "pressure", "perssure": "pressure", "velcoity": "velocity", "un": "nu", "v": "", "temperature": "", "U": "u",
	} {
		assert.Equal(t, want, Nearest(name, names), name)
	}
	assert.Equal(t, 3, distance("kitten", "sitting"))
	assert.Equal(t, 1, distance("ab", "ba"))
	rapid.Check(t, func(r *rapid.T) {
		word := rapid.StringMatching(`[ab]{0,5}`)
		a, b, c := word.Draw(r, "a"), word.Draw(r, "b"), word.Draw(r, "c")
		assert.Equal(r, a == b, distance(a, b) == 0)
		assert.Equal(r, distance(a, b), distance(b, a))
		assert.LessOrEqual(r, distance(a, b), max(len(a), len(b)))
		assert.Equal(r, distance(a, b), distance(c+a, c+b), "a common start costs nothing")
	})
}

func TestPrintParseRoundTrip(t *testing.T) {
	s := testScope()
	rapid.Check(t, func(t *rapid.T) {
		n := drawNode(t, s, 5)
		again, err := Parse(n.String(), s)
		require.NoError(t, err, n.String())
		require.True(t, Equal(n, again), "%s\n%s", n, again)
	})
}

func TestEqualIsStructural(t *testing.T) {
	s := testScope()
	for _, pair := range [][2]string{
		{"x", "t"}, {"u", "u_x"}, {"u", "v_1"}, {"x + t", "t + x"}, {"k", "λ"}, {"pi", "e"}, {"1", "2"},
		{"sin(x)", "cos(x)"}, {"-x", "x"}, {"x - t", "x + t"}, {"if(x<1, 1, 2)", "if(x<=1, 1, 2)"},
	} {
		assert.False(t, Equal(parsed(t, pair[0], s), parsed(t, pair[1], s)), pair)
		assert.True(t, Equal(parsed(t, pair[0], s), parsed(t, pair[0], s)), pair)
	}
}

func FuzzParse(f *testing.F) {
	for _, text := range []string{
		"u_t + u*u_x - nu*u_xx", "D((0.3*x - 0.5*x^3)*u, x, 2)", "if(x<0 and not t>1, sin(x), -2^-x)", "laplace(phi*u) + phi_x",
		"1e-3 + .5 + 2.", "max(u, v_1, λ)", "((x", "u__x", "2e", "-(-2)", "x^2^-3", "D(u^k, x)", "é", "0*1/0", "(1/0)*x - x/0", "1e300*1e300*x",
	} {
		f.Add(text)
	}
	s := testScope()
	f.Fuzz(func(t *testing.T, text string) {
		n, err := Parse(text, s)
		if err != nil {
			var fault *Error
			require.True(t, errors.As(err, &fault), "%v", err)
			require.LessOrEqual(t, fault.Offset, len(text))
			_ = fault.Error() + fault.Snippet()
			return
		}
		again, err := Parse(n.String(), s)
		require.NoError(t, err)
		require.True(t, Equal(n, again), "%s\n%s", n, again)
		if n.head().size > 300 {
			return
		}
		simple := Simplify(n)
		again, err = Parse(simple.String(), s)
		require.NoError(t, err, simple.String())
		require.True(t, Equal(simple, again), "%s\n%s", simple, again)
		_, err = Compile(s, n)
		require.NoError(t, err)
	})
}
