package offline

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-0772dd2d/ritz/gpu"
)

// pack writes MessagePack of short texts and lists and of whole numbers.
func pack(v any) []byte {
	switch v := v.(type) {
	case string:
		return append([]byte{0xa0 | byte(len(v))}, v...)
	case int:
		return binary.BigEndian.AppendUint32([]byte{0xce}, uint32(v))
	case bool:
		return []byte{0xc2}
	case []any: // a list, or of a map after a nil: keys and values
		head, n := byte(0x90), len(v)
		if n > 0 && v[0] == nil {
			v = v[1:]
			head, n = 0x80, len(v)/2
		}
		b := []byte{head | byte(n)}
		for _, e := range v {
			b = append(b, pack(e)...)
		}
		return b
	}
	return []byte{0xc0}
}

func kernel(name, registers any) []any {
	return []any{nil, ".name", name, ".vgpr_count", registers, ".sgpr_count", 14, ".uniform", false,
		".private_segment_fixed_size", 0, ".group_segment_fixed_size", 70000}
}

func TestKernels(t *testing.T) {
	list, err := kernels(pack([]any{nil, "amdhsa.kernels", []any{kernel("tiles", 300)}, "amdhsa.version", []any{1, 2}}))
	require.NoError(t, err)
	assert.Equal(t, []Use{{Kernel: "tiles", Registers: 300, Scalars: 14, Local: 70000}}, list)

	whole := pack([]any{nil, "amdhsa.kernels", []any{kernel("tiles", 300)}})
	for name, metadata := range map[string][]byte{
		"nothing":               {},
		"no kernels":            pack([]any{nil, "amdhsa.version", []any{1, 2}}),
		"kernels are a number":  pack([]any{nil, "amdhsa.kernels", 1}),
		"kernel is a number":    pack([]any{nil, "amdhsa.kernels", []any{1}}),
		"no name":               pack([]any{nil, "amdhsa.kernels", []any{kernel(3, 300)}}),
		"registers are text":    pack([]any{nil, "amdhsa.kernels", []any{kernel("tiles", "many")}}),
		"cut short":             whole[:len(whole)-1],
		"a float":               {0x81, 0xa1, 'x', 0xca, 0, 0, 0, 0},
		"a key that is no text": pack([]any{nil, 1, "amdhsa.kernels"}),
		"too deep":              bytes.Repeat([]byte{0x91}, 1000),
		"a text of 4 GB":        {0x81, 0xdb, 0xff, 0xff, 0xff, 0xff},
	} {
		_, err := kernels(metadata)
		assert.ErrorIs(t, err, ErrFormat, name)
	}
}

func TestDecodeNumbers(t *testing.T) {
	for _, c := range []struct {
		bytes []byte
		want  any
	}{
		{[]byte{0x07}, 7}, {[]byte{0xff}, -1}, {[]byte{0xcc, 0xff}, 255}, {[]byte{0xcd, 1, 0}, 256},
		{[]byte{0xce, 0, 1, 0, 0}, 65536}, {[]byte{0xcf, 0, 0, 0, 1, 0, 0, 0, 0}, 1 << 32},
		{[]byte{0xd0, 0x80}, -128}, {[]byte{0xd1, 0xff, 0}, -256}, {[]byte{0xd3, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe}, -2},
		{[]byte{0xd9, 2, 'a', 'b'}, "ab"}, {[]byte{0xda, 0, 1, 'a'}, "a"}, {[]byte{0xdc, 0, 1, 5}, []any{5}},
		{[]byte{0xdf, 0, 0, 0, 1, 0xa1, 'k', 0xc3}, map[string]any{"k": true}}, {[]byte{0xc0}, nil},
	} {
		d := decoder{rest: c.bytes}
		assert.Equal(t, c.want, d.value(0), "% x", c.bytes)
		assert.False(t, d.failed, "% x", c.bytes)
		assert.Empty(t, d.rest, "% x", c.bytes)
	}
}

func TestNote(t *testing.T) {
	entry := func(name string, kind uint32, content string) []byte {
		b := binary.LittleEndian.AppendUint32(nil, uint32(len(name)))
		b = binary.LittleEndian.AppendUint32(b, uint32(len(content)))
		b = binary.LittleEndian.AppendUint32(b, kind)
		for _, s := range []string{name, content} {
			b = append(b, s...)
			b = append(b, make([]byte, -len(s)&3)...)
		}
		return b
	}
	notes := append(entry("GNU\x00", 3, "odd"), entry("AMDGPU\x00", 32, "what is sought")...)
	content, ok := note(notes, binary.LittleEndian)
	assert.True(t, ok)
	assert.Equal(t, "what is sought", string(content))
	for _, cut := range []int{11, 15, 40} {
		_, ok := note(notes[:cut], binary.LittleEndian)
		assert.False(t, ok, cut)
	}
}

func FuzzReadCodeObject(f *testing.F) {
	f.Add([]byte(strings.Repeat("\x7fELF", 20)))
	f.Add(pack([]any{nil, "amdhsa.kernels", []any{kernel("tiles", 300)}}))
	if c, err := FindClang(); err == nil {
		if code, err := c.Compile(f.Context(), gpu.Source{Text: reverse}, "gfx900"); err == nil {
			f.Add(code)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		_, _ = kernels(data)
		list, err := ReadCodeObject(data)
		if err != nil {
			assert.ErrorIs(t, err, ErrFormat)
		}
		for _, u := range list {
			assert.True(t, u.Registers >= 0 && u.Scalars >= 0 && u.Scratch >= 0 && u.Local >= 0)
		}
	})
}
