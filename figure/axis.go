package figure

import (
	"math"
	"strconv"
	"strings"

	"gonum.org/v1/plot/vg"
)

// extent is the range of what was added; none yet if lo > hi.
type extent struct{ lo, hi float64 }

func (e *extent) add(v float64) { e.lo, e.hi = min(e.lo, v), max(e.hi, v) }

// axis maps data to the fraction of the way from lo to hi, on a linear or a
// logarithmic scale, and carries its ticks.
type axis struct {
	label  string
	log    bool
	down   bool // from hi to lo
	lo, hi float64
	ticks  []tick
	names  *names // in the place of ticks; nil for none
}

// tick is a mark on an axis; a minor one has no label.
type tick struct {
	value float64
	label label
}

func (t tick) minor() bool { return t.label.text == "" }

// huge bounds the numbers drawn; what is larger counts as infinite, so that
// differences do not overflow.
const huge = 1e250

// shows reports whether the value has a place on a scale.
func shows(v float64, log bool) bool {
	if log {
		return v >= 1/huge && v <= huge
	}
	return math.Abs(v) <= huge
}

// newAxis returns the axis from lo to hi, widened by the fraction pad of its
// length on both sides. Bounds that coincide are moved apart; without any
// (lo > hi) the axis runs from 0 or, on a logarithmic scale, 0.1 to 1.
func newAxis(text string, log bool, lo, hi, pad float64) axis {
	if lo > hi {
		lo, hi, pad = 0, 1, 0
		if log {
			lo = 0.1
		}
	}
	if hi-lo <= 1e-12*max(math.Abs(lo), math.Abs(hi), 1/huge) {
		switch v := lo; {
		case log:
			lo, hi = v/10, v*10
		case math.Abs(v) <= 1/huge:
			lo, hi = -1, 1
		default:
			lo, hi = v-math.Abs(v)/2, v+math.Abs(v)/2
		}
		pad = 0
	}
	if log {
		d := pad * (math.Log(hi) - math.Log(lo))
		lo, hi = lo*math.Exp(-d), hi*math.Exp(d)
	} else {
		d := pad * (hi - lo)
		lo, hi = lo-d, hi+d
	}
	return axis{label: text, log: log, lo: lo, hi: hi}
}

// at returns 0 at lo and 1 at hi, or the reverse of an axis that runs down.
func (a *axis) at(v float64) float64 {
	t := (v - a.lo) / (a.hi - a.lo)
	if a.log {
		t = (math.Log(v) - math.Log(a.lo)) / (math.Log(a.hi) - math.Log(a.lo))
	}
	if a.down {
		return 1 - t
	}
	return t
}

// value returns what is at the fraction t of a linear axis.
func (a *axis) value(t float64) float64 {
	if a.down {
		t = 1 - t
	}
	return a.lo + t*(a.hi-a.lo)
}

// length is the distance from lo to hi, in decades on a logarithmic scale.
func (a *axis) length() float64 {
	if a.log {
		return math.Log10(a.hi) - math.Log10(a.lo)
	}
	return a.hi - a.lo
}

// fitTicks chooses the most ticks whose labels stand clear of each other along
// the length: beside each other, or one above the other.
func (a *axis) fitTicks(length, size vg.Length, beside bool) {
	if a.names != nil {
		a.names.fit(length)
		return
	}
	for n := 8; ; n-- {
		a.setTicks(n)
		if n <= 2 || a.clear(length, size, beside) {
			return
		}
	}
}

func (a *axis) clear(length, size vg.Length, beside bool) bool {
	end := vg.Length(math.Inf(-1))
	for _, t := range a.ticks {
		if t.minor() {
			continue
		}
		half, gap := 0.5*size, 0.9*size
		if beside {
			half = t.label.width(size) / 2
		}
		x := length * vg.Length(a.at(t.value))
		if a.down {
			x = length - x
		}
		if x-half < end+gap {
			return false
		}
		end = x + half
	}
	return true
}

// setTicks chooses at most about n labelled ticks, in ascending order.
func (a *axis) setTicks(n int) {
	a.ticks = nil
	if a.log {
		if a.decades(n); a.labels() >= 2 {
			return
		}
		if a.steps125(); a.labels() >= 3 && a.labels() <= n {
			return
		}
	}
	a.linear(n)
}

func (a *axis) labels() int {
	n := 0
	for _, t := range a.ticks {
		if !t.minor() {
			n++
		}
	}
	return n
}

