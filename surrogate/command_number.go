package surrogate

import (
	"bytes"
	"strconv"
)

// formatValue writes the shortest text that reads back as v.
func formatValue(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

// lastNumber finds the last number that stands by itself in a text: of
// "step10 f=2.5e3, 7 s." it is 7.
func lastNumber(text []byte) (float64, bool) {
	for end := len(text); end > 0; {
		end = bytes.LastIndexFunc(text[:end], isNumberRune) + 1
		begin := bytes.LastIndexFunc(text[:end], func(r rune) bool { return !isNumberRune(r) }) + 1
		// Of a rune beyond ASCII, the index is that of its first byte.
		for begin > 0 && begin < end && text[begin] >= 0x80 {
			begin++
		}
		if v, ok := parseNumber(bytes.TrimRight(text[begin:end], ".")); ok {
			return v, true
		}
		end = begin
	}
	return 0, false
}

func isNumberRune(r rune) bool {
	return '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || r == '.' || r == '+' || r == '-' || r == '_'
}

// parseNumber reads a number, also one with Fortran's exponent D, and the words
// for infinity and not a number.
func parseNumber(text []byte) (float64, bool) {
	s := string(text)
	v, err := strconv.ParseFloat(s, 64)
	if err == nil || v != 0 { // out of range is infinite
		return v, true
	}
	if i := bytes.IndexAny(text, "dD"); i > 0 {
		v, err = strconv.ParseFloat(s[:i]+"e"+s[i+1:], 64)
		return v, err == nil || v != 0
	}
	return 0, false
}
