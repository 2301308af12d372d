package csvscan

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"math/bits"
)

// Use is what a column is read for: Number, Text, or both, Number | Text.
type Use uint8

const (
	Skip   Use = 0
	Number Use = 1
	Text   Use = 2
)

// Settings say how a file is read.
type Settings struct {
	Comma     byte     // between fields; 0: a comma
	Columns   []Use    // of each record: as many as it has fields
	Missing   []string // texts that stand for a number that is not there, besides the empty one
	Multiline bool     // quoted fields may go on in the next line
}

// slack is how many bytes behind a line may be looked at: a line ends with LF in
// memory, and what follows is not a part of it.
const slack = 8

// maxRecord is the most bytes of a record.
const maxRecord = 1 << 26

// Scanner reads the records of a text one after the other. After Next,
//
//	Numbers  are the values of the columns of use Number, NaN where one is missing
//	Texts    are those of use Text, without quotes; they hold until the next call
//	Line     is the number of the line where the record begins, from 1
//	Offset   is where it begins, in bytes
type Scanner struct {
	Numbers []float64
	Texts   [][]byte
	Line    int64
	Offset  int64

	r        io.Reader
	buf      []byte
	from, to int // what is unread of buf; behind it are slack bytes at least
	quote    int // where the next quote is in it, or to
	eof      bool
	next     int64 // offset of buf[from]
	lines    int64 // lines read
	end      int64 // no record begins here or beyond

	settings Settings
	missing  map[string]bool
	last     int // columns from here on are only counted
	fields   [][]byte
	unquoted []byte
}

// Error is what is wrong with a record.
type Error struct {
	Column int // from 1; 0: of the whole record
	Msg    string
	Err    error // the cause, if it is one of the package
}

func (e *Error) Unwrap() error { return e.Err }

// ErrMultiline is the error of a quoted field that is open at the end of its line.
var ErrMultiline = errors.New("a quoted field is not closed at the end of the line")

func (e *Error) Error() string {
	if e.Column == 0 {
		return e.Msg
	}
	return fmt.Sprintf("field %d: %s", e.Column, e.Msg)
}

var errTooLong = fmt.Errorf("a record of more than %d bytes: is this a CSV file?", maxRecord)

// New returns a scanner of a whole text.
func New(r io.Reader, s Settings) *Scanner {
	if s.Comma == 0 {
		s.Comma = ','
	}
	c := &Scanner{r: r, buf: make([]byte, 1<<18+slack), end: math.MaxInt64, settings: s, missing: map[string]bool{"": true}}
	for _, m := range s.Missing {
		c.missing[m] = true
	}
	for i, use := range s.Columns {
		if use&Number != 0 {
			c.Numbers = append(c.Numbers, 0)
		}
		if use&Text != 0 {
			c.Texts = append(c.Texts, nil)
		}
		if use != Skip {
			c.last = i + 1
		}
	}
	return c
}

// Range makes the scanner read the records that begin from byte begin to before
// byte end of a file; the ranges of a file together have each record once. What it
// reads must begin at byte begin - 1, or 0. Line then counts from the first line
// that begins in the range.
func (s *Scanner) Range(begin, end int64) error {
	s.end = end
	if begin == 0 {
		return nil
	}
	s.next = begin - 1
	_, err := s.line() // the end of the one that belongs to the range before
	s.lines = 0
	if err == io.EOF {
		return nil
	}
	return err
}

// Lines is the number of lines read.
func (s *Scanner) Lines() int64 { return s.lines }

// Next reads the next record. At the end the error is io.EOF; an *Error is about
// this record, and the next one can be read; any other is of the reader.
func (s *Scanner) Next() error {
	for {
		if s.next >= s.end {
			return io.EOF
		}
		s.Offset = s.next
		line, err := s.line()
		if err != nil {
			return err
		}
		if s.Offset == 0 {
			line = bytes.TrimPrefix(line, []byte("\ufeff"))
		}
		if len(line) == 0 {
			continue
		}
		s.Line = s.lines
		if s.quote < s.from {
			s.findQuote()
			return s.quoted(line)
		}
		return s.plain(line)
	}
}

