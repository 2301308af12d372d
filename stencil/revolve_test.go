package stencil

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// Every time is visited once, from the last to the first, from the right state,
// with no more states than there is room for, in the fewest steps: those of the
// recursion over all splits, and of the closed form.
func TestReversal(t *testing.T) {
	const longest, widest = 60, 9
	fewest := map[[2]int]int{}
	for c := 1; c <= widest; c++ {
		for l := 1; l <= longest; l++ {
			best := l * (l - 1) / 2
			if c > 1 {
				for k := 1; k < l; k++ {
					best = min(best, k+fewest[[2]int{l - k, c - 1}]+fewest[[2]int{k, c}])
				}
			}
			fewest[[2]int{l, c}] = best

			state, steps := 0, 0
			kept := []int{0}
			var visited []int
			v := reversal{
				advance: func(n int) error { state += n; steps += n; return nil },
				keep:    func() { kept = append(kept, state); require.LessOrEqual(t, len(kept), c) },
				restore: func() { state = kept[len(kept)-1] },
				drop:    func() { kept = kept[:len(kept)-1] },
				visit: func(top bool) error {
					at := state
					if top {
						at = kept[len(kept)-1]
					}
					visited = append(visited, at)
					return nil
				},
			}
			require.NoError(t, v.run(l, c))
			require.Len(t, visited, l)
			for k, at := range visited {
				require.Equal(t, l-1-k, at)
			}
			require.Equal(t, best, steps, "%d times, %d states", l, c)
			r := 0
			for binomial(c, r) < l {
				r++
			}
			require.Equal(t, best, r*l-binomial(c+1, r-1))
		}
	}
	require.Equal(t, 184756, binomial(10, 10))
	failed := fmt.Errorf("stop")
	v := reversal{advance: func(int) error { return failed }}
	require.ErrorIs(t, v.run(5, 3), failed)
}
