package job

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func read(t require.TestingT, text string) *node {
	n, err := parse(text, &source{name: "f.yaml", lines: strings.Split(text, "\n")})
	require.NoError(t, err, text)
	return n
}

// bare strips a tree of places and styles.
func bare(n *node) any {
	switch n.kind {
	case scalarNode:
		return n.text
	case listNode:
		items := []any{}
		for _, i := range n.items {
			items = append(items, bare(i))
		}
		return items
	case mappingNode:
		entries := [][2]any{}
		for _, e := range n.entries {
			entries = append(entries, [2]any{e.key.text, bare(e.value)})
		}
		return entries
	}
	return nil
}

func TestPlaces(t *testing.T) {
	n := read(t, `a: {é: "ü = x"}
b:
  - u_t + u*u_x = 0  # note
  - 'it''s'
  - u = 0
    at x=1
c: {d: 0.01/pi}
`)
	quoted := n.get("a").get("é")
	assert.Equal(t, []int{1, 8, 9}, []int{quoted.line, quoted.column, quoted.verbatim})
	items := n.get("b").items
	assert.Equal(t, "u_t + u*u_x = 0", items[0].text)
	assert.Equal(t, []int{3, 5, 5}, []int{items[0].line, items[0].column, items[0].verbatim})
	assert.Equal(t, "it's", items[1].text)
	assert.Zero(t, items[1].verbatim, "an escape moves the characters")
	assert.Equal(t, "u = 0 at x=1", items[2].text)
	assert.Zero(t, items[2].verbatim, "folded")
	assert.Equal(t, 8, n.get("c").get("d").verbatim)
}

// A colon without a blank behind it is a part of a text, in lists within braces too.
func TestColonInList(t *testing.T) {
	for text, want := range map[string]any{
		"a: [cpu, opencl:0]":                []any{"cpu", "opencl:0"},
		"a: {b: [cpu, opencl:0]}":           [][2]any{{"b", []any{"cpu", "opencl:0"}}},
		"a: {b: [opencl:0, x:y]}":           [][2]any{{"b", []any{"opencl:0", "x:y"}}},
		"a: {b: [x:0.5, 1:2]}":              [][2]any{{"b", []any{"x:0.5", "1:2"}}},
		"a: {b: [{cpu: 20}, 'q:0', {e:1}]}": [][2]any{{"b", []any{[][2]any{{"cpu", "20"}}, "q:0", [][2]any{{"e", "1"}}}}},
		"a: {b: [cpu: 20]}":                 [][2]any{{"b", []any{[][2]any{{"cpu", "20"}}}}},
		"a: {b: c:0}":                       [][2]any{{"b", "c:0"}},
		"a: {b: [x:y:z]}":                   [][2]any{{"b", []any{"x:y:z"}}},
		"a: {b: [http://h:1]}":              [][2]any{{"b", []any{"http://h:1"}}},
	} {
		assert.Equal(t, want, bare(read(t, text).get("a")), text)
	}
	item := read(t, "a: {b: [cpu, opencl:0]}").get("a").get("b").items[1]
	assert.Equal(t, []int{1, 14, 14}, []int{item.line, item.column, item.verbatim})
	_, err := decode("a.yaml", small+"steps: 1\ndevice: {opencl: 0}\n", nil)
	assert.ErrorContains(t, err, "a.yaml:5:9: device: expected a text, got a mapping; put a text with a colon in quotes")
}

