// Package jobschema describes job files to editors: a JSON schema (draft 2020-12,
// https://json-schema.org/draft/2020-12) of every kind of job.
//
// It knows the keys, which of them are needed, their words, defaults and the forms of
// values. What depends on the numbers and names of a job is left to package job, which
// reads it. Whatever the schema refuses is refused there too, but for scalars that are
// left empty, which a job takes for their defaults. The tests of package job compare
// the two key by key.
package jobschema

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Kinds are the kinds of jobs. A sweep has a job of another kind in it.
var (
	varied = []string{"mapreduce", "pinn", "sample", "stencil", "surrogate"}
	Kinds  = append(slices.Clone(varied), "sweep")
)

// schemas are those of the kinds.
var schemas = map[string]func() rule{
	"mapreduce": mapreduce, "pinn": pinn, "sample": sample, "stencil": stencil, "surrogate": surrogate, "sweep": sweep,
}

// JSON is the schema of the jobs of a kind, or of all kinds if it is "".
func JSON(kind string) ([]byte, error) {
	root := rule{}
	kinds := Kinds
	switch {
	case kind == "":
		root = job("a job of ritz", Kinds)
	case !slices.Contains(Kinds, kind):
		return nil, fmt.Errorf("unknown kind %q: there are %s", kind, strings.Join(Kinds, ", "))
	default:
		root["$ref"] = "#/$defs/" + kind
		if kind != "sweep" { // which has a job in it
			kinds = []string{kind}
		}
	}
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	defs := rule{}
	for _, k := range kinds {
		defs[k] = schemas[k]()
	}
	root["$defs"] = defs
	text, err := json.MarshalIndent(root, "", "  ")
	return append(text, '\n'), err
}

// job is a job of one of some kinds.
func job(about string, kinds []string) rule {
	r := rule{
		"type": types{"object"}, "description": about, "required": []string{"ritz", "kind"},
		"properties": rule{"ritz": version(), "kind": words("what the job does", kinds...)},
	}
	for _, k := range kinds {
		r.when("kind", k, false, rule{"$ref": "#/$defs/" + k})
	}
	return r
}

func version() rule { return whole(1, "version of the job file").atMost(1) }

// kind is a job of one kind: the keys of all kinds, and its own.
func kind(name, about string, precisions []string, device rule, own ...property) rule {
	return section(about, append([]property{
		need("ritz", version()),
		need("kind", words(about, name)),
		may("name", text("names the run directory: letters, digits, . _ -; default: the file's name")),
		may("seed", whole(0, "of all that is random; same seed, job and threads: same bits").or(1)),
		may("threads", whole(0, "0: all cores").or(0)),
		may("precision", words("of the numbers", precisions...).or("float64")),
		may("device", device.or("cpu")),
		may("constants", named(number("a number"), "named numbers; one may use those before it")),
	}, own...)...)
}

var (
	float64Only = []string{"float64"}
	bothFloats  = []string{"float64", "float32"}
)

func cpuOnly() rule { return words("nothing else", "cpu") }

func figures() property {
	return may("figures", list(words("a format", "png", "svg", "pdf"), "formats of pictures; []: none; default [png]"))
}

// rule is a JSON schema, or a part of one: its keywords.
type rule map[string]any

// types are those that a value may have.
type types []string

// MarshalJSON writes a single type without brackets.
func (t types) MarshalJSON() ([]byte, error) {
	if len(t) == 1 {
		return json.Marshal(t[0])
	}
	return json.Marshal([]string(t))
}

// scalar are the types of a text: YAML takes some texts for other things.
var scalar = types{"string", "number", "boolean"}

// text is a text, or an expression of variables.
func text(about string) rule { return rule{"type": scalar, "description": about} }

// number is a number, or an expression of numbers and constants.
func number(about string) rule {
	return rule{"type": types{"number", "string"}, "description": about}
}

// positive is a number above 0.
func positive(about string) rule { return above(0, about) }

// above is a number above least.
func above(least float64, about string) rule {
	r := number(about)
	r["exclusiveMinimum"] = least
	return r
}

// atLeast is a number that is not below least.
func atLeast(least float64, about string) rule {
	r := number(about)
	r["minimum"] = least
	return r
}

// whole is a whole number that is not below least, or an expression.
func whole(least int, about string) rule {
	return rule{"type": types{"integer", "string"}, "minimum": least, "description": about}
}

func (r rule) atMost(most float64) rule {
	r["maximum"] = most
	return r
}

// flag is true or false.
func flag(about string) rule { return rule{"type": types{"boolean"}, "description": about} }

// words is one of some words.
func words(about string, legal ...string) rule {
	return rule{"type": types{"string"}, "enum": legal, "description": about}
}

// list is a list of items like of.
func list(of rule, about string) rule {
	return rule{"type": types{"array"}, "items": of, "description": about}
}

// filled is a list or mapping that has something in it.
func (r rule) filled() rule {
	if r.takes("array") {
		r["minItems"] = 1
	}
	if r.takes("object") {
		r["minProperties"] = 1
	}
	return r
}

// pair is a list of two.
func pair(of rule, about string) rule {
	r := list(of, about)
	r["minItems"], r["maxItems"] = 2, 2
	return r
}

