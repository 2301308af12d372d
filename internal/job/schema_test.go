package job

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-0772dd2d/ritz/internal/jobschema"
)

// compileSchema compiles the schema of a kind as an editor would; its own form is
// checked against the schema of schemas.
func compileSchema(t require.TestingT, kind string) *jsonschema.Schema {
	text, err := jobschema.JSON(kind)
	require.NoError(t, err)
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	require.NoError(t, err)
	c := jsonschema.NewCompiler()
	require.NoError(t, c.AddResource("ritz.schema.json", doc))
	s, err := c.Compile("ritz.schema.json")
	require.NoError(t, err)
	return s
}

// asJSON is what YAML takes a text for.
func asJSON(t require.TestingT, text string) any {
	converted, err := yaml.YAMLToJSON([]byte(text))
	require.NoError(t, err, text)
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(converted))
	require.NoError(t, err, text)
	return v
}

var schemaReferences = map[string]string{
	"mapreduce": MapReduceReference, "pinn": PINNReference, "sample": SampleReference,
	"stencil": StencilReference, "surrogate": SurrogateReference, "sweep": SweepReference,
}

// jobFiles are the texts of all references and examples.
func jobFiles(t require.TestingT) map[string]string {
	files := map[string]string{}
	for kind, text := range schemaReferences {
		files[kind+"_reference.yaml"] = text
	}
	examples, err := filepath.Glob("../../examples/*.yaml")
	require.NoError(t, err)
	require.Greater(t, len(examples), 10)
	for _, file := range examples {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		files[file] = string(text)
	}
	return files
}

// The schema allows every reference and example, by itself and as the job of a sweep;
// that of another kind does not.
func TestSchemaOfJobFiles(t *testing.T) {
	schemas := map[string]*jsonschema.Schema{"": compileSchema(t, "")}
	assert.Equal(t, sortedKeys(kinds), jobschema.Kinds)
	for _, kind := range jobschema.Kinds {
		schemas[kind] = compileSchema(t, kind)
	}
	for file, text := range jobFiles(t) {
		v := asJSON(t, text)
		kind := v.(map[string]any)["kind"].(string)
		for k, s := range schemas {
			if err := s.Validate(v); k == "" || k == kind {
				assert.NoError(t, err, "%s by the schema of kind %q", file, k)
			} else {
				assert.Error(t, err, "%s by the schema of kind %q", file, k)
			}
		}
		swept := map[string]any{"ritz": 1, "kind": "sweep", "job": v, "vary": map[string]any{"seed": []any{1, 2}}}
		if err := schemas[""].Validate(swept); kind == "sweep" {
			assert.Error(t, err, file)
		} else {
			assert.NoError(t, err, file)
		}
	}
	for _, v := range []any{nil, 1, "text", []any{}, map[string]any{}, map[string]any{"ritz": 1, "kind": "pin"}} {
		assert.Error(t, schemas[""].Validate(v), v)
	}
	_, err := jobschema.JSON("pin")
	assert.EqualError(t, err, `unknown kind "pin": there are mapreduce, pinn, sample, stencil, surrogate, sweep`)
}

// variations are changes of the references that have keys, alone or with others,
// which the references do not: together all keys that there are.
var variations = map[string][]string{
	"pinn": {
		"train.0.adam.schedule={kind: staircase}", "train.0.adam.schedule={kind: constant}",
		"reference={file: u.csv}",
	},
	"sample": samplings(),
	"stencil": {
		"sources.0={at: [1, 1], gaussian_derivative: {frequency: 1}}", "sources.0={at: [1, 1], tone_burst: {frequency: 1}}",
		"sources.0={at: [1, 1], series: {file: s.csv, dt: 1}}", "medium.density={file: rho.npy}", "boundary.x1={sponge: {cells: 2}}",
	},
	"surrogate": append(samplings(),
		"optimize={method: lower_confidence_bound}", "optimize={method: probability_of_improvement}", "optimize={method: stochastic_rbf}",
		"models.0.kriging={name: first, correlation: power_exponential}", "models.0.kriging={name: first, trend: simple}",
		"command={run: [./simulator]}; function=null"),
	"sweep": {"command={run: [./simulator]}; job=null"},
}

func samplings() []string {
	return []string{
		"sample={method: sobol, n: 8}", "sample={method: halton, n: 8}", "sample={method: lhs, n: 8}", "sample={method: lhs, n: 8, optimise: maximin}",
		"sample={method: lattice, n: 8}", "sample={method: kronecker, n: 8}", "sample={method: poisson, radius: 0.5}",
		"sample={method: grid, n: 2}", "sample={method: grid, levels: [2, 2, 2]}", "sample={method: random, n: 8}",
	}
}

