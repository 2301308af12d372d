package expr

// Env gives the names of an expression their values at one point. What an expression does not use
// may be nil.
type Env struct {
	Variables  []float64
	Parameters []float64
	Field      func(index int, order MultiIndex) float64
	Integral   func(*Integral) float64
}

// Eval returns the value of n. Of a conditional, only the branch taken is evaluated.
func Eval(n Node, env *Env) float64 {
	switch n := n.(type) {
	case *number:
		return n.value
	case *constant:
		return n.value
	case *variable:
		return env.Variables[n.index]
	case *parameter:
		return env.Parameters[n.index]
	case *field:
		return env.Field(n.index, n.order)
	case *Integral:
		return env.Integral(n)
	case *call:
		x := Eval(n.args[0], env)
		switch {
		case n.fn == conditional && x != 0:
			return Eval(n.args[1], env)
		case n.fn == conditional:
			return Eval(n.args[2], env)
		case n.fn.arity == 1:
			return n.fn.unary(x)
		}
		return n.fn.binary(x, Eval(n.args[1], env))
	}
	panic("expr: unknown node") // Node is sealed
}
