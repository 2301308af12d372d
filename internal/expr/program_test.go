package expr

import (
	"math"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// forward runs a program over the points of envs and returns its outputs and workspace.
func forward(p *Program, envs []*Env, block int) (outputs [][]float64, ws *Workspace, fields [][]float64) {
	n := len(envs)
	variables := make([][]float64, MaxVariables)
	for _, v := range p.Variables() {
		variables[v] = make([]float64, n)
		for i, env := range envs {
			variables[v][i] = env.Variables[v]
		}
	}
	for _, ref := range p.Fields {
		row := make([]float64, n)
		for i, env := range envs {
			row[i] = env.Field(ref.Index, ref.Order)
		}
		fields = append(fields, row)
	}
	var integrals [][]float64
	for _, integral := range p.Integrals {
		row := make([]float64, n)
		for i, env := range envs {
			row[i] = env.Integral(integral)
		}
		integrals = append(integrals, row)
	}
	ws = p.NewWorkspace(block)
	p.Forward(ws, n, variables, fields, integrals, envs[0].Parameters)
	for i := range p.Outputs() {
		outputs = append(outputs, ws.Output(i)[:n])
	}
	return outputs, ws, fields
}

func TestProgramAgreesWithEval(t *testing.T) {
	s := testScope()
	checked := 0
	rapid.Check(t, func(t *rapid.T) {
		nodes := []Node{drawNode(t, s, 4), drawNode(t, s, 4)}
		nodes = append(nodes, newCall(mul, nodes[1], nodes[0]), newCall(sub, nodes[0], nodes[1]))
		p, err := Compile(s, nodes...)
		require.NoError(t, err)
		envs := []*Env{drawPoint(t), drawPoint(t), drawPoint(t)}
		for _, env := range envs {
			env.Parameters = envs[0].Parameters
		}
		outputs, _, _ := forward(p, envs, 5)
		for i, n := range nodes {
			for j, env := range envs {
				want, a := bounded(n, env)
				_, b := bounded(Simplify(n), env)
				if isFinite(want) && isSharp(a+b, want) {
					checked++
					require.InDelta(t, want, outputs[i][j], 4*(a+b)+1e-300, "%s\n%s", n, Simplify(n))
				}
			}
		}
	})
	assert.Greater(t, checked, 300)
}

// The adjoint identity <w, J d> = <J'w, d>: J d comes from the symbolic derivative along d, J'w from
// the reverse pass.
func TestReverseIsTheAdjoint(t *testing.T) {
	s := testScope()
	along := testScope() // the same names, and a variable for the distance along d
	along.Variables = append(along.Variables, Variable{"distance", 0, 1})
	const distance = 3
	checked := 0
	rapid.Check(t, func(t *rapid.T) {
		nodes := []Node{drawNode(t, s, 4), drawNode(t, s, 3)}
		p, err := Compile(s, nodes...)
		require.NoError(t, err)
		env := drawPoint(t)
		_, ws, _ := forward(p, []*Env{env}, 1)

		weight := rapid.Float64Range(-2, 2)
		seeds := [][]float64{{weight.Draw(t, "w0")}, {weight.Draw(t, "w1")}}
		if rapid.Bool().Draw(t, "unseeded") {
			seeds[1] = nil
		}
		fieldBar := make([][]float64, len(p.Fields))
		direction := map[FieldRef]float64{}
		for i, ref := range p.Fields {
			fieldBar[i] = []float64{math.NaN()} // must be overwritten
			direction[ref] = weight.Draw(t, "direction")
		}
		slopes := [2]float64{weight.Draw(t, "slope k"), weight.Draw(t, "slope λ")}
		paramBar := []float64{10, 20} // must be added to
		p.Reverse(ws, 1, seeds, fieldBar, nil, paramBar)

		moved := func(n Node, slope float64) Node {
			return newCall(add, n, newCall(mul, newNumber(slope), newVariable(distance, "distance")))
		}
		env.Variables = append(env.Variables, 0)
		forwardSum, tolerance := 0.0, 0.0
		for i, n := range nodes {
			if seeds[i] == nil {
				continue
			}
			line := replace(Simplify(n), func(n Node) Node {
				switch m := n.(type) {
				case *field: // held fixed: an integral over the distance does not depend on it
					return moved(newIntegral(n, distance, "distance"), direction[FieldRef{m.index, m.order}])
				case *parameter:
					return moved(n, slopes[m.index])
				}
				return n
			})
			d, bound := bounded(restore(Diff(line, distance)), env)
			forwardSum += seeds[i][0] * d
			tolerance += 1e3*bound + 1e-12*math.Abs(seeds[i][0]*d)
		}
		reverseSum := slopes[0]*(paramBar[0]-10) + slopes[1]*(paramBar[1]-20)
		scale := math.Abs(reverseSum) + 30
		for i, ref := range p.Fields {
			reverseSum += fieldBar[i][0] * direction[ref]
			scale += math.Abs(fieldBar[i][0] * direction[ref])
		}
		if isFinite(forwardSum) && isFinite(reverseSum) && isFinite(tolerance) && tolerance < 1e-3*(1+scale) {
			checked++
			require.InDelta(t, forwardSum, reverseSum, tolerance+1e-12*scale, "%s\n%s", nodes[0], nodes[1])
		}
	})
	assert.Greater(t, checked, 40)
}

// restore turns the integrals that held fields fixed back into fields.
func restore(n Node) Node {
	switch n := n.(type) {
	case *Integral:
		return n.Body
	case *call:
		args := make([]Node, len(n.args))
		for i, a := range n.args {
			args[i] = restore(a)
		}
		return newCall(n.fn, args...)
	}
	return n
}

func TestReverseAgainstDifferences(t *testing.T) {
	s := testScope()
	n := parsed(t, "u_t + u*u_x - k*u_xx + u^3/(1 + v_1^2) + exp(-u)*tanh(λ*v_1) + max(u, 2*x) + abs(v_1)^1.5 + u^k + 2^v_1 + sqrt(1 + u^2)", s)
	m := parsed(t, "u*v_1/(2 + k) - sin(x*u)^2 + if(u > 3*x, u^2, 1/v_1) + mod(u/2 - 1, 0.8 + k^2*v_1/20) + erf(v_1) + 1/u", s)
	p, err := Compile(s, n, m, n)
	require.NoError(t, err)

	random := rand.New(rand.NewPCG(1, 2))
	const points = 7
	variables := [][]float64{nil, make([]float64, points), nil}
	fields := make([][]float64, len(p.Fields))
	bars := make([][]float64, len(p.Fields))
	seeds := [][]float64{make([]float64, points), make([]float64, points), make([]float64, points)}
	for i := range fields {
		fields[i], bars[i] = make([]float64, points), make([]float64, points)
		for j := range points {
			fields[i][j] = 0.3 + random.Float64()
		}
	}
	for j := range points {
		variables[1][j] = float64(1 - 2*(j%2)) // both sides of max and if, away from the kinks
		for i := range seeds {
			seeds[i][j] = random.NormFloat64()
		}
	}
	parameters := []float64{0.7, -0.4}
	ws := p.NewWorkspace(points)
	loss := func() float64 {
		p.Forward(ws, points, variables, fields, nil, parameters)
		sum := 0.0
		for i, seed := range seeds {
			for j, w := range seed {
				sum += w * ws.Output(i)[j]
			}
		}
		return sum
	}
	loss()
	paramBar := make([]float64, 2)
	p.Reverse(ws, points, seeds, bars, nil, paramBar)

	slope := func(x *float64) float64 {
		old := *x
		defer func() { *x = old }()
		return richardson(func(v float64) float64 { *x = old + (v - old); return loss() }, old)
	}
	for i := range fields {
		for j := range points {
			assert.InDelta(t, slope(&fields[i][j]), bars[i][j], 1e-7, "%s at point %d", s.Name(p.Fields[i]), j)
		}
	}
	for k := range parameters {
		assert.InDelta(t, slope(&parameters[k]), paramBar[k], 1e-7, "parameter %d", k)
	}
}

func TestReverseOfIntegrals(t *testing.T) {
	s := testScope()
	c, err := ParseCondition("k*integral(u^2, x)^2 + u_t*integral(u, x) = 1 at t=0", s)
	require.NoError(t, err)
	p, err := Compile(s, c.Equation.Residual())
	require.NoError(t, err)
	require.Len(t, p.Integrals, 2)
	assert.Equal(t, "integral(u^2, x)", p.Integrals[0].String())
	assert.Equal(t, []FieldRef{{0, MultiIndex{1}}}, p.Fields)
	ws := p.NewWorkspace(2)
	p.Forward(ws, 2, nil, [][]float64{{2, 3}}, [][]float64{{5, 7}, {11, 13}}, []float64{0.5, 0})
	assert.Equal(t, []float64{0.5*25 + 2*11 - 1, 0.5*49 + 3*13 - 1}, ws.Output(0))
	fieldBar, integralBar, paramBar := [][]float64{{0, 0}}, [][]float64{{0, 0}, {0, 0}}, []float64{0, 0}
	p.Reverse(ws, 2, [][]float64{{1, 10}}, fieldBar, integralBar, paramBar)
	assert.Equal(t, [][]float64{{11, 130}}, fieldBar)
	assert.Equal(t, [][]float64{{5, 70}, {2, 30}}, integralBar)
	assert.Equal(t, []float64{25 + 490, 0}, paramBar)
}

func TestReverseStaysFiniteOffTheBranchTaken(t *testing.T) {
	s := testScope()
	p, err := Compile(s, parsed(t, "if(u > 0, sqrt(u)*log(u)/u, 2*v_1)", s), parsed(t, "1/(u + 1)", s))
	require.NoError(t, err)
	ws := p.NewWorkspace(3)
	p.Forward(ws, 3, nil, [][]float64{{0, -1, 1}, {3, 4, 5}}, nil, nil)
	assert.Equal(t, []float64{6, 8, 0}, ws.Output(0))
	bars := [][]float64{make([]float64, 3), nil}
	p.Reverse(ws, 3, [][]float64{{1, 1, 1}, nil}, bars, nil, nil)
	assert.Equal(t, []float64{0, 0, 1}, bars[0])
}

func TestPowersAtZeroInThePrograms(t *testing.T) {
	s := testScope()
	p, err := Compile(s, parsed(t, "u^2 + 3*u^1 + u^5 + u^0 + u^k + u^λ", s))
	require.NoError(t, err)
	ws := p.NewWorkspace(1)
	p.Forward(ws, 1, nil, [][]float64{{0}}, nil, []float64{0, 2})
	assert.Equal(t, 2.0, ws.Output(0)[0])
	bars, paramBar := [][]float64{{0}}, []float64{0, 0}
	p.Reverse(ws, 1, [][]float64{{1}}, bars, nil, paramBar)
	assert.Equal(t, 3.0, bars[0][0])
	assert.Equal(t, []float64{0, 0}, paramBar)
}

func TestCompileSharesAndFolds(t *testing.T) {
	s := testScope()
	for text, want := range map[string]int{
		"u_t + u*u_x - nu*u_xx":           3, // mul, add, add scaled
		"u*u_x + sin(u_x*u)":              3,
		"(x + u)*(u + x)":                 2,
		"2*nu*pi*u":                       1,
		"1 - u^2":                         2,
		"u^4":                             2,
		"u^7":                             4,
		"u/(2*v_1*nu)":                    2, // div, scale
		"3*(2*u - 1)":                     2,
		"-u - v_1":                        2,
		"v_1 - 2*u + 0*k":                 1,
		"-2*u + v_1":                      1,
		"u*v_1*x + x*v_1*u":               3, // two products and the factor 2
		"u":                               0,
		"sin(nu) + 2":                     0,
		"if(nu > 1, sin(u), u)":           0,
		"sin(u)*cos(u) - cos(u)*sin(u)*2": 4,
		"u^0.5 + u^0.5*x":                 3,
	} {
		p, err := Compile(s, parsed(t, text, s))
		require.NoError(t, err)
		assert.Len(t, p.code, want, text)
	}
	p, err := Compile(s, parsed(t, "tanh(u)", s), parsed(t, "tanh(u)*u", s))
	require.NoError(t, err)
	assert.Len(t, p.code, 2)
	assert.Len(t, p.partials, 2, "1 - f^2, from the value at hand")

	p, err = Compile(s, parsed(t, "sin(x)*exp(x*t)*u", s))
	require.NoError(t, err)
	assert.Empty(t, p.partials, "no derivative of what depends on no unknown")
	assert.ElementsMatch(t, []int{0, 1}, p.Variables())
}

func TestCompileErrors(t *testing.T) {
	s := testScope()
	n := parsed(t, "u*k + v_1 + x1", s)
	for _, small := range []*Scope{
		{Variables: s.Variables, Fields: s.Fields[:1], Parameters: s.Parameters},
		{Variables: s.Variables[:1], Fields: s.Fields, Parameters: s.Parameters},
		{Variables: s.Variables, Fields: s.Fields},
		nil,
	} {
		_, err := Compile(small, n)
		assert.ErrorContains(t, err, "is not in the scope")
	}
	_, err := Compile(s, nil)
	assert.EqualError(t, err, "output 0 has no expression")
	high := parsed(t, "D(u, x, 12)", s)
	_, err = Compile(s, Diff(high, 0))
	assert.ErrorContains(t, err, "has order 13: at most 12 is supported")
}

func TestProgramDoesNotAllocate(t *testing.T) {
	s := testScope()
	p, err := Compile(s, parsed(t, "u_t + u*u_x - k*u_xx + exp(-u)*mod(x, 2)/v_1 + if(u > v_1, u^2.5, tanh(u))", s), parsed(t, "u + k", s))
	require.NoError(t, err)
	const points = 64
	row := make([]float64, points)
	fields, bars := make([][]float64, len(p.Fields)), make([][]float64, len(p.Fields))
	for i := range fields {
		fields[i], bars[i] = make([]float64, points), make([]float64, points)
	}
	variables, seeds := [][]float64{row, row, row}, [][]float64{row, row}
	parameters, paramBar := []float64{1, 2}, []float64{0, 0}
	ws := p.NewWorkspace(points)
	assert.Zero(t, testing.AllocsPerRun(10, func() {
		p.Forward(ws, points, variables, fields, nil, parameters)
		p.Reverse(ws, points, seeds, bars, nil, paramBar)
	}))
}

func TestProgramIsShared(t *testing.T) {
	s := testScope()
	p, err := Compile(s, parsed(t, "sin(u)*x + k", s))
	require.NoError(t, err)
	var group sync.WaitGroup
	for worker := range 4 {
		group.Go(func() {
			ws := p.NewWorkspace(1)
			u := float64(worker)
			bars := [][]float64{{0}}
			for range 100 {
				p.Forward(ws, 1, [][]float64{nil, {2}}, [][]float64{{u}}, nil, []float64{1, 0})
				p.Reverse(ws, 1, [][]float64{{1}}, bars, nil, []float64{0, 0})
			}
			assert.InDelta(t, 2*math.Sin(u)+1, ws.Output(0)[0], 1e-15)
			assert.InDelta(t, 2*math.Cos(u), bars[0][0], 1e-15)
		})
	}
	group.Wait()
}

func BenchmarkBurgers(b *testing.B) {
	s := testScope()
	p, err := Compile(s, parsed(b, "u_t + u*u_x - nu*u_xx", s))
	require.NoError(b, err)
	const points = 256
	rows := make([][]float64, 4)
	bars := make([][]float64, 4)
	for i := range rows {
		rows[i], bars[i] = make([]float64, points), make([]float64, points)
		fill(rows[i], 1.5)
	}
	ws := p.NewWorkspace(points)
	b.SetBytes(points * 8)
	for b.Loop() {
		p.Forward(ws, points, nil, rows, nil, nil)
		p.Reverse(ws, points, rows[:1], bars, nil, nil)
	}
}
