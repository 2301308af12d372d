package job

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// node is a YAML value with its place. Scalars keep their text: what it means
// (a number, an equation, a name) is for the key it stands under to say.
type node struct {
	kind    nodeKind
	text    string  // of a scalar
	quoted  bool    // a scalar in quotes or a block scalar: never a list, never null
	flow    bool    // a list or mapping written in brackets
	items   []*node // of a list
	entries []entry // of a mapping, in order
	source  *source
	line    int
	column  int
	// verbatim is the column at which the text itself starts if the line
	// shows it character by character (no escapes, no second line), else 0.
	verbatim int
}

type nodeKind int

const (
	nullNode nodeKind = iota
	scalarNode
	listNode
	mappingNode
)

// entry is one key of a mapping.
type entry struct{ key, value *node }

// source is the text nodes come from; lines is nil for what did not stand in
// a file.
type source struct {
	name  string
	lines []string

	// The characters of the line that was asked for last: a long one is asked for
	// by each of its scalars.
	last  int
	runes []rune
}

// newSource returns the source of a text.
func newSource(name, text string) *source {
	text = strings.TrimPrefix(text, "\ufeff")
	return &source{name: name, lines: strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")}
}

// characters are those of line i.
func (s *source) characters(i int) []rune {
	if s.last != i {
		s.last, s.runes = i, []rune(s.line(i))
	}
	return s.runes
}

func (s *source) line(i int) string {
	if i < 1 || i > len(s.lines) {
		return ""
	}
	return s.lines[i-1]
}

// readable checks that the text of a file is UTF-8 without NUL.
func (s *source) readable(text string) error {
	if strings.HasPrefix(text, "\xff\xfe") || strings.HasPrefix(text, "\xfe\xff") {
		return &Error{File: s.name, Msg: "is UTF-16: save it as UTF-8"}
	}
	for i, line := range s.lines {
		at := &node{source: s, line: i + 1, column: 1}
		for k, r := range line {
			if _, width := utf8.DecodeRuneInString(line[k:]); r == 0 || r == utf8.RuneError && width == 1 {
				at.column = utf8.RuneCountInString(line[:k]) + 1
				return fault(at, "", fmt.Sprintf("byte %#02x is not UTF-8 text", line[k]))
			}
		}
	}
	return nil
}

// what names the kind of value n is, for error messages.
func (n *node) what() string {
	switch n.kind {
	case listNode:
		return "a list"
	case mappingNode:
		return "a mapping"
	case nullNode:
		return "nothing"
	}
	return fmt.Sprintf("%q", shorten(n.text, 60))
}

// get returns the value of a mapping's key, or nil.
func (n *node) get(key string) *node {
	for _, e := range n.entries {
		if e.key.text == key {
			return e.value
		}
	}
	return nil
}

// put sets the value of a mapping's key.
func (n *node) put(key string, value *node) {
	for i, e := range n.entries {
		if e.key.text == key {
			n.entries[i].value = value
			return
		}
	}
	n.entries = append(n.entries, entry{n.beside(scalarNode, key), value})
}

// beside returns a new node that shares the place of n, for what is filled in.
func (n *node) beside(kind nodeKind, text string) *node {
	return &node{kind: kind, text: text, source: n.source, line: n.line, column: n.column, flow: true}
}

// parse reads YAML text. An empty text is a null node.
func parse(text string, src *source) (root *node, err error) {
	defer func() { // the parser is not ours; a text must never bring the caller down
		if r := recover(); r != nil {
			root, err = nil, fault(&node{source: src, line: 1, column: 1}, "", fmt.Sprintf("not readable as YAML: %v", r))
		}
	}()
	file, err := parser.ParseBytes([]byte(text), 0, parser.AllowDuplicateMapKey())
	if err != nil {
		at, msg := &node{source: src, line: 1, column: 1}, err.Error()
		var e yaml.Error
		if errors.As(err, &e) {
			msg = e.GetMessage()
			if tk := e.GetToken(); tk != nil && tk.Position != nil {
				at.line, at.column = tk.Position.Line, tk.Position.Column
			}
		}
		if strings.Contains(msg, "mapping value is not allowed") {
			msg += "; put a text with a colon in quotes"
		}
		f := fault(at, "", "not readable as YAML: "+msg)
		f.Err = err
		return nil, f
	}
	root = &node{source: src, line: 1, column: 1}
	var found bool
	for _, doc := range file.Docs {
		if doc.Body == nil || doc.Body.Type() == ast.CommentType {
			continue
		}
		next, err := convert(doc.Body, src, 0)
		if err != nil {
			return nil, err
		}
		if found {
			return nil, fault(next, "", "a second YAML document: a job file holds one")
		}
		root, found = next, true
	}
	return root, nil
}

// maxDepth bounds the nesting of a job file: nothing sensible comes near it.
const maxDepth = 50

func convert(in ast.Node, src *source, depth int) (*node, error) {
	n := &node{source: src, line: 1, column: 1}
	if tk := in.GetToken(); tk != nil && tk.Position != nil {
		n.line, n.column = tk.Position.Line, tk.Position.Column
	}
	if depth > maxDepth {
		return nil, fault(n, "", fmt.Sprintf("nested more than %d deep", maxDepth))
	}
	switch in := in.(type) {
	case *ast.NullNode:
		return n, nil
	case *ast.MappingNode:
		n.kind, n.flow = mappingNode, in.IsFlowStyle
		return n, n.convertEntries(in.Values, depth)
	case *ast.MappingValueNode:
		n.kind = mappingNode
		return n, n.convertEntries([]*ast.MappingValueNode{in}, depth)
	case *ast.SequenceNode:
		n.kind, n.flow = listNode, in.IsFlowStyle
		for _, value := range in.Values {
			var item *node
			var err error
			if tk := uncut(value); n.flow && tk != nil {
				item = &node{source: src, line: tk.Position.Line, column: tk.Position.Column}
				item.scalar(tk)
			} else if item, err = convert(value, src, depth+1); err != nil {
				return nil, err
			}
			if n.flow && item.torn() {
				return nil, tornFault(item)
			}
			n.items = append(n.items, item)
		}
		return n, nil
	case *ast.LiteralNode:
		n.kind, n.quoted = scalarNode, true
		n.text = strings.TrimRight(in.Value.Value, "\n")
		return n, nil
	case *ast.AnchorNode, *ast.AliasNode, *ast.TagNode, *ast.MergeKeyNode:
		return nil, fault(n, "", "anchors (&), aliases (*) and tags (!) have no place in a job file; put a text that starts so in quotes")
	case ast.ScalarNode:
		n.scalar(in.GetToken())
		return n, nil
	}
	return nil, fault(n, "", "not readable as a value")
}

// uncut puts a text together that the parser has cut at a colon without a blank behind it, as
// it does with an item of a list within braces, {device: [cpu, opencl:0]}; nil for another value.
func uncut(in ast.Node) *token.Token {
	m, ok := in.(*ast.MappingNode)
	if !ok || m.IsFlowStyle || len(m.Values) != 1 {
		return nil
	}
	key, value, colon := m.Values[0].Key.GetToken(), m.Values[0].Value.GetToken(), m.Values[0].Start
	plain := func(t *token.Token) bool {
		return t != nil && t.Position != nil && t.Position.Line == colon.Position.Line && t.Indicator == token.NotIndicator
	}
	if !plain(key) || !plain(value) || value.Position.Column != colon.Position.Column+1 {
		return nil
	}
	return &token.Token{Type: token.StringType, Value: key.Value + ":" + value.Value, Position: key.Position}
}

func (n *node) convertEntries(values []*ast.MappingValueNode, depth int) error {
	for i, v := range values {
		key, err := convert(v.Key, n.source, depth+1)
		if err != nil {
			return err
		}
		if key.kind != scalarNode {
			key.kind, key.text = scalarNode, v.Key.GetToken().Value
		}
		if i == 0 && !n.flow { // the parser puts a block mapping at its first colon
			n.line, n.column = key.line, key.column
		}
		value, err := convert(v.Value, n.source, depth+1)
		if err != nil {
			return err
		}
		for _, part := range []*node{key, value} {
			if n.flow && part.torn() {
				return tornFault(part)
			}
		}
		if value.kind == nullNode && value.line == 1 && value.column == 1 {
			value.line, value.column = key.line, key.column
		}
		n.entries = append(n.entries, entry{key, value})
	}
	return nil
}

// torn tells a text without quotes that a comma has cut in two: [D(u, x) = 0].
func (n *node) torn() bool {
	return n.kind == scalarNode && !n.quoted && strings.Count(n.text, "(") != strings.Count(n.text, ")")
}

func tornFault(n *node) error {
	return fault(n, "", "the parentheses do not match: within brackets [] {}, put a text with commas in quotes")
}

// scalar takes the text of a token and finds out where its line shows it.
func (n *node) scalar(tk *token.Token) {
	n.kind, n.text = scalarNode, tk.Value
	n.quoted = tk.Type == token.SingleQuoteType || tk.Type == token.DoubleQuoteType
	line := n.source.characters(n.line)
	start := n.column
	if n.quoted {
		start++
	}
	if start < 1 || start > len(line)+1 || n.text == "" {
		return
	}
	text := []rune(n.text)
	if line = line[start-1:]; len(line) < len(text) || !slices.Equal(line[:len(text)], text) {
		return
	}
	if rest := line[len(text):]; !n.quoted || len(rest) > 0 && (rest[0] == '\'' || rest[0] == '"') {
		n.verbatim = start
	}
}
