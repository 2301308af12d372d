package gpu

import (
	"fmt"
	"sync/atomic"
	"time"

	"github.com/seed-0772dd2d/ritz/gpu/internal/driver"
)

// Queue runs what is put into it in order. Two queues run side by side. It is used
// by one goroutine at a time.
type Queue struct {
	device *Device
	q      driver.Queue
	closed atomic.Bool
}

// NewQueue makes a queue.
func (d *Device) NewQueue() (*Queue, error) {
	if err := d.usable(); err != nil {
		return nil, err
	}
	made, err := d.d.NewQueue()
	if err != nil {
		return nil, err
	}
	q := &Queue{device: d, q: made}
	if err := d.own(q); err != nil {
		return nil, err
	}
	return q, nil
}

// check tells whether the queue may use those bytes of the buffer.
func (q *Queue) check(b *Buffer, offset, bytes int) error {
	if err := q.usable(); err != nil {
		return err
	}
	return b.usableOn(q.device, offset, bytes)
}

func (q *Queue) usable() error {
	if q.closed.Load() {
		return fmt.Errorf("gpu: queue: %w", ErrClosed)
	}
	return nil
}

// Flush makes the device begin what is in the queue.
func (q *Queue) Flush() error {
	if err := q.usable(); err != nil {
		return err
	}
	return q.q.Flush()
}

// Wait returns when everything in the queue has run.
func (q *Queue) Wait() error {
	if err := q.usable(); err != nil {
		return err
	}
	return q.q.Wait()
}

// Close waits and closes the queue.
func (q *Queue) Close() error { return q.device.disown(q, "queue") }

func (q *Queue) release() error {
	q.closed.Store(true)
	return q.q.Close()
}

// Event is a point in a queue.
type Event struct {
	device *Device
	e      driver.Event
	closed atomic.Bool
}

// Record puts an event into the queue.
func (q *Queue) Record() (*Event, error) {
	if err := q.usable(); err != nil {
		return nil, err
	}
	made, err := q.q.Record()
	if err != nil {
		return nil, err
	}
	e := &Event{device: q.device, e: made}
	if err := q.device.own(e); err != nil {
		return nil, err
	}
	return e, nil
}

// Wait returns when the event is reached.
func (e *Event) Wait() error {
	if e.closed.Load() {
		return fmt.Errorf("gpu: event: %w", ErrClosed)
	}
	return e.e.Wait()
}

// Since waits for both events and returns the time on the device from start to e,
// two events of one queue.
func (e *Event) Since(start *Event) (time.Duration, error) {
	if e.device != start.device {
		return 0, fmt.Errorf("gpu: %w: events of %s and %s", ErrArgument, e.device.info.ID, start.device.info.ID)
	}
	for _, event := range []*Event{start, e} {
		if err := event.Wait(); err != nil {
			return 0, err
		}
	}
	return e.e.Since(start.e)
}

// Close frees the event.
func (e *Event) Close() error { return e.device.disown(e, "event") }

func (e *Event) release() error {
	e.closed.Store(true)
	return e.e.Close()
}