// Every section of the schema has the keys that the decoder knows there, and no
// others; they have the words and the defaults that the decoder has.
func TestSchemaIsThatOfDecoder(t *testing.T) {
	text, err := jobschema.JSON("")
	require.NoError(t, err)
	var root object
	require.NoError(t, json.Unmarshal(text, &root))
	w := &schemaWalk{T: t, root: root, schema: compileSchema(t, ""), seen: map[string]bool{}, compared: map[string]bool{}}
	for _, kind := range jobschema.Kinds {
		for _, set := range append([]string{""}, variations[kind]...) {
			sets := strings.Split(set, "; ")
			if set == "" {
				sets = nil
			}
			j, err := decode("example.yaml", schemaReferences[kind], sets)
			require.NoError(t, err, set)
			j.tree.entries = slices.DeleteFunc(j.tree.entries, func(e entry) bool { return e.value.kind == nullNode })
			w.tree, w.text = j.tree, j.YAML()
			require.NoError(t, w.schema.Validate(asJSON(t, w.text)), set)
			w.walk(object{"$ref": "#/$defs/" + kind}, j.tree, "")
		}
	}
	all := map[string]bool{}
	closedSections(root, "", func(s object, at string) {
		all[keysText(s)] = true
		assert.True(t, w.seen[keysText(s)], "no job of this test has the section at %s", at)
	})
	assert.Greater(t, len(all), 60)
	assert.Greater(t, w.needed, 300)
	assert.Greater(t, w.words, 60)
	assert.Greater(t, w.defaults, 150)
}

type object = map[string]any

// closedSections finds the parts of a schema that allow no keys but their own.
func closedSections(v any, at string, visit func(s object, at string)) {
	switch v := v.(type) {
	case object:
		if v["additionalProperties"] == false {
			visit(v, at)
		}
		for k, e := range v {
			closedSections(e, at+"/"+k, visit)
		}
	case []any:
		for i, e := range v {
			closedSections(e, at+"/"+strconv.Itoa(i), visit)
		}
	}
}

// keysText tells sections apart by what they have.
func keysText(s object) string {
	text, _ := json.Marshal(s["properties"])
	return string(text)
}

// schemaWalk goes through a job and what the schema says of it, side by side.
type schemaWalk struct {
	*testing.T
	root     object
	schema   *jsonschema.Schema
	tree     *node           // of the job
	text     string          // likewise
	seen     map[string]bool // sections of the schema
	compared map[string]bool // likewise, with the keys that they had
	// How many of them were compared.
	needed, words, defaults int
}

// decode decodes the job with one more change.
func (w *schemaWalk) decode(set string) (*Job, error) {
	return decode("example.yaml", w.text, []string{set})
}

func (w *schemaWalk) walk(r object, n *node, path string) {
	rules := w.parts(r, n)
	keys := object{}
	for _, r := range rules {
		of, _ := r["properties"].(object)
		for k, v := range of {
			if _, refused := keys[k].(bool); !refused {
				keys[k] = v
			}
		}
	}
	for _, r := range rules {
		if r["additionalProperties"] == false && n.kind == mappingNode {
			w.seen[keysText(r)] = true
			w.section(r, keys, path, n)
		}
		for i, item := range n.items {
			if items, ok := r["items"].(object); ok {
				w.walk(items, item, join(path, strconv.Itoa(i)))
			}
		}
		for _, e := range n.entries {
			if others, ok := r["additionalProperties"].(object); ok && !strings.Contains(e.key.text, ".") {
				w.walk(others, e.value, join(path, e.key.text))
			}
		}
	}
	for _, e := range n.entries {
		if of, ok := keys[e.key.text].(object); ok && path+e.key.text != "job" { // which the sweep decodes later
			w.walk(of, e.value, join(path, e.key.text))
		}
	}
}

// parts are the rules that hold for a value: conditions and references are followed.
func (w *schemaWalk) parts(r object, n *node) []object {
	if ref, ok := r["$ref"].(string); ok {
		at := w.root
		for step := range strings.SplitSeq(strings.TrimPrefix(ref, "#/"), "/") {
			at = at[step].(object)
		}
		return w.parts(at, n)
	}
	parts := []object{r}
	all, _ := r["allOf"].([]any)
	for _, also := range all {
		also := also.(object)
		branch := "then"
		if condition, ok := also["if"].(object); ok && !holds(w, condition, n) {
			branch = "else"
		}
		if then, ok := also[branch].(object); ok {
			parts = append(parts, w.parts(then, n)...)
		}
	}
	return parts
}

