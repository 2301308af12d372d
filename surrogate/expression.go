package surrogate

import (
	"context"
	"fmt"
	"strings"

	"github.com/seed-0772dd2d/ritz/internal/expr"
)

// Expression is a function given as text, such as
//
//	(x2 - 5.1/(4*pi^2)*x1^2 + 5/pi*x1 - 6)^2 + 10*(1 - 1/(8*pi))*cos(x1) + 10
//
// in the language of package pinn's equations. It is an [Evaluator], immutable
// and safe for concurrent use.
type Expression struct {
	program *expr.Program
	inputs  int
}

// NewExpression compiles text in the named inputs, whose order is that of the
// coordinates of a point. A fault in the text is an error that tells the
// column and points at the character.
func NewExpression(text string, inputs ...string) (*Expression, error) {
	return CompileExpression(text, inputs, nil)
}

// CompileExpression is [NewExpression] for a text that uses named constants too.
func CompileExpression(text string, inputs []string, constants map[string]float64) (*Expression, error) {
	if len(inputs) == 0 {
		return nil, fmt.Errorf("%w: an expression of no inputs", ErrSettings)
	}
	// To the language, the inputs are fields of no variables: rows of numbers
	// that differ from point to point, of any count.
	scope := &expr.Scope{Fields: inputs, Constants: constants}
	node, err := expr.Parse(text, scope)
	if fault, ok := err.(*expr.Error); ok {
		return nil, fmt.Errorf("%w: %w\n%s", ErrSettings, fault, fault.Snippet())
	} else if err != nil {
		// Of the declarations.
		return nil, fmt.Errorf("%w: %s", ErrSettings, strings.Replace(err.Error(), "field", "input", 1))
	}
	program, err := expr.Compile(scope, node)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSettings, err)
	}
	return &Expression{program, len(inputs)}, nil
}

// expressionBlock is how many points are in flight at once.
const expressionBlock = 256

// Evaluate computes the expression at each of the n rows of x.
func (e *Expression) Evaluate(ctx context.Context, x []float64, n int, y []float64, errs []error) error {
	d, err := evaluatorRows(x, n, y, errs)
	if err != nil {
		return err
	}
	if n > 0 && d != e.inputs {
		return fmt.Errorf("%w: points of %d coordinates for an expression of %d inputs", ErrShape, d, e.inputs)
	}
	ws := e.program.NewWorkspace(min(n, expressionBlock))
	rows := make([][]float64, len(e.program.Fields))
	for i := range rows {
		rows[i] = make([]float64, min(n, expressionBlock))
	}
	for first := 0; first < n; first += expressionBlock {
		m := min(n-first, expressionBlock)
		err := ctx.Err()
		if err == nil {
			for i, field := range e.program.Fields {
				for p := range m {
					rows[i][p] = x[(first+p)*d+field.Index]
				}
			}
			e.program.Forward(ws, m, nil, rows, nil, nil)
			copy(y[first:first+m], ws.Output(0))
		}
		for p := first; p < first+m; p++ {
			if errs[p] = err; err == nil {
				errs[p] = checkValue(y[p])
			}
		}
	}
	return ctx.Err()
}