// A tree of any texts survives printing.
func TestPrintRoundTrip(t *testing.T) {
	var value *rapid.Generator[*node]
	text := rapid.OneOf(
		rapid.StringMatching(`[a-z0-9 _*/+^()=.,:#'"\[\]{}&!|>%@-]{0,12}`),
		rapid.SampledFrom([]string{"null", "~", "true", "- a", "-1", "--- a", "a: b", "a #b", "'", `\`, "a\nb", "\t", "é", "-u_xx = 1", "|", "? a", "<<", "=", "*x", "1e-3", "+1", "2001-01-01", ".inf"}),
		rapid.String(),
	)
	scalar := rapid.Custom(func(r *rapid.T) *node {
		s := strings.ToValidUTF8(text.Draw(r, "text"), "?")
		return &node{kind: scalarNode, text: s, quoted: s == ""}
	})
	value = rapid.Custom(func(r *rapid.T) *node {
		switch rapid.IntRange(0, 4).Draw(r, "kind") {
		case 0:
			return &node{kind: nullNode}
		case 1:
			return &node{kind: listNode, flow: rapid.Bool().Draw(r, "flow"), items: rapid.SliceOfN(rapid.Deferred(func() *rapid.Generator[*node] { return value }), 0, 3).Draw(r, "items")}
		case 2:
			n := &node{kind: mappingNode, flow: rapid.Bool().Draw(r, "flow")}
			for _, key := range rapid.SliceOfNDistinct(rapid.StringMatching(`[a-zA-Z_][a-z0-9_]{0,5}`), 0, 3, rapid.ID).Draw(r, "keys") {
				n.entries = append(n.entries, entry{&node{kind: scalarNode, text: key}, rapid.Deferred(func() *rapid.Generator[*node] { return value }).Draw(r, "value")})
			}
			return n
		}
		return scalar.Draw(r, "scalar")
	})
	rapid.Check(t, func(r *rapid.T) {
		n := value.Draw(r, "tree")
		printed := n.yaml()
		assert.Equal(r, bare(n), bare(read(r, printed)), printed)
	})
}

func TestSet(t *testing.T) {
	const text = `constants: {nu: 1}
train:
  - adam: {iterations: 10}
  - lbfgs: {iterations: 20}
network:
`
	for _, c := range []struct{ set, path, want string }{
		{"constants.nu=0.02", "constants.nu", "0.02"},
		{"train.0.adam.rate=1e-4", "train.0.adam.rate", "1e-4"},
		{"train.1={bfgs: {iterations: 3}}", "train.1.bfgs.iterations", "3"},
		{"points.resample.every=500", "points.resample.every", "500"},
		{"network.hidden=[10, 20]", "network.hidden.1", "20"},
		{"equation='u_t = u: v'", "equation", "u_t = u: v"},
		{"a.b=", "a.b", "<null>"},
	} {
		n := read(t, text)
		require.NoError(t, set(n, c.set), c.set)
		again := read(t, n.yaml())
		for _, n := range []*node{n, again} {
			got := n
			for _, step := range strings.Split(c.path, ".") {
				if got.kind == listNode {
					got = got.items[int(step[0]-'0')]
				} else {
					got = got.get(step)
				}
				require.NotNil(t, got, "%s: %s", c.set, n.yaml())
			}
			if got.kind == nullNode {
				got.text = "<null>"
			}
			assert.Equal(t, c.want, got.text, c.set)
		}
	}
	for _, c := range []struct{ set, want string }{
		{"x", `--set x: expected key=value, as in "train.0.adam.rate=1e-4"`},
		{"=1", `--set =1: expected key=value, as in "train.0.adam.rate=1e-4"`},
		{"train.2.adam.rate=1", `--set train.2.adam.rate=1: train is a list of 2: expected an index from 0 to 1, got "2"`},
		{"train.last=1", `--set train.last=1: train is a list of 2: expected an index from 0 to 1, got "last"`},
		{"constants.nu.x=1", `--set constants.nu.x=1: constants.nu is "1": it has no key "x"`},
		{"network..x=1", `--set network..x=1: an empty key in "network..x"`},
		{"a=[1, 2", `--set a=[1, 2: not readable as YAML: sequence end token ']' not found`},
	} {
		assert.EqualError(t, set(read(t, text), c.set), c.want)
	}
}

func TestSuggest(t *testing.T) {
	known := []string{"iterations", "rate", "schedule"}
	assert.Equal(t, `: did you mean "iterations"?`, suggest("iteratoins", known))
	assert.Equal(t, `: did you mean "rate"?`, suggest("Rate", known))
	assert.Equal(t, `: did you mean "iterations"?`, suggest("iters", known))
	assert.Equal(t, ": expected iterations, rate, schedule", suggest("momentum", known))
	assert.Equal(t, ": expected iterations, rate, schedule", suggest("it", known))
	assert.Empty(t, suggest("x", nil))
}

// No text brings the decoder down, and what it accepts prints as a job that
// reads as the same job.
func FuzzDecode(f *testing.F) {
	for _, pattern := range []string{"../../examples/*.yaml"} {
		files, err := filepath.Glob(pattern)
		require.NoError(f, err)
		require.NotEmpty(f, files)
		for _, file := range files {
			text, err := os.ReadFile(file)
			require.NoError(f, err)
			f.Add(string(text), "train.0.adam.rate=1e-4")
		}
	}
	f.Add("ritz: 1\nkind: pinn\ndomain: {x: [0, 1]}\nfields: [u]\nequations: [u_x = 0]\n", "a.b.0=[{c: d}]")
	f.Add("&a [*a, !!str x]", "=")
	f.Add("? [a]\n: {b: |\n  c\n", "x")
	f.Add(strings.Repeat("[", 100), "a=[")
	f.Add("a: &x 1\n<<: *x", ".=")
	f.Fuzz(func(t *testing.T, text, assignment string) {
		for _, sets := range [][]string{nil, {assignment}} {
			j, err := decode("f.yaml", text, sets)
			if err != nil {
				assert.NotEmpty(t, err.Error())
				continue
			}
			again, err := decode("f.yaml", j.YAML(), nil)
			require.NoError(t, err, j.YAML())
			assert.Equal(t, j.YAML(), again.YAML())
		}
	})
}
