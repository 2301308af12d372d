package expr_test

import (
	"errors"
	"fmt"
	"math"

	"github.com/seed-0772dd2d/ritz/internal/expr"
)

// Burgers' equation: parse, print, and ask which derivatives of u a network must deliver.
func Example() {
	s := &expr.Scope{
		Variables: []expr.Variable{{Name: "t", Lo: 0, Hi: 1}, {Name: "x", Lo: -1, Hi: 1}},
		Fields:    []string{"u"},
		Constants: map[string]float64{"nu": 0.01 / math.Pi},
	}
	burgers, err := expr.ParseEquation("u_t + u*u_x = nu*u_xx", s)
	if err != nil {
		fmt.Println(err)
		return
	}
	residual := burgers.Residual()
	fmt.Println("residual:   ", residual)
	for _, ref := range expr.FieldRefs(residual) {
		fmt.Println("needs:      ", s.Name(ref), ref.Order[:2])
	}
	fmt.Println("gradient:   ", expr.Diff(residual, 1))

	program, err := expr.Compile(s, residual)
	if err != nil {
		fmt.Println(err)
		return
	}
	ws := program.NewWorkspace(2) // u_t, u, u_x, u_xx at two points
	program.Forward(ws, 2, nil, [][]float64{{1, 2}, {3, 0}, {2, 5}, {0, math.Pi}}, nil, nil)
	fmt.Printf("at 2 points: %.2f\n", ws.Output(0))

	_, err = expr.ParseCondition("u = -sin(pi*y) at t=0", s)
	var fault *expr.Error
	if errors.As(err, &fault) {
		fmt.Println(fault)
		fmt.Println(fault.Snippet())
	}
	// Output:
	// residual:    u_t + u*u_x - nu*u_xx
	// needs:       u_t [1 0]
	// needs:       u [0 0]
	// needs:       u_x [0 1]
	// needs:       u_xx [0 2]
	// gradient:    u_tx + u_x^2 + u*u_xx - nu*u_xxx
	// at 2 points: [7.00 1.99]
	// column 13: unknown name "y": known are t, x, u, nu, pi, e
	// u = -sin(pi*y) at t=0
	//             ^
}
