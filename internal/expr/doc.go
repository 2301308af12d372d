// Package expr is the equation language: partial differential equations as text, the way they
// stand in a paper.
//
//	s := &expr.Scope{
//		Variables: []expr.Variable{{Name: "t", Lo: 0, Hi: 1}, {Name: "x", Lo: -1, Hi: 1}},
//		Fields:    []string{"u"},
//		Constants: map[string]float64{"nu": 0.01 / math.Pi},
//	}
//	burgers, err := expr.ParseEquation("u_t + u*u_x = nu*u_xx", s)
//	initial, err := expr.ParseCondition("u = -sin(pi*x) at t=0", s)
//
// A text is parsed into a [Node], which can be checked, printed, differentiated ([Diff]),
// simplified, evaluated at a point ([Eval]) and compiled to vector code over a block of points
// with its own reverse pass ([Compile], [Program]).
//
// # The language
//
// Infix with the usual precedence. The power ^ is right associative and binds tighter than the
// unary minus: -x^2 is -(x^2). Products are written out: 2*x, not 2x.
//
//	1  .5  1e-3  2.5E+4  pi  e                 numbers; 2e is not one
//	sin cos tan asin acos atan sinh cosh tanh sech exp log sqrt erf
//	abs sign heaviside floor min max mod       heaviside(0) = 1/2, mod(a, b) = a - b*floor(a/b)
//	if(x < 0 and not t > 1, a, b)              < <= > >= == != and or not
//	u_x  u_tx  D(u, x, 2, y)                   derivatives; the subscript is made of one-letter variables
//	D((0.3*x - 0.5*x^3)*p, x)                  derivative of an expression, worked out symbolically
//	laplace(u)                                 sum of second derivatives over all variables but t
//	integral(p, x)                             over the whole interval of x; in conditions only
//
// An equation is LEFT = RIGHT. A condition is one of
//
//	u = -sin(pi*x) at t=0
//	u = 0 at x=-1, y=0
//	integral(p, x) = 1
//	periodic in x
//
// A declared name comes before a derivative: where a constant u_x is declared, u_x is that
// constant and the derivative is D(u, x). Faults are [Error] values, which point at the character.
// Refused are texts above 64 KiB, constructs nested deeper than 200, expressions above 20000 nodes
// with named expressions and derivatives written out, and derivatives above order [MaxOrder].
//
// # Derivatives
//
// Functions are differentiated where they are smooth, and have the same formula at kinks and jumps:
// the derivative of abs is sign, of floor, sign and heaviside 0, of min, max and if that of the
// branch taken. x^n with n a whole number is repeated multiplication, so its derivatives are exact
// at x = 0 too.
package expr
