package job

import (
	"slices"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/seed-0772dd2d/ritz/sampling"
)

// input is a variable that is sampled.
type input struct {
	name         string
	lower, upper float64 // the ends of what it can be; may be infinite
	distribution sampling.Quantiler
	text         string // what it is, for people
}

// interval is the uniform distribution on [lower, upper]; its quantiles of 0
// and 1 are the ends exactly.
type interval struct{ lower, upper float64 }

func (i interval) Quantile(p float64) float64 {
	return min(max((1-p)*i.lower+p*i.upper, i.lower), i.upper)
}

// inputs reads the section inputs: of a job that samples,
//
//	inputs: {x1: [-5, 10], x2: {normal: {mean: 0, sd: 1}}}
//
// Each input is an interval or one of the distributions normal, lognormal,
// uniform, triangle.
func (s *section) inputs() []input {
	v := s.require("inputs", "the variables with their intervals or distributions, inputs: {x1: [-5, 10]}")
	if v == nil {
		return nil
	}
	var inputs []input
	for _, e := range s.section(v, s.at("inputs")).n.entries {
		inputs = append(inputs, s.input(e, join(s.at("inputs"), e.key.text)))
	}
	if v.kind == mappingNode && len(inputs) == 0 {
		s.fail(v, s.at("inputs"), "expected at least one input")
	}
	return inputs
}

// distributions are the names that the decoder knows.
var distributions = []string{"normal", "lognormal", "uniform", "triangle"}

func (d *decoder) input(e entry, path string) input {
	in := input{name: e.key.text, distribution: interval{0, 1}, upper: 1}
	n := e.value
	if n.kind != mappingNode {
		if in.lower, in.upper = d.interval(n, path); in.lower < in.upper {
			in.distribution = interval{in.lower, in.upper}
			in.text = "[" + format(in.lower) + ", " + format(in.upper) + "]"
		}
		return in
	}
	if len(n.entries) != 1 {
		d.fail(n, path, "expected one distribution, as in {normal: {mean: 0, sd: 1}}")
		return in
	}
	name := d.word(n.entries[0].key, path, distributions)
	if !slices.Contains(distributions, name) {
		return in
	}
	p := d.section(n.entries[0].value, join(path, name))
	defer p.close()
	faults := len(d.faults)
	switch name {
	case "normal":
		q := distuv.Normal{Mu: p.number("mean", 0), Sigma: p.positive("sd", 1)}
		in.lower, in.upper = q.Quantile(0), q.Quantile(1)
		in.distribution = q
		in.text = "normal, mean " + format(q.Mu) + ", standard deviation " + format(q.Sigma)
	case "lognormal":
		q := distuv.LogNormal{Mu: p.number("mu", 0), Sigma: p.positive("sigma", 1)}
		in.lower, in.upper = q.Quantile(0), q.Quantile(1)
		in.distribution = q
		in.text = "lognormal, its logarithm of mean " + format(q.Mu) + ", standard deviation " + format(q.Sigma)
	case "uniform":
		in.lower, in.upper = p.ends()
		if len(d.faults) == faults {
			in.distribution = interval{in.lower, in.upper}
			in.text = "uniform on [" + format(in.lower) + ", " + format(in.upper) + "]"
		}
	case "triangle":
		in.lower, in.upper = p.ends()
		mode := p.number("mode", in.lower+(in.upper-in.lower)/2)
		if len(d.faults) == faults && !(in.lower <= mode && mode <= in.upper) {
			p.fail(p.n.get("mode"), p.at("mode"), "expected a mode from lower to upper, %s to %s, got %s", format(in.lower), format(in.upper), format(mode))
		}
		if len(d.faults) == faults {
			in.distribution = distuv.NewTriangle(in.lower, in.upper, mode, nil)
			in.text = "triangle on [" + format(in.lower) + ", " + format(in.upper) + "], mode " + format(mode)
		}
	}
	return in
}

// ends reads the keys lower and upper of a distribution.
func (s *section) ends() (lower, upper float64) {
	a, b := s.require("lower", "its lower end"), s.require("upper", "its upper end")
	if a == nil || b == nil {
		return 0, 1
	}
	lower, ok := s.decoder.number(a, s.at("lower"))
	upper, too := s.decoder.number(b, s.at("upper"))
	if !ok || !too {
		return 0, 1
	}
	if !(lower < upper) {
		s.fail(s.n, s.path, "expected lower < upper, got %s and %s", format(lower), format(upper))
		return 0, 1
	}
	return lower, upper
}
