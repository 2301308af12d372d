package expr

import (
	"fmt"
	"strconv"
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
