package offline

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
)

// ErrFormat is the fault of something that is no code object.
var ErrFormat = errors.New("no code object of AMD's")

// ReadCodeObject returns what the kernels of one of AMD's code objects take, from the
// metadata in its note, a map of MessagePack ("User Guide for AMDGPU Backend", LLVM, code
// object metadata V3 and later). An error wraps ErrFormat.
func ReadCodeObject(code []byte) ([]Use, error) {
	f, err := elf.NewFile(bytes.NewReader(code))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	for _, section := range f.Sections {
		if section.Type != elf.SHT_NOTE {
			continue
		}
		data, err := section.Data()
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrFormat, err)
		}
		if text, ok := note(data, f.ByteOrder); ok {
			return kernels(text)
		}
	}
	return nil, fmt.Errorf("%w: no metadata", ErrFormat)
}

// note finds the metadata among notes: sizes of name and content, type, name and content, each
// to a multiple of four bytes.
func note(data []byte, order binary.ByteOrder) (content []byte, ok bool) {
	const metadata = 32 // NT_AMDGPU_METADATA
	for len(data) >= 12 {
		name, size, kind := uint64(order.Uint32(data)), uint64(order.Uint32(data[4:])), order.Uint32(data[8:])
		start := 12 + (name+3)&^3
		end := start + size
		if end > uint64(len(data)) {
			return nil, false
		}
		if kind == metadata && string(data[12:12+name]) == "AMDGPU\x00" {
			return data[start:end], true
		}
		data = data[min((end+3)&^3, uint64(len(data))):]
	}
	return nil, false
}

// kernels reads the metadata.
func kernels(metadata []byte) ([]Use, error) {
	d := decoder{rest: metadata}
	root, _ := d.value(0).(map[string]any)
	list, ok := root["amdhsa.kernels"].([]any)
	if d.failed || !ok {
		return nil, fmt.Errorf("%w: metadata without kernels", ErrFormat)
	}
	all := make([]Use, len(list))
	for i, entry := range list {
		k, _ := entry.(map[string]any)
		u := &all[i]
		u.Kernel, ok = k[".name"].(string)
		for key, to := range map[string]*int{
			".vgpr_count": &u.Registers, ".sgpr_count": &u.Scalars,
			".private_segment_fixed_size": &u.Scratch, ".group_segment_fixed_size": &u.Local,
		} {
			n, is := k[key].(int)
			*to, ok = n, ok && is && n >= 0
		}
		if !ok {
			return nil, fmt.Errorf("%w: kernel %d without name, registers or memory", ErrFormat, i)
		}
	}
	return all, nil
}

// decoder reads MessagePack: maps, lists, text, whole numbers, truth and nothing, which is
// what metadata has.
type decoder struct {
	rest   []byte
	failed bool
}

const deepest = 32 // value within value

func (d *decoder) value(depth int) any {
	if depth > deepest {
		d.failed = true
		return nil
	}
	switch b := int(d.number(1)); {
	case b < 0x80:
		return b
	case b < 0x90:
		return d.object(b&0x0f, depth)
	case b < 0xa0:
		return d.list(b&0x0f, depth)
	case b < 0xc0:
		return d.text(b & 0x1f)
	case b == 0xc0:
		return nil
	case b == 0xc2, b == 0xc3:
		return b == 0xc3
	case b >= 0xcc && b <= 0xcf:
		return d.number(1 << (b - 0xcc))
	case b >= 0xd0 && b <= 0xd3:
		bytes := 1 << (b - 0xd0)
		return d.number(bytes) << (64 - 8*bytes) >> (64 - 8*bytes)
	case b >= 0xd9 && b <= 0xdb:
		return d.text(d.number(1 << (b - 0xd9)))
	case b == 0xdc, b == 0xdd:
		return d.list(d.number(2<<(b-0xdc)), depth)
	case b == 0xde, b == 0xdf:
		return d.object(d.number(2<<(b-0xde)), depth)
	case b >= 0xe0:
		return b - 0x100
	}
	d.failed = true
	return nil
}

// take returns the next n bytes.
func (d *decoder) take(n int) []byte {
	if d.failed || n < 0 || n > len(d.rest) {
		d.failed = true
		return nil
	}
	b := d.rest[:n]
	d.rest = d.rest[n:]
	return b
}

// number reads 1, 2, 4 or 8 bytes, the highest first.
func (d *decoder) number(bytes int) int {
	n := 0
	for _, b := range d.take(bytes) {
		n = n<<8 | int(b)
	}
	return n
}

func (d *decoder) text(n int) string { return string(d.take(n)) }

func (d *decoder) list(n, depth int) []any {
	var all []any
	for i := 0; i < n && !d.failed; i++ {
		all = append(all, d.value(depth+1))
	}
	return all
}

func (d *decoder) object(n, depth int) map[string]any {
	all := map[string]any{}
	for i := 0; i < n && !d.failed; i++ {
		key, ok := d.value(depth + 1).(string)
		d.failed = d.failed || !ok
		all[key] = d.value(depth + 1)
	}
	return all
}
