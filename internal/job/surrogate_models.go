package job

import (
	"slices"

	"github.com/seed-0772dd2d/ritz/surrogate"
)

// modelSpec is one model of the list.
type modelSpec struct {
	name string
	kind string
	spec surrogate.Spec
	node *node
	path string
}

// modelKinds are the keys of models, with what reads their settings.
var modelKinds map[string]func(t *surrogateTask, s *section) surrogate.Spec

func init() { // ensembles hold models
	modelKinds = map[string]func(t *surrogateTask, s *section) surrogate.Spec{
		"kriging":          (*surrogateTask).kriging,
		"inverse_distance": (*surrogateTask).inverseDistance,
		"lobachevsky":      (*surrogateTask).lobachevsky,
		"radial_basis":     (*surrogateTask).radialBasis,
		"polynomial":       (*surrogateTask).polynomial,
		"polynomial_chaos": (*surrogateTask).polynomialChaos,
		"neural_network":   (*surrogateTask).neuralNetwork,
		"ensemble":         (*surrogateTask).ensemble,
	}
}

// figureNames are those of figures that are not of one model.
var figureNames = []string{"truth", "models", "slices", "predicted", "leave_one_out", "convergence", "sensitivity"}

// decodeModels reads the list of models or the word auto; by default Kriging alone.
func (t *surrogateTask) decodeModels(s *section) {
	v := s.get("models")
	if v == nil {
		v = s.n.beside(listNode, "")
		v.items = append(v.items, v.beside(scalarNode, "kriging"))
		s.n.put("models", v)
	}
	if v.kind == scalarNode && v.text == "auto" {
		t.auto = true
		return
	}
	if v.kind != listNode {
		s.fail(v, "models", "expected a list of models or auto, got %s", v.what())
		return
	}
	for i, n := range v.items {
		if m, ok := t.model(s.decoder, v, i, n, "models"); ok {
			t.models = append(t.models, m)
		}
	}
	seen := map[string]bool{}
	for _, m := range t.models {
		if seen[m.name] {
			s.fail(m.node, m.path, "two models are called %q: give one of them a name, {%s: {name: other}}", m.name, m.kind)
		}
		seen[m.name] = true
	}
}

// model reads item i of the list, "kriging" or "kriging: {p: 2}". A word becomes
// a mapping, so that its settings can be filled in.
func (t *surrogateTask) model(d *decoder, list *node, i int, n *node, key string) (m modelSpec, ok bool) {
	path := item(key, i)
	if n.kind == scalarNode {
		long := n.beside(mappingNode, "")
		long.flow = list.flow
		settings := n.beside(mappingNode, "")
		long.entries = []entry{{n, settings}}
		list.items[i], n = long, long
	}
	if n.kind != mappingNode || len(n.entries) != 1 {
		d.fail(n, path, "expected a model with its settings, {kriging: {correlation: gaussian}}, got %s", n.what())
		return m, false
	}
	word := n.entries[0].key
	m = modelSpec{kind: d.word(word, path, sortedKeys(modelKinds)), node: word, path: path}
	read, known := modelKinds[m.kind]
	if !known {
		return m, false
	}
	s := d.section(n.entries[0].value, join(path, m.kind))
	defer s.close()
	m.name = m.kind
	if v := s.get("name"); v != nil {
		if m.name = s.text(v, s.at("name")); v.kind == scalarNode && !fileName.MatchString(m.name) {
			s.fail(v, s.at("name"), "expected letters, digits, '.', '_' and '-' (it names a file), got %q", m.name)
		}
	}
	if slices.Contains(figureNames, m.name) {
		s.fail(s.n, path, "a figure of the run is called %q: give the model another name", m.name)
	}
	m.spec = read(t, s)
	t.specs = append(t.specs, modelSpec{spec: m.spec, node: word, path: s.path})
	return m, true
}
