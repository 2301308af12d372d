package pinn

import (
	"fmt"
	"maps"
	"slices"
)

// Problem is a boundary-value problem as text: the partial differential
// equations F_i(u, u_t, u_xx, ...; x) = 0 on a box, and what holds on parts of
// it. The grammar of the texts is that of the job file.
type Problem struct {
	Domain     []Interval         // the independent variables, in order; one named t is time
	Fields     []string           // the unknown functions
	Constants  map[string]float64 // named numbers
	Parameters map[string]float64 // numbers to be found along with the fields, with their starting values
	Let        []Let              // named sub-expressions; one may use those before it
	Equations  []Equation         // at least one a field
	Conditions []Condition
	// Ansatz gives a field as an expression of the variables and N, the raw
	// network output of that field, so that conditions hold exactly:
	// "-sin(pi*x) + t*(1 - x^2)*N". A field without one is its scaled network.
	Ansatz map[string]string
}

// clone copies all that a caller could change.
func (p *Problem) clone() Problem {
	q := *p
	q.Domain, q.Fields = slices.Clone(p.Domain), slices.Clone(p.Fields)
	q.Constants, q.Parameters = maps.Clone(p.Constants), maps.Clone(p.Parameters)
	q.Let, q.Ansatz = slices.Clone(p.Let), maps.Clone(p.Ansatz)
	q.Equations, q.Conditions = slices.Clone(p.Equations), slices.Clone(p.Conditions)
	for i, c := range q.Conditions {
		if c.Data == nil {
			continue
		}
		t := &Table{Points: slices.Clone(c.Data.Points), Values: map[string][]float64{}}
		for name, values := range c.Data.Values {
			t.Values[name] = slices.Clone(values)
		}
		q.Conditions[i].Data = t
	}
	return q
}

// Interval is the closed interval of one independent variable.
type Interval struct {
	Name   string
	Lo, Hi float64
}

// Let names a sub-expression.
type Let struct{ Name, Text string }

// Equation is one partial differential equation, "u_t + u*u_x = nu*u_xx".
type Equation struct {
	Text   string
	Weight float64 // factor of its mean-square residual in the loss; default 1
}

// Condition is an initial, boundary, integral or periodic condition:
// "u = 0 at x=-1", "u_t = 0 at t=0", "integral(p, x) = 1", "periodic in x";
// or, with Data, measured values of the fields.
type Condition struct {
	Text   string
	Weight float64 // factor of its mean-square residual in the loss; default 1
	// Points is the number of collocation points (for an integral: quadrature
	// nodes); default Settings.Points.Boundary (an integral: 64).
	Points int
	// Data, instead of Text, asks the fields it names to take its values.
	Data *Table
}

// Table holds values of fields at points.
type Table struct {
	Points []float64            // row-major, n x len(Domain)
	Values map[string][]float64 // n values for each field it knows
}

// TextError locates a fault in one of the texts of a Problem or of Settings.
// Err is the cause; it says the column if the text could not be read.
type TextError struct {
	Part  string // "domain", "fields", "constants", "parameters", "let", "equations", "conditions", "ansatz", "exact", "network", "points", "train"
	Index int    // position in the part, for lists
	Key   string // key in the part, for maps
	Err   error
}

func (e *TextError) Error() string {
	switch {
	case e.Key != "":
		return fmt.Sprintf("%s.%s: %v", e.Part, e.Key, e.Err)
	case e.Index >= 0:
		return fmt.Sprintf("%s[%d]: %v", e.Part, e.Index, e.Err)
	}
	return fmt.Sprintf("%s: %v", e.Part, e.Err)
}

func (e *TextError) Unwrap() error { return e.Err }
