package figure

import (
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// read is the number a label states.
func read(t require.TestingT, l label) float64 {
	parse := func(s string) float64 {
		v, err := strconv.ParseFloat(strings.ReplaceAll(s, "\u2212", "-"), 64)
		require.NoError(t, err, s)
		return v
	}
	if l.exponent == "" {
		return parse(l.text)
	}
	m := 1.
	switch before, ok := strings.CutSuffix(l.text, "\u00d710"); {
	case ok:
		m = parse(before)
	case l.text == "\u221210":
		m = -1
	default:
		require.Equal(t, "10", l.text)
	}
	return m * math.Pow(10, parse(l.exponent))
}

// Labels state the place of their tick, differ, ascend, and are few.
func checkTicks(t require.TestingT, a *axis, n int) {
	labels := map[label]bool{}
	last := math.Inf(-1)
	for _, k := range a.ticks {
		require.True(t, a.inside(k.value))
		require.Greater(t, k.value, last)
		last = k.value
		if k.minor() {
			continue
		}
		require.False(t, labels[k.label], "%v twice", k.label)
		labels[k.label] = true
		stated := read(t, k.label)
		if a.log {
			require.InEpsilon(t, stated, k.value, 1e-6)
		} else {
			require.InDelta(t, stated, k.value, 1e-6*(a.hi-a.lo))
		}
	}
	require.LessOrEqual(t, len(labels), n+1)
	require.GreaterOrEqual(t, len(labels), 1)
	if n >= 4 {
		require.GreaterOrEqual(t, len(labels), 2)
	}
}

func TestTicks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 8).Draw(t, "n")
		scale := math.Pow(10, rapid.Float64Range(-30, 30).Draw(t, "scale"))
		lo := rapid.Float64Range(-1, 1).Draw(t, "lo") * scale
		length := math.Pow(10, rapid.Float64Range(-5, 1).Draw(t, "length")) * scale
		a := newAxis("", false, lo, lo+length, 0)
		a.setTicks(n)
		checkTicks(t, &a, n)
	})
}

func TestLogTicks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 8).Draw(t, "n")
		lo := math.Pow(10, rapid.Float64Range(-100, 50).Draw(t, "lo"))
		decades := rapid.OneOf(rapid.Float64Range(0.01, 3), rapid.Float64Range(3, 200)).Draw(t, "decades")
		a := newAxis("", true, lo, lo*math.Pow(10, decades), 0)
		a.setTicks(n)
		checkTicks(t, &a, n)
	})
}

func TestTickLabels(t *testing.T) {
	tests := []struct {
		log    bool
		lo, hi float64
		n      int
		want   []string
	}{
		{false, -1, 1, 8, []string{"−1.0", "−0.5", "0.0", "0.5", "1.0"}},
		{false, 0, 1, 8, []string{"0.0", "0.2", "0.4", "0.6", "0.8", "1.0"}},
		{false, 0, 11000, 8, []string{"0", "2000", "4000", "6000", "8000", "10000"}},
		{false, 0, 3e-7, 4, []string{"0", "10^−7", "2×10^−7", "3×10^−7"}},
		{false, -2e6, 2e6, 6, []string{"−2×10^6", "−10^6", "0", "10^6", "2×10^6"}},
		{true, 1e-7, 2, 8, []string{"10^−7", "10^−6", "10^−5", "10^−4", "10^−3", "10^−2", "10^−1", "10^0"}},
		{true, 1e-7, 2, 4, []string{"10^−6", "10^−4", "10^−2", "10^0"}},
		{true, 20, 160, 8, []string{"20", "50", "100"}},
		{true, 2e-9, 2e-8, 8, []string{"2×10^−9", "5×10^−9", "10^−8", "2×10^−8"}},
		{true, 2, 9, 8, []string{"2", "3", "4", "5", "6", "7", "8", "9"}},
	}
	for _, test := range tests {
		a := newAxis("", test.log, test.lo, test.hi, 0)
		a.setTicks(test.n)
		var got []string
		for _, k := range a.ticks {
			if k.minor() {
				continue
			}
			s := k.label.text
			if k.label.exponent != "" {
				s += "^" + k.label.exponent
			}
			got = append(got, s)
		}
		assert.Equal(t, test.want, got, "[%g, %g]", test.lo, test.hi)
	}
}

// Labels along an axis stand clear of each other.
func TestLabelsDoNotOverlap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lo := rapid.Float64Range(-1e7, 1e7).Draw(t, "lo")
		a := newAxis("", false, lo, lo+math.Pow(10, rapid.Float64Range(0, 7).Draw(t, "length")), 0)
		a.fitTicks(400, tickSize, true)
		require.True(t, a.clear(400, tickSize, true))
		a.fitTicks(150, tickSize, false)
		require.True(t, a.clear(150, tickSize, false))
	})
}

func TestAxisOfEqualData(t *testing.T) {
	tests := []struct {
		log            bool
		lo, hi         float64
		wantLo, wantHi float64
	}{
		{false, 3, 3, 1.5, 4.5},
		{false, -2, -2, -3, -1},
		{false, 0, 0, -1, 1},
		{true, 5, 5, 0.5, 50},
		{false, math.Inf(1), math.Inf(-1), 0, 1},
		{true, math.Inf(1), math.Inf(-1), 0.1, 1},
	}
	for _, test := range tests {
		a := newAxis("", test.log, test.lo, test.hi, 0.05)
		assert.Equal(t, [2]float64{test.wantLo, test.wantHi}, [2]float64{a.lo, a.hi})
	}
	a := newAxis("", true, 1, 100, 0.05)
	assert.InDelta(t, 0.05/1.1, a.at(1), 1e-12)
	assert.InDelta(t, 1.05/1.1, a.at(100), 1e-12)
}

// A lone zero needs no decimals, however fine the axis.
func TestLoneZero(t *testing.T) {
	for _, exponent := range []int{-29, -1, 0, 7} {
		assert.Equal(t, []tick{{0, label{text: "0"}}}, format([]float64{0}, exponent))
	}
}
