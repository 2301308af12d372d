package optimize

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math"
)

// A state is encoded as two lines of text, numbers and a checksum:
//
//	ritz optimize 1                     format and version
//	lbfgs dimension=50 memory=20 ...    method and settings
//	counters, flags, then floats        8 bytes each, little endian
//	CRC-32 (IEEE) of all before         4 bytes, little endian
//
// A reader knows from its own settings what must stand there, so no length is
// read from the data, and nothing is taken over before all has been checked.
const formatLine = "ritz optimize 1\n"

type encoder struct{ b []byte }

// newEncoder starts a state with room for that many numbers.
func newEncoder(header string, numbers int) *encoder {
	e := &encoder{make([]byte, 0, len(formatLine)+len(header)+1+8*numbers+4)}
	e.b = append(e.b, formatLine...)
	e.b = append(e.b, header...)
	e.b = append(e.b, '\n')
	return e
}

func (e *encoder) ints(v ...int) {
	for _, x := range v {
		e.b = binary.LittleEndian.AppendUint64(e.b, uint64(x))
	}
}

func (e *encoder) bools(v ...bool) {
	for _, x := range v {
		k := 0
		if x {
			k = 1
		}
		e.ints(k)
	}
}

func (e *encoder) floats(v ...float64) {
	for _, x := range v {
		e.b = binary.LittleEndian.AppendUint64(e.b, math.Float64bits(x))
	}
}

func (e *encoder) finish() []byte {
	return binary.LittleEndian.AppendUint32(e.b, crc32.ChecksumIEEE(e.b))
}

// decoder reads what an encoder wrote; its first error sticks.
type decoder struct {
	b   []byte
	err error
}

// newDecoder checks format, checksum and header, and stands behind them.
func newDecoder(data []byte, header string) (*decoder, error) {
	body, ok := bytes.CutPrefix(data, []byte(formatLine))
	if !ok || len(body) < 4 {
		return nil, fmt.Errorf("%w: it does not begin with %q", ErrState, formatLine)
	}
	tail := len(data) - 4
	if crc32.ChecksumIEEE(data[:tail]) != binary.LittleEndian.Uint32(data[tail:]) {
		return nil, fmt.Errorf("%w: checksum differs, the data is damaged or cut off", ErrState)
	}
	line, rest, ok := bytes.Cut(body[:len(body)-4], []byte{'\n'})
	if !ok || string(line) != header {
		return nil, fmt.Errorf("%w: it is of %.300q, not of %q", ErrState, line, header)
	}
	return &decoder{b: rest}, nil
}

// ints reads counters: numbers from 0 to 2^53.
func (d *decoder) ints(v ...*int) {
	for _, p := range v {
		if d.err != nil {
			return
		}
		if len(d.b) < 8 {
			d.err = fmt.Errorf("%w: cut off", ErrState)
			return
		}
		k := binary.LittleEndian.Uint64(d.b)
		if k > 1<<53 {
			d.err = fmt.Errorf("%w: counter %d out of range", ErrState, k)
			return
		}
		*p, d.b = int(k), d.b[8:]
	}
}

func (d *decoder) bools(v ...*bool) {
	for _, p := range v {
		k := 0
		d.ints(&k)
		if k > 1 {
			d.err = fmt.Errorf("%w: flag %d, want 0 or 1", ErrState, k)
		}
		*p = k == 1
	}
}

// expect returns the first error so far, or one unless exactly that many floats are left.
func (d *decoder) expect(floats int) error {
	if d.err == nil && len(d.b) != 8*floats {
		d.err = fmt.Errorf("%w: %d bytes of numbers, want %d", ErrState, len(d.b), 8*floats)
	}
	return d.err
}

// scalars and floats read what expect has found to be there.
func (d *decoder) scalars(v ...*float64) {
	for _, p := range v {
		*p, d.b = math.Float64frombits(binary.LittleEndian.Uint64(d.b)), d.b[8:]
	}
}

func (d *decoder) floats(v []float64) {
	for i := range v {
		v[i] = math.Float64frombits(binary.LittleEndian.Uint64(d.b[8*i:]))
	}
	d.b = d.b[8*len(v):]
}
