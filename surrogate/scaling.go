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

// columns is x with a row a point as one with a row an input: in it a loop over the
// points runs without a step.
func columns(x []float64, inputs int) []float64 {
	n := len(x) / inputs
	c := make([]float64, len(x))
	for i, v := range x {
		c[i%inputs*n+i/inputs] = v
	}
	return c
}

// squares writes to r2 the squared distances from u to the points of columns.
func squares(r2, u, columns []float64) {
	n := len(r2)
	clear(r2)
	for j, v := range u {
		for i, c := range columns[j*n : (j+1)*n] {
			r2[i] += (c - v) * (c - v)
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
	if safeSquare(sum) {
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

// safeSquare tells whether a sum of squares has lost nothing to underflow or
// overflow.
func safeSquare(v float64) bool { return v > 1e-280 && v < 1e300 }
