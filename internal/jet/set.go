package jet

import (
	"fmt"
	"slices"
)

// MultiIndex counts derivatives by variable: entry i is the order with respect
// to variable i.
type MultiIndex = [8]uint8

// Set is a downward-closed set of multi-indices in graded order (by total
// order, then lexicographically, the first variable leading). Its first member
// is zero.
type Set struct {
	Index     []MultiIndex
	Factorial []float64 // α! of each member: derivative = α! times coefficient

	// chain[r] lists formula (1) for member r > 0: a_r = Σ c z_b g_q.
	chain [][]term
	// product[r] lists (u v)_r = Σ u_b v_q.
	product [][]term
	// square[r] lists (u²)_r = Σ c u_b u_q, each unordered pair once.
	square [][]term
}

// term is one summand c x_b y_q of a Taylor product.
type term struct {
	b, q int
	c    float64
}

const (
	// maxOrder bounds the total order of a member; its factorial is exact.
	maxOrder = 20
	// maxMembers bounds a set: a dense set of total order 6 in 3 variables has 84.
	maxMembers = 512
)

// NewSet returns the smallest downward-closed set that holds the given
// multi-indices (and zero). It has at most 512 members, of total order at most
// 20.
func NewSet(want ...MultiIndex) (*Set, error) {
	members := map[MultiIndex]bool{{}: true}
	for _, alpha := range want {
		if k := order(alpha); k > maxOrder {
			return nil, fmt.Errorf("derivative of order %d: at most %d is supported", k, maxOrder)
		}
		size := 1 // of what lies below alpha
		for _, k := range alpha {
			size *= int(k) + 1
		}
		if size <= maxMembers {
			for _, beta := range below(alpha) {
				members[beta] = true
			}
		}
		if max(size, len(members)) > maxMembers {
			return nil, fmt.Errorf("derivative set has more than %d members; lower the orders", maxMembers)
		}
	}
	s := &Set{}
	for alpha := range members {
		s.Index = append(s.Index, alpha)
	}
	slices.SortFunc(s.Index, func(a, b MultiIndex) int {
		if d := order(a) - order(b); d != 0 {
			return d
		}
		return slices.Compare(b[:], a[:])
	})
	s.build()
	return s, nil
}

// Len is the number of members.
func (s *Set) Len() int { return len(s.Index) }

// Find returns the position of alpha, or -1.
func (s *Set) Find(alpha MultiIndex) int { return slices.Index(s.Index, alpha) }

func (s *Set) build() {
	n := s.Len()
	s.Factorial = make([]float64, n)
	s.chain = make([][]term, n)
	s.product = make([][]term, n)
	s.square = make([][]term, n)
	for r, alpha := range s.Index {
		s.Factorial[r] = factorial(alpha)
		i := slices.IndexFunc(alpha[:], func(k uint8) bool { return k > 0 })
		for _, beta := range below(alpha) {
			b, q := s.Find(beta), s.Find(minus(alpha, beta))
			s.product[r] = append(s.product[r], term{b, q, 1})
			switch {
			case b < q:
				s.square[r] = append(s.square[r], term{b, q, 2})
			case b == q:
				s.square[r] = append(s.square[r], term{b, q, 1})
			}
			if r > 0 && beta[i] > 0 {
				s.chain[r] = append(s.chain[r], term{b, q, float64(beta[i]) / float64(alpha[i])})
			}
		}
	}
}

// below lists the multi-indices β ≤ α.
func below(alpha MultiIndex) []MultiIndex {
	list := []MultiIndex{{}}
	for i, k := range alpha {
		for _, beta := range list[:len(list):len(list)] {
			for m := uint8(1); m <= k; m++ {
				beta[i] = m
				list = append(list, beta)
			}
		}
	}
	return list
}

func minus(a, b MultiIndex) MultiIndex {
	for i := range a {
		a[i] -= b[i]
	}
	return a
}

func order(a MultiIndex) int {
	sum := 0
	for _, k := range a {
		sum += int(k)
	}
	return sum
}

func factorial(a MultiIndex) float64 {
	f := 1.0
	for _, k := range a {
		for m := uint8(2); m <= k; m++ {
			f *= float64(m)
		}
	}
	return f
}
