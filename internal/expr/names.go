package expr

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// What a name stands for: a function, an operator such as D, a declared name, or a derivative.

// application reads what follows a name and an opening parenthesis.
func (p *parser) application(t token) Node {
	fn := functionNamed[t.text]
	if fn == nil {
		switch t.text {
		case "D":
			return p.derivative(t)
		case "laplace":
			return p.laplace(t)
		case "integral":
			return p.integral(t)
		case "if":
			fn = conditional
		default:
			p.notFunction(t)
		}
	}
	args := p.arguments()
	switch {
	case (fn.name == "min" || fn.name == "max") && len(args) > 2:
		n := args[0]
		for _, a := range args[1:] {
			n = p.call(t.offset, fn, n, a)
		}
		return n
	case len(args) != fn.arity:
		plural := "s"
		if fn.arity == 1 {
			plural = ""
		}
		hint := ""
		if fn == conditional {
			hint = "write if(condition, a, b)"
		}
		p.fail(t.offset, hint, "%s takes %d argument%s, got %d", fn.name, fn.arity, plural, len(args))
	}
	return p.call(t.offset, fn, args...)
}

// arguments reads "(" [ expression { "," expression } ] ")".
func (p *parser) arguments() []Node {
	p.expect("(", "before the arguments")
	if p.accept(")") {
		return nil
	}
	var args []Node
	for {
		args = append(args, p.expression())
		if p.accept(")") {
			return args
		}
		p.expect(",", `or ")" after an argument`)
	}
}

func (p *parser) notFunction(t token) {
	switch _, kind := p.scope.lookup(t.text, p.words); kind {
	case "":
	case "field":
		p.fail(t.offset, fmt.Sprintf("write %s alone; where a condition holds follows it: %s = 0 at %s", t.text, t.text, p.example()),
			"%s is a field, not a function to call", t.text)
	default:
		p.fail(t.offset, fmt.Sprintf("write %s*(...)", t.text), "%s is a %s, not a function", t.text, kind)
	}
	if right := aliases[t.text]; right != "" {
		p.fail(t.offset, "write "+right, "unknown function %q", t.text)
	}
	names := []string{"D", "laplace", "integral", "if"}
	for _, f := range functions {
		names = append(names, f.name)
	}
	p.fail(t.offset, didYouMean(Nearest(t.text, names)), "unknown function %q", t.text)
}

// example returns a place such as t=0.
func (p *parser) example() string {
	if len(p.scope.Variables) == 0 {
		return "x=0"
	}
	return p.scope.Variables[0].Name + "=" + formatNumber(p.scope.Variables[0].Lo)
}

func didYouMean(name string) string {
	if name == "" {
		return ""
	}
	return fmt.Sprintf("did you mean %q?", name)
}

// name resolves a name that is not called: a declared name first, then a derivative such as u_tx.
func (p *parser) name(t token) Node {
	if n, _ := p.scope.lookup(t.text, p.words); n != nil {
		return n
	}
	if functionNamed[t.text] != nil || t.text == "if" || t.text == "laplace" || t.text == "integral" {
		p.fail(t.offset, fmt.Sprintf("write %s(...)", t.text), "%s needs its arguments in parentheses", t.text)
	}
	if i := strings.LastIndexByte(t.text, '_'); i > 0 && i < len(t.text)-1 {
		base, letters := t.text[:i], t.text[i+1:]
		if n, kind := p.scope.lookup(base, p.words); n != nil {
			return p.subscript(t, n, kind, letters)
		}
		names := slices.Clone(p.words.fields)
		for _, let := range p.scope.Let {
			names = append(names, let.Name)
		}
		if right := Nearest(base, names); right != "" {
			p.fail(t.offset, didYouMean(right+"_"+letters), "unknown name %q", t.text)
		}
	}
	p.unknown(t.offset, t.text)
	return nil
}

func (p *parser) unknown(offset int, name string) {
	names := append(p.scope.names(), "pi", "e")
	hint := didYouMean(Nearest(name, names))
	if right := aliases[name]; right != "" {
		hint = "write " + right
	}
	if hint == "" {
		hint = "known are " + strings.Join(names, ", ")
	}
	p.fail(offset, hint, "unknown name %q", name)
}

