package job

import (
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/seed-0772dd2d/ritz/internal/expr"
)

// decoder collects the faults of a job while its sections are read, so that
// all of them can be shown at once.
type decoder struct {
	constants map[string]float64 // what expressions for numbers may use
	faults    Errors
}

func (d *decoder) fail(n *node, path, format string, args ...any) {
	d.faults = append(d.faults, fault(n, path, fmt.Sprintf(format, args...)))
}

// err returns the faults in the order of their lines, or nil.
func (d *decoder) err() error {
	if len(d.faults) == 0 {
		return nil
	}
	sort.SliceStable(d.faults, func(i, j int) bool {
		a, b := d.faults[i], d.faults[j]
		return a.Line < b.Line || a.Line == b.Line && a.Column < b.Column
	})
	return d.faults
}

// section reads a mapping key by key. A key that is asked for becomes known;
// close reports those that nobody asked for. A key that is absent but has a
// default is filled in, so that the tree can be printed as the job that ran.
type section struct {
	*decoder
	n     *node
	path  string
	known []string
	// missing are the keys that must be there and are not: close reports them
	// unless an unknown key is a misspelt one of them.
	missing []missingKey
}

type missingKey struct{ key, meaning string }

// section returns n as a section; what is not a mapping is a fault and reads
// as an empty one.
func (d *decoder) section(n *node, path string) *section {
	if n.kind == nullNode {
		n.kind = mappingNode
	}
	if n.kind != mappingNode {
		d.fail(n, path, "expected a mapping (key: value), got %s", n.what())
		n = n.beside(mappingNode, "")
	}
	seen := map[string]bool{}
	for _, e := range n.entries {
		if seen[e.key.text] {
			d.fail(e.key, join(path, e.key.text), "the key stands twice")
		}
		seen[e.key.text] = true
	}
	return &section{decoder: d, n: n, path: path}
}

// close reports the keys that were never asked for, and puts the others into
// the order in which they were.
func (s *section) close() {
	sort.SliceStable(s.n.entries, func(i, j int) bool {
		return slices.Index(s.known, s.n.entries[i].key.text) < slices.Index(s.known, s.n.entries[j].key.text)
	})
	for _, e := range s.n.entries {
		if !slices.Contains(s.known, e.key.text) {
			s.fail(e.key, s.path, "unknown key %q%s", e.key.text, s.meant(e.key.text))
		}
	}
	s.reportMissing()
}

// meant ends the message about an unknown key. If it was meant to be a missing
// one, that is not reported once more.
func (s *section) meant(key string) string {
	for i, m := range s.missing {
		if hint := suggest(key, []string{m.key}); strings.HasPrefix(hint, ": did") {
			s.missing = slices.Delete(s.missing, i, i+1)
			return hint
		}
	}
	return suggest(key, s.known)
}

// misspelt tells whether an unknown key was probably meant to be one of these.
func (s *section) misspelt(keys []string) bool {
	return slices.ContainsFunc(s.n.entries, func(e entry) bool {
		return !slices.Contains(s.known, e.key.text) && strings.HasPrefix(suggest(e.key.text, keys), ": did")
	})
}

