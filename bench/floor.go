package bench

// arithmetic counts what one training step on a fully connected network cannot
// do without: the operations of its matrix products and the activations of its
// units.
//
// A point carries K Taylor coefficients, the members of its derivative set.
// Between layers of m and n units, each of them needs 2mn operations forward,
// 2mn for the gradient of the weights and, but for the first layer, 2mn for the
// adjoints of the inputs. Each hidden unit needs one activation a point; the
// other coefficients follow by multiplications, which do not count, nor do the
// residual, the optimiser and memory.
//
//	operations  = Σ over points of K · (Σ_l 4 m_l n_l + Σ_{l>0} 2 m_l n_l)
//	activations = Σ over points of the hidden units
func arithmetic(widths []int, points []pointSet) (operations, activations float64) {
	coefficients, activated := 0, 0
	for _, p := range points {
		coefficients += p.points * p.members
		activated += p.points
	}
	for l := range len(widths) - 1 {
		weights := float64(widths[l] * widths[l+1])
		operations += 4 * weights * float64(coefficients)
		if l > 0 {
			operations += 2 * weights * float64(coefficients)
			activations += float64(widths[l] * activated)
		}
	}
	return operations, activations
}

// pointSet is a number of points with a derivative set of some members.
type pointSet struct{ points, members int }

// floor is the time in ms of that arithmetic at the peak in GFLOP/s and at a
// rate of the activation in 1e9 a second.
func floor(operations, activations, peak, rate float64) float64 {
	return (operations/peak + activations/rate) / 1e6
}
