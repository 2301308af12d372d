// Package driver is what package gpu asks of a vendor's driver: the seam between
// devices, memory and kernels and the libraries that provide them.
package driver

import (
	"time"
	"unsafe"
)

// Backend is a driver that has been loaded.
type Backend interface {
	Name() string // opencl, cuda or hip
	// Devices lists the devices; Open(i) opens the i-th.
	Devices() ([]Info, error)
	Open(index int) (Device, error)
}

// Info describes a device. What a driver does not tell is zero.
type Info struct {
	ID           string `json:"id"`            // as package gpu opens it: opencl:0
	Backend      string `json:"backend"`       // opencl, cuda, hip
	Name         string `json:"name"`          // of the device
	Vendor       string `json:"vendor"`        //
	Driver       string `json:"driver"`        // version
	Architecture string `json:"architecture"`  // sm_80, gfx90a
	Bus          string `json:"bus"`           // PCI address, 0000:65:00.0
	Memory       int64  `json:"memory"`        // bytes
	MaxAlloc     int64  `json:"max_alloc"`     // bytes of one buffer
	LocalMemory  int    `json:"local_memory"`  // bytes, of a work group
	ComputeUnits int    `json:"compute_units"` // or multiprocessors
	Clock        int    `json:"clock_mhz"`     // the highest
	Width        int    `json:"width"`         // work items that run in step: warp, wavefront
	MaxGroup     int    `json:"max_group"`     // work items of a group
	Float64      bool   `json:"float64"`       // has double precision
	CPU          bool   `json:"cpu"`           // is the processor
}

// Memory is a handle or an address of memory on a device.
type Memory uintptr

// Device is an open device. Its methods may be called concurrently.
type Device interface {
	Alloc(bytes int) (Memory, error)
	Free(Memory) error
	// Compile builds a program. The error of a program that does not compile is a
	// *CompileError.
	Compile(source string, options []string) (Module, error)
	NewQueue() (Queue, error)
	Close() error
}

// Module is a compiled program.
type Module interface {
	// Kernel is the error ErrArgument for a name that is not there.
	Kernel(name string) (Kernel, error)
	Log() string // what the compiler said
	Close() error
}

// Kernel is a function that work items run. It is launched by one goroutine at a time.
type Kernel interface {
	Usage() Usage
	Close() error
}

// Usage is what a compiler tells about a kernel, -1 for what it does not tell.
type Usage struct {
	Registers int // of a work item
	Spill     int // bytes a work item, in memory
	Local     int // bytes a group
	MaxGroup  int // work items a group
}

// Queue runs what is put into it in order. It is used by one goroutine at a time.
type Queue interface {
	// Write and Read copy and have finished when they return.
	Write(dst Memory, offset int, src unsafe.Pointer, bytes int) error
	Read(dst unsafe.Pointer, src Memory, offset, bytes int) error
	Copy(dst Memory, dstOffset int, src Memory, srcOffset, bytes int) error
	// Fill repeats four bytes; offset and bytes are multiples of 4.
	Fill(dst Memory, offset, bytes int, pattern uint32) error
	// Launch starts groups of work items. Argument i is the first sizes[i] bytes of
	// values[i], in the byte order of the machine; that of memory is its handle. It
	// keeps neither, and allocates nothing.
	Launch(k Kernel, groups, group [3]int, values []uint64, sizes []int) error
	Record() (Event, error)
	Flush() error // what is in the queue begins
	Wait() error
	Close() error
}

// Event is a point in a queue.
type Event interface {
	Wait() error
	// Since is the time from an earlier event of the same queue to this one, both
	// reached.
	Since(start Event) (time.Duration, error)
	Close() error
}
