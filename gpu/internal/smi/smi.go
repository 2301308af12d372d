// Package smi reads the sensors of graphics cards through the management libraries of
// their vendors: NVML of NVIDIA, AMD SMI and ROCm SMI of AMD.
package smi

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"runtime"
	"slices"
	"unsafe"

	"github.com/seed-0772dd2d/ritz/gpu/internal/dl"
	"github.com/seed-0772dd2d/ritz/gpu/internal/driver"
)

// Reading is what a sensor tells; NaN, null in JSON, if it tells nothing.
type Reading float64

// None is the reading of a sensor that tells nothing.
var None = Reading(math.NaN())

// Known tells whether there is a number.
func (r Reading) Known() bool { return !math.IsNaN(float64(r)) }

// MarshalJSON writes the number, or null.
func (r Reading) MarshalJSON() ([]byte, error) {
	if !r.Known() {
		return []byte("null"), nil
	}
	return json.Marshal(float64(r))
}

// UnmarshalJSON reads a number, or null.
func (r *Reading) UnmarshalJSON(text []byte) error {
	if string(text) == "null" {
		*r = None
		return nil
	}
	return json.Unmarshal(text, (*float64)(r))
}

// Telemetry is how a card is at one moment.
type Telemetry struct {
	Source      string  `json:"source"`           // nvml, amd_smi, rocm_smi, goamdsmi
	Name        string  `json:"name"`             // of the card
	Bus         string  `json:"bus"`              // PCI address, 0000:65:00.0
	MemoryUsed  Reading `json:"memory_used"`      // bytes
	MemoryTotal Reading `json:"memory_total"`     // bytes
	Load        Reading `json:"load"`             // part of the time in which kernels ran, 0 to 1
	Temperature Reading `json:"temperature_c"`    // °C, at the edge of the die; where there is no such sensor, at its hottest
	Power       Reading `json:"power_w"`          // W
	PowerLimit  Reading `json:"power_limit_w"`    // W
	CoreClock   Reading `json:"core_clock_mhz"`   // MHz
	MemoryClock Reading `json:"memory_clock_mhz"` // MHz
}

// told tells whether there is any reading.
func (t *Telemetry) told() bool {
	return slices.ContainsFunc([]Reading{t.MemoryUsed, t.MemoryTotal, t.Load, t.Temperature,
		t.Power, t.PowerLimit, t.CoreClock, t.MemoryClock}, Reading.Known)
}

// Library is a management library that shows cards.
type Library interface {
	// Read reads all sensors of all cards. A card that cannot be read has no readings;
	// the error tells why, and wraps ErrLost if it is gone.
	Read() ([]Telemetry, error)
	Close() error
}

// Vendors are the libraries of each vendor, the preferred one first. Each fails with
// ErrNoBackend if it is not there, with ErrNoDevice if it shows no card.
var Vendors = [][]func() (Library, error){{NVML}, amd}

// errUntold is the answer of a card that has no such sensor.
var errUntold = errors.New("not told")

// status is an answer of a library, by its code.
type status struct {
	name string
	kind error // errUntold, one of the faults of package driver, or nil
}

// library is what the libraries have in common.
type library struct {
	*dl.Library
	name     string // of the source: nvml
	statuses map[uint32]status
	cards    []card
	word     uint64 // where functions write a number
}

// card is a card as its library numbers it.
type card struct {
	handle    uintptr
	name, bus string
	told      bool // it has told something
}

func load(name, variable string, statuses map[uint32]status, files ...string) (library, error) {
	lib, looked, err := dl.Open(variable, files...)
	if err != nil {
		return library{}, &driver.NoBackend{Backend: name, Looked: looked, Cause: err}
	}
	return library{Library: lib, name: name, statuses: statuses}, nil
}

// call calls a function that answers with a status.
//
//go:uintptrescapes
func (l *library) call(name string, args ...uintptr) error {
	f := l.Function(name)
	if f == 0 { // older or newer than it
		return &driver.Error{Backend: l.name, Call: name, Name: "no such function in " + l.Path, Kind: errUntold}
	}
	code := uint32(dl.Call(f, args...))
	if code == 0 {
		return nil
	}
	s := l.statuses[code]
	return &driver.Error{Backend: l.name, Call: name, Code: int(code), Name: s.name, Kind: s.kind}
}

// number calls a function that writes an integer of four or eight bytes to where its
// last argument points, which must not be among args.
func (l *library) number(f *faults, name string, args ...uintptr) Reading {
	l.word = 0
	if !f.ok(l.call(name, append(args, uintptr(unsafe.Pointer(&l.word)))...)) {
		return None
	}
	return Reading(int64(l.word))
}

// read reads the cards by a function, which sets what is told and returns a fault.
func (l *library) read(sensors func(handle uintptr, t *Telemetry) error) ([]Telemetry, error) {
	all := make([]Telemetry, 0, len(l.cards))
	var errs []error
	for i := range l.cards {
		c := &l.cards[i]
		t := Telemetry{l.name, c.name, c.bus, None, None, None, None, None, None, None, None}
		err := sensors(c.handle, &t)
		if err == nil && c.told && !t.told() {
			err = fmt.Errorf("%s: %w: it tells nothing any more", l.name, driver.ErrLost)
		}
		c.told = c.told || t.told()
		if err != nil {
			errs = append(errs, fmt.Errorf("%s at %s: %w", c.name, c.bus, err))
		}
		all = append(all, t)
	}
	return all, errors.Join(errs...)
}

// faults are the answers of one card. What it does not tell is none.
type faults struct{ first error }

// ok tells whether a call has given something.
func (f *faults) ok(err error) bool {
	if err != nil && !errors.Is(err, errUntold) && f.first == nil {
		f.first = err
	}
	return err == nil
}

// noCard is the error of a library that works and shows nothing.
func (l *library) noCard() error {
	return fmt.Errorf("%s: %w: %s shows no card", l.name, driver.ErrNoDevice, l.Path)
}

// noGraphics is the error of a kernel without a driver of graphics cards: AMD's libraries
// would complain on standard error. A library that a variable names is asked anyway.
func noGraphics(name, variable string) error {
	const path = "/sys/class/drm"
	if _, err := os.Stat(path); err != nil && runtime.GOOS == "linux" && os.Getenv(variable) == "" {
		return fmt.Errorf("%s: %w: no %s: the kernel has loaded no driver of a graphics card", name, driver.ErrNoDevice, path)
	}
	return nil
}

// address is a PCI address.
func address(domain uint64, bus, device, function uint32) string {
	return fmt.Sprintf("%04x:%02x:%02x.%x", domain, bus, device, function)
}

// text is a string of C.
func text(b []byte) string {
	if n := slices.Index(b, 0); n >= 0 {
		b = b[:n]
	}
	return string(b)
}
