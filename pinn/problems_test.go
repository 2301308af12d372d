package pinn

import (
	"math"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// testProblem is a problem with a known solution.
type testProblem struct {
	Problem
	exact map[string]string
}

func (p testProblem) problem() *Problem { q := p.Problem; return &q }

var unitSquare = []Interval{{"t", 0, 1}, {"x", 0, 1}}

// testProblems are the examples, without ansatz.
var testProblems = map[string]testProblem{
	"wave": {Problem{
		Domain:    unitSquare,
		Fields:    []string{"u"},
		Equations: []Equation{{Text: "u_tt = u_xx"}},
		Conditions: []Condition{
			{Text: "u = 0 at x=0"}, {Text: "u = 0 at x=1"},
			{Text: "u = x*(1 - x) at t=0"}, {Text: "u_t = 0 at t=0"},
		},
	}, map[string]string{
		// f(x+t)/2 + f(x-t)/2, f(y) = y(1 - |y|) for |y| <= 1, odd and 2-periodic
		"u": "((x+t - 2*floor((x+t+1)/2))*(1 - abs(x+t - 2*floor((x+t+1)/2))) + (x-t)*(1 - abs(x-t)))/2",
	}},
	"kuramoto_sivashinsky": {Problem{
		Domain:    []Interval{{"t", 0, 1}, {"x", -10, 10}},
		Fields:    []string{"u"},
		Let:       []Let{{"T", "tanh(t - x/2)"}},
		Equations: []Equation{{Text: "u_t + u*u_x + u_xx + 4*u_xxx + u_xxxx = 0"}},
		Conditions: []Condition{
			{Text: "u = 11 + 15*T - 15*T^2 - 15*T^3 at t=0"},
			{Text: "u = 11 + 15*T - 15*T^2 - 15*T^3 at x=-10"},
			{Text: "u = 11 + 15*T - 15*T^2 - 15*T^3 at x=10"},
			{Text: "u_x = 15/2*(T + 1)*(3*T - 1)*sech(t - x/2)^2 at x=-10"},
			{Text: "u_x = 15/2*(T + 1)*(3*T - 1)*sech(t - x/2)^2 at x=10"},
		},
	}, map[string]string{"u": "11 + 15*T - 15*T^2 - 15*T^3"}},
	"fokker_planck": {Problem{
		Domain:    []Interval{{"x", -2.2, 2.2}},
		Fields:    []string{"p"},
		Constants: map[string]float64{"alpha": 0.3, "beta": 0.5, "sigma": 0.5},
		Equations: []Equation{{Text: "D((alpha*x - beta*x^3)*p, x) = sigma^2/2*p_xx"}},
		Conditions: []Condition{
			{Text: "p = 0 at x=-2.2"}, {Text: "p = 0 at x=2.2"}, {Text: "integral(p, x) = 1"},
		},
	}, map[string]string{"p": "exp(1.2*x^2 - x^4)/3.0797837520"}},
	"system": {Problem{
		Domain: unitSquare,
		Fields: []string{"u1", "u2", "u3"},
		Equations: []Equation{
			{Text: "u1_tt = u1_xx + u3*sin(pi*x)"},
			{Text: "u2_tt = u2_xx + u3*cos(pi*x)"},
			{Text: "0 = u1*sin(pi*x) + u2*cos(pi*x) - exp(-t)"},
		},
		Conditions: []Condition{
			{Text: "u1 = sin(pi*x) at t=0"}, {Text: "u1_t = -sin(pi*x) at t=0"},
			{Text: "u2 = cos(pi*x) at t=0"}, {Text: "u2_t = -cos(pi*x) at t=0"},
			{Text: "u1 = 0 at x=0"}, {Text: "u1 = 0 at x=1"},
			{Text: "u2 = exp(-t) at x=0"}, {Text: "u2 = -exp(-t) at x=1"},
		},
	}, map[string]string{
		"u1": "exp(-t)*sin(pi*x)", "u2": "exp(-t)*cos(pi*x)", "u3": "(1 + pi^2)*exp(-t)",
	}},
	"heat": {Problem{
		Domain:     unitSquare,
		Fields:     []string{"u"},
		Equations:  []Equation{{Text: "u_t = 0.1*u_xx"}},
		Conditions: []Condition{{Text: "u = sin(pi*x) at t=0"}, {Text: "u = 0 at x=0"}, {Text: "u = 0 at x=1"}},
	}, map[string]string{"u": "exp(-0.1*pi^2*t)*sin(pi*x)"}},
	"poisson": {Problem{
		Domain:    []Interval{{"x", 0, 1}, {"y", 0, 1}},
		Fields:    []string{"u"},
		Equations: []Equation{{Text: "laplace(u) = -2*pi^2*sin(pi*x)*sin(pi*y)"}},
		Conditions: []Condition{
			{Text: "u = 0 at x=0"}, {Text: "u = 0 at x=1"}, {Text: "u = 0 at y=0"}, {Text: "u = 0 at y=1"},
		},
	}, map[string]string{"u": "sin(pi*x)*sin(pi*y)"}},
	"poisson3": {Problem{
		Domain:    []Interval{{"x", 0, 1}, {"y", 0, 1}, {"z", -1, 1}},
		Fields:    []string{"u"},
		Equations: []Equation{{Text: "laplace(u) = -2.25*pi^2*sin(pi*x)*sin(pi*y)*cos(pi*z/2)"}},
		Conditions: []Condition{
			{Text: "u = 0 at x=0"}, {Text: "u_z = 0 at z=0"}, {Text: "u = 0 at z=1, y=0.5"},
		},
	}, map[string]string{"u": "sin(pi*x)*sin(pi*y)*cos(pi*z/2)"}},
	"periodic": {Problem{
		Domain:     []Interval{{"t", 0, 1}, {"x", 0, 2}},
		Fields:     []string{"u"},
		Equations:  []Equation{{Text: "u_t + u_x = 0"}},
		Conditions: []Condition{{Text: "u = sin(pi*x) at t=0"}, {Text: "periodic in x"}},
	}, map[string]string{"u": "sin(pi*(x - t))"}},
}

// TestExactSolutionsHaveNoLoss puts the exact solution in place of the
// networks: every term of the loss must vanish, but for what the problem itself
// leaves (p(±2.2) = 7.2e-9 in Fokker-Planck; the five digits of its constant).
func TestExactSolutionsHaveNoLoss(t *testing.T) {
	for name, p := range testProblems {
		t.Run(name, func(t *testing.T) {
			problem := p.problem()
			problem.Ansatz = map[string]string{}
			for field, text := range p.exact {
				problem.Ansatz[field] = text + " + 1e-12*N"
			}
			trainer, err := New(problem, Settings{Points: Points{Interior: 500, Boundary: 100}})
			require.NoError(t, err)
			terms := make([]float64, len(trainer.loss.terms))
			grad := make([]float64, trainer.m.weights())
			_, err = trainer.loss.gradient(t.Context(), trainer.state.Theta, grad, terms)
			require.NoError(t, err)
			for j, v := range terms {
				require.Less(t, v, 1e-14, trainer.Terms()[j])
			}
		})
	}
}

// TestBurgersReferenceIsAGrid reads the committed reference.
func TestBurgersReferenceIsAGrid(t *testing.T) {
	f, err := os.Open("../examples/burgers.csv")
	require.NoError(t, err)
	defer f.Close()
	table, err := ReadTable(f, []string{"t", "x"}, []string{"u"})
	require.NoError(t, err)
	ref, err := NewReference(table, &Problem{Domain: []Interval{{"t", 0, 1}, {"x", -1, 1}}, Fields: []string{"u"}})
	require.NoError(t, err)
	require.Len(t, ref.Axes, 2)
	require.Len(t, ref.Axes[0], 100)
	require.Len(t, ref.Axes[1], 256)
	require.Equal(t, 1.0, ref.Axes[0][99])
	for i, x := range ref.Axes[1] {
		require.InDelta(t, -math.Sin(math.Pi*x), ref.Values["u"][i], 1e-15)
	}
}
