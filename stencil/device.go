package stencil

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/seed-0772dd2d/ritz/gpu"
	"github.com/seed-0772dd2d/ritz/internal/simd"
)

// deviceRun is a simulation on a device. The engine of the host gave it media, layers,
// sources and receivers, and has room for the fields, where they come to be read and
// from where they are written. Otherwise they stay on the device: a block of
// steps takes the amplitudes of the sources, and gives the samples of the receivers.
type deviceRun[T simd.Float] struct {
	deviceParts
	host   *run[T]
	tiling deviceTiling
	layers deviceLayers

	fields [2][3]*gpu.Buffer // p, vx, vy before a launch and after it; in place the same
	psi    [2]*gpu.Buffer    // likewise
	now    int               // which of them is the state
	ahead  [4]bool           // p, vx, vy, ψ are newer than the host's
	stride [2][]launch       // a launch's worth of steps, from either state
	looks  [2]launch         // for numbers that are not finite
	flags  *gpu.Buffer       // of each work item that looks

	amplitudes, samples *gpu.Buffer // [step][source], [step][element of a receiver]
	sent, received      []T         // the same
	memory              []T         // ψ on its way
	flagged             []int32
	sources, columns    int // of amplitudes and samples
	room, length        int // steps that a block can have, and that the next has
	failure             error
}

// A block of steps takes about blockTime, or ends where its amplitudes and samples
// would be more than blockRoom, or after blockSteps.
const (
	blockTime  = 100 * time.Millisecond
	blockSteps = 1024
	blockRoom  = 1 << 20
)

// ErrDevice is the fault of a device, which is wrapped along: [gpu.ErrMemory] and the like.
// After [gpu.ErrLost] a simulation does not go on.
var ErrDevice = errors.New("stencil: on device")

// newDeviceRun brings a simulation to its device.
func newDeviceRun[T simd.Float](s *Settings, host *run[T]) (*deviceRun[T], error) {
	d := &deviceRun[T]{host: host, deviceParts: deviceParts{device: s.Device}}
	if err := d.build(s); err != nil {
		d.close()
		return nil, d.placed(err)
	}
	return d, nil
}

// placed says where an error comes from.
func (d *deviceRun[T]) placed(err error) error {
	if err == nil || errors.Is(err, ErrSettings) {
		return err
	}
	info := d.device.Info()
	return fmt.Errorf("%w %s (%s): %w", ErrDevice, info.ID, info.Name, err)
}

// run takes steps, block by block.
func (d *deviceRun[T]) run(ctx context.Context, s *Solver, steps int) error {
	for steps > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		if d.failure != nil {
			return d.failure
		}
		n := min(steps, d.length)
		start := time.Now()
		if err := d.advance(s, n); err != nil {
			d.failure = d.placed(err) // the fields are of no step
			return d.failure
		}
		d.adapt(n, time.Since(start))
		s.steps += n
		steps -= n
	}
	return nil
}

// adapt chooses the length of the next block, whole launches, from the time of n steps.
func (d *deviceRun[T]) adapt(n int, took time.Duration) {
	want := min(float64(n)*float64(blockTime)/float64(max(took, 1)), float64(4*d.length), float64(d.room))
	d.length = max(int(want)/d.tiling.steps, 1) * d.tiling.steps
}

