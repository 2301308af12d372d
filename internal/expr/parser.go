package expr

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Parse reads an expression. Integrals are refused: they stand in conditions only.
func Parse(text string, s *Scope) (Node, error) {
	var n Node
	err := parse(text, s, func(p *parser) {
		n = p.numeric(p.expression)
		p.end()
	})
	return n, err
}

// Number returns the value of a constant expression such as 0.01/pi, which may use the given
// constants besides pi and e.
func Number(text string, constants map[string]float64) (float64, error) {
	var value float64
	err := parse(text, &Scope{Constants: constants}, func(p *parser) {
		value = p.number(p.expression)
		p.end()
	})
	return value, err
}

// parse runs a recursive descent over the tokens of a text; a fault anywhere ends it.
func parse(text string, s *Scope, descend func(*parser)) (err error) {
	if s == nil {
		s = &Scope{}
	}
	if err := s.Validate(); err != nil {
		return err
	}
	tokens, fault := lex(text)
	if fault != nil {
		return fault
	}
	defer func() {
		switch fault := recover().(type) {
		case nil:
		case *Error:
			err = fault
		default:
			panic(fault)
		}
	}()
	descend(&parser{text: text, tokens: tokens, scope: s, words: s.vocabulary()})
	return nil
}

// parser holds the state of a descent. Its methods are the rules of the grammar, loosest first:
//
//	expression = conjunction { "or" conjunction }
//	conjunction = negation { "and" negation }
//	negation   = "not" negation | comparison
//	comparison = sum [ ( "<" | "<=" | ">" | ">=" | "==" | "!=" ) sum ]
//	sum        = product { ( "+" | "-" ) product }
//	product    = signed { ( "*" | "/" ) signed }
//	signed     = ( "+" | "-" ) signed | power
//	power      = primary [ "^" signed ]          so -x^2 is -(x^2), and 2^-3 is legal
//	primary    = number | name | "(" expression ")" | function "(" expression { "," expression } ")"
type parser struct {
	text   string
	tokens []token
	pos    int
	depth  int
	scope  *Scope
	words  *vocabulary

	integrals  bool // integrals may stand here
	inIntegral bool
}

// fail ends the descent with a fault at a byte offset.
func (p *parser) fail(offset int, hint, format string, args ...any) {
	panic(&Error{p.text, offset, fmt.Sprintf(format, args...), hint})
}

func (p *parser) peek() token { return p.tokens[p.pos] }

func (p *parser) next() token {
	t := p.tokens[p.pos]
	if t.kind != tokenEnd {
		p.pos++
	}
	return t
}

// accept consumes the next token if it is the given symbol or word.
func (p *parser) accept(text string) bool {
	t := p.peek()
	if t.text != text || t.kind != tokenSymbol && t.kind != tokenName {
		return false
	}
	p.pos++
	return true
}

func (p *parser) expect(text, where string) {
	if !p.accept(text) {
		p.fail(p.peek().offset, "", "expected %q %s, found %s", text, where, p.peek())
	}
}

func (t token) String() string {
	if t.kind == tokenEnd {
		return "the end"
	}
	return strconv.Quote(t.text)
}

// end checks that the whole text was read.
func (p *parser) end() {
	t := p.peek()
	hint := ""
	switch t.text {
	case "":
		return
	case ")":
		hint = `there is no "(" to match`
	case "=":
		hint = "equality in a condition of if is =="
	case "at":
		hint = "at belongs to a condition of the problem"
	}
	p.fail(t.offset, hint, "unexpected %s", t)
}

// nest counts nested constructs; call the result when done.
func (p *parser) nest() func() {
	if p.depth++; p.depth > maxDepth {
		p.fail(p.peek().offset, "", "nested more than %d deep", maxDepth)
	}
	return func() { p.depth-- }
}

// call makes a call node at an offset, and checks operands and size.
func (p *parser) call(offset int, fn *function, args ...Node) Node {
	wantLogical := fn == and || fn == or || fn == not
	for i, a := range args {
		if isLogical(a) != (wantLogical || fn == conditional && i == 0) {
			if isLogical(a) {
				p.fail(offset, "write if(condition, a, b)", "%q works on numbers, not on a comparison", fn.name)
			}
			p.fail(offset, "such as x < 1", "%q needs a comparison", fn.name)
		}
	}
	return p.bounded(offset, newCall(fn, args...))
}

func isLogical(n Node) bool {
	c, ok := n.(*call)
	return ok && c.fn.logical
}

func (p *parser) bounded(offset int, n Node) Node {
	if size := n.head().size; size > maxNodes {
		p.fail(offset, "", "the expression written out has more than %d terms and factors", maxNodes)
	}
	return n
}

// numeric reads an expression that must be a number, not a comparison.
func (p *parser) numeric(rule func() Node) Node {
	start := p.peek().offset
	n := rule()
	if isLogical(n) {
		p.fail(start, "write if(condition, a, b)", "a comparison is not a number")
	}
	return n
}

