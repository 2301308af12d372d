package gpu

import (
	"fmt"
	"math"
)

// kind is the type of a parameter of a kernel.
type kind int

const (
	kindBuffer kind = iota
	kindInt
	kindUint
	kindLong
	kindUlong
	kindFloat
	kindDouble
	kindReal // of an argument that is rounded to the parameter: float or double
)

var kindNames = []string{"buffer", "int", "uint", "long", "ulong", "float", "double", "real"}

func (k kind) String() string { return kindNames[k] }

func (k kind) size() int {
	switch k {
	case kindInt, kindUint, kindFloat:
		return 4
	}
	return 8
}

// Arg is an argument of a kernel: a *Buffer by [Mem], a number of a type by the
// function of its name.
type Arg struct {
	kind   kind
	bits   uint64
	buffer *Buffer
}

// Mem is memory as an argument. Of what type its elements are, and how many a kernel
// touches, is not checked.
func Mem(b *Buffer) Arg { return Arg{kind: kindBuffer, buffer: b} }

// Int, Uint, Long, Ulong, Float and Double are numbers of those types.
func Int(v int32) Arg      { return Arg{kind: kindInt, bits: uint64(uint32(v))} }
func Uint(v uint32) Arg    { return Arg{kind: kindUint, bits: uint64(v)} }
func Long(v int64) Arg     { return Arg{kind: kindLong, bits: uint64(v)} }
func Ulong(v uint64) Arg   { return Arg{kind: kindUlong, bits: v} }
func Float(v float32) Arg  { return Arg{kind: kindFloat, bits: uint64(math.Float32bits(v))} }
func Double(v float64) Arg { return Arg{kind: kindDouble, bits: math.Float64bits(v)} }

// Real is a number for a parameter of type real, float or double, rounded to it.
func Real(v float64) Arg { return Arg{kind: kindReal, bits: math.Float64bits(v)} }

// Grid is the number of work groups in each dimension, and of the work items in
// each. A zero stands for 1.
type Grid struct{ Groups, Group [3]int }

// whole puts 1 for 0.
func whole(n [3]int) [3]int {
	for d := range n {
		if n[d] == 0 {
			n[d] = 1
		}
	}
	return n
}

// checkGroup tells whether the device has groups of that many work items.
func (d *Device) checkGroup(group [3]int) error {
	most := d.info.MaxGroup
	if most < 1 {
		most = math.MaxInt32
	}
	left := most
	for _, n := range group {
		if n < 1 || n > left {
			return fmt.Errorf("%w: groups of %v work items, %s has from 1 to %d", ErrArgument, group, d.info.ID, most)
		}
		left /= n
	}
	return nil
}

// Over is the grid of groups of that many items, 1 or more, that covers n items: the last
// group may have more, and there is one at least, so a kernel compares its place with n.
func Over(n, group int) Grid {
	group = max(group, 1)
	return Grid{Groups: [3]int{(n + group - 1) / group}, Group: [3]int{group}}
}

// Launch puts a kernel into the queue. The arguments must fit the parameters of the
// kernel in number and type; the error wraps ErrArgument if they or the grid do not. It
// allocates nothing.
func (q *Queue) Launch(k *Kernel, g Grid, args ...Arg) error {
	if err := q.usable(); err != nil {
		return err
	}
	if k.module.closed.Load() {
		return fmt.Errorf("gpu: kernel %s: module: %w", k.name, ErrClosed)
	}
	if k.module.device != q.device {
		return fmt.Errorf("gpu: %w: kernel %s of device %s on %s", ErrArgument, k.name, k.module.device.info.ID, q.device.info.ID)
	}
	if len(args) != len(k.kinds) {
		return fmt.Errorf("gpu: %w: kernel %s takes %d arguments, got %d", ErrArgument, k.name, len(k.kinds), len(args))
	}
	g.Groups, g.Group = whole(g.Groups), whole(g.Group)
	if want := k.module.group; want != [3]int{} && g.Group != want {
		return fmt.Errorf("gpu: %w: kernel %s in groups of %v items, it was compiled for %v", ErrArgument, k.name, g.Group, want)
	}
	if err := q.device.checkGroup(g.Group); err != nil {
		return fmt.Errorf("gpu: kernel %s: %w", k.name, err)
	}
	for d, n := range g.Groups {
		if n < 1 || n > math.MaxInt32/g.Group[d] {
			return fmt.Errorf("gpu: %w: kernel %s in %v groups of %v items, want from 1 to 2^31-1 items in each dimension", ErrArgument, k.name, g.Groups, g.Group)
		}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	for i := range args {
		a, want := &args[i], k.kinds[i]
		switch {
		case a.kind == kindReal && want == kindFloat:
			k.values[i] = uint64(math.Float32bits(float32(math.Float64frombits(a.bits))))
		case a.kind == kindReal && want == kindDouble:
			k.values[i] = a.bits
		case a.kind != want:
			return fmt.Errorf("gpu: %w: kernel %s: argument %d is of type %v, want %v", ErrArgument, k.name, i, a.kind, want)
		case a.kind == kindBuffer:
			if err := a.buffer.usableOn(q.device, 0, 0); err != nil {
				return fmt.Errorf("kernel %s: argument %d: %w", k.name, i, err)
			}
			k.values[i] = uint64(a.buffer.memory)
		default:
			k.values[i] = a.bits
		}
	}
	return q.q.Launch(k.k, g.Groups, g.Group, k.values, k.sizes)
}
