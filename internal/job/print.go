package job

import (
	"regexp"
	"strconv"
	"strings"
)

// yaml prints a tree as YAML that parse reads back as the same tree.
func (n *node) yaml() string {
	var b strings.Builder
	n.block(&b, "")
	return b.String()
}

// block prints a mapping or list, an entry a line, every line after indent.
func (n *node) block(b *strings.Builder, indent string) {
	for _, e := range n.entries {
		b.WriteString(indent)
		e.key.inline(b, true)
		b.WriteByte(':')
		e.value.nested(b, indent)
	}
	for _, item := range n.items {
		var lines strings.Builder
		item.nested(&lines, indent)
		b.WriteString(indent + "- " + strings.TrimLeft(lines.String(), " \n"))
	}
	if len(n.entries) == 0 && len(n.items) == 0 {
		b.WriteString(indent)
		n.inline(b, false)
		b.WriteByte('\n')
	}
}

// nested prints the value of an entry, behind its key or on lines of its own.
func (n *node) nested(b *strings.Builder, indent string) {
	if n.flow || len(n.entries) == 0 && len(n.items) == 0 {
		b.WriteByte(' ')
		n.inline(b, false)
		b.WriteByte('\n')
		return
	}
	b.WriteByte('\n')
	n.block(b, indent+"  ")
}

// inline prints n on the line; within brackets a text needs more quoting.
func (n *node) inline(b *strings.Builder, inside bool) {
	switch n.kind {
	case nullNode:
		b.WriteString("null")
	case scalarNode:
		b.WriteString(quote(n.text, n.quoted, inside))
	case listNode:
		b.WriteByte('[')
		for i, item := range n.items {
			if i > 0 {
				b.WriteString(", ")
			}
			item.inline(b, true)
		}
		b.WriteByte(']')
	case mappingNode:
		b.WriteByte('{')
		for i, e := range n.entries {
			if i > 0 {
				b.WriteString(", ")
			}
			e.key.inline(b, true)
			b.WriteString(": ")
			e.value.inline(b, true)
		}
		b.WriteByte('}')
	}
}

var (
	// plain texts need no quotes: they start with no indicator and hold
	// neither a colon nor a hash, nor control characters.
	plain = regexp.MustCompile(`^(-?[\pL\pN._/(+^~]|\\)([\pL\pN ._/()+^~=*<>;$%@!?|-]|,|\[|\]|\{|\})*$`)
	// reserved texts mean something else without quotes.
	reserved = regexp.MustCompile(`^(~|null|Null|NULL|---.*|\.\.\..*)$`)
	brackets = ",[]{}"
)

// quote returns text as a YAML scalar: plain, or in single quotes, or, if it
// has control characters, in double quotes.
func quote(text string, quoted, inside bool) string {
	if !quoted && plain.MatchString(text) && !reserved.MatchString(text) && strings.TrimSpace(text) == text &&
		!(inside && (strings.ContainsAny(text, brackets) || strings.Count(text, "(") != strings.Count(text, ")"))) {
		return text
	}
	if strings.ContainsFunc(text, func(r rune) bool { return !strconv.IsPrint(r) }) {
		return strconv.Quote(text)
	}
	return "'" + strings.ReplaceAll(text, "'", "''") + "'"
}

// replaced returns a copy of the tree in which some scalars have new texts.
func (n *node) replaced(texts map[*node]string) *node {
	c := *n
	if text, ok := texts[n]; ok {
		c.text = text
	}
	c.items, c.entries = make([]*node, len(n.items)), make([]entry, len(n.entries))
	for i, item := range n.items {
		c.items[i] = item.replaced(texts)
	}
	for i, e := range n.entries {
		c.entries[i] = entry{e.key, e.value.replaced(texts)}
	}
	return &c
}

// clone returns a copy of the tree. Original, if not nil, gets the node that each
// of it is a copy of.
func (n *node) clone(original map[*node]*node) *node {
	c := *n
	c.items, c.entries = make([]*node, len(n.items)), make([]entry, len(n.entries))
	for i, item := range n.items {
		c.items[i] = item.clone(original)
	}
	for i, e := range n.entries {
		c.entries[i] = entry{e.key.clone(original), e.value.clone(original)}
	}
	if original != nil {
		original[&c] = n
	}
	return &c
}

// move puts the tree at a line of another source.
func (n *node) move(src *source, line int) {
	n.source, n.line, n.column, n.verbatim = src, line, 1, 0
	for _, item := range n.items {
		item.move(src, line)
	}
	for _, e := range n.entries {
		e.key.move(src, line)
		e.value.move(src, line)
	}
}
