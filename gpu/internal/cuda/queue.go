package cuda

import (
	"errors"
	"runtime"
	"time"
	"unsafe"

	"github.com/seed-0772dd2d/ritz/gpu/internal/driver"
)

// nonBlocking is CU_STREAM_NON_BLOCKING and hipStreamNonBlocking: the stream waits for
// no other, not for the default one either.
const nonBlocking = 1

// queue is a stream.
type queue struct {
	d      *device
	stream uintptr
	launch launch
}

func (d *device) NewQueue() (driver.Queue, error) {
	q := &queue{d: d}
	err := d.on(func() error { return d.c.StreamCreate(&q.stream, nonBlocking) })
	if err != nil {
		return nil, err
	}
	return q, nil
}

// Write pins the source while the driver reads it: the copy is put into the stream,
// behind what is there, and waited for.
func (q *queue) Write(dst driver.Memory, offset int, src unsafe.Pointer, bytes int) error {
	var pin runtime.Pinner
	pin.Pin(src)
	defer pin.Unpin()
	return q.do(func() error {
		return q.d.c.CopyIn(uintptr(dst)+uintptr(offset), src, uintptr(bytes), q.stream)
	})
}

func (q *queue) Read(dst unsafe.Pointer, src driver.Memory, offset, bytes int) error {
	var pin runtime.Pinner
	pin.Pin(dst)
	defer pin.Unpin()
	return q.do(func() error {
		return q.d.c.CopyOut(dst, uintptr(src)+uintptr(offset), uintptr(bytes), q.stream)
	})
}

// do puts something into the stream and waits for it.
func (q *queue) do(put func() error) error {
	return q.d.on(func() error {
		if err := put(); err != nil {
			return err
		}
		return q.d.c.StreamWait(q.stream)
	})
}

func (q *queue) Copy(dst driver.Memory, dstOffset int, src driver.Memory, srcOffset, bytes int) error {
	return q.d.on(func() error {
		return q.d.c.Copy(uintptr(dst)+uintptr(dstOffset), uintptr(src)+uintptr(srcOffset), uintptr(bytes), q.stream)
	})
}

func (q *queue) Fill(dst driver.Memory, offset, bytes int, pattern uint32) error {
	return q.d.on(func() error {
		return q.d.c.Fill(uintptr(dst)+uintptr(offset), pattern, uintptr(bytes/4), q.stream)
	})
}

// Launch lets the driver read each argument in its eight bytes here; the driver knows
// the sizes of the kernel's parameters and has copied them when it returns.
func (q *queue) Launch(k driver.Kernel, groups, group [3]int, values []uint64, _ []int) error {
	l := &q.launch
	if len(values) > len(l.values) {
		l.values = make([]uint64, len(values))
		l.params = make([]unsafe.Pointer, len(values))
		for i := range l.values {
			l.params[i] = unsafe.Pointer(&l.values[i])
		}
	}
	copy(l.values, values)
	l.args = [11]uintptr{
		k.(*kernel).handle,
		uintptr(groups[0]), uintptr(groups[1]), uintptr(groups[2]),
		uintptr(group[0]), uintptr(group[1]), uintptr(group[2]),
		0, // bytes of local memory beyond what the kernel declares
		q.stream,
	}
	return q.d.on(func() error { return q.d.c.Launch(l) })
}

// Flush asks how far the stream is, which makes the driver of Windows submit what it has
// gathered; elsewhere everything has been submitted.
func (q *queue) Flush() error {
	err := q.d.on(func() error { return q.d.c.StreamQuery(q.stream) })
	var e *driver.Error
	if errors.As(err, &e) && e.Code == notReady {
		return nil
	}
	return err
}

func (q *queue) Wait() error {
	return q.d.on(func() error { return q.d.c.StreamWait(q.stream) })
}

func (q *queue) Close() error {
	return q.d.on(func() error {
		return errors.Join(q.d.c.StreamWait(q.stream), q.d.c.StreamDestroy(q.stream))
	})
}

// event is an event that has been recorded in a stream.
type event struct {
	d      *device
	handle uintptr
}

func (q *queue) Record() (driver.Event, error) {
	e := &event{d: q.d}
	err := q.d.on(func() error {
		if err := q.d.c.EventCreate(&e.handle, 0); err != nil {
			return err
		}
		if err := q.d.c.EventRecord(e.handle, q.stream); err != nil {
			return errors.Join(err, q.d.c.EventDestroy(e.handle))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return e, nil
}

func (e *event) Wait() error {
	return e.d.on(func() error { return e.d.c.EventWait(e.handle) })
}

func (e *event) Since(start driver.Event) (time.Duration, error) {
	var milliseconds float32
	err := e.d.on(func() error {
		return e.d.c.EventElapsed(&milliseconds, start.(*event).handle, e.handle)
	})
	return time.Duration(float64(milliseconds) * float64(time.Millisecond)), err
}

func (e *event) Close() error {
	return e.d.on(func() error { return e.d.c.EventDestroy(e.handle) })
}
