package surrogate

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
)

func (s ExpectedImprovement) propose(ctx context.Context, o *Optimiser) ([]float64, float64, error) {
	return o.acquire(ctx, s)
}

func (s ProbabilityOfImprovement) propose(ctx context.Context, o *Optimiser) ([]float64, float64, error) {
	return o.acquire(ctx, s)
}

func (s LowerConfidenceBound) propose(ctx context.Context, o *Optimiser) ([]float64, float64, error) {
	return o.acquire(ctx, s)
}

const (
	searchStarts = 5    // local searches
	startsApart  = 0.05 // widths of the box between their starts
	searchGain   = 1e-6 // of the step with which a local search ends
	duplicate    = 1e-6 // widths of the box between points that are one to a model
)

// acquire returns the point of the greatest acquisition. The best of many
// candidates, spread over the box and around the best points so far, are improved
// by local searches along the gradient.
func (o *Optimiser) acquire(ctx context.Context, a acquisition) (x []float64, score float64, err error) {
	c, err := o.newCriterion(ctx, a)
	if errors.Is(err, ErrData) {
		// Too few values for the model: have one more.
		x, err := o.remotePoint(ctx)
		return x, 0, err
	} else if err != nil {
		return nil, 0, err
	}
	rng := o.random()
	candidates, err := o.candidates(ctx, rng)
	if err != nil {
		return nil, 0, err
	}
	points, err := c.ends(candidates)
	if err != nil {
		return nil, 0, err
	}
	starts := o.apart(points)
	for _, p := range starts {
		q, err := c.climb(ctx, p)
		if err == nil {
			q, err = c.wander(ctx, rng, q)
		}
		if err != nil {
			return nil, 0, err
		}
		points = append(points, q)
	}
	for _, p := range byValue(points) {
		if o.settings.Noisy || o.distance(p.z) > duplicate {
			return p.z, -p.f, nil
		}
	}
	far, err := o.remotePoint(ctx)
	return far, -math.MaxFloat64, err
}

// candidates returns points that satisfy the known constraints: random ones, and
// some at all distances from the best points so far.
func (o *Optimiser) candidates(ctx context.Context, rng *rand.Rand) ([]float64, error) {
	x, err := o.scatter(ctx, rng, min(max(200*len(o.settings.Lower), 500), 2000))
	if err != nil {
		return nil, err
	}
	const (
		centres = 3
		each    = 50 // at each of the distances
	)
	ok := o.succeeded()
	slices.SortStableFunc(ok, func(a, b Evaluation) int { return o.compare(a, b) })
	var near []float64
	for _, e := range ok[:min(centres, len(ok))] {
		for _, sd := range []float64{0.1, 0.01, 0.001} {
			for range each {
				near = append(near, o.step(rng, e.X, sd)...)
			}
		}
	}
	near, err = o.keepAllowed(ctx, near)
	return append(x, near...), err
}

// step returns a point about sd widths of the box away from x in each coordinate.
func (o *Optimiser) step(rng *rand.Rand, x []float64, sd float64) []float64 {
	y := slices.Clone(x)
	for j := range y {
		l, u := o.settings.Lower[j], o.settings.Upper[j]
		y[j] = min(max(y[j]+(u-l)*sd*rng.NormFloat64(), l), u)
	}
	return y
}

// apart chooses the best of the sorted points to start local searches from.
func (o *Optimiser) apart(points []end) []end {
	var starts []end
	for _, p := range points {
		near := func(q end) bool { return o.between(p.z, q.z) < startsApart }
		if !slices.ContainsFunc(starts, near) {
			if starts = append(starts, p); len(starts) == searchStarts {
				break
			}
		}
	}
	return starts
}

// ends are points with the negative of their score, the best first.
func (c *criterion) ends(x []float64) ([]end, error) {
	d := len(c.o.settings.Lower)
	scores, err := c.scores(x)
	if err != nil {
		return nil, err
	}
	points := make([]end, len(scores))
	for i, s := range scores {
		points[i] = end{x[i*d : (i+1)*d], -s}
	}
	return byValue(points), nil
}

// climb searches along the gradient from p, and returns p if that leads nowhere.
func (c *criterion) climb(ctx context.Context, p end) (end, error) {
	s := &c.o.settings
	z := slices.Clone(p.z)
	for j, l := range s.Lower {
		// On the bound itself the search would be stuck to it.
		margin := 1e-3 * (s.Upper[j] - l)
		z[j] = min(max(z[j], l+margin), s.Upper[j]-margin)
	}
	b := &bounded{objective: c, lower: s.Lower, upper: s.Upper, z: make([]float64, len(z))}
	q, err := b.descend(ctx, z, searchGain)
	if err != nil || !(q.f < p.f) {
		return p, err
	}
	for j, v := range q.z { // by rounding
		q.z[j] = min(max(v, s.Lower[j]), s.Upper[j])
	}
	return q, nil
}

// wander takes random steps from p, shorter and shorter, and keeps those that
// gain. Where known constraints bound the region, the gradient is of no avail:
// its best point is on their edge.
func (c *criterion) wander(ctx context.Context, rng *rand.Rand, p end) (end, error) {
	if len(c.o.modelled) == len(c.o.settings.Constraints) {
		return p, nil
	}
	const tries = 20 // at each length
	for sd := 0.1; sd > 1e-5; sd /= 2 {
		var near []float64
		for range tries {
			near = append(near, c.o.step(rng, p.z, sd)...)
		}
		near, err := c.o.keepAllowed(ctx, near)
		if err != nil {
			return p, err
		}
		points, err := c.ends(near)
		if err != nil {
			return p, err
		}
		if len(points) > 0 && points[0].f < p.f {
			p = points[0]
		}
	}
	return p, nil
}