// holds tells whether a value is a mapping that has the keys, and they the words, of a condition.
func holds(t require.TestingT, condition object, n *node) bool {
	if condition["type"] == "object" && n.kind != mappingNode {
		return false
	}
	needed, _ := condition["required"].([]any)
	for _, k := range needed {
		if v := n.get(k.(string)); v == nil || v.kind == nullNode {
			return false
		}
	}
	of, _ := condition["properties"].(object)
	for k, rule := range of {
		if v := n.get(k); v != nil && !slices.Contains(rule.(object)["enum"].([]any), any(v.text)) {
			return false
		}
	}
	require.NotEmpty(t, condition)
	return true
}

var expectedWords = regexp.MustCompile(`unknown (?:key )?"qqqqqq": expected (.*)`)

// listed are what the decoder expects in place of qqqqqq, in order; nil if it does
// not tell.
func (w *schemaWalk) listed(set string) []string {
	_, err := w.decode(set)
	require.Error(w, err, set)
	m := expectedWords.FindStringSubmatch(err.Error())
	if m == nil {
		return nil
	}
	words := strings.Split(m[1], ", ")
	slices.Sort(words)
	return slices.Compact(words) // a key may have been asked for twice
}

// section compares the keys, with their words and defaults.
func (w *schemaWalk) section(r, keys object, path string, n *node) {
	var names []string
	for k, v := range keys {
		if v != false {
			names = append(names, k)
		}
	}
	slices.Sort(names)
	id := keysText(r) + strings.Join(names, " ")
	if w.compared[id] {
		return
	}
	w.compared[id] = true
	set := strings.TrimPrefix(path+".qqqqqq=1", ".")
	if r["maxProperties"] == 1.0 {
		set = path + "={qqqqqq: 1}"
	}
	require.Equal(w, w.listed(set), names, "%s in\n%s", path, w.text)
	w.compareNeeded(n, path)
	for _, k := range names {
		if rule, ok := keys[k].(object); ok {
			w.compareWords(rule, join(path, k), "qqqqqq")
			if items, ok := rule["items"].(object); ok {
				for _, items := range w.parts(items, &node{}) {
					w.compareWords(items, join(path, k), "[qqqqqq]")
				}
			}
			w.compareDefault(rule, join(path, k))
		}
	}
}

// compareNeeded takes each key of a section away: the schema and the decoder refuse
// the same.
func (w *schemaWalk) compareNeeded(n *node, path string) {
	entries := n.entries
	defer func() { n.entries = entries }()
	for i, e := range entries {
		n.entries = slices.Concat(entries[:i], entries[i+1:])
		text := w.tree.yaml()
		_, err := decode("example.yaml", text, nil)
		key := join(path, e.key.text)
		if !slices.Contains([]string{"constants", "models", "models.0.kriging.name"}, key) { // names that others use
			assert.Equal(w, err != nil, w.schema.Validate(asJSON(w, text)) != nil, "without %s: %v", key, err)
			w.needed++
		}
	}
}

// compareWords compares the words of a rule with those that the decoder expects
// in place of another one.
func (w *schemaWalk) compareWords(rule object, path, other string) {
	words, ok := rule["enum"].([]any)
	if !ok {
		words, ok = rule["examples"].([]any)
	}
	if !ok || slices.Contains([]string{"kind", "precision", "device"}, path) {
		return // the decoder knows the words of all kinds
	}
	var want []string
	for _, word := range words {
		want = append(want, word.(string))
	}
	slices.Sort(want)
	if got := w.listed(path + "=" + other); got != nil {
		assert.Equal(w, got, want, path)
		w.words++
		return
	}
	require.Len(w, want, 1, path)
	_, err := w.decode(path + "=" + other)
	assert.Contains(w, err.Error(), want[0], path) // expected a list of stages or auto
	w.words++
}

// compareDefault compares a default with what the decoder fills in for an absent key.
func (w *schemaWalk) compareDefault(rule object, path string) {
	j, err := w.decode(path + "=null")
	if err != nil {
		return // it is needed, or others need it
	}
	got := j.tree
	for step := range strings.SplitSeq(path, ".") {
		if i, err := strconv.Atoi(step); err == nil {
			got = got.items[i]
		} else {
			got = got.get(step)
		}
	}
	def, has := rule["default"]
	switch def := def.(type) {
	case float64:
		assert.Equal(w, format(def), got.text, path)
	case bool:
		assert.Equal(w, strconv.FormatBool(def), got.text, path)
	case string:
		if def == "." { // the folder of the job
			folder, err := filepath.Abs(def)
			require.NoError(w, err)
			def = folder
		}
		assert.Equal(w, def, got.text, path)
	case nil:
		if got.kind == scalarNode {
			assert.Contains(w, rule["description"], "default", path)
		}
	default:
		assert.Fail(w, "a default of another type", "%s: %v", path, reflect.TypeOf(def))
	}
	if has {
		w.defaults++
	}
}