// advance takes a block of n steps.
func (d *deviceRun[T]) advance(s *Solver, n int) error {
	d.host.begin(s, n)
	for number := range n {
		for k, a := range d.host.block.amplitudes[number] {
			d.sent[number*d.sources+k] = T(a)
		}
	}
	if err := gpu.Write(d.queue, d.amplitudes, 0, d.sent[:n*d.sources]); err != nil {
		return err
	}
	d.ahead = [4]bool{true, true, true, true}
	for number := 0; number < n; number += d.tiling.steps {
		for k := range d.stride[d.now] {
			l := &d.stride[d.now][k]
			l.at(number*d.sources, number*d.columns, min(d.tiling.steps, n-number))
			if err := l.launch(d.queue); err != nil {
				return err
			}
		}
		if d.tiling.scheme != plainScheme {
			d.now = 1 - d.now
		}
	}
	if d.columns == 0 {
		if err := d.queue.Wait(); err != nil {
			return err
		}
	} else if err := gpu.Read(d.queue, d.received[:n*d.columns], d.samples, 0); err != nil {
		return err
	}
	first := 0
	for q, probes := range d.host.block.probes {
		for number := range n {
			from := d.received[number*d.columns+first:][:probes]
			for k, v := range from {
				d.host.block.samples[q][number*probes+k] = float64(v)
			}
		}
		first += probes
	}
	d.host.end(s, n)
	return nil
}

// onHost are the elements of a field of the host as they lie on the device: rows in the
// grid, with what is between them.
func (d *deviceRun[T]) onHost(field []T, q Quantity) []T {
	_, ny := d.host.shape(q)
	return field[d.host.at(0, 0):][:ny*d.host.wave.Stride]
}

func (d *deviceRun[T]) field(q Quantity) []T {
	w := &d.host.wave
	return d.onHost([3][]T{w.P, w.Vx, w.Vy}[q], q)
}

// fetch brings fields to the host, with their images.
func (d *deviceRun[T]) fetch(list ...Quantity) error {
	if d.failure != nil {
		return d.failure
	}
	for _, q := range list {
		if !d.ahead[q] {
			continue
		}
		if err := gpu.Read(d.queue, d.field(q), d.fields[d.now][q], 0); err != nil {
			return d.placed(err)
		}
		d.ahead[q] = false
		if q == Pressure {
			d.host.reflect(span{0, d.host.nx}, span{0, d.host.ny})
		} else {
			d.host.reflectVelocity(q)
		}
	}
	return nil
}

// send takes fields to the device.
func (d *deviceRun[T]) send(list ...Quantity) error {
	for _, q := range list {
		if err := gpu.Write(d.queue, d.fields[d.now][q], 0, d.field(q)); err != nil {
			return d.placed(err)
		}
		d.ahead[q] = false
	}
	return nil
}

func (d *deviceRun[T]) read(q Quantity, dst []float64) error {
	if err := d.fetch(q); err != nil {
		return err
	}
	return d.host.read(q, dst)
}

func (d *deviceRun[T]) write(q Quantity, src []float64) error {
	if d.failure != nil {
		return d.failure
	}
	d.host.write(q, src)
	return d.send(q)
}

func (d *deviceRun[T]) energy() (kinetic, potential float64, err error) {
	if err := d.fetch(Pressure, VelocityX, VelocityY); err != nil {
		return 0, 0, err
	}
	return d.host.energy()
}

// finite asks the device.
func (d *deviceRun[T]) finite() (bool, error) {
	if d.failure != nil {
		return false, d.failure
	}
	err := d.looks[d.now].launch(d.queue)
	if err == nil {
		err = gpu.Read(d.queue, d.flagged, d.flags, 0)
	}
	for _, bad := range d.flagged {
		if bad != 0 {
			return false, d.placed(err)
		}
	}
	return true, d.placed(err)
}

// carry carries the state of the host, which it fetches before or sends after.
func (d *deviceRun[T]) carry(c *stream) {
	if c.w != nil && c.err == nil {
		if c.err = d.fetch(Pressure, VelocityX, VelocityY); c.err == nil && d.ahead[3] {
			c.err = d.placed(gpu.Read(d.queue, d.memory, d.psi[d.now], 0))
			d.host.fromDevice(d.layers, d.memory)
			d.ahead[3] = false
		}
	}
	d.host.carry(c)
	if c.r != nil && c.err == nil {
		d.host.toDevice(d.layers, d.memory)
		if c.err = d.send(Pressure, VelocityX, VelocityY); c.err == nil {
			c.err = d.placed(gpu.Write(d.queue, d.psi[d.now], 0, d.memory))
		}
		d.ahead[3] = false
	}
}
