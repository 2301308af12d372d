package expr

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

func (n *number) String() string    { return formatNumber(n.value) }
func (n *constant) String() string  { return n.name }
func (n *variable) String() string  { return n.name }
func (n *parameter) String() string { return n.name }

// String prints u_xx where that is unambiguous, otherwise D(u, x, 2).
func (n *field) String() string {
	name := n.words.fields[n.index]
	if n.order == (MultiIndex{}) {
		return name
	}
	var letters, list strings.Builder
	short := true
	for v, order := range n.order {
		if order == 0 {
			continue
		}
		x := n.words.variables[v]
		short = short && utf8.RuneCountInString(x) == 1
		letters.WriteString(strings.Repeat(x, int(order)))
		list.WriteString(", " + x)
		if order > 1 {
			list.WriteString(", " + strconv.Itoa(int(order)))
		}
	}
	if s := name + "_" + letters.String(); short && !n.words.declared[s] {
		return s
	}
	return "D(" + name + list.String() + ")"
}

func (n *Integral) String() string { return "integral(" + n.Body.String() + ", " + n.name + ")" }

func (n *call) String() string {
	switch {
	case n.fn.precedence == 0:
		args := make([]string, len(n.args))
		for i, a := range n.args {
			args[i] = a.String()
		}
		return n.fn.name + "(" + strings.Join(args, ", ") + ")"
	case n.fn == not:
		return "not " + operand(n.args[0], precedenceNot)
	case n.fn == negate:
		s := operand(n.args[0], precedencePower)
		if _, ok := n.args[0].(*number); ok && s[0] != '(' {
			return "-(" + s + ")" // -2 is a literal
		}
		return "-" + s
	}
	left, right := n.fn.precedence, n.fn.precedence+1 // a - b - c is (a - b) - c
	switch {
	case n.fn == power:
		left, right = right, left // a^b^c is a^(b^c)
	case n.fn.precedence == precedenceCompare:
		left = right
	}
	a, b := operand(n.args[0], left), operand(n.args[1], right)
	if b[0] == '-' {
		b = "(" + b + ")" // legal without, but hard to read
	}
	if n.fn.precedence > precedenceSum {
		return a + n.fn.name + b
	}
	return a + " " + n.fn.name + " " + b
}

// operand prints n, in parentheses if it binds less tightly than wanted.
func operand(n Node, want int) string {
	has := precedenceAtom
	switch n := n.(type) {
	case *call:
		if n.fn.precedence > 0 {
			has = n.fn.precedence
		}
	case *number:
		if formatNumber(n.value)[0] == '-' {
			has = precedenceSign
		}
	}
	if has < want {
		return "(" + n.String() + ")"
	}
	return n.String()
}

// formatNumber prints the shortest text that reads back as x: 0.5, 1e-5, 1e6.
func formatNumber(x float64) string {
	s := strconv.FormatFloat(x, 'g', -1, 64)
	mantissa, exponent, found := strings.Cut(s, "e")
	if !found {
		return s
	}
	minus := ""
	if exponent[0] == '-' {
		minus = "-"
	}
	return mantissa + "e" + minus + strings.TrimLeft(exponent, "+-0")
}
