package surrogate

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/seed-0772dd2d/ritz/internal/optimize"
	"github.com/seed-0772dd2d/ritz/internal/simd"
	"github.com/seed-0772dd2d/ritz/sampling"
)

// The hyperparameters are sought between these bounds, and screened between
// narrower ones. Lengths are in widths of the domain, the nugget in units of σ²,
// the variance in units of that of the outputs.
var (
	lengthBounds   = [2]float64{1e-2, 1e2}
	nuggetBounds   = [2]float64{1e-12, 1e1}
	varianceBounds = [2]float64{1e-4, 1e6}
)

const (
	// searchNugget is the nugget of a fit where none is given: what keeps the factor
	// of a smooth correlation from failing in most of the box.
	searchNugget = 1e-12

	// subset is how many observations the candidates and the local searches see, or
	// twice as many as the trend has terms. If there are more the best ends are taken
	// up with all of them.
	subset     = 200
	finalists  = 3
	iterations = 200 // of a local search at most
	roughly    = 1e-3
	precisely  = 1e-6

	// trialsOfStep is how many evaluations a step may take: near the best point of
	// an ill-conditioned likelihood, rounding errors hide the way down.
	trialsOfStep = 12
)

// search finds the hyperparameters that are not given. A Latin hypercube of
// candidates is evaluated, from the best that lie apart local searches are made,
// and the best end is sought more precisely.
func (m *KrigingModel) search(ctx context.Context) error {
	p, err := m.problem()
	if err != nil {
		return err
	}
	size := p.size()
	if size == 0 {
		return ctx.Err()
	}
	if p.degenerate() {
		m.adopt(p, p.middle())
		return ctx.Err()
	}
	part := p.choose(max(subset, 2*p.q), m.spec.Seed)
	for {
		part.nugget = p.nugget
		ends, err := m.screen(ctx, part)
		if err != nil {
			return err
		}
		if ends, err = m.descend(ctx, part, ends, roughly); err != nil {
			return err
		}
		if part.n < p.n && len(ends) > 0 {
			p.release(ends)
			if ends, err = m.descend(ctx, p, ends[:min(finalists, len(ends))], roughly); err != nil {
				return err
			}
		}
		if len(ends) > 0 {
			if ends, err = m.descend(ctx, p, ends[:1], precisely); err != nil {
				return err
			}
		}
		if len(ends) > 0 {
			m.adopt(p, ends[0].z)
			return nil
		}
		if p.fitNugget || p.nugget > 1 {
			return fmt.Errorf("%w: the likelihood is nowhere finite", ErrData)
		}
		p.nugget = max(10*p.nugget, searchNugget)
	}
}

// problem is the fit of the model's data.
func (m *KrigingModel) problem() (*problem, error) {
	n, d := len(m.obs.y), m.inputs()
	f, err := m.trend.matrix(m.obs.x)
	if err != nil {
		return nil, err
	}
	p := &problem{
		corr: m.corr, n: n, y: m.obs.y, noise: m.obs.noise, f: f, q: m.trend.terms,
		x:         make([]float64, d*n),
		nugget:    m.nugget,
		fitNugget: m.spec.EstimateNugget, fitSigma2: m.obs.noise != nil,
		leaveOut: m.spec.Criterion == "leave_one_out",
	}
	for i := range n {
		for l := range d {
			p.x[l*n+i] = (m.obs.x[i*d+l] - m.trend.lower[l]) / m.trend.width[l]
		}
	}
	switch {
	case m.theta != nil:
		p.given = make([]float64, d)
		for l, v := range m.theta {
			p.given[l] = v * math.Pow(m.trend.width[l], m.corr.p[l])
		}
	case m.spec.Components > 0:
		if p.components, err = partialLeastSquares(p.x, p.y, d, m.spec.Components); err != nil {
			return nil, err
		}
		p.free = len(p.components)
	default:
		p.free = d
	}
	if m.theta == nil && p.nugget == 0 && !p.fitNugget && p.noise == nil {
		p.nugget = searchNugget
	}
	p.prepare()
	return p, nil
}

// adopt takes the hyperparameters at z into the model.
func (m *KrigingModel) adopt(p *problem, z []float64) {
	theta := make([]float64, len(m.corr.p))
	m.nugget, m.sigma2 = p.values(z, theta)
	if m.theta == nil {
		m.theta = theta
		for l, width := range m.trend.width {
			m.theta[l] /= math.Pow(width, m.corr.p[l])
		}
	}
}