// slack admits ticks that rounding puts outside the axis.
const slack = 1e-9

func (a *axis) inside(v float64) bool {
	x := a.at(v)
	return x >= -slack && x <= 1+slack
}

// linear marks the multiples of 1, 2 or 5 times a power of ten: the finest
// with at most n, unless that leaves fewer than two where there is room for more.
func (a *axis) linear(n int) {
	exponent := int(math.Floor(math.Log10((a.hi - a.lo) / float64(n))))
	var step, finer multiples
	for k := 0; ; k++ {
		finer, step = step, a.multiples([]int{1, 2, 5}[k%3], exponent+k/3)
		if step.count <= n {
			break
		}
	}
	if step.count < 2 && finer.count > 0 && n > 3 {
		step = finer
	}
	values := make([]float64, step.count)
	for i := range values {
		values[i] = (step.first + float64(i)) * step.step
	}
	a.ticks = format(values, step.exponent)
}

// multiples are the numbers (first + i) step, i < count, within an axis.
type multiples struct {
	step, first     float64
	count, exponent int // exponent of ten of the step
}

func (a *axis) multiples(mantissa, exponent int) multiples {
	step := float64(mantissa) * math.Pow10(exponent)
	first, last := math.Ceil(a.lo/step-slack), math.Floor(a.hi/step+slack)
	return multiples{step, first, int(last-first) + 1, exponent}
}

// decades labels powers of ten, every one or every so many, but at least two
// if there are; in between it marks the other powers or, where all are
// labelled, their multiples.
func (a *axis) decades(n int) {
	lo, hi := math.Log10(a.lo), math.Log10(a.hi)
	first, last := int(math.Floor(lo)), int(math.Ceil(hi))
	stride := max(1, int(math.Ceil((hi-lo)/float64(n))))
	for a.everyDecade(first, last, stride); a.labels() < 2 && stride > 1; a.everyDecade(first, last, stride) {
		stride--
	}
}

func (a *axis) everyDecade(first, last, stride int) {
	a.ticks = nil
	for k := first; k <= last; k++ {
		t := tick{value: math.Pow10(k)}
		if k%stride == 0 {
			t.label = label{"10", minus(strconv.Itoa(k))}
		}
		if a.inside(t.value) {
			a.ticks = append(a.ticks, t)
		}
		for m := 2.; m < 10 && stride == 1; m++ {
			if v := m * math.Pow10(k); a.inside(v) {
				a.ticks = append(a.ticks, tick{value: v})
			}
		}
	}
}

// steps125 labels 1, 2 and 5 times powers of ten.
func (a *axis) steps125() {
	a.ticks = nil
	for k := int(math.Floor(math.Log10(a.lo))); float64(k) <= math.Log10(a.hi); k++ {
		for _, m := range []int{1, 2, 5} {
			if v := float64(m) * math.Pow10(k); a.inside(v) {
				a.ticks = append(a.ticks, format([]float64{v}, k)...)
			}
		}
	}
}

// format labels multiples of a step of the given decimal exponent: plainly
// where that is short, else with a common power of ten.
func format(values []float64, exponent int) []tick {
	var largest float64
	for _, v := range values {
		largest = max(largest, math.Abs(v))
	}
	e := int(math.Floor(math.Log10(largest) + slack))
	plain := e >= -3 && e < 6
	ticks := make([]tick, len(values))
	for i, v := range values {
		switch {
		case largest == 0:
			ticks[i] = tick{v, label{text: "0"}}
		case plain:
			ticks[i] = tick{v, label{text: minus(strconv.FormatFloat(v, 'f', max(0, -exponent), 64))}}
		case math.Abs(v) <= 1/huge:
			ticks[i] = tick{v, label{text: "0"}}
		default:
			m := strconv.FormatFloat(v/math.Pow10(e), 'f', max(0, e-exponent), 64)
			ticks[i] = tick{v, scientific(m, e)}
		}
	}
	return ticks
}

// scientific returns m times 10^k, without a factor of one.
func scientific(m string, k int) label {
	power := minus(strconv.Itoa(k))
	switch m {
	case "1":
		return label{"10", power}
	case "-1":
		return label{minus("-10"), power}
	}
	return label{minus(m) + "\u00d710", power}
}

// minus replaces the hyphen of a negative number by the minus sign.
func minus(s string) string { return strings.Replace(s, "-", "\u2212", 1) }