// Record reads the next record as texts, however many.
func (s *Scanner) Record() ([][]byte, error) {
	columns, last := s.settings.Columns, s.last
	defer func() { s.settings.Columns, s.last = columns, last }()
	s.settings.Columns, s.last = nil, 0
	for {
		if s.next >= s.end {
			return nil, io.EOF
		}
		s.Offset = s.next
		line, err := s.line()
		if err != nil {
			return nil, err
		}
		if s.Offset == 0 {
			line = bytes.TrimPrefix(line, []byte("\ufeff"))
		}
		if len(line) == 0 {
			continue
		}
		s.Line = s.lines
		err = s.split(line)
		return s.fields, err
	}
}

// line returns the next line without its end. It holds until the next call.
func (s *Scanner) line() ([]byte, error) {
	searched := 0
	for {
		if i := bytes.IndexByte(s.buf[s.from+searched:s.to], '\n'); i >= 0 {
			n := searched + i
			line := s.buf[s.from : s.from+n]
			s.from += n + 1
			s.next += int64(n + 1)
			s.lines++
			if n > 0 && line[n-1] == '\r' {
				line = line[:n-1]
			}
			return line, nil
		}
		if s.eof {
			if s.from == s.to {
				return nil, io.EOF
			}
			line := s.buf[s.from:s.to]
			s.buf[s.to] = '\n'
			s.next += int64(len(line))
			s.from = s.to
			s.lines++
			return bytes.TrimSuffix(line, []byte{'\r'}), nil
		}
		searched = s.to - s.from
		if err := s.fill(); err != nil {
			return nil, err
		}
	}
}

// fill reads more, behind what is unread.
func (s *Scanner) fill() error {
	if s.from > 0 {
		copy(s.buf, s.buf[s.from:s.to])
		s.from, s.to = 0, s.to-s.from
	}
	if s.to == len(s.buf)-slack {
		if len(s.buf) >= maxRecord {
			return errTooLong
		}
		s.buf = append(s.buf, make([]byte, len(s.buf))...)
	}
	n, err := s.r.Read(s.buf[s.to : len(s.buf)-slack])
	s.to += n
	s.findQuote()
	if err == io.EOF {
		s.eof = true
		return nil
	}
	return err
}

// findQuote finds the first quote of what is unread.
func (s *Scanner) findQuote() {
	s.quote = s.to
	if i := bytes.IndexByte(s.buf[s.from:s.to], '"'); i >= 0 {
		s.quote = s.from + i
	}
}

// plain reads a record without quotes.
func (s *Scanner) plain(line []byte) error {
	comma := s.settings.Comma
	numbers, texts := 0, 0
	i := 0
	for c, use := range s.settings.Columns[:s.last] {
		if i > len(line) {
			return s.ragged(c)
		}
		for i < len(line) && (line[i] == ' ' || line[i] == '\t') && line[i] != comma {
			i++
		}
		if use == Number {
			if x, n := ParsePrefix(line[i : len(line)+slack]); n > 0 && (i+n == len(line) || line[i+n] == comma) {
				s.Numbers[numbers] = x
				numbers++
				i += n + 1
				continue
			}
		}
		end := s.fieldEnd(line, i)
		if use&Number != 0 {
			x, err := s.number(line[i:end], c)
			if err != nil {
				return err
			}
			s.Numbers[numbers] = x
			numbers++
		}
		if use&Text != 0 {
			s.Texts[texts] = line[i:end]
			texts++
		}
		i = end + 1
	}
	return s.count(line, i)
}

// fieldEnd is where the field at byte i ends, eight bytes at a time: of those equal
// to the comma, 0 after the exclusive or, the lowest alone surely borrows.
func (s *Scanner) fieldEnd(line []byte, i int) int {
	const ones, high = 0x0101010101010101, 0x8080808080808080
	pattern := ones * uint64(s.settings.Comma)
	for b := line[:len(line)+slack]; i < len(line); i += 8 {
		w := binary.LittleEndian.Uint64(b[i:]) ^ pattern
		if t := (w - ones) & ^w & high; t != 0 {
			return min(i+bits.TrailingZeros64(t)/8, len(line))
		}
	}
	return len(line)
}

