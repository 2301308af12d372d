package surrogate

import "slices"

// leafSize is up to how many points a k-d tree does not divide further.
const leafSize = 8

// kdTree finds points near others: at every node the median of the points in
// the direction in which they spread widest divides them (Bentley, Comm. ACM 18,
// 1975; Friedman, Bentley and Finkel, ACM Trans. Math. Softw. 3, 1977). The node
// of the positions [lo, hi) is its middle position; nothing else is stored.
type kdTree struct {
	inputs int
	x      []float64 // points in the order of the tree
	index  []int     // the given number of each position
	axis   []int     // of a node, by its position
}

func newKDTree(x []float64, inputs int) *kdTree {
	n := len(x) / inputs
	t := &kdTree{inputs: inputs, index: make([]int, n), axis: make([]int, n)}
	for i := range t.index {
		t.index[i] = i
	}
	t.divide(x, 0, n)
	t.x = make([]float64, 0, len(x))
	for _, i := range t.index {
		t.x = append(t.x, x[i*inputs:(i+1)*inputs]...)
	}
	return t
}

// divide orders the positions [lo, hi).
func (t *kdTree) divide(x []float64, lo, hi int) {
	if hi-lo <= leafSize {
		return
	}
	axis, widest := 0, -1.0
	for j := range t.inputs {
		least, most := x[t.index[lo]*t.inputs+j], x[t.index[lo]*t.inputs+j]
		for _, i := range t.index[lo:hi] {
			v := x[i*t.inputs+j]
			least, most = min(least, v), max(most, v)
		}
		if most-least > widest {
			axis, widest = j, most-least
		}
	}
	slices.SortFunc(t.index[lo:hi], func(a, b int) int {
		switch va, vb := x[a*t.inputs+axis], x[b*t.inputs+axis]; {
		case va < vb:
			return -1
		case va > vb:
			return 1
		}
		return a - b
	})
	mid := (lo + hi) / 2
	t.axis[mid] = axis
	t.divide(x, lo, mid)
	t.divide(x, mid+1, hi)
}

// neighbour is a point of a tree and how far it is.
type neighbour struct {
	index    int
	distance float64
}

// before orders neighbours, the nearer and then the lower number first.
func (a neighbour) before(b neighbour) bool {
	return a.distance < b.distance || a.distance == b.distance && a.index < b.index
}

// nearest appends to list[:0] the k points nearest to x, in order.
func (t *kdTree) nearest(x []float64, k int, list []neighbour) []neighbour {
	return t.nearestIn(0, len(t.index), x, k, list[:0])
}

func (t *kdTree) nearestIn(lo, hi int, x []float64, k int, list []neighbour) []neighbour {
	if hi-lo <= leafSize {
		for p := lo; p < hi; p++ {
			list = t.offer(p, x, k, list)
		}
		return list
	}
	mid := (lo + hi) / 2
	axis := t.axis[mid]
	beyond := x[axis] - t.x[mid*t.inputs+axis]
	if beyond < 0 {
		list = t.nearestIn(lo, mid, x, k, list)
	} else {
		list = t.nearestIn(mid+1, hi, x, k, list)
	}
	// The other side is at least |beyond| away.
	if len(list) == k && max(beyond, -beyond) > list[k-1].distance {
		return list
	}
	list = t.offer(mid, x, k, list)
	if beyond < 0 {
		return t.nearestIn(mid+1, hi, x, k, list)
	}
	return t.nearestIn(lo, mid, x, k, list)
}

// offer puts the point at position p into the sorted list if it is among the k
// nearest so far.
func (t *kdTree) offer(p int, x []float64, k int, list []neighbour) []neighbour {
	a := neighbour{t.index[p], distance(x, t.x[p*t.inputs:(p+1)*t.inputs])}
	if len(list) < k {
		list = append(list, a)
	} else if a.before(list[k-1]) {
		list[k-1] = a
	} else {
		return list
	}
	for i := len(list) - 1; i > 0 && list[i].before(list[i-1]); i-- {
		list[i], list[i-1] = list[i-1], list[i]
	}
	return list
}

// inBox appends to list[:0] the points with |x_j - x_ij| < half for all j, in
// the order of the tree.
func (t *kdTree) inBox(x []float64, half float64, list []int) []int {
	return t.inBoxIn(0, len(t.index), x, half, list[:0])
}

func (t *kdTree) inBoxIn(lo, hi int, x []float64, half float64, list []int) []int {
	if hi-lo <= leafSize {
		for p := lo; p < hi; p++ {
			list = t.admit(p, x, half, list)
		}
		return list
	}
	mid := (lo + hi) / 2
	axis := t.axis[mid]
	beyond := x[axis] - t.x[mid*t.inputs+axis]
	if beyond < half {
		list = t.inBoxIn(lo, mid, x, half, list)
	}
	list = t.admit(mid, x, half, list)
	if beyond > -half {
		list = t.inBoxIn(mid+1, hi, x, half, list)
	}
	return list
}

func (t *kdTree) admit(p int, x []float64, half float64, list []int) []int {
	for j, v := range t.x[p*t.inputs : (p+1)*t.inputs] {
		if d := x[j] - v; d >= half || d <= -half {
			return list
		}
	}
	return append(list, t.index[p])
}