func interval(about string) rule { return pair(number("an end"), about) }

// named is a mapping whose keys are names of the job.
func named(of rule, about string) rule {
	return rule{"type": types{"object"}, "additionalProperties": of, "description": about}
}

// or gives a rule the default of what it describes.
func (r rule) or(def any) rule {
	text, err := json.Marshal(def)
	if err != nil {
		panic(err) // a default in this package
	}
	r["default"] = def
	r["description"] = fmt.Sprintf("%s; default %s", r["description"], strings.Trim(string(text), `"`))
	return r
}

func (r rule) takes(kind string) bool { return slices.Contains(r["type"].(types), kind) }

// also lets r be what other describes too, whose types it does not have: each
// keyword says something of values of one type only.
func (r rule) also(other rule) rule {
	both := slices.Concat(r["type"].(types), other["type"].(types))
	for k, v := range other {
		if k != "description" {
			r[k] = v
		}
	}
	r["type"] = both
	return r
}

// word lets r be one of some words too.
func (r rule) word(legal ...string) rule {
	r["examples"] = legal
	return r.also(rule{"type": types{"string"}, "pattern": "^(" + strings.Join(legal, "|") + ")$"})
}

// property is a key of a section.
type property struct {
	name   string
	value  rule
	needed bool
}

// need is a key that must be there.
func need(name string, value rule) property { return property{name, value, true} }

// may is a key that may be left out, or be there with nothing in it if it is a list
// or a mapping, all lines of which may be comments.
func may(name string, value rule) property {
	if value.takes("array") || value.takes("object") {
		value = value.orNothing()
	}
	return property{name, value, false}
}

func (r rule) orNothing() rule { return r.also(rule{"type": types{"null"}}) }

// either is a key that stands in place of others.
func either(name string, value rule) property { return property{name, value, false} }

// section is a mapping of these keys and no others.
func section(about string, keys ...property) rule {
	properties, needed := rule{}, []string{}
	for _, k := range keys {
		properties[k.name] = k.value
		if k.needed {
			needed = append(needed, k.name)
		}
	}
	r := rule{"type": types{"object"}, "properties": properties, "additionalProperties": false}
	if about != "" {
		r["description"] = about
	}
	if len(needed) > 0 {
		r["required"] = needed
	}
	return r
}

// single is a mapping of one of these keys.
func single(about string, keys ...property) rule {
	r := section(about, keys...)
	r["minProperties"], r["maxProperties"] = 1, 1
	return r
}

// variant is a section whose keys depend on the word that stands under one of them.
// The first word is the default.
func variant(about, key, meaning string, choices ...choice) rule {
	var legal []string
	for _, c := range choices {
		legal = append(legal, c.word)
	}
	word := words(meaning, legal...).or(legal[0])
	r := rule{"type": types{"object"}, "properties": rule{key: word}, "description": about}
	for i, c := range choices {
		c.keys["properties"].(rule)[key] = word
		delete(c.keys, "type") // which may be null
		r.when(key, c.word, i == 0, c.keys)
	}
	return r
}

// choice is a word with the section of the keys that go with it.
type choice struct {
	word string
	keys rule
}

func with(word string, keys rule) choice { return choice{word, keys} }

// when adds what holds where key is a word, or absent if that is its default.
func (r rule) when(key, word string, def bool, then rule) {
	r.add(rule{"if": is(key, def, word), "then": then})
}

// onlyWith adds that there is a key only where another one is one of some words, none
// of which is its default.
func (r rule) onlyWith(name, key string, legal ...string) rule {
	return r.add(rule{"if": is(key, false, legal...), "else": rule{"properties": rule{name: false}}})
}

// onlyWithout adds that there is no key name where there is another one.
func (r rule) onlyWithout(name, other string) rule {
	return r.add(rule{"if": has(other), "then": rule{"properties": rule{name: false}}})
}

// is holds for a mapping where key is one of some words, or absent if that is its
// default.
func is(key string, def bool, legal ...string) rule {
	r := rule{"type": "object", "properties": rule{key: rule{"enum": legal}}}
	if !def {
		r["required"] = []string{key}
	}
	return r
}

func has(key string) rule { return rule{"required": []string{key}} }

func hasEach(names []string) []rule {
	var all []rule
	for _, n := range names {
		all = append(all, has(n))
	}
	return all
}

// one adds that one of these keys is there, and no other of them.
func (r rule) one(names ...string) rule { return r.mapping("oneOf", hasEach(names)) }

// some adds that at least one of these keys is there.
func (r rule) some(names ...string) rule { return r.mapping("anyOf", hasEach(names)) }

// notBoth adds that two keys exclude each other.
func (r rule) notBoth(a, b string) rule { return r.mapping("not", rule{"required": []string{a, b}}) }

// mapping adds what holds if the value is a mapping: it may also be a text.
func (r rule) mapping(keyword string, value any) rule {
	return r.add(rule{"if": rule{"type": "object"}, "then": rule{keyword: value}})
}

// add adds what holds besides.
func (r rule) add(other rule) rule {
	all, _ := r["allOf"].([]rule)
	r["allOf"] = append(all, other)
	return r
}
