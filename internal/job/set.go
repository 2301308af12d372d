package job

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// named are the sections whose keys are the names of the job: one that the file
// lacks is a misspelt one.
var named = []string{"constants", "domain", "inputs", "let", "parameters"}

// set applies one "--set key=value": key is a dotted path into the tree, where
// a number picks an item of a list, and value is YAML. Keys that the file
// lacks are made; whether they are legal is for the decoder to say.
func set(root *node, assignment string) error {
	src := &source{name: "--set " + assignment}
	here := &node{source: src}
	path, text, ok := strings.Cut(assignment, "=")
	if !ok || path == "" {
		return fault(here, "", `expected key=value, as in "train.0.adam.rate=1e-4"`)
	}
	value, err := parse(text, src)
	if err != nil {
		return err
	}
	value.compact()
	return place(root, path, value)
}

// place puts value at a dotted path of the tree. Faults stand where the value does.
func place(root *node, path string, value *node) error {
	here := value.beside(nullNode, "")
	steps := strings.Split(path, ".")
	n := root
	for i, step := range steps {
		last := i == len(steps)-1
		at := strings.Join(steps[:i], ".")
		if step == "" {
			return fault(here, "", fmt.Sprintf("an empty key in %q", path))
		}
		if n.kind == nullNode {
			n.kind, n.source = mappingNode, here.source
		}
		switch n.kind {
		case mappingNode:
			next := n.get(step)
			if next == nil && i == 1 && slices.Contains(named, steps[0]) {
				return fault(here, "", fmt.Sprintf("%s has no %q%s", at, step, suggest(step, n.keys())))
			}
			if last {
				n.assign(step, value)
				return nil
			}
			if next == nil {
				next = here.beside(mappingNode, "")
				n.assign(step, next)
			}
			n = next
		case listNode:
			k, err := strconv.Atoi(step)
			if err != nil || k < 0 || k >= len(n.items) {
				return fault(here, "", fmt.Sprintf("%s is a list of %d: expected an index from 0 to %d, got %q", at, len(n.items), len(n.items)-1, step))
			}
			if last {
				n.items[k] = value
				return nil
			}
			n = n.items[k]
		default:
			return fault(here, "", fmt.Sprintf("%s is %s: it has no key %q", at, n.what(), step))
		}
	}
	return nil
}

func (n *node) keys() []string {
	names := make([]string, len(n.entries))
	for i, e := range n.entries {
		names[i] = e.key.text
	}
	return names
}

// compact makes n print on one line.
func (n *node) compact() {
	n.flow = true
	for _, item := range n.items {
		item.compact()
	}
	for _, e := range n.entries {
		e.value.compact()
	}
}

// assign puts value under key; the key then stands where the value does, so
// that a fault in it shows the assignment.
func (n *node) assign(key string, value *node) {
	n.put(key, value)
	for i := range n.entries {
		if n.entries[i].key.text == key {
			n.entries[i].key = value.beside(scalarNode, key)
		}
	}
}