func (s *section) reportMissing() {
	for _, m := range s.missing {
		s.fail(s.n, s.path, "the key %q is missing: %s", m.key, m.meaning)
	}
	s.missing = nil
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// at is the path of a key of the section.
func (s *section) at(key string) string { return join(s.path, key) }

// get returns the value of key, or nil if it is absent, and makes key known.
func (s *section) get(key string) *node {
	if !slices.Contains(s.known, key) {
		s.known = append(s.known, key)
	}
	if v := s.n.get(key); v != nil && v.kind != nullNode {
		return v
	}
	return nil
}

// require is get for a key that must be there.
func (s *section) require(key, meaning string) *node {
	v := s.get(key)
	if v != nil {
		return v
	}
	if empty := s.n.get(key); empty != nil {
		s.fail(empty, s.at(key), "it is empty: %s", meaning)
	} else {
		s.missing = append(s.missing, missingKey{key, meaning})
	}
	return nil
}

// fill puts the default of an absent key into the tree.
func (s *section) fill(key, text string) { s.n.put(key, s.n.beside(scalarNode, text)) }

// programDir is where a program of the job runs: "dir", by default the folder of the
// job file. The run directory is elsewhere, so what is resumed from there gets the
// whole path.
func (s *section) programDir(j *Job) string {
	dir := s.get("dir")
	if dir == nil {
		s.fill("dir", ".")
		dir = s.n.get("dir")
	}
	path, err := filepath.Abs(j.resolve(s.text(dir, s.at("dir"))))
	if err != nil {
		s.fail(dir, s.at("dir"), "%v", err)
		return ""
	}
	dir.text = path
	return path
}

// sub returns the section under key, filled in empty if it is absent.
func (s *section) sub(key string) *section {
	v := s.get(key)
	if v == nil {
		v = s.n.beside(mappingNode, "")
		v.flow = true
		s.n.put(key, v)
	}
	return s.section(v, s.at(key))
}

// number reads a number or an expression of numbers.
func (s *section) number(key string, def float64) float64 {
	v := s.get(key)
	if v == nil {
		s.fill(key, format(def))
		return def
	}
	x, _ := s.decoder.number(v, s.at(key))
	return x
}

// positive reads a number above zero.
func (s *section) positive(key string, def float64) float64 {
	x := s.number(key, def)
	if v := s.n.get(key); v.kind == scalarNode && !(x > 0) && !s.failed(v) {
		s.fail(v, s.at(key), "expected a number above 0, got %s", format(x))
	}
	return x
}

// atLeast reads a number that is not below least.
func (s *section) atLeast(key string, def, least float64) float64 {
	x := s.number(key, def)
	if v := s.n.get(key); x < least {
		s.fail(v, s.at(key), "expected a number of at least %s, got %s", format(least), format(x))
	}
	return x
}

// integer reads a whole number of at least least.
func (s *section) integer(key string, def, least int) int {
	v := s.get(key)
	if v == nil {
		s.fill(key, strconv.Itoa(def))
		return def
	}
	return s.decoder.integer(v, s.at(key), least)
}

// flag reads true or false.
func (s *section) flag(key string, def bool) bool {
	v := s.get(key)
	if v == nil {
		s.fill(key, strconv.FormatBool(def))
		return def
	}
	if v.kind != scalarNode || v.quoted || v.text != "true" && v.text != "false" {
		s.fail(v, s.at(key), "expected true or false, got %s", v.what())
	}
	return v.text == "true"
}

// choice reads one of the legal words.
func (s *section) choice(key, def string, legal ...string) string {
	v := s.get(key)
	if v == nil {
		s.fill(key, def)
		return def
	}
	return s.word(v, s.at(key), legal)
}

func (d *decoder) word(v *node, path string, legal []string) string {
	text := d.text(v, path)
	if v.kind == scalarNode && !slices.Contains(legal, text) {
		d.fail(v, path, "unknown %q%s", text, suggest(text, legal))
	}
	return text
}

// failed tells whether a fault was found at n already.
func (d *decoder) failed(n *node) bool {
	for _, f := range d.faults {
		if f.File == n.source.name && f.Line == n.line && f.Column >= n.column {
			return true
		}
	}
	return false
}

// text reads a scalar as it stands.
func (d *decoder) text(v *node, path string) string {
	if v.kind != scalarNode {
		hint := ""
		if len(v.entries) == 1 {
			hint = "; put a text with a colon in quotes"
		}
		d.fail(v, path, "expected a text, got %s%s", v.what(), hint)
		return ""
	}
	return v.text
}

func (d *decoder) number(v *node, path string) (x float64, ok bool) {
	if v.kind != scalarNode {
		d.fail(v, path, "expected a number or an expression, got %s", v.what())
		return math.NaN(), false
	}
	x, err := expr.Number(v.text, d.constants)
	if err != nil {
		d.faults = append(d.faults, textFault(v, path, err))
		return math.NaN(), false
	}
	if math.IsNaN(x) || math.IsInf(x, 0) {
		d.fail(v, path, "expected a finite number, got %s = %v", v.text, x)
		return math.NaN(), false
	}
	return x, true
}

// maxInteger is the largest whole number up to which float64 has them all.
const maxInteger = 1 << 53

func (d *decoder) integer(v *node, path string, least int) int {
	x, ok := d.number(v, path)
	if !ok {
		return least
	}
	if math.Abs(x) > maxInteger || int64(int(x)) != int64(x) {
		d.fail(v, path, "too large: %s", v.text)
		return least
	}
	if x != math.Trunc(x) {
		d.fail(v, path, "expected a whole number, got %s", v.text)
		return least
	}
	if int(x) < least {
		d.fail(v, path, "expected a whole number of at least %d, got %s", least, v.text)
		return least
	}
	return int(x)
}

// list returns the items of a list; what is no list is a fault.
func (d *decoder) list(v *node, path string) []*node {
	if v.kind != listNode {
		d.fail(v, path, "expected a list, got %s", v.what())
		return nil
	}
	return v.items
}

// item is the path of the i-th item of a list.
func item(path string, i int) string { return fmt.Sprintf("%s[%d]", path, i) }

// format prints a number in the shortest form that reads back the same.
func format(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }
