package smi

import (
	"errors"
	"math"
	"unsafe"

	"github.com/seed-0772dd2d/ritz/gpu/internal/driver"
)

// amdSMI is AMD's library since ROCm 5.6. Its functions, structures and codes are those of
// amdsmi.h. Releases have lengthened structures: all are given room for more.
type amdSMI struct {
	library
	power int // where amdsmi_power_info_t has the power, in words; -1 if not known
}

// The parameters of amdsmi.h that are used.
const (
	amdsmiInitGPUs           = 2
	amdsmiMemoryVRAM         = 0
	amdsmiTemperatureEdge    = 0
	amdsmiTemperatureHotspot = 1
	amdsmiTemperatureCurrent = 0
	amdsmiClockGraphics      = 0
	amdsmiClockMemory        = 4
)

// room is what a structure is written to: 4 kB, more than the longest.
type room [1024]uint32

var amdsmiStatuses = map[uint32]status{
	1:          {"AMDSMI_STATUS_INVAL", nil},
	2:          {"AMDSMI_STATUS_NOT_SUPPORTED", errUntold},
	3:          {"AMDSMI_STATUS_NOT_YET_IMPLEMENTED", errUntold},
	4:          {"AMDSMI_STATUS_FAIL_LOAD_MODULE", driver.ErrNoDevice},
	5:          {"AMDSMI_STATUS_FAIL_LOAD_SYMBOL", nil},
	6:          {"AMDSMI_STATUS_DRM_ERROR", nil},
	7:          {"AMDSMI_STATUS_API_FAILED", nil},
	8:          {"AMDSMI_STATUS_TIMEOUT", nil},
	9:          {"AMDSMI_STATUS_RETRY", nil},
	10:         {"AMDSMI_STATUS_NO_PERM", nil},
	11:         {"AMDSMI_STATUS_INTERRUPT", nil},
	12:         {"AMDSMI_STATUS_IO", nil},
	13:         {"AMDSMI_STATUS_ADDRESS_FAULT", nil},
	14:         {"AMDSMI_STATUS_FILE_ERROR", nil},
	15:         {"AMDSMI_STATUS_OUT_OF_RESOURCES", nil},
	16:         {"AMDSMI_STATUS_INTERNAL_EXCEPTION", nil},
	17:         {"AMDSMI_STATUS_INPUT_OUT_OF_BOUNDS", nil},
	18:         {"AMDSMI_STATUS_INIT_ERROR", driver.ErrNoDevice},
	19:         {"AMDSMI_STATUS_REFCOUNT_OVERFLOW", nil},
	30:         {"AMDSMI_STATUS_BUSY", nil},
	31:         {"AMDSMI_STATUS_NOT_FOUND", errUntold},
	32:         {"AMDSMI_STATUS_NOT_INIT", nil},
	33:         {"AMDSMI_STATUS_NO_SLOT", nil},
	34:         {"AMDSMI_STATUS_DRIVER_NOT_LOADED", driver.ErrNoDevice},
	40:         {"AMDSMI_STATUS_NO_DATA", errUntold},
	41:         {"AMDSMI_STATUS_INSUFFICIENT_SIZE", nil},
	42:         {"AMDSMI_STATUS_UNEXPECTED_SIZE", nil},
	43:         {"AMDSMI_STATUS_UNEXPECTED_DATA", nil},
	51:         {"AMDSMI_STATUS_NO_DRV", driver.ErrNoDevice},
	52:         {"AMDSMI_STATUS_FILE_NOT_FOUND", errUntold},
	53:         {"AMDSMI_STATUS_ARG_PTR_NULL", nil},
	0xfffffffe: {"AMDSMI_STATUS_MAP_ERROR", nil},
	0xffffffff: {"AMDSMI_STATUS_UNKNOWN_ERROR", nil},
}

// AMDSMI opens AMD's library.
func AMDSMI() (Library, error) {
	if err := noGraphics("amd_smi", "RITZ_AMD_SMI"); err != nil {
		return nil, err
	}
	return openAMDSMI("libamd_smi.so", "libamd_smi.so.26", "libamd_smi.so.25", "libamd_smi.so.24", "/opt/rocm/lib/libamd_smi.so")
}

