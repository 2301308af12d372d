package expr

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The problems of the examples, as their job files write them, and their residuals.
func TestEquations(t *testing.T) {
	tx := []Variable{{"t", 0, 1}, {"x", -1, 1}}
	xy := []Variable{{"x", 0, 1}, {"y", 0, 1}}
	u := []string{"u"}
	for _, c := range []struct {
		scope      Scope
		text, want string
	}{
		{Scope{Variables: tx, Fields: u, Constants: map[string]float64{"nu": 0.01 / math.Pi}},
			"u_t + u*u_x = nu*u_xx", "u_t + u*u_x - nu*u_xx"},
		{Scope{Variables: tx, Fields: u},
			"u_t + u*u_x = (0.01/pi)*u_xx", "u_t + u*u_x - 0.01*u_xx/pi"},
		{Scope{Variables: tx, Fields: []string{"u1", "u2", "u3"}},
			"u1_tt = u1_xx + u3*sin(pi*x)", "u1_tt - u1_xx - u3*sin(pi*x)"},
		{Scope{Variables: tx, Fields: []string{"u1", "u2", "u3"}},
			"0 = u1*sin(pi*x) + u2*cos(pi*x) - exp(-t)", "-u1*sin(pi*x) - u2*cos(pi*x) + exp(-t)"},
		{Scope{Variables: tx, Fields: u, Constants: map[string]float64{"a": 1, "b": 4, "c": 1}},
			"u_t + u*u_x + a*u_xx + b*u_xxx + c*u_xxxx = 0", "u_t + u*u_x + a*u_xx + b*u_xxx + c*u_xxxx"},
		{Scope{Variables: []Variable{{"x", -2.2, 2.2}}, Fields: []string{"p"}},
			"D((0.3*x - 0.5*x^3)*p, x) = (0.5^2/2)*p_xx", "(0.3 - 1.5*x^2)*p + (0.3*x - 0.5*x^3)*p_x - 0.125*p_xx"},
		{Scope{Variables: xy, Fields: u},
			"laplace(u) = -2*pi^2*sin(pi*x)*sin(pi*y)", "u_xx + u_yy + 2*pi^2*sin(pi*x)*sin(pi*y)"},
		{Scope{Variables: xy, Fields: u, Constants: map[string]float64{"k": 4 * math.Pi}},
			"-u_xx - u_yy - k^2*u = k^2*sin(k*x)*sin(k*y)", "-u_xx - u_yy - k^2*u - k^2*sin(k*x)*sin(k*y)"},
		{Scope{Variables: tx, Fields: u},
			"u_t = 0.0001*u_xx + 5*u - 5*u^3", "u_t - 0.0001*u_xx - 5*u + 5*u^3"},
		{Scope{Variables: tx, Fields: u, Parameters: []string{"D"}},
			"u_t = D*D(u, x, 2)", "u_t - D*u_xx"},
		{Scope{Variables: []Variable{{"time", 0, 1}, {"r", 0, 1}}, Fields: u},
			"D(u, time) = D(r^2*D(u, r), r)/r^2", "D(u, time) - (2*r*u_r + r^2*u_rr)/r^2"},
	} {
		e, err := ParseEquation(c.text, &c.scope)
		if assert.NoError(t, err, c.text) {
			assert.Equal(t, c.want, e.Residual().String())
			assert.Equal(t, c.text, e.Text)
			again, err := ParseEquation(e.String(), &c.scope)
			require.NoError(t, err)
			assert.True(t, Equal(e.Residual(), again.Residual()), c.text)
		}
	}
}

// The exact solution of Kuramoto-Sivashinsky makes the residual vanish: parser, total derivatives
// and substitution at once.
func TestExactSolutionHasNoResidual(t *testing.T) {
	s := &Scope{Variables: []Variable{{"t", 0, 1}, {"x", -10, 10}}, Fields: []string{"u"}}
	T := parsed(t, "tanh(t - x/2)", s)
	s.Let = []Let{{"T", T}}
	exact := parsed(t, "11 + 15*T - 15*T^2 - 15*T^3", s)
	e, err := ParseEquation("u_t + u*u_x + u_xx + 4*u_xxx + u_xxxx = 0", s)
	require.NoError(t, err)
	r := Substitute(e.Residual(), func(_ int, order MultiIndex) Node {
		return Derivative(exact, order)
	})
	for _, x := range []float64{-10, -1.5, 0, 0.3, 2, 7} {
		assert.InDelta(t, 0, Eval(r, &Env{Variables: []float64{0.4, x}}), 1e-12)
	}
}

func TestConditions(t *testing.T) {
	s := testScope()
	for text, want := range map[string]struct {
		print    string
		at       map[int]float64
		periodic int
	}{
		"u = -sin(pi*x) at t=0":         {"u = -sin(pi*x) at t=0", map[int]float64{0: 0}, -1},
		"u_x + u = 0 at x = -1, t=1/2":  {"u_x + u = 0 at t=0.5, x=-1", map[int]float64{0: 0.5, 1: -1}, -1},
		"u = 0 at x1=2":                 {"u = 0 at x1=2", map[int]float64{2: 2}, -1},
		"integral(u, x) = 1":            {"integral(u, x) = 1", nil, -1},
		"1 = integral(u^2*x, x) at t=1": {"1 = integral(u^2*x, x) at t=1", map[int]float64{0: 1}, -1},
		"periodic in x":                 {"periodic in x", nil, 1},
		"u = 0 at x1=nu*pi*200":         {"u = 0 at x1=2", map[int]float64{2: 2}, -1}, // rounding of a bound
	} {
		c, err := ParseCondition(text, s)
		if !assert.NoError(t, err, text) {
			continue
		}
		assert.Equal(t, want.print, c.String())
		assert.Equal(t, want.at, c.At)
		assert.Equal(t, want.periodic, c.Periodic)
		assert.Equal(t, text, c.Text)
	}
	c, err := ParseCondition(" u = -sin(pi*x)  at t=0", s)
	require.NoError(t, err)
	assert.Equal(t, "u = -sin(pi*x)", c.Equation.Text)
	assert.Equal(t, "u + sin(pi*x)", c.Equation.Residual().String())
}