// count checks the number of fields, of which those up to s.last have been read, to
// before byte i.
func (s *Scanner) count(line []byte, i int) error {
	fields := s.last
	switch {
	case s.last == 0:
		fields = 1 + bytes.Count(line, []byte{s.settings.Comma})
	case i <= len(line):
		fields += 1 + bytes.Count(line[i:], []byte{s.settings.Comma})
	}
	if fields != len(s.settings.Columns) {
		return s.ragged(fields)
	}
	return nil
}

func (s *Scanner) ragged(fields int) error {
	return &Error{Msg: fmt.Sprintf("%d fields, expected %d", fields, len(s.settings.Columns))}
}

// number reads a field that is no plain number.
func (s *Scanner) number(field []byte, column int) (float64, error) {
	trimmed := bytes.TrimSpace(field)
	if s.missing[string(trimmed)] {
		return math.NaN(), nil
	}
	if x, ok := Parse(trimmed); ok {
		return x, nil
	}
	if len(trimmed) > 40 {
		trimmed = append(trimmed[:40:40], "..."...)
	}
	return 0, &Error{Column: column + 1, Msg: fmt.Sprintf("%q is not a number", trimmed)}
}

// quoted reads a record that has quotes.
func (s *Scanner) quoted(line []byte) error {
	if err := s.split(line); err != nil {
		return err
	}
	if len(s.fields) != len(s.settings.Columns) {
		return s.ragged(len(s.fields))
	}
	numbers, texts := 0, 0
	for c, use := range s.settings.Columns {
		if use&Number != 0 {
			x, err := s.number(s.fields[c], c)
			if err != nil {
				return err
			}
			s.Numbers[numbers] = x
			numbers++
		}
		if use&Text != 0 {
			s.Texts[texts] = s.fields[c]
			texts++
		}
	}
	return nil
}

var (
	errBareQuote = errors.New("a quote within a field that does not begin with one")
	errQuote     = errors.New(`a quote within a quoted field: write it twice, ""`)
	errOpen      = errors.New("a quoted field is not closed")
)

// split cuts a record into its fields.
func (s *Scanner) split(line []byte) error {
	s.fields, s.unquoted = s.fields[:0], s.unquoted[:0]
	comma := s.settings.Comma
	bad := func(err error) error { return &Error{len(s.fields) + 1, err.Error(), err} }
	var ends []int // of fields in unquoted, whose memory may move
	var from []int
	i := 0
	for {
		for i < len(line) && (line[i] == ' ' || line[i] == '\t') && line[i] != comma {
			i++
		}
		if i == len(line) || line[i] != '"' {
			end := bytes.IndexByte(line[i:], comma)
			if end < 0 {
				end = len(line) - i
			}
			field := line[i : i+end]
			if bytes.IndexByte(field, '"') >= 0 {
				return bad(errBareQuote)
			}
			from = append(from, len(s.unquoted))
			s.unquoted = append(s.unquoted, field...)
			ends = append(ends, len(s.unquoted))
			s.fields = append(s.fields, nil)
			i += end
		} else {
			i++
			from = append(from, len(s.unquoted))
			for open := true; open; {
				k := bytes.IndexByte(line[i:], '"')
				switch {
				case k < 0:
					s.unquoted = append(s.unquoted, line[i:]...)
					if !s.settings.Multiline {
						return bad(ErrMultiline)
					}
					next, err := s.line()
					if err == io.EOF {
						return bad(errOpen)
					}
					if err != nil {
						return err
					}
					if len(s.unquoted) > maxRecord {
						return errTooLong
					}
					s.unquoted = append(s.unquoted, '\n')
					line, i = next, 0
				case i+k+1 < len(line) && line[i+k+1] == '"':
					s.unquoted = append(s.unquoted, line[i:i+k+1]...)
					i += k + 2
				default:
					s.unquoted = append(s.unquoted, line[i:i+k]...)
					i += k + 1
					open = false
				}
			}
			ends = append(ends, len(s.unquoted))
			s.fields = append(s.fields, nil)
			if i < len(line) && line[i] != comma {
				s.fields = s.fields[:len(s.fields)-1]
				return bad(errQuote)
			}
		}
		if i == len(line) {
			break
		}
		i++
	}
	for k := range s.fields {
		s.fields[k] = s.unquoted[from[k]:ends[k]:ends[k]]
	}
	return nil
}
