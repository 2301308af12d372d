package job

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/seed-0772dd2d/ritz/pinn"
)

func (t *pinnTask) warnings() []string { return t.odd }

// findOdd collects what is legal but hardly meant.
func (t *pinnTask) findOdd(p *pinn.Problem, ref *pinn.Reference, missing []string) {
	t.odd = nil
	warn := func(n *node, path, format string, args ...any) {
		e := fault(n, path, fmt.Sprintf(format, args...))
		e.Source = "" // one line
		t.odd = append(t.odd, e.Error())
	}
	root := t.job.tree
	used := map[string]bool{}
	root.words(used)
	for _, part := range []string{"constants", "parameters", "let"} {
		if v := root.get(part); v != nil {
			for _, e := range v.entries {
				if !used[e.key.text] {
					warn(e.key, join(part, e.key.text), "nothing uses it")
				}
			}
		}
	}
	if len(p.Conditions) == 0 && len(p.Ansatz) == 0 {
		warn(root.get("equations"), "", "no conditions and no ansatz: nothing picks one of the solutions of the equations")
	} else {
		for _, text := range missing {
			at := root.get("conditions")
			if at == nil {
				at = root.get("equations")
			}
			warn(at, "", "%s", text)
		}
	}
	outside := func(n *node, path string, points []float64) {
		if k := countOutside(points, p.Domain); k > 0 {
			warn(n, path, "%d of the %d points lie outside the domain", k, len(points)/len(p.Domain))
		}
	}
	for _, d := range t.data {
		outside(d.node, item("conditions", d.condition), p.Conditions[d.condition].Data.Points)
	}
	if ref != nil && t.reference.node != nil {
		outside(t.reference.node, "reference.file", ref.Points)
	}
}

func countOutside(points []float64, domain []pinn.Interval) (count int) {
	for point := range slices.Chunk(points, len(domain)) {
		if leaves(point, domain) >= 0 {
			count++
		}
	}
	return count
}

// leaves is the first variable in which a point lies outside the domain; -1: none.
func leaves(point []float64, domain []pinn.Interval) int {
	for v, x := range point {
		// A table is rounded to some digits.
		if slack := 1e-6 * (domain[v].Hi - domain[v].Lo); x < domain[v].Lo-slack || x > domain[v].Hi+slack {
			return v
		}
	}
	return -1
}

var word = regexp.MustCompile(`[\pL_][\pL\pN_]*`)

// words collects the names in the texts of a tree, and those that they are
// derivatives of: phi_x uses phi.
func (n *node) words(used map[string]bool) {
	for _, w := range word.FindAllString(n.text, -1) {
		used[w] = true
		for i := range w {
			if strings.HasPrefix(w[i:], "_") {
				used[w[:i]] = true
			}
		}
	}
	for _, item := range n.items {
		item.words(used)
	}
	for _, e := range n.entries {
		e.value.words(used)
	}
}
