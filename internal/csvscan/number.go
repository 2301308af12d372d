package csvscan

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/bits"
	"strconv"
)

// pow10 are the powers of ten that a uint64 holds, and those that are float64.
var (
	pow10 = [20]uint64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19}
	exact = [23]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22}
)

// ParsePrefix reads the number that b begins with and returns how many bytes it takes;
// 0 means that it is not one of the form [-+]digits[.digits][e[-+]digits] with at
// most 19 significant digits and an exponent that Decimal takes: see Parse.
func ParsePrefix(b []byte) (x float64, n int) {
	i := 0
	negative := false
	if len(b) > 0 && (b[0] == '-' || b[0] == '+') {
		negative = b[0] == '-'
		i = 1
	}
	if i+8 <= len(b) {
		if x, n := short(binary.LittleEndian.Uint64(b[i:])); n > 0 {
			if negative {
				x = -x
			}
			return x, i + n
		}
	}
	begin := i
	var m uint64
	m, i = digits(b, i, 0)
	count := i - begin
	exponent := 0
	if i < len(b) && b[i] == '.' {
		point := i + 1
		m, i = digits(b, point, m)
		exponent = point - i
		count -= exponent
	}
	if count == 0 {
		return 0, 0
	}
	if count > 19 { // leading zeros do not count
		for k := begin; k < i && (b[k] == '0' || b[k] == '.'); k++ {
			if b[k] == '0' {
				count--
			}
		}
		if count > 19 {
			return 0, 0
		}
	}
	if i < len(b) && b[i]|0x20 == 'e' {
		k := i + 1
		minus := false
		if k < len(b) && (b[k] == '-' || b[k] == '+') {
			minus = b[k] == '-'
			k++
		}
		first, e := k, 0
		for ; k < len(b) && b[k]-'0' <= 9 && e < 10000; k++ {
			e = 10*e + int(b[k]-'0')
		}
		if k == first {
			return 0, 0
		}
		if minus {
			e = -e
		}
		exponent += e
		i = k
	}
	x, ok := Decimal(m, exponent)
	if !ok {
		return 0, 0
	}
	if negative {
		x = -x
	}
	return x, i
}

// short reads digits[.digits] at the lowest bytes of w if it ends within them: the
// point is taken out, and the digits are read at once.
func short(w uint64) (x float64, n int) {
	w ^= 0x3030303030303030
	others := ((w + 0x7676767676767676) | w) & 0x8080808080808080 // see digits
	k := bits.TrailingZeros64(others) / 8
	if others == 0 || byte(w>>(8*k)) != '.'^0x30 {
		if k == 0 || k == 8 || byte(w>>(8*k))|0x20 == 'e'^0x30|0x20 {
			return 0, 0
		}
		return float64(eight(w << (64 - 8*k))), k
	}
	others &= others - 1
	n = bits.TrailingZeros64(others) / 8
	if others == 0 || n == 1 || byte(w>>(8*n))|0x20 == 'e'^0x30|0x20 {
		return 0, 0
	}
	low := uint64(1)<<(8*k) - 1
	w = w&low | w>>8&^low
	return float64(eight(w<<(64-8*(n-1)))) / exact[(n-1-k)&7], n
}

// digits goes on with the number m: the digits from byte i on, eight at once. It is
// without a branch for each of them, which nothing could predict.
func digits(b []byte, i int, m uint64) (uint64, int) {
	for i+8 <= len(b) {
		// Bytes that are digits become 0 to 9. The highest bit of others is set by
		// adding 0x76, or is set; the first of them ends the number.
		w := binary.LittleEndian.Uint64(b[i:]) ^ 0x3030303030303030
		n := bits.TrailingZeros64(((w+0x7676767676767676)|w)&0x8080808080808080) / 8
		m = m*pow10[n&15] + eight(w<<(64-8*n))
		i += n
		if n < 8 {
			return m, i
		}
	}
	for ; i < len(b); i++ {
		d := b[i] - '0'
		if d > 9 {
			break
		}
		m = 10*m + uint64(d)
	}
	return m, i
}

// eight is the number of eight digits, the first of which is the lowest byte: pairs,
// then fours, then all are put together.
func eight(w uint64) uint64 {
	w = 10*w + w>>8
	const mask = 0x000000ff000000ff
	return ((w&mask)*(100+1000000<<32) + (w>>16&mask)*(1+10000<<32)) >> 32
}

// Decimal returns the float64 nearest to m*10^e, of two equally near ones the even
// one, where that can be found with machine words: for m < 2^53 and |e| <= 22 as a
// product or quotient of two exact numbers, for e = 0, and for -19 <= e < 0 from
// the quotient and remainder of integers. Otherwise ok is false.
//
// Source of the first: Clinger, How to read floating point numbers accurately,
// PLDI 1990.
func Decimal(m uint64, e int) (x float64, ok bool) {
	switch {
	case m == 0 || e == 0:
		return float64(m), true
	case m < 1<<53 && -22 <= e && e < 0:
		return float64(m) / exact[-e], true
	case m < 1<<53 && 0 < e && e <= 22:
		return float64(m) * exact[e], true
	case -19 <= e && e < 0:
		return quotient(m, pow10[-e]), true
	}
	return 0, false
}

// quotient is m/d rounded to float64. With both shifted to the left end of their
// words, the quotient q has exactly 64 bits: 53 remain, and what is rounded off is
// the other 11 and the remainder.
func quotient(m, d uint64) float64 {
	s, t := bits.LeadingZeros64(m), bits.LeadingZeros64(d)
	m, d = m<<s, d<<t
	hi, lo, exponent := m, uint64(0), t-s-64
	if m >= d {
		hi, lo, exponent = m>>1, m<<63, exponent+1
	}
	q, r := bits.Div64(hi, lo, d)
	mantissa, rest := q>>11, q&(1<<11-1)
	if rest > 1<<10 || rest == 1<<10 && (r != 0 || mantissa&1 == 1) {
		mantissa++ // to 2^53 at most, which below carries into the exponent
	}
	return math.Float64frombits(uint64(exponent+11+1075)<<52 + (mantissa - 1<<52))
}

// Parse reads a field that is a number, with spaces around it, as strconv does.
func Parse(field []byte) (float64, bool) {
	field = bytes.TrimSpace(field)
	if x, n := ParsePrefix(field); n == len(field) && n > 0 {
		return x, true
	}
	if bytes.ContainsAny(field, "_xXpP") { // of Go, not of tables
		return 0, false
	}
	x, err := strconv.ParseFloat(string(field), 64)
	return x, err == nil || x != 0 && x-x != 0 // what is out of range is infinite
}
