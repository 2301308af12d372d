package job

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/seed-0772dd2d/ritz/sampling"
)

// plan reads the section sample: of a job of any kind that samples its inputs,
//
//	sample: {method: sobol, n: 80, skip: 0, scramble: owen}
//
// with the seed of the job. Only the keys that the method knows are legal. What
// depends on the number of inputs is for [sampling.Plan.Points] to find.
func (s *section) plan(seed uint64) sampling.Plan {
	defer s.close()
	p := sampling.Plan{Seed: seed}
	p.Method = s.choice("method", "sobol", sampling.Methods()...)
	switch p.Method {
	case "poisson": // how many there are is an outcome
	case "grid":
		v := s.get("levels")
		if v == nil {
			p.N = s.points()
			break
		}
		for i, l := range s.list(v, s.at("levels")) {
			p.Levels = append(p.Levels, s.decoder.integer(l, item(s.at("levels"), i), 1))
		}
	default:
		p.N = s.points()
	}
	switch p.Method {
	case "sobol":
		p.Skip = s.integer("skip", 0, 0)
		p.Scramble = s.scramble(sampling.Owen, sampling.Linear, sampling.Rotation)
	case "halton":
		p.Skip = s.integer("skip", 0, 0)
		p.Leap = s.integer("leap", 1, 1)
		p.Scramble = s.scramble(sampling.Permutation, sampling.Rotation)
	case "kronecker":
		p.Skip = s.integer("skip", 0, 0)
		p.Scramble = s.scramble(sampling.Rotation)
	case "lattice":
		p.Scramble = s.scramble(sampling.Rotation)
	case "lhs":
		p.Centred = s.flag("centred", false)
		if c := s.choice("optimise", "none", "none", string(sampling.Maximin), string(sampling.LowDiscrepancy)); c != "none" {
			p.Optimise = sampling.Criterion(c)
			if v := s.get("exchanges"); v != nil {
				p.Exchanges = s.decoder.integer(v, s.at("exchanges"), 1)
			}
		}
	case "grid":
		p.Midpoints = s.flag("midpoints", false)
	case "poisson":
		if v := s.require("radius", "the smallest distance of two points in the unit cube"); v != nil {
			p.Radius = s.positive("radius", 0)
		}
	}
	return p
}

// points reads the key n.
func (s *section) points() int {
	v := s.require("n", "the number of points")
	if v == nil {
		return 1
	}
	return s.decoder.integer(v, s.at("n"), 1)
}

func (s *section) scramble(legal ...sampling.Scramble) sampling.Scramble {
	words := []string{string(sampling.Unscrambled)}
	for _, l := range legal {
		words = append(words, string(l))
	}
	return sampling.Scramble(s.choice("scramble", words[0], words...))
}

// planText says what a plan makes.
func planText(p sampling.Plan) string {
	var parts []string
	add := func(set bool, format string, args ...any) {
		if set {
			parts = append(parts, fmt.Sprintf(format, args...))
		}
	}
	add(true, "%s", p.Method)
	add(p.Skip > 0, "the first %d left out", p.Skip)
	add(p.Leap > 1, "every %s", ordinal(p.Leap))
	add(p.Scramble != "" && p.Scramble != sampling.Unscrambled, "scrambled by %s", p.Scramble)
	add(p.Centred, "centred")
	add(p.Optimise != "", "optimised for %s", p.Optimise)
	add(p.Midpoints, "at midpoints")
	add(p.Radius > 0, "at least %s apart", format(p.Radius))
	return strings.Join(parts, ", ")
}

func ordinal(n int) string {
	suffix := "th"
	if n%100/10 != 1 {
		switch n % 10 {
		case 1:
			suffix = "st"
		case 2:
			suffix = "nd"
		case 3:
			suffix = "rd"
		}
	}
	return strconv.Itoa(n) + suffix
}
