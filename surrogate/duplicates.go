package surrogate

import (
	"encoding/binary"
	"math"
)

// distinct are the distinct points of data, in the order of their first rows,
// each with the mean of its outputs: what a function can be put through.
type distinct struct {
	x, y  []float64
	of    []int // the point of each row of the data
	count []int // rows of each point
}

// distinctPoints merges rows of equal inputs.
func distinctPoints(d Data) distinct {
	n := d.Rows()
	s := distinct{x: make([]float64, 0, len(d.X)), of: make([]int, n)}
	seen := make(map[string]int, n)
	key := make([]byte, 0, 8*d.Inputs)
	for i := range n {
		row := d.X[i*d.Inputs : (i+1)*d.Inputs]
		key = appendKey(key[:0], row)
		k, ok := seen[string(key)]
		if !ok {
			k = len(s.count)
			seen[string(key)] = k
			s.x = append(s.x, row...)
			s.count = append(s.count, 0)
		}
		s.of[i] = k
		s.count[k]++
	}
	s.y = make([]float64, len(s.count)*d.Outputs)
	for i, k := range s.of {
		for o := range d.Outputs {
			s.y[k*d.Outputs+o] += d.Y[i*d.Outputs+o] / float64(s.count[k])
		}
	}
	return s
}

// appendKey appends the bits of the numbers, those of 0 for -0.
func appendKey(key []byte, x []float64) []byte {
	for _, v := range x {
		key = binary.LittleEndian.AppendUint64(key, math.Float64bits(v+0))
	}
	return key
}

// n is the number of distinct points.
func (s distinct) n() int { return len(s.count) }

// withoutRow is by how much the mean of output o at the point of row i changes
// when the row is left out; 0 if it is the only one.
func (s distinct) withoutRow(d Data, i, o int) float64 {
	k := s.of[i]
	if s.count[k] == 1 {
		return 0
	}
	mean := s.y[k*d.Outputs+o]
	return (mean - d.Y[i*d.Outputs+o]) / float64(s.count[k]-1)
}
