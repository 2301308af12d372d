package job

import (
	"slices"
	"strings"

	"github.com/seed-0772dd2d/ritz/pinn"
)

func (t *pinnTask) decodeNetwork(s *section) {
	defer s.close()
	n := &t.settings.Network
	v := s.get("hidden")
	if v == nil {
		v = s.n.beside(listNode, "")
		for range 4 {
			v.items = append(v.items, v.beside(scalarNode, "20"))
		}
		s.n.put("hidden", v)
	}
	for i, w := range s.list(v, s.at("hidden")) {
		n.Hidden = append(n.Hidden, s.decoder.integer(w, item(s.at("hidden"), i), 1))
	}
	if v.kind == listNode && len(v.items) == 0 {
		s.fail(v, s.at("hidden"), "expected the width of at least one layer")
	}
	n.Activation = s.choice("activation", "tanh", "tanh", "sin", "sigmoid", "swish", "softplus")
	n.Shared = s.flag("shared", false)
	n.Scale = s.numbers("scale")
	for name := range n.Scale {
		s.oneOf("scale", name, t.problem.Fields, "field")
	}
}

func (t *pinnTask) decodePoints(s *section) {
	defer s.close()
	p := &t.settings.Points
	p.Interior = s.integer("interior", 4096, 1)
	p.Boundary = s.integer("boundary", 256, 1)
	p.Strategy = s.choice("strategy", "sobol", "sobol", "lhs", "random", "grid")
	v := s.get("resample")
	if v == nil {
		return
	}
	r := s.section(v, s.at("resample"))
	defer r.close()
	p.Resample = pinn.Resample{
		Every:      r.integer("every", 500, 1),
		Candidates: r.integer("candidates", 5*p.Interior, 1),
		K:          r.positive("k", 1),
		C:          r.positive("c", 1),
	}
	if p.Resample.Candidates < p.Interior && !r.failed(r.n.get("candidates")) {
		r.fail(r.n.get("candidates"), r.at("candidates"), "expected at least as many candidates as interior points (%d), got %d", p.Interior, p.Resample.Candidates)
	}
}

// decodeTrain reads the list of stages, or the word auto.
func (t *pinnTask) decodeTrain(s *section) {
	v := s.get("train")
	if v == nil {
		s.fill("train", "auto")
		return
	}
	if v.kind == scalarNode && v.text == "auto" {
		return
	}
	if v.kind != listNode || len(v.items) == 0 {
		s.fail(v, "train", "expected a list of stages or auto, got %s", v.what())
		return
	}
	for i, n := range v.items {
		t.settings.Train = append(t.settings.Train, s.stage(n, item("train", i)))
	}
}

var optimizers = pinn.Optimizers()

// stage reads {adam: {iterations: 1000}}.
func (d *decoder) stage(n *node, path string) (stage pinn.Stage) {
	if n.kind == mappingNode && len(n.entries) > 1 {
		at, names := n, make([]string, len(n.entries))
		for i, e := range n.entries {
			names[i] = e.key.text
			if e.key.source != n.source { // it was set
				at = e.key
			}
		}
		d.fail(at, path, "expected one optimizer with its settings, got %s", strings.Join(names, ", "))
		return stage
	}
	if n.kind != mappingNode || len(n.entries) != 1 {
		d.fail(n, path, "expected one optimizer with its settings, {adam: {iterations: 1000}}, got %s", n.what())
		return stage
	}
	stage.Optimizer = d.word(n.entries[0].key, path, optimizers)
	if !slices.Contains(optimizers, stage.Optimizer) {
		return stage
	}
	s := d.section(n.entries[0].value, join(path, stage.Optimizer))
	defer s.close()
	if v := s.require("iterations", "the most iterations of the stage"); v != nil {
		stage.Iterations = s.decoder.integer(v, s.at("iterations"), 1)
	}
	objective := "log"
	switch stage.Optimizer {
	case "adam":
		objective = "loss"
		stage.Rate = s.positive("rate", 1e-3)
		stage.Schedule = s.schedule()
	case "lbfgs":
		stage.Memory = s.integer("memory", 20, 1)
	}
	stage.Tolerance = s.atLeast("tolerance", 0, 0)
	stage.Objective = s.choice("objective", objective, "loss", "sqrt", "log")
	return stage
}

// schedule reads how Adam's rate changes, {kind: cosine, over: 1000}.
func (s *section) schedule() (out pinn.Schedule) {
	v := s.get("schedule")
	if v == nil {
		return out
	}
	r := s.section(v, s.at("schedule"))
	defer r.close()
	out.Kind = r.choice("kind", "exponential", "constant", "exponential", "staircase", "cosine")
	switch out.Kind {
	case "exponential", "staircase":
		out.Factor = r.positive("factor", 0.9)
		if out.Factor > 1 {
			r.fail(r.n.get("factor"), r.at("factor"), "expected a factor of at most 1, got %s", format(out.Factor))
		}
		out.Every = r.integer("every", 1000, 1)
	case "cosine":
		if v := r.require("over", "the iterations that the cosine takes"); v != nil {
			out.Over = r.decoder.integer(v, r.at("over"), 1)
		}
		out.Final = r.number("final", 0)
		if out.Final < 0 || out.Final > 1 {
			r.fail(r.n.get("final"), r.at("final"), "expected a fraction from 0 to 1, got %s", format(out.Final))
		}
	}
	out.Warmup = r.integer("warmup", 0, 0)
	return out
}
