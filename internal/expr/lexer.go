package expr

import (
	"fmt"
	"unicode"
	"unicode/utf8"
)

type tokenKind uint8

const (
	tokenEnd tokenKind = iota
	tokenNumber
	tokenName
	tokenSymbol
)

var symbols = map[string]bool{
	"+": true, "-": true, "*": true, "/": true, "^": true, "(": true, ")": true, ",": true, "=": true,
	"<": true, "<=": true, ">": true, ">=": true, "==": true, "!=": true,
}

type token struct {
	kind   tokenKind
	text   string
	offset int
}

// foreign maps characters and symbols that people write to what the language writes.
var foreign = map[string]string{
	"**": "^", "&&": "and", "||": "or", "!": "not", "²": "^2", "³": "^3", "−": "-", "–": "-",
	"·": "*", "×": "*", "÷": "/", "≤": "<=", "≥": ">=", "≠": "!=", "√": "sqrt(...)",
	"∂": "u_x or D(u, x)", "∇": "D(u, x) or laplace(u)", "Δ": "laplace(u)", "∆": "laplace(u)",
	"∫": "integral(u, x)", "'": "u_x or D(u, x)", "[": "(", "]": ")", "{": "(", "}": ")",
}

// lex splits a text into tokens; the last one is tokenEnd.
func lex(text string) ([]token, *Error) {
	if len(text) > maxText {
		return nil, &Error{Text: text, Msg: fmt.Sprintf("the text has %d bytes: at most %d are read", len(text), maxText)}
	}
	var tokens []token
	for i := 0; i < len(text); {
		r, width := utf8.DecodeRuneInString(text[i:])
		start := i
		switch {
		case unicode.IsSpace(r):
			i += width
			continue
		case isDigit(text, i) || r == '.' && isDigit(text, i+1):
			i = scanNumber(text, i)
			if i < len(text) && text[i] == '.' {
				return nil, &Error{text, i, fmt.Sprintf("a second point in the number %s", text[start:i]), ""}
			}
			tokens = append(tokens, token{tokenNumber, text[start:i], start})
			continue
		case isLetter(r):
			for i < len(text) && isNamePart(r) {
				i += width
				r, width = utf8.DecodeRuneInString(text[i:])
			}
			tokens = append(tokens, token{tokenName, text[start:i], start})
			continue
		}
		if r == utf8.RuneError && width == 1 {
			return nil, &Error{text, i, fmt.Sprintf("byte %#02x is not UTF-8 text", text[i]), ""}
		}
		symbol := text[i : i+width]
		if i+2 <= len(text) && (symbols[text[i:i+2]] || foreign[text[i:i+2]] != "") {
			symbol = text[i : i+2]
		}
		switch right := foreign[symbol]; {
		case right != "":
			return nil, &Error{text, i, fmt.Sprintf("%q is not part of the language", symbol), "write " + right}
		case !symbols[symbol]:
			return nil, &Error{text, i, fmt.Sprintf("unexpected character %q", r), ""}
		}
		tokens = append(tokens, token{tokenSymbol, symbol, start})
		i += len(symbol)
	}
	return append(tokens, token{tokenEnd, "", len(text)}), nil
}

// scanNumber returns the end of the number that begins at i: digits with at most one point, then
// an exponent if digits follow it. So 2e3 is two thousand, and 2e is 2 followed by the name e
// (which the parser refuses: write 2*e).
func scanNumber(text string, i int) int {
	for isDigit(text, i) {
		i++
	}
	if i < len(text) && text[i] == '.' {
		for i++; isDigit(text, i); {
			i++
		}
	}
	if i < len(text) && (text[i] == 'e' || text[i] == 'E') {
		j := i + 1
		if j < len(text) && (text[j] == '+' || text[j] == '-') {
			j++
		}
		if isDigit(text, j) {
			for i = j; isDigit(text, i); {
				i++
			}
		}
	}
	return i
}

func isDigit(text string, i int) bool {
	return i < len(text) && '0' <= text[i] && text[i] <= '9'
}
