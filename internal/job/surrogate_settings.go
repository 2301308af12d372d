package job

import (
	"github.com/seed-0772dd2d/ritz/surrogate"
)

// The settings of each kind of model, read and checked where they stand.

func (t *surrogateTask) kriging(s *section) surrogate.Spec {
	k := surrogate.Kriging{Seed: t.job.Seed, Threads: t.job.Threads}
	k.Correlation = s.choice("correlation", "matern52", "matern52", "matern32", "matern12", "gaussian", "power_exponential")
	if k.Correlation == "power_exponential" {
		k.P = t.each(s, "p", func(p float64) string {
			if p > 0 && p <= 2 {
				return ""
			}
			return "expected an exponent above 0 and up to 2"
		})
		if k.P == nil {
			s.fill("p", "1.9")
			k.P = []float64{1.9}
		}
	}
	k.Theta = t.each(s, "theta", aboveZero)
	k.Lengths = t.each(s, "lengths", aboveZero)
	if len(k.Theta) > 0 && len(k.Lengths) > 0 {
		s.fail(s.n.get("lengths"), s.at("lengths"), "expected either theta or lengths: they say the same")
	}
	if v := s.get("nugget"); v != nil && v.kind == scalarNode && v.text == "fit" {
		k.EstimateNugget = true
	} else {
		k.Nugget = s.atLeast("nugget", 0, 0)
	}
	k.Trend = s.choice("trend", "constant", "constant", "simple", "linear", "quadratic")
	if k.Trend == "simple" {
		k.Mean = s.number("mean", 0)
	}
	k.Criterion = s.choice("criterion", "likelihood", "likelihood", "leave_one_out")
	k.Starts = s.integer("starts", 10, 1)
	if v := s.get("components"); v != nil {
		k.Components = s.decoder.integer(v, s.at("components"), 1)
		if d := len(t.names); k.Components >= d && d > 0 && !s.failed(v) {
			s.fail(v, s.at("components"), "expected fewer components than the %d inputs", d)
		}
	}
	degree := map[string]int{"linear": 1, "quadratic": 2}[k.Trend]
	t.needs = append(t.needs, need{s.n.get("trend"), s.at("trend"), "a " + k.Trend + " trend", polynomialTerms(len(t.names), degree) + 1})
	return k
}

func (t *surrogateTask) inverseDistance(s *section) surrogate.Spec {
	var m surrogate.InverseDistance
	m.P = s.atLeast("p", 2, 1)
	m.Neighbours = s.integer("neighbours", 0, 0)
	m.Scale = s.flag("scale", false)
	return m
}

func (t *surrogateTask) lobachevsky(s *section) surrogate.Spec {
	var m surrogate.Lobachevsky
	if m.Alpha = t.each(s, "alpha", aboveZero); m.Alpha == nil {
		s.fill("alpha", "2")
		m.Alpha = []float64{2}
	}
	m.N = s.integer("n", 4, 2)
	if v := s.n.get("n"); (m.N%2 != 0 || m.N > 30) && !s.failed(v) {
		s.fail(v, s.at("n"), "expected an even number from 2 to 30, got %d", m.N)
	}
	m.Scale = s.flag("scale", false)
	return m
}

func (t *surrogateTask) radialBasis(s *section) surrogate.Spec {
	var m surrogate.RadialBasis
	m.Kernel = s.choice("kernel", "cubic", "cubic", "linear", "thin_plate", "multiquadric", "gaussian", "wendland")
	if v := s.get("tail"); v != nil {
		m.Tail = s.word(v, s.at("tail"), []string{"none", "constant", "linear", "quadratic"})
	}
	if v := s.get("shape"); v != nil {
		m.Shape = s.positive("shape", 0)
	}
	m.Smoothing = s.atLeast("smoothing", 0, 0)
	return m
}

func (t *surrogateTask) polynomial(s *section) surrogate.Spec {
	m := surrogate.Polynomial{Degree: s.within("degree", 2, 1, 20)}
	t.needs = append(t.needs, need{s.n.get("degree"), s.at("degree"), "a polynomial of this degree", polynomialTerms(len(t.names), m.Degree)})
	return m
}

