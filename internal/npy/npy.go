// Package npy writes and reads arrays in the NPY format of NumPy.
//
// What it writes is version 1.0, little-endian float64 or float32 in C order
// (the last axis runs fastest). It reads versions 1 to 3, both orders, both
// byte orders, and any real numbers: floats of 32 and 64 bits, integers, bool.
//
// The format: the bytes 93 "NUMPY", the version in two bytes, the length of the
// header in two bytes (four from version 2 on, little-endian), a header padded
// to 64 bytes from the start of the file, and the numbers. The header is a
// Python dictionary:
//
//	{'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }
//
// Source: NumPy Enhancement Proposal 1; numpy.lib.format.
package npy

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"
)

const magic = "\x93NUMPY"

// Write writes data, row-major of the given shape. It is an error if there are
// more or fewer numbers than the shape has.
func Write[T float32 | float64](w io.Writer, shape []int, data []T) error {
	n, err := size(shape)
	if err != nil {
		return err
	}
	if n != len(data) {
		return fmt.Errorf("npy: %d numbers for the shape %v of %d", len(data), shape, n)
	}
	descr := "<f8"
	if _, single := any(T(0)).(float32); single {
		descr = "<f4"
	}
	dims := make([]string, len(shape))
	for i, m := range shape {
		dims[i] = strconv.Itoa(m)
	}
	tuple := strings.Join(dims, ", ")
	if len(shape) == 1 {
		tuple += ","
	}
	header := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", descr, tuple)
	length := len(magic) + 4 + len(header) + 1
	header += strings.Repeat(" ", (64-length%64)%64) + "\n"
	if len(header) > math.MaxUint16 {
		return fmt.Errorf("npy: a shape of %d axes is too long", len(shape))
	}
	b := bufio.NewWriter(w)
	b.WriteString(magic)
	b.Write(binary.LittleEndian.AppendUint16([]byte{1, 0}, uint16(len(header))))
	b.WriteString(header)
	var buffer [8]byte
	switch data := any(data).(type) {
	case []float64:
		for _, x := range data {
			binary.LittleEndian.PutUint64(buffer[:], math.Float64bits(x))
			b.Write(buffer[:8])
		}
	case []float32:
		for _, x := range data {
			binary.LittleEndian.PutUint32(buffer[:], math.Float32bits(x))
			b.Write(buffer[:4])
		}
	}
	return b.Flush()
}

// size returns the number of elements of a shape.
func size(shape []int) (int, error) {
	n := 1
	for _, m := range shape {
		if m < 0 || m > 0 && n > math.MaxInt/8/m {
			return 0, fmt.Errorf("npy: no array has the shape %v", shape)
		}
		n *= m
	}
	return n, nil
}

// Read reads an array. The numbers come in C order whatever the file has, as
// float64: of integers beyond 2^53 the nearest.
func Read(r io.Reader) (shape []int, data []float64, err error) {
	in := bufio.NewReader(r)
	h, err := readHeader(in)
	if err != nil {
		return nil, nil, fmt.Errorf("npy: %w", err)
	}
	n, err := size(h.shape)
	if err != nil {
		return nil, nil, err
	}
	element := make([]byte, h.bytes)
	for i := range n { // grown as it comes: the header may promise what is not there
		if _, err := io.ReadFull(in, element); err != nil {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return nil, nil, fmt.Errorf("npy: number %d of %d: %w", i+1, n, err)
		}
		data = append(data, h.decode(element))
	}
	if h.fortran {
		data = transpose(h.shape, data)
	}
	return h.shape, data, nil
}

// transpose brings an array whose first axis runs fastest into C order.
func transpose(shape []int, data []float64) []float64 {
	out, index := make([]float64, len(data)), make([]int, len(shape))
	for _, x := range data {
		at := 0
		for i, m := range shape {
			at = at*m + index[i]
		}
		out[at] = x
		for i := range index {
			if index[i]++; index[i] < shape[i] {
				break
			}
			index[i] = 0
		}
	}
	return out
}

