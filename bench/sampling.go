package bench

import (
	"context"
	"fmt"
	"math/bits"

	"github.com/seed-0772dd2d/ritz/internal/simd"
	"github.com/seed-0772dd2d/ritz/sampling"
)

// Sampling measures how fast points are made, with the naive way beside: one
// coordinate at a time, by the formula. No vector kernel has a part in it.
func Sampling(ctx context.Context, s Settings) (*Report, error) { return s.measured(ctx, samplings) }

func samplings(ctx context.Context, s Settings, size sizes) (*Report, error) {
	counts := []int{1}
	if s.Threads > 1 {
		counts = append(counts, s.Threads)
	}
	tasks, err := samplingTasks(counts)
	if err != nil {
		return nil, err
	}
	return report(ctx, s, size, []string{simd.Level()}, tasks)
}

const (
	samplingDim    = 10
	samplingPoints = 4096
)

// pointKind is a way to make points.
type pointKind struct {
	name  string
	naive string
	fill  func(dst []float64, first uint64) error
}

// samplingTasks fills 4096 points in 10 dimensions over and over; each thread
// has points of its own, a stripe of the sequence.
func samplingTasks(counts []int) ([]task, error) {
	sobol, err := sampling.NewSobol(samplingDim)
	if err != nil {
		return nil, err
	}
	kinds := []pointKind{
		{"sobol", "sobol, naive", sobol.Fill},
		{"sobol, naive", "", newNaiveSobol(sobol).fill},
	}
	for _, by := range []sampling.Scramble{sampling.Owen, sampling.Linear, sampling.Rotation} {
		s, err := sobol.Scrambled(by, 1)
		if err != nil {
			return nil, err
		}
		naive := ""
		if by == sampling.Owen {
			naive = "sobol, owen, naive"
		}
		kinds = append(kinds, pointKind{"sobol, " + string(by), naive, s.Fill})
	}
	naive := newNaiveSobol(sobol)
	naive.scrambled = true
	halton, err := sampling.NewHalton(samplingDim)
	if err != nil {
		return nil, err
	}
	kronecker, err := sampling.NewKronecker(samplingDim)
	if err != nil {
		return nil, err
	}
	kinds = append(kinds, []pointKind{
		{"sobol, owen, naive", "", naive.fill},
		{"halton", "", halton.Fill},
		{"kronecker", "", kronecker.Fill},
		{"latin hypercube", "", func(dst []float64, first uint64) error {
			return sampling.LatinHypercube{Dim: samplingDim, Seed: first}.Fill(dst)
		}},
		{"random", "", func(dst []float64, first uint64) error {
			return sampling.Uniform{Dim: samplingDim, Seed: first}.Fill(dst)
		}},
	}...)
	var tasks []task
	for _, kind := range kinds {
		for _, threads := range counts {
			w := Work{Group: groupSampling, Name: kind.name, Naive: kind.naive, Precision: "float64", Level: simd.Level(), Threads: threads}
			dst := buffers[float64](threads, samplingDim*samplingPoints)
			failed := make([]error, threads)
			tasks = append(tasks, task{w,
				func(seconds float64) float64 { return rate(samplingDim*samplingPoints)(threads, seconds) * 1e3 },
				func(repeat int) error {
					parallel(threads, func(t int) {
						for i := range repeat {
							if err := kind.fill(dst[t], uint64(i*threads+t)*samplingPoints); err != nil {
								failed[t] = err
							}
						}
					})
					for _, err := range failed {
						if err != nil {
							return fmt.Errorf("%s: %w", kind.name, err)
						}
					}
					return nil
				}})
		}
	}
	return tasks, nil
}

// naiveSobol computes a coordinate from its definition: direction numbers for
// the digits of the Gray code, then, where it is scrambled, a coin for every
// digit from a hash of those before.
type naiveSobol struct {
	direction [samplingDim][53]uint64
	scrambled bool
}

// newNaiveSobol takes the direction numbers from the points at 2^(k+1) - 1,
// whose Gray code is 2^k.
func newNaiveSobol(s *sampling.Sobol) *naiveSobol {
	n := new(naiveSobol)
	row := make([]float64, samplingDim)
	for k := range 52 {
		if err := s.Fill(row, 2<<k-1); err != nil {
			panic(err) // within the sequence
		}
		for j, x := range row {
			n.direction[j][k] = uint64(x * (1 << 53))
		}
	}
	return n
}

func (n *naiveSobol) fill(dst []float64, first uint64) error {
	for i := range dst {
		dst[i] = n.coordinate(first+uint64(i/samplingDim), i%samplingDim)
	}
	return nil
}

func (n *naiveSobol) coordinate(i uint64, j int) float64 {
	var x uint64
	for g := i ^ i>>1; g != 0; g &= g - 1 {
		x ^= n.direction[j][bits.TrailingZeros64(g)]
	}
	if n.scrambled {
		before := x
		for k := range 53 {
			prefix := uint64(1)<<k | before>>(53-k) // a leading one tells lengths apart
			x ^= (mix(prefix+uint64(j)<<54) & 1) << (52 - k)
		}
	}
	return float64(x) / (1 << 53)
}

// mix is the finaliser of SplitMix64.
func mix(z uint64) uint64 {
	z += 0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}