// subscript differentiates n, which the text names before an underscore, by each letter after it.
func (p *parser) subscript(t token, n Node, kind, letters string) Node {
	base := t.text[:len(t.text)-len(letters)-1]
	if kind != "field" && kind != "named expression" {
		p.fail(t.offset, "", "%s is a %s, not a field", base, kind)
	}
	if utf8.RuneCountInString(letters) > 1 && p.scope.variable(letters) >= 0 {
		p.fail(t.offset, fmt.Sprintf("write D(%s, %s)", base, letters), "%s: a subscript is made of one-letter variables", t.text)
	}
	offset := t.offset + len(base) + 1
	for _, letter := range letters {
		v := p.scope.variable(string(letter))
		if v < 0 {
			p.fail(offset, p.variableList(), "%s: %c is not a variable", t.text, letter)
		}
		n = p.differentiate(t.offset, n, v, 1)
		offset += utf8.RuneLen(letter)
	}
	return n
}

// variableList is a hint.
func (p *parser) variableList() string {
	switch len(p.words.variables) {
	case 0:
		return "there are no variables here"
	case 1:
		return "the variable is " + p.words.variables[0]
	}
	return "the variables are " + strings.Join(p.words.variables, ", ")
}

// variable reads the name of a variable.
func (p *parser) variable() int {
	t := p.next()
	v := -1
	if t.kind == tokenName {
		v = p.scope.variable(t.text)
	}
	if v < 0 {
		p.fail(t.offset, p.variableList(), "expected a variable, found %s", t)
	}
	return v
}

// differentiate applies d^times/dv^times within the limits of order and size.
func (p *parser) differentiate(offset int, n Node, v, times int) Node {
	if times > MaxOrder {
		p.fail(offset, "", "derivative of order %d: at most %d is supported", times, MaxOrder)
	}
	for range times {
		d := differ{v: v, memo: map[Node]Node{}, limit: maxNodes}
		n = d.diff(Simplify(n))
		if d.over {
			p.fail(offset, "", "the derivative written out has more than %d terms and factors", maxNodes)
		}
	}
	p.checkOrders(offset, n)
	for _, i := range Integrals(n) {
		p.checkOrders(offset, i.Body)
	}
	return n
}

func (p *parser) checkOrders(offset int, n Node) {
	for _, ref := range FieldRefs(n) {
		if total := totalOrder(ref.Order); total > MaxOrder {
			p.fail(offset, "", "derivative of order %d: at most %d is supported", total, MaxOrder)
		}
	}
}

func totalOrder(order MultiIndex) (total int) {
	for _, o := range order {
		total += int(o)
	}
	return total
}

// derivative reads D(expression, x, 2, y): each variable may be followed by how many times.
func (p *parser) derivative(t token) Node {
	p.expect("(", "after D")
	n := p.numeric(p.expression)
	if p.peek().text == ")" {
		p.fail(t.offset, "write D(u, x), or D(u, x, 2) for the second", "D needs a variable")
	}
	for p.accept(",") {
		v, times := p.variable(), 1
		if count := p.tokens[min(p.pos+1, len(p.tokens)-1)]; p.peek().text == "," && count.kind == tokenNumber {
			p.pos += 2
			var err error
			if times, err = strconv.Atoi(count.text); err != nil || times < 1 {
				p.fail(count.offset, fmt.Sprintf("a whole number from 1 to %d", MaxOrder), "%s is not an order of differentiation", count.text)
			}
		}
		n = p.differentiate(t.offset, n, v, times)
	}
	p.expect(")", "after the variables of D")
	return n
}

// laplace reads laplace(expression) and writes out the sum of second derivatives over space.
func (p *parser) laplace(t token) Node {
	args := p.arguments()
	if len(args) != 1 {
		p.fail(t.offset, "", "laplace takes 1 argument, got %d", len(args))
	}
	if isLogical(args[0]) {
		p.fail(t.offset, "write if(condition, a, b)", "%q works on numbers, not on a comparison", t.text)
	}
	var n Node
	for v, name := range p.words.variables {
		if name == "t" {
			continue
		}
		d := p.differentiate(t.offset, args[0], v, 2)
		if n == nil {
			n = d
		} else {
			n = p.call(t.offset, add, n, d)
		}
	}
	if n == nil {
		p.fail(t.offset, p.variableList(), "laplace needs a space variable")
	}
	return n
}

// integral reads integral(expression, x).
func (p *parser) integral(t token) Node {
	if !p.integrals {
		p.fail(t.offset, "write it as a condition: integral(u, x) = 1", "an integral stands only in a condition")
	}
	if p.inIntegral {
		p.fail(t.offset, "", "an integral may not contain another")
	}
	p.inIntegral = true
	p.expect("(", "after integral")
	body := p.numeric(p.expression)
	p.inIntegral = false
	if p.peek().text == ")" {
		p.fail(t.offset, "write integral(u, x)", "integral needs a variable")
	}
	p.expect(",", "after what is integrated")
	v := p.variable()
	p.expect(")", "after the variable of the integral")
	return p.bounded(t.offset, newIntegral(body, v, p.words.variables[v]))
}
