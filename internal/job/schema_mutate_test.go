package job

import (
	"io"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// Faults that the schema must find as well: keys that there are not, and keys that
// are missing.
var structural = regexp.MustCompile(`(?m)unknown key "|: the key "\w+" is missing`)

// What the schema refuses in a job that was changed at one place the decoder refuses
// too; and the schema finds all keys that are unknown or missing.
func TestSchemaAndDecoderAgree(t *testing.T) {
	dir := t.TempDir()
	for _, file := range []string{"burgers.csv", "mapreduce.csv", "heat.yaml"} {
		text, err := os.ReadFile("../../examples/" + file)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, file), text, 0o666))
	}
	path := filepath.Join(dir, "job.yaml")
	schema := compileSchema(t, "")
	var trees []*node
	files := jobFiles(t)
	for _, file := range sortedKeys(files) {
		_, err := decode(path, files[file], nil)
		require.NoError(t, err, file)
		root, err := parse(files[file], newSource(path, files[file]))
		require.NoError(t, err)
		trees = append(trees, root)
	}
	refused, accepted := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		root := trees[rapid.IntRange(0, len(trees)-1).Draw(t, "job")].clone(map[*node]*node{})
		change := mutate(t, root)
		text := root.yaml()
		refusal := schema.Validate(asJSON(t, text))
		j, err := decode(path, text, nil)
		if refusal == nil && err != nil && structural.MatchString(err.Error()) {
			t.Fatalf("%s: only the decoder refuses\n%s\n%v", change, text, err)
		}
		if refusal != nil && err == nil && j.Kind == "sweep" { // decodes its job later
			err = j.Check(io.Discard)
		}
		switch {
		case refusal != nil && err == nil:
			t.Fatalf("%s: only the schema refuses\n%s\n%v", change, text, refusal)
		case refusal != nil:
			refused++
		default:
			accepted++
		}
	})
	require.Positive(t, refused)
	require.Positive(t, accepted)
}

// mutate changes one value of a job, or one key of it, and says how.
func mutate(t *rapid.T, root *node) string {
	var values, mappings []*node
	var collect func(n *node)
	collect = func(n *node) {
		values = append(values, n)
		if n.kind == mappingNode {
			mappings = append(mappings, n)
		}
		for _, item := range n.items {
			collect(item)
		}
		for _, e := range n.entries {
			collect(e.value)
		}
	}
	collect(root)
	n := mappings[rapid.IntRange(0, len(mappings)-1).Draw(t, "mapping")]
	switch way := rapid.SampledFrom([]string{"add", "delete", "replace", "replace"}).Draw(t, "way"); {
	case way == "add":
		n.put("qqqqqq", n.beside(scalarNode, "1"))
		return "a key qqqqqq more"
	case way == "delete" && len(n.entries) > 0:
		i := rapid.IntRange(0, len(n.entries)-1).Draw(t, "key")
		key := n.entries[i].key.text
		n.entries = append(n.entries[:i:i], n.entries[i+1:]...)
		return "without " + key
	}
	v := values[rapid.IntRange(0, len(values)-1).Draw(t, "value")]
	before := v.yaml()
	other := v.beside(scalarNode, "")
	switch form := rapid.SampledFrom([]string{"qqqqqq", "1.5", "-1", "true", "", "quoted", "[]", "[qqqqqq]", "{}", "{qqqqqq: 1}", "null"}).Draw(t, "form"); form {
	case "[]", "[qqqqqq]":
		other.kind = listNode
		if form != "[]" {
			other.items = []*node{v.beside(scalarNode, "qqqqqq")}
		}
	case "{}", "{qqqqqq: 1}":
		other.kind = mappingNode
		if form != "{}" {
			other.put("qqqqqq", v.beside(scalarNode, "1"))
		}
	case "quoted":
		other.text, other.quoted = "true", true
	case "null":
		if v.kind != scalarNode { // see package jobschema
			other.kind = nullNode
		}
	default:
		other.text, other.quoted = form, form == ""
	}
	*v = *other
	return "not " + before
}