func TestConditionErrors(t *testing.T) {
	s := testScope()
	for text, want := range map[string]string{
		"u = 0":                              `column 6: the condition does not say where it holds: add, for example, at t=0`,
		"u = 0 at":                           `column 9: expected a variable, found the end: the variables are t, x, x1`,
		"u = 0 at y=0":                       `column 10: expected a variable, found "y": the variables are t, x, x1`,
		"u = 0 at x":                         `column 11: expected "=" after the variable, found the end`,
		"u = 0 at x=2":                       `column 12: x = 2 lies outside [-1, 1]`,
		"u = 0 at x=-1-1e-9":                 `column 12: x = -1.000000001 lies outside [-1, 1]`,
		"u = 0 at x=t":                       `column 12: t is not a constant`,
		"u = 0 at x=1/0":                     `column 12: 1/0 is +Inf: a finite number is needed`,
		"u = 0 at x=0, x=1":                  `column 15: x is fixed twice`,
		"u = 0 at x=0 and t=0":               `column 14: places are separated by a comma`,
		"u = 0 at x=0,":                      `column 14: expected a variable, found the end: the variables are t, x, x1`,
		"u = 0 at x=0 at t=0":                `column 14: unexpected "at": at belongs to a condition of the problem`,
		"u at x=0":                           `column 3: an equation needs "=", found "at": write it as LEFT = RIGHT`,
		"u = v_1 = 0 at x=0":                 `column 9: an equation has one "="`,
		"at x=0":                             `column 1: expected a number, a name or a parenthesis, found "at"`,
		"x = 1 at t=0":                       `column 1: the equation contains no field: the fields are u, v_1`,
		"integral(u, x) = 1 at x=0":          `column 23: x is fixed here, but integral(u, x) runs over it`,
		"integral(integral(u,x),t) = 1":      `column 10: an integral may not contain another`,
		"integral(u) = 1":                    `column 1: integral needs a variable: write integral(u, x)`,
		"integral(u, y) = 1":                 `column 13: expected a variable, found "y": the variables are t, x, x1`,
		"periodic x":                         `column 10: expected "in" after periodic, found "x"`,
		"periodic in y":                      `column 13: expected a variable, found "y": the variables are t, x, x1`,
		"periodic in x, t":                   `column 14: unexpected ","`,
		"u < 1 at x=0":                       `column 1: a comparison is not a number: write if(condition, a, b)`,
		"u = 0 at x=if(0 < 1, 0, 1) + (1<2)": `column 28: "+" works on numbers, not on a comparison: write if(condition, a, b)`,
	} {
		_, err := ParseCondition(text, s)
		assert.EqualError(t, err, want, text)
	}
	for text, want := range map[string]string{
		"u_t + u_xx":         `column 11: an equation needs "=", found the end: write it as LEFT = RIGHT`,
		"u = 0 at x=0":       `column 7: unexpected "at": at belongs to a condition of the problem`,
		"integral(u, x) = 1": `column 1: an integral stands only in a condition: write it as a condition: integral(u, x) = 1`,
		"1 = 1":              `column 1: the equation contains no field: the fields are u, v_1`,
		"u = ":               `column 5: expected a number, a name or a parenthesis, found the end`,
		"u == 1":             `column 1: a comparison is not a number: write if(condition, a, b)`,
	} {
		_, err := ParseEquation(text, s)
		assert.EqualError(t, err, want, text)
	}
}

func FuzzParseCondition(f *testing.F) {
	for _, text := range []string{
		"u = -sin(pi*x) at t=0", "u_x = u at x=-1, t=0.5", "integral(u*x, x1)^2 = 1 at x=0", "periodic in x", "periodic", "u = 0 at x=", "= at x=0",
		"D(integral(u, x), t) = v_1 at t=1e-3", "u = 0 at x=0.1*3, x1=nu*100*pi", "u=1 at x==1", "at at at",
	} {
		f.Add(text)
	}
	s := testScope()
	f.Fuzz(func(t *testing.T, text string) {
		c, err := ParseCondition(text, s)
		if err != nil {
			_ = err.Error()
			return
		}
		again, err := ParseCondition(c.String(), s)
		require.NoError(t, err, c.String())
		require.Equal(t, c.String(), again.String())
		require.Equal(t, c.At, again.At)
		require.Equal(t, c.Periodic, again.Periodic)
		if c.Periodic < 0 {
			require.True(t, Equal(c.Equation.Left, again.Equation.Left))
			require.True(t, Equal(c.Equation.Right, again.Equation.Right))
			if c.Equation.Left.head().size+c.Equation.Right.head().size < 300 {
				_, err := Compile(s, c.Equation.Residual())
				require.NoError(t, err)
			}
		}
	})
}
