package csvscan

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// all reads a text: numbers and texts of each record, errors as texts.
func all(s *Scanner) (numbers [][]float64, texts []string, faults []string) {
	for {
		err := s.Next()
		var bad *Error
		switch {
		case err == io.EOF:
			return numbers, texts, faults
		case errors.As(err, &bad):
			faults = append(faults, bad.Error())
		case err != nil:
			return numbers, texts, append(faults, "stopped: "+err.Error())
		default:
			numbers = append(numbers, slices.Clone(s.Numbers))
			texts = append(texts, string(bytes.Join(s.Texts, []byte("|"))))
		}
	}
}

func TestScanner(t *testing.T) {
	columns := []Use{Number, Skip, Text, Number}
	for _, c := range []struct {
		text  string
		x     []float64 // first and last field of each good record
		texts []string
		bad   []string
	}{
		{"1,x,a,2\n3,y,b,4", []float64{1, 2, 3, 4}, []string{"a", "b"}, nil},
		{"\ufeff1,x,a,2\r\n\r\n\n3,y,b,4\r", []float64{1, 2, 3, 4}, []string{"a", "b"}, nil},
		{` 1,"x, y", "a ""b""", "2"`, []float64{1, 2}, []string{`a "b"`}, nil},
		{"1 ,x, a ,\t2\n", []float64{1, 2}, []string{"a "}, nil},
		{"1,x,a,b\n1,x,a\n1,x,a,2,3\n,x,,NA\n1,x,a,2\n", []float64{math.NaN(), math.NaN(), 1, 2}, []string{"", "a"},
			[]string{`field 4: "b" is not a number`, "3 fields, expected 4", "5 fields, expected 4"}},
		{"1,x\",a,2\n\"1,x,a,2\n1,\"x\"y,a,2\n1,x,a,2\n", []float64{1, 2}, []string{"a"},
			[]string{"field 2: " + errBareQuote.Error(), "field 1: " + ErrMultiline.Error(), "field 2: " + errQuote.Error()}},
		{"", nil, nil, nil},
		{"\n\n", nil, nil, nil},
		{"1e999,x,a,-inf", []float64{math.Inf(1), math.Inf(-1)}, []string{"a"}, nil},
	} {
		numbers, texts, faults := all(New(strings.NewReader(c.text), Settings{Columns: columns, Missing: []string{"NA"}}))
		var x []float64
		for _, n := range numbers {
			x = append(x, n...)
		}
		require.Len(t, x, len(c.x), c.text)
		for i := range x {
			require.Equal(t, math.Float64bits(c.x[i]), math.Float64bits(x[i]), c.text)
		}
		assert.Equal(t, c.texts, texts, c.text)
		assert.Equal(t, c.bad, faults, c.text)
	}
	_, texts, faults := all(New(strings.NewReader("a;\"b\nc\"\nd;e\n\"f"), Settings{Comma: ';', Columns: []Use{Skip, Text}, Multiline: true}))
	assert.Equal(t, []string{"b\nc", "e"}, texts)
	assert.Equal(t, []string{"field 1: " + errOpen.Error()}, faults)
	broken := errors.New("broken")
	_, _, faults = all(New(io.MultiReader(strings.NewReader("1\n2"), iotest.ErrReader(broken)), Settings{Columns: []Use{Text}}))
	assert.Equal(t, []string{"stopped: broken"}, faults)
}

func TestScannerTellsLines(t *testing.T) {
	s := New(strings.NewReader("a\n\n\"b\nc\"\nd"), Settings{Columns: []Use{Text}, Multiline: true})
	var lines, offsets []int64
	for s.Next() == nil {
		lines, offsets = append(lines, s.Line), append(offsets, s.Offset)
	}
	assert.Equal(t, []int64{1, 3, 5}, lines)
	assert.Equal(t, []int64{0, 3, 9}, offsets)
	assert.EqualValues(t, 5, s.Lines())
}

// However a text is cut into ranges and however it comes, they have each record
// once, and the lines add up.
func TestRangesHaveEachRecordOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOfN(rapid.SampledFrom([]rune("ab\n\n\r\",")), 0, 60, -1).Draw(t, "text")
		settings := Settings{Columns: []Use{Text, Skip}}
		_, whole, faults := all(New(strings.NewReader(text), settings))
		s := New(strings.NewReader(text), settings)
		all(s)
		width := rapid.IntRange(1, 20).Draw(t, "width")
		var parts, bad []string
		var lines int64
		for begin := 0; begin == 0 || begin < len(text); begin += width {
			from := max(begin-1, 0)
			r := New(iotest.OneByteReader(strings.NewReader(text[from:])), settings)
			require.NoError(t, r.Range(int64(begin), int64(begin+width)))
			_, texts, faults := all(r)
			parts, bad, lines = append(parts, texts...), append(bad, faults...), lines+r.Lines()
		}
		require.Equal(t, whole, parts)
		require.Equal(t, faults, bad)
		require.Equal(t, s.Lines(), lines)
	})
}

// FuzzScanner compares the records with those of encoding/csv.
func FuzzScanner(f *testing.F) {
	for _, s := range []string{"a,b\n1,2\n", "\"a\nb\",c\r\n\r\nd, \"e\"\"f\" \n", "a\"b,c\n\"", "\ufeffa,b", " ,\t\n\"\"", "a\r"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if strings.HasPrefix(text, "\ufeff") || strings.ContainsAny(text, "\v\f\u0085\u00a0\u1680\u2028\u2029\u202f\u205f\u3000") ||
			strings.ContainsFunc(text, func(r rune) bool { return 0x2000 <= r && r <= 0x200a }) {
			return // spaces that are none here
		}
		for i, c := range text { // a CR that ends no line is a space to encoding/csv, before a field
			if c == '\r' && (i+1 == len(text) || text[i+1] != '\n') {
				return
			}
		}
		r := csv.NewReader(strings.NewReader(text))
		r.TrimLeadingSpace, r.FieldsPerRecord = true, -1
		s := New(iotest.HalfReader(strings.NewReader(text)), Settings{Multiline: true})
		for {
			want, e := r.Read()
			got, err := s.Record()
			require.Equal(t, e == io.EOF, err == io.EOF, "%v, %v", e, err)
			if e == io.EOF {
				return
			}
			require.Equal(t, e == nil, err == nil, "%v, %v", e, err)
			if e != nil {
				continue
			}
			require.Len(t, got, len(want))
			for i := range want {
				require.Equal(t, want[i], string(got[i]))
			}
		}
	})
}

func TestNextAllocatesNothing(t *testing.T) {
	text := strings.Repeat("1.25,abc,-3.5e-3,0.30000000000000004\n", 1000)
	s := New(strings.NewReader(strings.Repeat(text, 20)), Settings{Columns: []Use{Number, Text, Skip, Number}})
	require.NoError(t, s.Next())
	require.Zero(t, testing.AllocsPerRun(10000, func() {
		if err := s.Next(); err != nil {
			t.Fatal(err)
		}
	}))
}
