package stencil

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"

	"github.com/seed-0772dd2d/ritz/internal/simd"
)

// ErrState reports a state that is damaged or of other settings.
var ErrState = errors.New("stencil: unusable state")

// WriteTo writes the state of the simulation: fields with their images, memory of
// absorbing layers, steps and traces, in the solver's own precision. A solver of
// the same settings that has read it goes on as this one does, bit for bit;
// threads and plan may be others. The stream holds
//
//	"ritz wave 1\n", grid, order, precision, dt, steps, fields, layers, traces, CRC-32
//
// in little-endian numbers of 8 bytes, or 4 of the fields in float32.
func (s *Solver) WriteTo(w io.Writer) (int64, error) {
	b := bufio.NewWriterSize(w, 1<<16)
	c := &stream{w: b}
	if err := s.carry(c); err != nil {
		return c.n, err
	}
	return c.n, b.Flush()
}

// ReadFrom takes up a state that WriteTo has written. It may read beyond it. An
// error wraps ErrState or is that of the reader; the solver is then of no use.
func (s *Solver) ReadFrom(r io.Reader) (int64, error) {
	c := &stream{r: bufio.NewReaderSize(r, 1<<16)}
	err := s.carry(c)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = fmt.Errorf("%w: it is cut off", ErrState)
	}
	return c.n, err
}

// stream carries numbers to a writer or from a reader, whichever there is; after
// an error it does nothing.
type stream struct {
	w      io.Writer
	r      io.Reader
	n      int64
	sum    uint32 // CRC-32 so far
	buffer [4096]byte
	err    error
}

func (c *stream) bytes(b []byte) {
	if c.err != nil {
		return
	}
	var n int
	if c.w != nil {
		n, c.err = c.w.Write(b)
	} else {
		n, c.err = io.ReadFull(c.r, b)
	}
	c.n += int64(n)
	c.sum = crc32.Update(c.sum, crc32.IEEETable, b)
}

func (c *stream) number(v *uint64) {
	b := c.buffer[:8]
	binary.LittleEndian.PutUint64(b, *v)
	c.bytes(b)
	*v = binary.LittleEndian.Uint64(b)
}

// agree carries a number that both sides know.
func (c *stream) agree(name string, v uint64) {
	got := v
	c.number(&got)
	if c.err == nil && got != v {
		c.err = fmt.Errorf("%w: %s is not that of this simulation", ErrState, name)
	}
}

// carry carries the elements of v.
func carry[T simd.Float](c *stream, v []T) {
	switch v := any(v).(type) {
	case []float64:
		for len(v) > 0 && c.err == nil {
			part := v[:min(len(v), len(c.buffer)/8)]
			v = v[len(part):]
			b := c.buffer[:8*len(part)]
			for i, x := range part {
				binary.LittleEndian.PutUint64(b[8*i:], math.Float64bits(x))
			}
			c.bytes(b)
			for i := range part {
				part[i] = math.Float64frombits(binary.LittleEndian.Uint64(b[8*i:]))
			}
		}
	case []float32:
		for len(v) > 0 && c.err == nil {
			part := v[:min(len(v), len(c.buffer)/4)]
			v = v[len(part):]
			b := c.buffer[:4*len(part)]
			for i, x := range part {
				binary.LittleEndian.PutUint32(b[4*i:], math.Float32bits(x))
			}
			c.bytes(b)
			for i := range part {
				part[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
			}
		}
	}
}

const stateMagic = "ritz wave 1\n"

func (s *Solver) carry(c *stream) error {
	magic := []byte(stateMagic)
	c.bytes(magic)
	if c.err == nil && string(magic) != stateMagic {
		return fmt.Errorf("%w: it does not begin with %q", ErrState, stateMagic)
	}
	g := s.s.Grid
	precision := uint64(8)
	if s.s.Single {
		precision = 4
	}
	c.agree("the number of points in x", uint64(g.Nx))
	c.agree("the number of points in y", uint64(g.Ny))
	c.agree("the order", uint64(s.s.Order))
	c.agree("the precision", precision)
	c.agree("dt", math.Float64bits(s.dt))
	c.agree("the number of receivers", uint64(len(s.traces)))
	steps := uint64(s.steps)
	c.number(&steps)
	if c.err == nil && steps > 1<<48 {
		return fmt.Errorf("%w: %d steps", ErrState, steps)
	}
	s.e.carry(c)
	for k, trace := range s.traces {
		if c.w != nil {
			carry(c, trace)
			continue
		}
		trace = trace[:0] // grown as it comes: a damaged number of steps asks for no memory
		for left := int(steps); left > 0 && c.err == nil; {
			part := make([]float64, min(left, 1<<16))
			carry(c, part)
			trace, left = append(trace, part...), left-len(part)
		}
		s.traces[k] = trace
	}
	c.agree("the check sum", uint64(c.sum))
	s.steps = int(steps)
	return c.err
}

// carry carries the fields, as far as the operators reach, and the layers.
func (r *run[T]) carry(c *stream) {
	margin := r.margin()
	for _, field := range [][]T{r.wave.P, r.wave.Vx, r.wave.Vy} {
		for j := -margin; j < r.ny+margin; j++ {
			carry(c, field[r.at(-margin, j):][:r.nx+2*margin])
		}
	}
	c.agree("the number of layers", uint64(len(r.layers)))
	for _, l := range r.layers {
		c.agree("the size of a layer", uint64(len(l.psi)))
		carry(c, l.psi)
	}
}
