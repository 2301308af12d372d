package stencil

import "math"

// A reversal visits the states of l consecutive times from the last to the
// first, with room for c states, of which one holds the first. Between visits
// it advances from a state it holds. The fewest steps that this can take are
//
//	t(l, c) = r l - β(c+1, r-1),   β(c, r) = (c+r)!/(c! r!),   β(c, r-1) < l <= β(c, r),
//
// no step being taken more than r times (Griewank and Walther, Algorithm 799:
// revolve, ACM Trans. Math. Softw. 26 (2000) 19-45, equations 2 and 3).

// binomial is β(c, r) = (c+r)!/(c! r!), or the largest int if it is greater.
func binomial(c, r int) int {
	if c < 0 || r < 0 {
		return 0
	}
	b := 1.0
	for k := 1; k <= min(c, r); k++ {
		b *= float64(max(c, r)+k) / float64(k)
		if b > 1e15 {
			return math.MaxInt
		}
	}
	return int(math.Round(b))
}

// split returns how many of l > 1 times to advance before the next state is
// kept, the room for c > 1 states including the one at the start: a number that
// leaves both parts within the bounds of their own β.
func split(l, c int) int {
	r := 1
	for binomial(c, r) < l {
		r++
	}
	return max(binomial(c, r-2), l-binomial(c-1, r), 1)
}

// reversal is what a reversal acts on.
type reversal struct {
	advance func(steps int) error // the state there is
	keep    func()                // it, on top of those kept
	restore func()                // it from the top
	drop    func()                // the top
	visit   func(top bool) error  // it, or the top
}

// run visits the l times from that of the state on top of those kept, which is
// also the state there is, with room for c states including that one.
func (v reversal) run(l, c int) error {
	for here := true; l > 1; here = false {
		if !here {
			v.restore()
		}
		k := l - 1
		if c > 1 {
			k = split(l, c)
		}
		if err := v.advance(k); err != nil {
			return err
		}
		if l-k == 1 { // it needs no keeping
			if err := v.visit(false); err != nil {
				return err
			}
		} else {
			v.keep()
			if err := v.run(l-k, c-1); err != nil {
				return err
			}
			v.drop()
		}
		l = k
	}
	return v.visit(true)
}