func openAMDSMI(files ...string) (Library, error) {
	l, err := load("amd_smi", "RITZ_AMD_SMI", amdsmiStatuses, files...)
	if err != nil {
		return nil, err
	}
	a := &amdSMI{library: l}
	if err := a.call("amdsmi_init", amdsmiInitGPUs); err != nil {
		return nil, err
	}
	a.power = -1
	var version room
	if a.call("amdsmi_get_lib_version", uintptr(unsafe.Pointer(&version))) == nil {
		a.power = amdsmiPowerWord(version[0])
	}
	if err := a.find(); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

// amdsmiPowerWord is where amdsmi_power_info_t has the power now and the mean power, in
// words of four bytes. The first number of the version is the year until 2025, and goes
// on like it. ROCm 6.1, of 2024, has them first; ROCm 6.4, of 2025, puts eight bytes
// before them.
func amdsmiPowerWord(year uint32) int {
	switch {
	case year >= 25:
		return 2
	case year == 24:
		return 0
	}
	return -1
}

// find finds the cards: the processors of all sockets.
func (a *amdSMI) find() error {
	sockets, err := handles(func(count *uint32, list *uintptr) error {
		return a.call("amdsmi_get_socket_handles", uintptr(unsafe.Pointer(count)), uintptr(unsafe.Pointer(list)))
	})
	if err != nil {
		return err
	}
	for _, socket := range sockets {
		processors, err := handles(func(count *uint32, list *uintptr) error {
			return a.call("amdsmi_get_processor_handles", socket, uintptr(unsafe.Pointer(count)), uintptr(unsafe.Pointer(list)))
		})
		if err != nil {
			return err
		}
		for _, p := range processors {
			c := card{handle: p}
			var asic room
			if a.call("amdsmi_get_gpu_asic_info", p, uintptr(unsafe.Pointer(&asic))) == nil {
				c.name = text(unsafe.Slice((*byte)(unsafe.Pointer(&asic)), 256)) // the market name is first
			}
			var bdf uint64
			if a.call("amdsmi_get_gpu_device_bdf", p, uintptr(unsafe.Pointer(&bdf))) == nil {
				c.bus = amdsmiAddress(bdf)
			}
			a.cards = append(a.cards, c)
		}
	}
	if len(a.cards) == 0 {
		return a.noCard()
	}
	return nil
}

// handles is the list of a function, which without a list tells its length.
func handles(get func(count *uint32, list *uintptr) error) ([]uintptr, error) {
	var count uint32
	if err := get(&count, nil); err != nil || count == 0 {
		return nil, err
	}
	list := make([]uintptr, count)
	err := get(&count, &list[0])
	return list[:min(int(count), len(list))], err
}

// amdsmiAddress is the PCI address of amdsmi_bdf_t: the function in bits 0 to 2, the
// device in 3 to 7, the bus in 8 to 15, the domain above.
func amdsmiAddress(bdf uint64) string {
	return address(bdf>>16, uint32(bdf>>8&0xff), uint32(bdf>>3&0x1f), uint32(bdf&7))
}

func (a *amdSMI) Read() ([]Telemetry, error) { return a.read(a.sensors) }

func (a *amdSMI) sensors(card uintptr, t *Telemetry) error {
	var f faults
	t.MemoryUsed = a.number(&f, "amdsmi_get_gpu_memory_usage", card, amdsmiMemoryVRAM)
	t.MemoryTotal = a.number(&f, "amdsmi_get_gpu_memory_total", card, amdsmiMemoryVRAM)
	var activity, power, limit, core, memory room
	if f.ok(a.call("amdsmi_get_gpu_activity", card, uintptr(unsafe.Pointer(&activity)))) {
		t.Load = told(activity[0]) / 100
	}
	t.Temperature = a.number(&f, "amdsmi_get_temp_metric", card, amdsmiTemperatureEdge, amdsmiTemperatureCurrent) // °C
	if !t.Temperature.Known() {
		t.Temperature = a.number(&f, "amdsmi_get_temp_metric", card, amdsmiTemperatureHotspot, amdsmiTemperatureCurrent)
	}
	if a.power >= 0 && f.ok(a.call("amdsmi_get_power_info", card, uintptr(unsafe.Pointer(&power)))) {
		now, mean := told(power[a.power]), told(power[a.power+1]) // cards tell one of them
		if t.Power = now; !now.Known() || now == 0 {
			t.Power = mean
		}
	}
	if f.ok(a.call("amdsmi_get_power_cap_info", card, 0, uintptr(unsafe.Pointer(&limit)))) {
		if cap := uint64(limit[0]) | uint64(limit[1])<<32; cap != math.MaxUint64 {
			t.PowerLimit = Reading(cap) / 1e6 // µW
		}
	}
	if f.ok(a.call("amdsmi_get_clock_info", card, amdsmiClockGraphics, uintptr(unsafe.Pointer(&core)))) {
		t.CoreClock = told(core[0])
	}
	if f.ok(a.call("amdsmi_get_clock_info", card, amdsmiClockMemory, uintptr(unsafe.Pointer(&memory)))) {
		t.MemoryClock = told(memory[0])
	}
	return f.first
}

// told is a number of a structure, in which the largest of 16 or 32 bits stands for
// what is not told.
func told(x uint32) Reading {
	if x == math.MaxUint16 || x == math.MaxUint32 {
		return None
	}
	return Reading(x)
}

func (a *amdSMI) Close() error { return a.call("amdsmi_shut_down") }
