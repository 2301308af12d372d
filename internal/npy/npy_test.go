package npy

import (
	"bytes"
	"errors"
	"flag"
	"io"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// Property tests draw the same values every time; -rapid.seed=N draws others.
func init() {
	if err := flag.Set("rapid.seed", "1"); err != nil {
		panic(err)
	}
}

// file is a file as NumPy 2 writes it.
func file(version byte, header string, data string) string {
	text := "\x93NUMPY" + string([]byte{version, 0})
	length := len(text) + 2 + len(header) + 1
	if version > 1 {
		length += 2
	}
	header += strings.Repeat(" ", (64-length%64)%64) + "\n"
	text += string([]byte{byte(len(header)), byte(len(header) >> 8)})
	if version > 1 {
		text += "\x00\x00"
	}
	return text + header + data
}

func TestWrite(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, Write(&b, []int{2, 2}, []float64{1.5, -2, 3, 4}))
	want := file(1, "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 2), }",
		"\x00\x00\x00\x00\x00\x00\xf8\x3f\x00\x00\x00\x00\x00\x00\x00\xc0\x00\x00\x00\x00\x00\x00\x08\x40\x00\x00\x00\x00\x00\x00\x10\x40")
	assert.Equal(t, want, b.String())
	assert.Equal(t, 160, b.Len())

	b.Reset()
	require.NoError(t, Write(&b, []int{3}, []float32{1, 2, 3}))
	assert.Equal(t, file(1, "{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }", "\x00\x00\x80\x3f\x00\x00\x00\x40\x00\x00\x40\x40"), b.String())

	b.Reset()
	require.NoError(t, Write(&b, nil, []float64{0}))
	assert.Contains(t, b.String(), "'shape': (), }")

	assert.ErrorContains(t, Write(&b, []int{2, 2}, []float64{1}), "1 numbers for the shape [2 2] of 4")
	assert.ErrorContains(t, Write(&b, []int{-1}, []float64{}), "no array has the shape [-1]")
	assert.ErrorContains(t, Write(&b, []int{math.MaxInt, 2}, []float64{}), "no array has the shape")
	assert.ErrorIs(t, Write(full{}, []int{2000}, make([]float64, 2000)), errFull)
}

var errFull = errors.New("full")

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errFull }

func TestRead(t *testing.T) {
	tests := []struct {
		name  string
		text  string
		shape []int
		data  []float64
	}{
		{"big-endian, first axis fastest, version 2", file(2, "{'descr': '>f4', 'fortran_order': True, 'shape': (2, 3), }",
			"\x00\x00\x00\x00\x40\x40\x00\x00\x3f\x80\x00\x00\x40\x80\x00\x00\x40\x00\x00\x00\x40\xa0\x00\x00"), []int{2, 3}, []float64{0, 1, 2, 3, 4, 5}},
		{"16 bits", file(1, "{'descr': '<i2', 'fortran_order': False, 'shape': (3,), }", "\x01\x00\xfe\xff\x03\x00"), []int{3}, []float64{1, -2, 3}},
		{"scalar", file(1, "{'descr': '<f8', 'fortran_order': False, 'shape': (), }", "\x00\x00\x00\x00\x00\x00\x1d\x40"), nil, []float64{7.25}},
		{"bool, version 3", file(3, "{'descr': '|b1', 'fortran_order': False, 'shape': (2,), }", "\x01\x00"), []int{2}, []float64{1, 0}},
		{"empty", file(1, "{'descr': '<f8', 'fortran_order': False, 'shape': (0, 3), }", ""), []int{0, 3}, nil},
		{"other quotes and order", file(1, `{"shape":(1L,), "fortran_order" : False, "descr":"=u4"}`, "\x01\x02\x00\x00"), []int{1}, []float64{513}},
		{"8 bytes signed", file(1, "{'descr': '>i8', 'fortran_order': False, 'shape': (1,), }", "\xff\xff\xff\xff\xff\xff\xff\xfd"), []int{1}, []float64{-3}},
	}
	for _, test := range tests {
		shape, data, err := Read(strings.NewReader(test.text))
		require.NoError(t, err, test.name)
		assert.Equal(t, test.shape, shape, test.name)
		assert.Equal(t, test.data, data, test.name)
	}
}

func TestReadErrors(t *testing.T) {
	good := "{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }"
	for text, want := range map[string]string{
		"":                                  "not an NPY file",
		"x,y\n1,2\n3,4\n5,6":                "not an NPY file",
		file(4, good, ""):                   "version 4: expected 1, 2 or 3",
		file(1, good, "12345678123"):        "number 2 of 2: unexpected EOF",
		file(1, good, ""):                   "number 1 of 2: unexpected EOF",
		file(1, good, "")[:40]:              "the header is cut off",
		"\x93NUMPY\x02\x00\xff\xff\xff\xff": "a header of 4294967295 bytes",
		file(1, "{'descr': '<c16', 'fortran_order': False, 'shape': (2,), }", ""):                                    `type "<c16" is not one of real numbers`,
		file(1, "{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (2,), }", ""):                            "expected a dictionary with descr (of plain numbers)",
		file(1, "{'descr': '<f8', 'shape': (2,), }", ""):                                                             "expected a dictionary",
		file(1, "{'descr': '<f8', 'fortran_order': False, 'shape': (2 3,), }", ""):                                   `"2 3" is not a size`,
		file(1, "{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999999999999,), }", ""):                  "is not a size",
		file(1, "{'descr': '<f8', 'fortran_order': False, 'shape': (4294967296, 4294967296), }", "1234567812345678"): "no array has the shape",
		file(1, "{'descr': '<f8', 'fortran_order': False, 'shape': (999999999999,), }", "1234567812345678"):          "number 3 of 999999999999",
	} {
		_, _, err := Read(strings.NewReader(text))
		assert.ErrorContains(t, err, want)
	}
	_, _, err := Read(strings.NewReader(file(1, good, "")))
	assert.ErrorIs(t, err, io.ErrUnexpectedEOF)
}

func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		shape := rapid.SliceOfN(rapid.IntRange(0, 5), 0, 4).Draw(t, "shape")
		n, err := size(shape)
		require.NoError(t, err)
		data := rapid.SliceOfN(rapid.Float64(), n, n).Draw(t, "data")
		var b bytes.Buffer
		require.NoError(t, Write(&b, shape, data))
		readShape, readData, err := Read(&b)
		require.NoError(t, err)
		require.True(t, slices.Equal(shape, readShape))
		require.Len(t, readData, n)
		for i := range data {
			require.Equal(t, math.Float64bits(data[i]), math.Float64bits(readData[i]))
		}
	})
}

// Any bytes read as an array that fits its shape, or not at all.
func FuzzRead(f *testing.F) {
	f.Add([]byte(file(1, "{'descr': '<f8', 'fortran_order': False, 'shape': (1, 1), }", "12345678")))
	f.Add([]byte(file(2, "{'descr': '>u2', 'fortran_order': True, 'shape': (2, 1, 2), }", "12345678")))
	f.Fuzz(func(t *testing.T, text []byte) {
		shape, data, err := Read(bytes.NewReader(text))
		if err != nil {
			return
		}
		n, err := size(shape)
		require.NoError(t, err)
		require.Len(t, data, n)
	})
}