// number reads a constant expression and returns its value.
func (p *parser) number(rule func() Node) float64 {
	start := p.peek().offset
	n := p.numeric(rule)
	v, ok := constantValue(n)
	if !ok {
		p.fail(start, "", "%s is not a constant", n)
	}
	if !isFinite(v) {
		p.fail(start, "", "%s is %g: a finite number is needed", n, v)
	}
	return v
}

func (p *parser) expression() Node { return p.logical("or", or, p.conjunction) }

func (p *parser) conjunction() Node { return p.logical("and", and, p.negation) }

func (p *parser) logical(word string, fn *function, rule func() Node) Node {
	n := rule()
	for {
		t := p.peek()
		if t.kind != tokenName || !p.accept(word) {
			return n
		}
		n = p.call(t.offset, fn, n, rule())
	}
}

func (p *parser) negation() Node {
	if t := p.peek(); t.kind == tokenName && p.accept("not") {
		defer p.nest()()
		return p.call(t.offset, not, p.negation())
	}
	return p.comparison()
}

func (p *parser) comparison() Node {
	n := p.sum()
	t := p.peek()
	fn := comparisons[t.text]
	if fn == nil {
		return n
	}
	p.next()
	n = p.call(t.offset, fn, n, p.sum())
	if t := p.peek(); comparisons[t.text] != nil {
		p.fail(t.offset, "write a < b and b < c", "a comparison has two sides")
	}
	return n
}

func (p *parser) sum() Node {
	n := p.product()
	for {
		t := p.peek()
		switch t.text {
		case "+":
			p.next()
			n = p.call(t.offset, add, n, p.product())
		case "-":
			p.next()
			n = p.call(t.offset, sub, n, p.product())
		default:
			return n
		}
	}
}

func (p *parser) product() Node {
	n := p.signed()
	for {
		t := p.peek()
		switch {
		case p.accept("*"):
			n = p.call(t.offset, mul, n, p.signed())
		case p.accept("/"):
			n = p.call(t.offset, div, n, p.signed())
		case t.kind == tokenNumber, t.text == "(", t.kind == tokenName && !isWord(t.text):
			p.fail(t.offset, "write "+p.withStar(t), "two factors without an operator between them")
		default:
			return n
		}
	}
}

// isWord reports whether a name separates expressions.
func isWord(name string) bool {
	return name == "and" || name == "or" || name == "not" || name == "at" || name == "in"
}

// withStar shows the product that the factors before and at token t were meant to be.
func (p *parser) withStar(t token) string {
	left := p.tokens[p.pos-1].text
	if left == ")" {
		left = "(...)"
	}
	right := t.text
	if p.tokens[min(p.pos+1, len(p.tokens)-1)].text == "(" && t.kind == tokenName {
		right += "(...)"
	} else if right == "(" {
		right = "(...)"
	}
	return left + "*" + right
}

func (p *parser) signed() Node {
	t := p.peek()
	switch {
	case p.accept("-"):
		defer p.nest()()
		literal := p.peek().kind == tokenNumber
		n := p.signed()
		if v, ok := n.(*number); ok && literal {
			return newNumber(-v.value)
		}
		return p.call(t.offset, negate, n)
	case p.accept("+"):
		defer p.nest()()
		return p.signed()
	}
	return p.power()
}

func (p *parser) power() Node {
	n := p.primary()
	if t := p.peek(); p.accept("^") {
		defer p.nest()()
		return p.call(t.offset, power, n, p.signed())
	}
	return n
}

func (p *parser) primary() Node {
	t := p.next()
	switch {
	case t.kind == tokenNumber:
		v, err := strconv.ParseFloat(t.text, 64)
		if err != nil {
			p.fail(t.offset, "", "the number %s is too large", t.text)
		}
		return newNumber(v)
	case t.text == "(":
		defer p.nest()()
		n := p.expression()
		p.expect(")", "to close the parenthesis at column "+strconv.Itoa((&Error{Text: p.text, Offset: t.offset}).Column()))
		return n
	case t.kind == tokenName && !isWord(t.text) && p.peek().text == "(":
		defer p.nest()()
		return p.application(t)
	case t.kind == tokenName && !isWord(t.text):
		return p.bounded(t.offset, p.name(t))
	}
	p.fail(t.offset, "", "expected a number, a name or a parenthesis, found %s", t)
	return nil
}

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
	p.fail(t.offset, didYouMean(nearest(t.text, names)), "unknown function %q", t.text)
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
		names := append(append([]string{}, p.words.fields...), p.scope.names()...)
		if right := nearest(base, names); right != "" {
			p.fail(t.offset, didYouMean(right+"_"+letters), "unknown name %q", t.text)
		}
	}
	p.unknown(t.offset, t.text)
	return nil
}

func (p *parser) unknown(offset int, name string) {
	names := append(p.scope.names(), "pi", "e")
	hint := didYouMean(nearest(name, names))
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
		p.fail(t.offset, "", "a comparison is not a number")
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