func (t *surrogateTask) polynomialChaos(s *section) surrogate.Spec {
	var m surrogate.PolynomialChaos
	m.MaxDegree = s.within("max_degree", 20, 1, 50)
	if v := s.get("q"); v != nil {
		m.Q = s.positive("q", 1)
		if m.Q > 1 {
			s.fail(v, s.at("q"), "expected a number above 0 and up to 1, got %s", format(m.Q))
		}
	}
	m.MaxTerms = s.integer("max_terms", 10000, 1)
	return m
}

func (t *surrogateTask) neuralNetwork(s *section) surrogate.Spec {
	m := surrogate.NeuralNetwork{Seed: t.job.Seed}
	if v := s.get("hidden"); v == nil {
		list := s.n.beside(listNode, "")
		list.items = append(list.items, list.beside(scalarNode, "20"))
		s.n.put("hidden", list)
		m.Hidden = []int{20}
	} else {
		for i, w := range s.list(v, s.at("hidden")) {
			units := s.decoder.integer(w, item(s.at("hidden"), i), 1)
			if units > 1024 {
				s.fail(w, item(s.at("hidden"), i), "expected at most 1024 units, got %d", units)
			}
			m.Hidden = append(m.Hidden, units)
		}
		if v.kind == listNode && (len(v.items) == 0 || len(v.items) > 16) {
			s.fail(v, s.at("hidden"), "expected the widths of 1 to 16 layers")
		}
	}
	m.Decay = s.positive("decay", 1e-7)
	m.Starts = s.integer("starts", 4, 1)
	m.Iterations = s.integer("iterations", 2000, 1)
	m.Validation = s.atLeast("validation", 0, 0)
	if m.Validation >= 1 {
		s.fail(s.n.get("validation"), s.at("validation"), "expected a share below 1, got %s", format(m.Validation))
	}
	return m
}

// ensemble reads its members as models are read; by default they are those of
// models: auto.
func (t *surrogateTask) ensemble(s *section) surrogate.Spec {
	m := surrogate.Ensemble{CrossValidation: surrogate.CrossValidation{Seed: t.job.Seed, Threads: t.job.Threads}}
	m.Weights = s.choice("weights", "optimal", "optimal", "goel", "equal")
	m.CrossValidation.Folds = s.integer("folds", 10, 2)
	if v := s.get("members"); v != nil {
		path := s.at("members")
		for i, n := range s.list(v, path) {
			if member, ok := t.model(s.decoder, v, i, n, path); ok {
				m.Members = append(m.Members, member.spec)
			}
		}
		if v.kind == listNode && len(v.items) == 0 {
			s.fail(v, path, "expected at least one member")
		}
	}
	return m
}

// within reads a whole number from least to most.
func (s *section) within(key string, def, least, most int) int {
	n := s.integer(key, def, least)
	if v := s.n.get(key); n > most {
		s.fail(v, s.at(key), "expected at most %d, got %d", most, n)
	}
	return n
}

func aboveZero(x float64) string {
	if x > 0 {
		return ""
	}
	return "expected a number above 0"
}

// each reads a number, or a list of one for each input; fault tells what is wrong
// with one of them, or "".
func (t *surrogateTask) each(s *section, key string, fault func(x float64) string) []float64 {
	v := s.get(key)
	if v == nil {
		return nil
	}
	nodes := []*node{v}
	if v.kind == listNode {
		if nodes = v.items; len(nodes) != len(t.names) && len(t.names) > 0 {
			s.fail(v, s.at(key), "%d numbers for %d inputs", len(nodes), len(t.names))
		}
	}
	var out []float64
	for _, n := range nodes {
		x, ok := s.decoder.number(n, s.at(key))
		if ok {
			if msg := fault(x); msg != "" {
				s.fail(n, s.at(key), "%s, got %s", msg, format(x))
			}
		}
		out = append(out, x)
	}
	return out
}

// need is a number of samples that a model cannot be fitted without.
type need struct {
	node  *node
	path  string
	what  string
	least int
}

// polynomialTerms is the number of terms of a polynomial, C(d + degree, degree).
func polynomialTerms(d, degree int) int {
	terms := 1
	for k := 1; k <= degree; k++ {
		terms = terms * (d + k) / k
		if terms > 1<<40 {
			break
		}
	}
	return terms
}
