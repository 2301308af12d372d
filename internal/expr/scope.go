package expr

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"unicode"
)

// MultiIndex counts derivatives by variable: entry v is the order with respect to
// Scope.Variables[v]. (An alias of an unnamed array type on purpose: package jet declares the
// same alias without importing expr.)
type MultiIndex = [MaxVariables]uint8

const (
	// MaxVariables is the largest number of independent variables.
	MaxVariables = 8
	// MaxOrder is the largest total order of a derivative.
	MaxOrder = 12

	maxText  = 1 << 16 // bytes of a text
	maxDepth = 200     // nested parentheses, calls, signs and powers
	maxNodes = 20000   // nodes of an expression, named sub-expressions and derivatives written out
)

// Variable is an independent variable and the interval it runs over.
type Variable struct {
	Name   string
	Lo, Hi float64
}

// Let is a named sub-expression. It is expanded where its name stands.
type Let struct {
	Name  string
	Value Node
}

// Scope declares the names that a text may use, besides the functions and the constants pi and e.
type Scope struct {
	Variables  []Variable         // independent variables, in order; the one named t is time
	Fields     []string           // unknown functions of all variables
	Constants  map[string]float64 // known numbers
	Parameters []string           // unknown numbers, found by training
	Let        []Let              // named sub-expressions; a value may use earlier ones
}

// Validate checks that every name is an identifier, stands for one thing only and is not a word
// of the language, that intervals are finite and not empty, and that constants are finite.
// (D may be declared: it means the derivative only where a parenthesis follows.)
func (s *Scope) Validate() error {
	if n := len(s.Variables); n > MaxVariables {
		return fmt.Errorf("%d variables: at most %d are supported", n, MaxVariables)
	}
	kinds := map[string]string{}
	declare := func(kind, name string) error {
		switch {
		case !isIdentifier(name):
			return fmt.Errorf("%s %q is not a name: a name is a letter, then letters, digits and underscores", kind, name)
		case builtinConstants[name] != nil:
			return fmt.Errorf("%s %q clashes with the constant %s = %g", kind, name, name, builtinConstants[name].value)
		case functionNamed[name] != nil:
			return fmt.Errorf("%s %q clashes with the function %s", kind, name, name)
		case slices.Contains(reserved, name):
			return fmt.Errorf("%s %q is a word of the equation language", kind, name)
		case kinds[name] == kind:
			return fmt.Errorf("%s %q is declared twice", kind, name)
		case kinds[name] != "":
			return fmt.Errorf("%q is both a %s and a %s", name, kinds[name], kind)
		}
		kinds[name] = kind
		return nil
	}
	for _, v := range s.Variables {
		if err := declare("variable", v.Name); err != nil {
			return err
		}
		if !isFinite(v.Lo) || !isFinite(v.Hi) || !(v.Lo < v.Hi) || !isFinite(v.Hi-v.Lo) {
			return fmt.Errorf("variable %q runs over [%g, %g]: the interval must be finite and not empty", v.Name, v.Lo, v.Hi)
		}
	}
	for _, name := range s.Fields {
		if err := declare("field", name); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.Constants)) {
		if err := declare("constant", name); err != nil {
			return err
		}
		if c := s.Constants[name]; !isFinite(c) {
			return fmt.Errorf("constant %q is %g: it must be finite", name, c)
		}
	}
	for _, name := range s.Parameters {
		if err := declare("parameter", name); err != nil {
			return err
		}
	}
	for _, let := range s.Let {
		if err := declare("named expression", let.Name); err != nil {
			return err
		}
		if let.Value == nil {
			return fmt.Errorf("named expression %q has no value", let.Name)
		}
	}
	return nil
}

// Field returns the node of a field's derivative.
func (s *Scope) Field(ref FieldRef) Node { return newField(ref.Index, ref.Order, s.vocabulary()) }

// Name returns how a text refers to a field's derivative: u_xx, or D(u, x1, 2).
func (s *Scope) Name(ref FieldRef) string {
	return s.Field(ref).String()
}

// names lists every name in scope, values first.
func (s *Scope) names() []string {
	var names []string
	for _, v := range s.Variables {
		names = append(names, v.Name)
	}
	names = append(names, s.Fields...)
	names = append(names, slices.Sorted(maps.Keys(s.Constants))...)
	names = append(names, s.Parameters...)
	for _, let := range s.Let {
		names = append(names, let.Name)
	}
	return names
}

// variable returns the index of the named variable, or -1.
func (s *Scope) variable(name string) int {
	return slices.IndexFunc(s.Variables, func(v Variable) bool { return v.Name == name })
}

// lookup returns the node that a declared name stands for and what kind of name it is, or nil.
func (s *Scope) lookup(name string, words *vocabulary) (n Node, kind string) {
	if i := s.variable(name); i >= 0 {
		return newVariable(i, name), "variable"
	}
	if i := slices.Index(s.Fields, name); i >= 0 {
		return newField(i, MultiIndex{}, words), "field"
	}
	if c, ok := s.Constants[name]; ok {
		return newConstant(name, c), "constant"
	}
	if c := builtinConstants[name]; c != nil {
		return c, "constant"
	}
	if i := slices.Index(s.Parameters, name); i >= 0 {
		return newParameter(i, name), "parameter"
	}
	if i := slices.IndexFunc(s.Let, func(l Let) bool { return l.Name == name }); i >= 0 {
		return s.Let[i].Value, "named expression"
	}
	return nil, ""
}

// vocabulary is what a field needs to know to print its derivatives.
type vocabulary struct {
	variables, fields []string
	declared          map[string]bool // a declared name u_x hides the derivative
}

func (s *Scope) vocabulary() *vocabulary {
	words := &vocabulary{fields: slices.Clone(s.Fields), declared: map[string]bool{}}
	for _, v := range s.Variables {
		words.variables = append(words.variables, v.Name)
	}
	for _, name := range s.names() {
		words.declared[name] = true
	}
	return words
}

// reserved are the words of the language that are neither functions nor constants.
var reserved = []string{"if", "and", "or", "not", "at", "in", "periodic", "laplace", "integral"}

// isIdentifier reports whether name is a letter followed by letters, digits and underscores.
func isIdentifier(name string) bool {
	for i, r := range name {
		if !isLetter(r) && (i == 0 || !isNamePart(r)) {
			return false
		}
	}
	return name != ""
}

func isLetter(r rune) bool   { return unicode.IsLetter(r) && r != unicode.ReplacementChar }
func isNamePart(r rune) bool { return isLetter(r) || unicode.IsDigit(r) || r == '_' }

func isFinite(x float64) bool { return !math.IsInf(x, 0) && !math.IsNaN(x) }