// degenerate tells whether the trend alone fits the observations, as it does
// where these are constant: then the likelihood is infinite everywhere.
func (p *problem) degenerate() bool {
	f, y := slices.Clone(p.f), slices.Clone(p.y)
	before := math.Sqrt(simd.Dot(y, y))
	q := orthonormalise(f, make([]float64, p.q*p.q), p.q)
	for range 2 {
		for k := range q {
			column := f[k*p.n : (k+1)*p.n]
			simd.AddScaled(y, -simd.Dot(y, column), column)
		}
	}
	return math.Sqrt(simd.Dot(y, y)) <= 1e-13*before
}

// choose is the problem on n of the observations, drawn at random; on all of them
// if there are no more.
func (p *problem) choose(n int, seed uint64) *problem {
	if p.n <= n {
		return p
	}
	chosen := rand.New(rand.NewPCG(seed, 1)).Perm(p.n)[:n]
	slices.Sort(chosen)
	pick := func(from []float64) []float64 {
		var to []float64
		for first := 0; first < len(from); first += p.n {
			for _, i := range chosen {
				to = append(to, from[first+i])
			}
		}
		return to
	}
	part := *p
	part.n, part.x, part.y, part.noise, part.f = n, pick(p.x), pick(p.y), pick(p.noise), pick(p.f)
	part.prepare()
	return &part
}

// bounds returns the box of z, and the narrower one that is screened.
func (p *problem) bounds() (lower, upper, from, to []float64) {
	add := func(a, b, c, d float64) {
		lower, upper = append(lower, math.Log(a)), append(upper, math.Log(b))
		from, to = append(from, math.Log(c)), append(to, math.Log(d))
	}
	// In d dimensions distances are of the order of the root of d, and so are
	// lengths.
	reach := math.Sqrt(float64(len(p.corr.p)))
	for l := range p.free {
		theta := func(length float64) float64 { return p.corr.theta(length, l) }
		add(theta(lengthBounds[1]), theta(lengthBounds[0]), theta(3*reach), theta(0.1*reach))
	}
	if p.fitNugget {
		add(nuggetBounds[0], nuggetBounds[1], 1e-8, 1e-1)
	}
	if p.fitSigma2 {
		s := max(simd.Dot(p.y, p.y), simd.Sum(p.noise)) / float64(p.n)
		if s == 0 {
			s = 1
		}
		add(s*varianceBounds[0], s*varianceBounds[1], s*0.1, s*10)
	}
	return lower, upper, from, to
}

// release moves parameters off the bounds, where the search that follows could not
// leave them: bounded is stationary there.
func (p *problem) release(ends []end) {
	lower, upper, _, _ := p.bounds()
	for _, e := range ends {
		for k := range e.z {
			margin := 0.05 * (upper[k] - lower[k])
			e.z[k] = min(max(e.z[k], lower[k]+margin), upper[k]-margin)
		}
	}
}

// middle is the middle of what is screened.
func (p *problem) middle() []float64 {
	_, _, from, to := p.bounds()
	for k := range from {
		from[k] = (from[k] + to[k]) / 2
	}
	return from
}

// end is where a search stands.
type end struct {
	z []float64
	f float64
}

// byValue sorts the finite ends, the best first.
func byValue(ends []end) []end {
	ends = slices.DeleteFunc(ends, func(e end) bool { return e.f-e.f != 0 })
	slices.SortStableFunc(ends, func(a, b end) int {
		switch {
		case a.f < b.f:
			return -1
		case a.f > b.f:
			return 1
		}
		return 0
	})
	return ends
}

// screen evaluates a Latin hypercube and returns the best points that lie apart.
func (m *KrigingModel) screen(ctx context.Context, p *problem) ([]end, error) {
	size := p.size()
	_, _, from, to := p.bounds()
	candidates := make([]end, 10*m.spec.Starts)
	z, err := sampling.LatinHypercube{Dim: size, Seed: m.spec.Seed}.Points(len(candidates))
	if err != nil {
		return nil, err
	}
	for i := range candidates {
		at := z[i*size : (i+1)*size]
		for k, u := range at {
			at[k] = from[k] + (to[k]-from[k])*u
		}
		candidates[i].z = at
	}
	err = m.each(ctx, p, len(candidates), func(l *likelihood, i int) error {
		candidates[i].f = l.evaluate(candidates[i].z, nil)
		return nil
	})
	return apart(byValue(candidates), m.spec.Starts, from, to), err
}

