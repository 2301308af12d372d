package surrogate

import "math"

// scaling maps inputs affinely, u_j = (x_j - shift_j) factor_j.
type scaling struct{ shift, factor []float64 }

// noScaling leaves the inputs as they are.
func noScaling(inputs int) scaling {
	s := scaling{make([]float64, inputs), make([]float64, inputs)}
	for j := range s.factor {
		s.factor[j] = 1
	}
	return s
}

// unitScaling maps the domain of the data to [0, 1]^d.
func unitScaling(d Data) scaling {
	s := noScaling(d.Inputs)
	for j := range s.factor {
		s.shift[j], s.factor[j] = d.Lower[j], 1/(d.Upper[j]-d.Lower[j])
	}
	return s
}

// centredScaling maps the domain of the data to [-1, 1]^d.
func centredScaling(d Data) scaling {
	s := noScaling(d.Inputs)
	for j := range s.factor {
		s.shift[j], s.factor[j] = d.Lower[j]+(d.Upper[j]-d.Lower[j])/2, 2/(d.Upper[j]-d.Lower[j])
	}
	return s
}

// to writes the image of x, any number of rows, to u, which may be x.
func (s scaling) to(u, x []float64) {
	d := len(s.shift)
	for i := 0; i < len(x); i += d {
		for j, shift := range s.shift {
			u[i+j] = (x[i+j] - shift) * s.factor[j]
		}
	}
}

// distance is the Euclidean distance of two points, also where the squares of
// its components would underflow or overflow.
func distance(a, b []float64) float64 {
	sum := 0.0
	for j, v := range a {
		sum += (v - b[j]) * (v - b[j])
	}
	if sum > 1e-280 && sum < 1e300 {
		return math.Sqrt(sum)
	}
	largest := 0.0
	for j, v := range a {
		largest = max(largest, math.Abs(v-b[j]))
	}
	if largest == 0 || largest-largest != 0 {
		return largest
	}
	sum = 0
	for j, v := range a {
		r := (v - b[j]) / largest
		sum += r * r
	}
	return largest * math.Sqrt(sum)
}
