package job

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// A file may begin with a byte order mark; in other encodings it is refused.
func TestEncodings(t *testing.T) {
	j, err := decode("j.yaml", "\ufeff"+head+poisson, nil)
	require.NoError(t, err)
	assert.Equal(t, "pinn", j.Kind)
	_, err = decode("j.yaml", "\ufeffritz: 9\nkind: pinn\n"+poisson, nil)
	assert.ErrorContains(t, err, "j.yaml:1:7: ritz: version 9", "places are those without the mark")
	for text, want := range map[string]string{
		"\xff\xfer\x00i\x00":   "j.yaml: is UTF-16: save it as UTF-8",
		"\xfe\xff\x00r\x00i":   "j.yaml: is UTF-16: save it as UTF-8",
		"ritz: 1\nname: é\xff": "j.yaml:2:8: byte 0xff is not UTF-8 text\nname: é\ufffd\n       ^",
		"ritz: 1\nna\x00me: é": "j.yaml:2:3: byte 0x00 is not UTF-8 text\nna\\x00me: é\n  ^",
		"[\x7fELF\x02]":        "j.yaml:1:1: expected a mapping (key: value), got a list\n[\\x7fELF\\x02]\n^",
	} {
		_, err := decode("j.yaml", text, nil)
		require.Error(t, err)
		assert.True(t, strings.HasPrefix(err.Error(), want), err.Error())
	}
}

// The caret stands under the fault in any line, of which at most a part is
// shown; nothing that a terminal would obey.
func TestSnippet(t *testing.T) {
	assert.Equal(t, "a: b\n   ^", snippet("a: b", 4))
	assert.Equal(t, "\ta\\x1bb\n\t     ^", snippet("\ta\x1bb", 4))
	long := strings.Repeat("x", 300) + "!" + strings.Repeat("y", 300)
	assert.Equal(t, "..."+strings.Repeat("x", 50)+"!"+strings.Repeat("y", 49)+"...\n"+strings.Repeat(" ", 53)+"^", snippet(long, 301))
	rapid.Check(t, func(t *rapid.T) {
		line := strings.ReplaceAll(rapid.String().Draw(t, "line"), "\n", "")
		line += strings.Repeat("z", rapid.IntRange(0, 200).Draw(t, "more"))
		column := rapid.IntRange(-5, 300).Draw(t, "column")
		shown, caret, _ := strings.Cut(snippet(line, column), "\n")
		for _, r := range shown + caret {
			require.True(t, r == '\t' || unicode.IsPrint(r), "%q", r)
		}
		require.True(t, strings.HasSuffix(caret, "^"))
		runes, at := []rune(line), utf8.RuneCountInString(caret)-1
		if column >= 1 && column <= len(runes) && unicode.IsPrint(runes[column-1]) {
			require.Equal(t, runes[column-1], []rune(shown)[at])
		}
	})
	e := &Error{File: "j.yaml", Path: strings.Repeat("k", 1000), Msg: "\x1b[2J \u202e"}
	assert.Equal(t, `\x1b[2J \u202e`, e.Error()[len(e.Error())-len(`\x1b[2J \u202e`):])
	assert.Less(t, len(e.Error()), 200)
}