// apart chooses count candidates: the best, and then always the best of those
// that are no closer to any chosen one than a tenth of the box in every parameter.
func apart(candidates []end, count int, from, to []float64) []end {
	near := func(a, b end) bool {
		for k := range a.z {
			if math.Abs(a.z[k]-b.z[k]) > 0.1*math.Abs(to[k]-from[k]) {
				return false
			}
		}
		return true
	}
	var chosen, rest []end
	for _, c := range candidates {
		if len(chosen) < count && !slices.ContainsFunc(chosen, func(e end) bool { return near(c, e) }) {
			chosen = append(chosen, c)
		} else {
			rest = append(rest, c)
		}
	}
	return append(chosen, rest[:min(len(rest), count-len(chosen))]...)
}

// descend searches locally from each start and returns the ends, the best first.
func (m *KrigingModel) descend(ctx context.Context, p *problem, starts []end, tolerance float64) ([]end, error) {
	lower, upper, _, _ := p.bounds()
	ends := make([]end, len(starts))
	err := m.each(ctx, p, len(starts), func(l *likelihood, i int) (err error) {
		b := &bounded{objective: l, lower: lower, upper: upper, z: make([]float64, len(lower))}
		ends[i], err = b.descend(ctx, starts[i].z, tolerance)
		return err
	})
	return byValue(ends), err
}

// each runs f(·, 0), ..., f(·, count-1) on goroutines that have a likelihood each,
// which works with the threads that are left.
func (m *KrigingModel) each(ctx context.Context, p *problem, count int, f func(l *likelihood, i int) error) error {
	var next atomic.Int64
	var wait sync.WaitGroup
	workers := min(m.spec.Threads, count)
	threads := m.spec.Threads / max(workers, 1)
	errs := make([]error, workers)
	for w := range workers {
		wait.Go(func() {
			l := p.new(threads)
			for errs[w] == nil {
				i := int(next.Add(1) - 1)
				if i >= count {
					return
				}
				if errs[w] = ctx.Err(); errs[w] == nil {
					errs[w] = f(l, i)
				}
			}
		})
	}
	wait.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// bounded is an objective within bounds as a function of v,
//
//	z = m + h sin((v - m)/h),   m = (lower + upper)/2,   h = (upper - lower)/2,
//
// which is stationary where a bound holds it, and about v elsewhere.
type bounded struct {
	objective    optimize.Objective
	lower, upper []float64
	z            []float64
	trials       int // evaluations of the present step
}

// errLost stops a line search that has taken trialsOfStep evaluations.
var errLost = errors.New("the search is lost in rounding")

// Gradient is the objective and its gradient by v.
func (b *bounded) Gradient(ctx context.Context, v, g []float64) (float64, error) {
	if b.trials++; b.trials > trialsOfStep {
		return 0, errLost
	}
	b.inside(v)
	f, err := b.objective.Gradient(ctx, b.z, g)
	for k := range g {
		m, h := (b.lower[k]+b.upper[k])/2, (b.upper[k]-b.lower[k])/2
		g[k] *= math.Cos((v[k] - m) / h)
	}
	return f, err
}

func (b *bounded) inside(v []float64) {
	for k := range v {
		m, h := (b.lower[k]+b.upper[k])/2, (b.upper[k]-b.lower[k])/2
		b.z[k] = m + h*math.Sin((v[k]-m)/h)
	}
}

// descend searches from z until steps gain less than the tolerance. Where the
// objective is not finite at z, neither is the end.
func (b *bounded) descend(ctx context.Context, z []float64, tolerance float64) (end, error) {
	v := make([]float64, len(z))
	for k := range v {
		m, h := (b.lower[k]+b.upper[k])/2, (b.upper[k]-b.lower[k])/2
		v[k] = m + h*math.Asin(min(max((z[k]-m)/h, -1), 1))
	}
	method, err := optimize.NewLBFGS(b, v, optimize.LBFGSSettings{Noise: 1e-3 * tolerance})
	if err != nil {
		return end{}, err
	}
	best := math.Inf(1)
	for idle, i := 0, 0; i < iterations && idle < 2; i++ {
		b.trials = 0
		status, err := method.Step(ctx)
		if errors.Is(err, optimize.ErrNotFinite) {
			return end{f: math.Inf(1)}, nil
		}
		if err != nil && !errors.Is(err, errLost) {
			return end{}, err
		}
		if status.F > best-tolerance {
			idle++
		} else {
			idle = 0
		}
		best = status.F
		if status.Stalled || err != nil {
			break
		}
	}
	b.inside(method.X())
	return end{slices.Clone(b.z), best}, nil
}
