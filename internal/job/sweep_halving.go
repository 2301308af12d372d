package job

import (
	"math"
	"slices"
)

// halving are the settings of successive halving: all points are run with the
// smallest budget, the best 1/eta of them anew with eta times as much, and so on
// up to the largest. Of n points, floor(n/eta^k), but at least one, come to rung
// k, whose budget is min eta^k; that of the last rung is max. A run that failed
// or has no criterion goes no further; of equal ones the first does.
//
// Source: Jamieson and Talwalkar, Non-stochastic best arm identification and
// hyperparameter optimization, AISTATS 2016, with the budgets of Li et al.,
// Hyperband, JMLR 18 (2018), algorithm 1.
type halving struct {
	path     string // of the key that is the budget of a run
	node     *node
	min, max float64
	eta      float64
	whole    bool // budgets are whole numbers
}

func (t *sweepTask) decodeHalving(parent *section) {
	v := parent.get("halving")
	if v == nil {
		return
	}
	s := parent.section(v, "halving")
	defer s.close()
	h := &halving{}
	budget := s.require("budget", "the key that tells how much a run may cost, train.0.adam.iterations")
	least, most := s.require("min", "the budget of the first runs"), s.require("max", "the budget of the last runs")
	h.eta = s.number("eta", 3)
	if e := s.n.get("eta"); !(h.eta > 1) && !s.failed(e) {
		s.fail(e, s.at("eta"), "expected a number above 1, got %s", format(h.eta))
	}
	if t.criterion == nil && parent.n.get("criterion") == nil {
		s.fail(v, s.path, "without a criterion there are no best runs to go on with: add criterion: {minimize: loss}")
	}
	if budget == nil || least == nil || most == nil {
		return
	}
	h.path, h.node = s.text(budget, s.at("budget")), budget
	var ok, too bool
	h.min, ok = s.decoder.number(least, s.at("min"))
	h.max, too = s.decoder.number(most, s.at("max"))
	if ok && too && !(0 < h.min && h.min < h.max) {
		s.fail(most, s.at("max"), "expected 0 < min < max, got %s and %s", format(h.min), format(h.max))
	}
	h.whole = h.min == math.Trunc(h.min) && h.max == math.Trunc(h.max)
	for _, a := range t.axes {
		if a.path == h.path {
			s.fail(budget, s.at("budget"), "%s varies: it cannot be the budget too", h.path)
		}
	}
	t.halving = h
}

// budgets are those of the rungs.
func (h *halving) budgets() []float64 {
	var budgets []float64
	for b := h.min; b < h.max*(1-1e-12); b *= h.eta {
		x := b
		if h.whole {
			x = math.Round(b)
		}
		if x < h.max && (len(budgets) == 0 || x > budgets[len(budgets)-1]) {
			budgets = append(budgets, x)
		}
	}
	return append(budgets, h.max)
}

// rungSizes are the numbers of points of the rungs, if none fails.
func (h *halving) rungSizes(points int) []int {
	sizes := make([]int, len(h.budgets()))
	for k := range sizes {
		sizes[k] = max(1, int(float64(points)/math.Pow(h.eta, float64(k))))
	}
	return sizes
}

// promote returns the points of the next rung, in order: of the runs of this one,
// the best keep.
func (c *criterion) promote(runs []*sweepRun, keep int) []int {
	var good []*sweepRun
	for _, r := range runs {
		if r.Status == Done && r.Criterion != nil && *r.Criterion == *r.Criterion {
			good = append(good, r)
		}
	}
	slices.SortStableFunc(good, func(a, b *sweepRun) int {
		switch x, y := float64(*a.Criterion), float64(*b.Criterion); {
		case c.better(x, y):
			return -1
		case c.better(y, x):
			return 1
		}
		return a.Run - b.Run
	})
	var points []int
	for _, r := range good[:min(keep, len(good))] {
		points = append(points, r.point)
	}
	slices.Sort(points)
	return points
}
