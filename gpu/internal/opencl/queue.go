package opencl

import (
	"fmt"
	"runtime"
	"time"
	"unsafe"

	"github.com/seed-0772dd2d/ritz/gpu/internal/dl"
	"github.com/seed-0772dd2d/ritz/gpu/internal/driver"
)

const (
	queueProfilingEnable = 1 << 1
	profilingCommandEnd  = 0x1283
	blocking             = 1
)

// queue is an in-order queue that keeps times.
type queue struct {
	cl     *functions
	handle uintptr

	// A launch allocates nothing: here are the arguments of its calls, and what they
	// point to. A queue is never on a stack, so it stays in place.
	args          [9]uintptr
	value         uint64
	global, local [3]uintptr
}

func (d *device) NewQueue() (driver.Queue, error) {
	var code int32
	handle := dl.Call(d.cl.createCommandQueue.address, d.context, d.id, queueProfilingEnable, uintptr(unsafe.Pointer(&code)))
	if code != 0 {
		return nil, d.cl.createCommandQueue.fault(code)
	}
	return &queue{cl: d.cl, handle: handle}, nil
}

func (q *queue) Write(dst driver.Memory, offset int, src unsafe.Pointer, bytes int) error {
	return q.cl.enqueueWriteBuffer.do(q.handle, uintptr(dst), blocking, uintptr(offset), uintptr(bytes), uintptr(src), 0, 0, 0)
}

func (q *queue) Read(dst unsafe.Pointer, src driver.Memory, offset, bytes int) error {
	return q.cl.enqueueReadBuffer.do(q.handle, uintptr(src), blocking, uintptr(offset), uintptr(bytes), uintptr(dst), 0, 0, 0)
}

func (q *queue) Copy(dst driver.Memory, dstOffset int, src driver.Memory, srcOffset, bytes int) error {
	return q.cl.enqueueCopyBuffer.do(q.handle, uintptr(src), uintptr(dst), uintptr(srcOffset), uintptr(dstOffset), uintptr(bytes), 0, 0, 0)
}

func (q *queue) Fill(dst driver.Memory, offset, bytes int, pattern uint32) error {
	return q.cl.enqueueFillBuffer.do(q.handle, uintptr(dst), uintptr(unsafe.Pointer(&pattern)), 4, uintptr(offset), uintptr(bytes), 0, 0, 0)
}

func (q *queue) Launch(k driver.Kernel, groups, group [3]int, values []uint64, sizes []int) error {
	if err := q.setArguments(k.(*kernel), values, sizes); err != nil {
		return err
	}
	for d := range 3 {
		q.local[d], q.global[d] = uintptr(group[d]), uintptr(groups[d])*uintptr(group[d])
	}
	q.args = [9]uintptr{q.handle, k.(*kernel).handle, 3, 0, uintptr(unsafe.Pointer(&q.global)), uintptr(unsafe.Pointer(&q.local))}
	err := q.cl.enqueueNDRangeKernel.do(q.args[:]...)
	runtime.KeepAlive(q)
	return err
}

// setArguments sets the arguments that are not those of the launch before.
func (q *queue) setArguments(k *kernel, values []uint64, sizes []int) error {
	if frees := k.d.frees.Load(); k.frees != frees {
		k.set, k.frees = k.set[:0], frees
	}
	for i, v := range values {
		if i < len(k.set) && k.set[i] == v {
			continue
		}
		q.value = v
		q.args = [9]uintptr{k.handle, uintptr(i), uintptr(sizes[i]), uintptr(unsafe.Pointer(&q.value))}
		if err := q.cl.setKernelArg.do(q.args[:4]...); err != nil {
			k.set = k.set[:0]
			return fmt.Errorf("argument %d: %w", i, err)
		}
		if i == len(k.set) {
			k.set = append(k.set, v)
		}
		k.set[i] = v
	}
	return nil
}

func (q *queue) Flush() error { return q.cl.flush.do(q.handle) }

func (q *queue) Wait() error { return q.cl.finish.do(q.handle) }

func (q *queue) Close() error {
	wait := q.Wait()
	if err := q.cl.releaseCommandQueue.do(q.handle); err != nil {
		return err
	}
	return wait
}

// event is a marker in a queue.
type event struct {
	cl     *functions
	handle uintptr
}

func (q *queue) Record() (driver.Event, error) {
	e := &event{cl: q.cl}
	if err := q.cl.enqueueMarkerWithWaitList.do(q.handle, 0, 0, uintptr(unsafe.Pointer(&e.handle))); err != nil {
		return nil, err
	}
	return e, nil
}

func (e *event) Wait() error { return e.cl.waitForEvents.do(1, uintptr(unsafe.Pointer(&e.handle))) }

func (e *event) Since(start driver.Event) (time.Duration, error) {
	from, err := start.(*event).end()
	if err != nil {
		return 0, err
	}
	to, err := e.end()
	return time.Duration(to - from), err
}

// end is when the marker was reached, in nanoseconds of the device's clock.
func (e *event) end() (int64, error) {
	t := new(int64)
	err := e.cl.getEventProfilingInfo.do(e.handle, profilingCommandEnd, 8, uintptr(unsafe.Pointer(t)), 0)
	return *t, err
}

func (e *event) Close() error { return e.cl.releaseEvent.do(e.handle) }