// header is what the header of a file says.
type header struct {
	shape   []int
	fortran bool
	bytes   int // of a number
	decode  func(b []byte) float64
}

// maxHeader bounds the length of a header: NumPy refuses more than 10,000.
const maxHeader = 1 << 16

var (
	descrKey   = regexp.MustCompile(`['"]descr['"]\s*:\s*['"]([^'"]*)['"]`)
	fortranKey = regexp.MustCompile(`['"]fortran_order['"]\s*:\s*(True|False)`)
	shapeKey   = regexp.MustCompile(`['"]shape['"]\s*:\s*\(([0-9,\sL]*)\)`)
)

func readHeader(in io.Reader) (h header, err error) {
	start := make([]byte, len(magic)+2)
	if _, err := io.ReadFull(in, start); err != nil || string(start[:len(magic)]) != magic {
		return h, errors.New("not an NPY file: it does not start with \\x93NUMPY")
	}
	var length uint32
	switch version := start[len(magic)]; version {
	case 1:
		var short uint16
		err = binary.Read(in, binary.LittleEndian, &short)
		length = uint32(short)
	case 2, 3:
		err = binary.Read(in, binary.LittleEndian, &length)
	default:
		return h, fmt.Errorf("version %d: expected 1, 2 or 3", version)
	}
	if err == nil && length > maxHeader {
		return h, fmt.Errorf("a header of %d bytes: expected at most %d", length, maxHeader)
	}
	text := make([]byte, length)
	if err == nil {
		_, err = io.ReadFull(in, text)
	}
	if err != nil {
		return h, errors.New("the header is cut off")
	}
	descr, fortran, shape := descrKey.FindSubmatch(text), fortranKey.FindSubmatch(text), shapeKey.FindSubmatch(text)
	if descr == nil || fortran == nil || shape == nil {
		return h, fmt.Errorf("header %q: expected a dictionary with descr (of plain numbers), fortran_order and shape", text)
	}
	h.fortran = string(fortran[1]) == "True"
	for field := range strings.SplitSeq(string(shape[1]), ",") {
		if field = strings.TrimSuffix(strings.TrimSpace(field), "L"); field == "" {
			continue // after the last comma
		}
		m, err := strconv.Atoi(field)
		if err != nil {
			return h, fmt.Errorf("shape (%s): %q is not a size", shape[1], field)
		}
		h.shape = append(h.shape, m)
	}
	return h, h.setType(string(descr[1]))
}

// setType sets how a number is decoded, from a type such as "<f8": byte order,
// kind, bytes.
func (h *header) setType(descr string) error {
	var order binary.ByteOrder = binary.LittleEndian
	code := descr
	if code != "" && strings.ContainsRune("<>=|", rune(code[0])) {
		if code[0] == '>' {
			order = binary.BigEndian
		}
		code = code[1:]
	}
	switch code {
	case "f8":
		h.decode = func(b []byte) float64 { return math.Float64frombits(order.Uint64(b)) }
	case "f4":
		h.decode = func(b []byte) float64 { return float64(math.Float32frombits(order.Uint32(b))) }
	case "i8":
		h.decode = func(b []byte) float64 { return float64(int64(order.Uint64(b))) }
	case "i4":
		h.decode = func(b []byte) float64 { return float64(int32(order.Uint32(b))) }
	case "i2":
		h.decode = func(b []byte) float64 { return float64(int16(order.Uint16(b))) }
	case "i1":
		h.decode = func(b []byte) float64 { return float64(int8(b[0])) }
	case "u8":
		h.decode = func(b []byte) float64 { return float64(order.Uint64(b)) }
	case "u4":
		h.decode = func(b []byte) float64 { return float64(order.Uint32(b)) }
	case "u2":
		h.decode = func(b []byte) float64 { return float64(order.Uint16(b)) }
	case "u1", "b1":
		h.decode = func(b []byte) float64 { return float64(b[0]) }
	default:
		return fmt.Errorf("type %q is not one of real numbers: f4, f8, i1 to i8, u1 to u8, b1", descr)
	}
	h.bytes = int(code[1] - '0')
	return nil
}
