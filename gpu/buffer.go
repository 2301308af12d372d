package gpu

import (
	"fmt"
	"math"
	"sync/atomic"
	"unsafe"

	"github.com/seed-0772dd2d/ritz/gpu/internal/driver"
)

// Element is what buffers hold.
type Element interface {
	~int8 | ~uint8 | ~int16 | ~uint16 | ~int32 | ~uint32 | ~int64 | ~uint64 | ~float32 | ~float64
}

// Buffer is memory on a device.
type Buffer struct {
	device *Device
	memory driver.Memory
	bytes  int
	closed atomic.Bool
}

// NewBuffer allocates memory for n elements of T. Its content is undefined. An error
// wraps ErrMemory where there is too little.
func NewBuffer[T Element](d *Device, n int) (*Buffer, error) {
	size := int(unsafe.Sizeof(T(0)))
	if n < 1 || n > 1<<46/size {
		return nil, fmt.Errorf("gpu: %w: buffer of %d elements", ErrArgument, n)
	}
	if err := d.usable(); err != nil {
		return nil, err
	}
	memory, err := d.d.Alloc(n * size)
	if err != nil {
		most := ""
		if has := d.info.MaxAlloc; has > 0 && int64(n*size) > has {
			most = fmt.Sprintf(", which has at most %d in one buffer", has)
		}
		return nil, fmt.Errorf("gpu: %d bytes on %s%s: %w", n*size, d.info.ID, most, err)
	}
	b := &Buffer{device: d, memory: memory, bytes: n * size}
	if err := d.own(b); err != nil {
		return nil, err
	}
	return b, nil
}

// Bytes is the size of the buffer.
func (b *Buffer) Bytes() int { return b.bytes }

// Close frees the memory. What is in a queue must not use it any more.
func (b *Buffer) Close() error { return b.device.disown(b, "buffer") }

func (b *Buffer) release() error {
	b.closed.Store(true)
	return b.device.d.Free(b.memory)
}

// usableOn tells whether the buffer may be used on a device, for bytes from an offset.
func (b *Buffer) usableOn(d *Device, offset, bytes int) error {
	switch {
	case b == nil:
		return fmt.Errorf("gpu: %w: a buffer that is nil", ErrArgument)
	case b.closed.Load():
		return fmt.Errorf("gpu: buffer: %w", ErrClosed)
	case b.device != d:
		return fmt.Errorf("gpu: %w: a buffer of device %s on %s", ErrArgument, b.device.info.ID, d.info.ID)
	case offset < 0 || bytes < 0 || offset > b.bytes-bytes:
		return fmt.Errorf("gpu: %w: %d bytes from byte %d of a buffer of %d", ErrArgument, bytes, offset, b.bytes)
	}
	return nil
}

// Write copies src into a buffer, from the element first on. It has finished when
// it returns, after all that is in the queue.
func Write[T Element](q *Queue, b *Buffer, first int, src []T) error {
	offset, bytes := span[T](first, len(src))
	if err := q.check(b, offset, bytes); err != nil || bytes == 0 {
		return err
	}
	return q.q.Write(b.memory, offset, unsafe.Pointer(unsafe.SliceData(src)), bytes)
}

// Read copies elements of a buffer, from the element first on, to dst. It has
// finished when it returns, after all that is in the queue.
func Read[T Element](q *Queue, dst []T, b *Buffer, first int) error {
	offset, bytes := span[T](first, len(dst))
	if err := q.check(b, offset, bytes); err != nil || bytes == 0 {
		return err
	}
	return q.q.Read(unsafe.Pointer(unsafe.SliceData(dst)), b.memory, offset, bytes)
}

// span is the bytes of n elements. An offset that is no int is one past every buffer.
func span[T Element](first, n int) (offset, bytes int) {
	size := int(unsafe.Sizeof(T(0)))
	if first < 0 || first > math.MaxInt/size {
		return math.MaxInt, n * size
	}
	return first * size, n * size
}

// Copy copies bytes between two places that do not overlap.
func (q *Queue) Copy(dst *Buffer, dstOffset int, src *Buffer, srcOffset, bytes int) error {
	if err := q.check(dst, dstOffset, bytes); err != nil {
		return err
	}
	if err := q.check(src, srcOffset, bytes); err != nil || bytes == 0 {
		return err
	}
	if dst == src && dstOffset < srcOffset+bytes && srcOffset < dstOffset+bytes {
		return fmt.Errorf("gpu: %w: a copy of %d bytes from byte %d to byte %d of the same buffer", ErrArgument, bytes, srcOffset, dstOffset)
	}
	return q.q.Copy(dst.memory, dstOffset, src.memory, srcOffset, bytes)
}

// Fill sets all elements of a buffer to a value.
func Fill[T Element](q *Queue, b *Buffer, value T) error {
	if err := q.check(b, 0, b.bytes); err != nil {
		return err
	}
	size := int(unsafe.Sizeof(value))
	if b.bytes%size != 0 {
		return fmt.Errorf("gpu: %w: elements of %d bytes in a buffer of %d", ErrArgument, size, b.bytes)
	}
	word, ok := repeated(value)
	if ok && b.bytes%4 == 0 {
		return q.q.Fill(b.memory, 0, b.bytes, word)
	}
	// Double what is there: no driver fills with eight bytes.
	n := min(4096, b.bytes/size)
	first := make([]T, n)
	for i := range first {
		first[i] = value
	}
	if err := Write(q, b, 0, first); err != nil {
		return err
	}
	for done := n * size; done < b.bytes; {
		part := min(done, b.bytes-done)
		if err := q.q.Copy(b.memory, done, b.memory, 0, part); err != nil {
			return err
		}
		done += part
	}
	return nil
}

// repeated is the value repeated to, or repeating in, four bytes.
func repeated[T Element](value T) (word uint32, ok bool) {
	p := unsafe.Pointer(&value)
	switch unsafe.Sizeof(value) {
	case 1:
		return uint32(*(*uint8)(p)) * 0x01010101, true
	case 2:
		return uint32(*(*uint16)(p)) * 0x00010001, true
	case 4:
		return *(*uint32)(p), true
	}
	w := *(*uint64)(p)
	return uint32(w), uint32(w) == uint32(w>>32)
}
