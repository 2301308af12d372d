package smi

import (
	"errors"
	"runtime"
	"unsafe"

	"github.com/seed-0772dd2d/ritz/gpu/internal/driver"
)

// nvml is NVIDIA's library. Its functions, structures and codes are those of nvml.h.
type nvml struct {
	library
	lost error // cards that are there and cannot be opened
}

// The parameters and structures of nvml.h that are used.
const (
	nvmlTemperatureGPU = 0
	nvmlClockSM        = 1
	nvmlClockMemory    = 2
	nvmlNameLength     = 96
)

type nvmlPCI struct { // nvmlPciInfo_t
	legacyID                    [16]byte
	domain, bus, device         uint32
	pciDeviceID, pciSubSystemID uint32
	busID                       [32]byte
}

type nvmlMemory struct{ total, free, used uint64 } // nvmlMemory_t, bytes

type nvmlUtilization struct{ gpu, memory uint32 } // nvmlUtilization_t, per cent of the time

var nvmlStatuses = map[uint32]status{
	1:   {"NVML_ERROR_UNINITIALIZED", nil},
	2:   {"NVML_ERROR_INVALID_ARGUMENT", nil},
	3:   {"NVML_ERROR_NOT_SUPPORTED", errUntold},
	4:   {"NVML_ERROR_NO_PERMISSION", nil},
	6:   {"NVML_ERROR_NOT_FOUND", nil},
	7:   {"NVML_ERROR_INSUFFICIENT_SIZE", nil},
	8:   {"NVML_ERROR_INSUFFICIENT_POWER", nil},
	9:   {"NVML_ERROR_DRIVER_NOT_LOADED", driver.ErrNoDevice},
	10:  {"NVML_ERROR_TIMEOUT", nil},
	11:  {"NVML_ERROR_IRQ_ISSUE", nil},
	12:  {"NVML_ERROR_LIBRARY_NOT_FOUND", driver.ErrNoDevice},
	13:  {"NVML_ERROR_FUNCTION_NOT_FOUND", errUntold},
	14:  {"NVML_ERROR_CORRUPTED_INFOROM", nil},
	15:  {"NVML_ERROR_GPU_IS_LOST", driver.ErrLost},
	16:  {"NVML_ERROR_RESET_REQUIRED", driver.ErrLost},
	17:  {"NVML_ERROR_OPERATING_SYSTEM", nil},
	18:  {"NVML_ERROR_LIB_RM_VERSION_MISMATCH", nil},
	19:  {"NVML_ERROR_IN_USE", nil},
	20:  {"NVML_ERROR_MEMORY", nil},
	21:  {"NVML_ERROR_NO_DATA", errUntold},
	23:  {"NVML_ERROR_INSUFFICIENT_RESOURCES", nil},
	26:  {"NVML_ERROR_DEPRECATED", errUntold},
	27:  {"NVML_ERROR_NOT_READY", nil},
	28:  {"NVML_ERROR_GPU_NOT_FOUND", driver.ErrNoDevice},
	29:  {"NVML_ERROR_INVALID_STATE", nil},
	999: {"NVML_ERROR_UNKNOWN", nil},
}

// NVML opens NVIDIA's library.
func NVML() (Library, error) {
	if runtime.GOOS == "windows" {
		return openNVML("nvml.dll")
	}
	return openNVML("libnvidia-ml.so.1", "/usr/lib/wsl/lib/libnvidia-ml.so.1")
}

func openNVML(files ...string) (Library, error) {
	l, err := load("nvml", "RITZ_NVML", nvmlStatuses, files...)
	if err != nil {
		return nil, err
	}
	n := &nvml{library: l}
	if err := n.call("nvmlInit_v2"); err != nil {
		return nil, err
	}
	if err := n.find(); err != nil {
		return nil, errors.Join(err, n.Close())
	}
	return n, nil
}

// find finds the cards.
func (n *nvml) find() error {
	var count uint32
	if err := n.call("nvmlDeviceGetCount_v2", uintptr(unsafe.Pointer(&count))); err != nil {
		return err
	}
	for i := range count {
		var c card
		if err := n.call("nvmlDeviceGetHandleByIndex_v2", uintptr(i), uintptr(unsafe.Pointer(&c.handle))); err != nil {
			n.lost = errors.Join(n.lost, err)
			continue
		}
		var name [nvmlNameLength]byte
		if n.call("nvmlDeviceGetName", c.handle, uintptr(unsafe.Pointer(&name)), nvmlNameLength) == nil {
			c.name = text(name[:])
		}
		var pci nvmlPCI
		if n.call("nvmlDeviceGetPciInfo_v3", c.handle, uintptr(unsafe.Pointer(&pci))) == nil {
			c.bus = address(uint64(pci.domain), pci.bus, pci.device, 0)
		}
		n.cards = append(n.cards, c)
	}
	if len(n.cards) == 0 {
		return errors.Join(n.noCard(), n.lost)
	}
	return nil
}

func (n *nvml) Read() ([]Telemetry, error) {
	all, err := n.read(func(h uintptr, t *Telemetry) error {
		var f faults
		var memory nvmlMemory
		if f.ok(n.call("nvmlDeviceGetMemoryInfo", h, uintptr(unsafe.Pointer(&memory)))) {
			t.MemoryUsed, t.MemoryTotal = Reading(memory.used), Reading(memory.total)
		}
		var busy nvmlUtilization
		if f.ok(n.call("nvmlDeviceGetUtilizationRates", h, uintptr(unsafe.Pointer(&busy)))) {
			t.Load = Reading(busy.gpu) / 100
		}
		t.Temperature = n.number(&f, "nvmlDeviceGetTemperature", h, nvmlTemperatureGPU)
		t.Power = n.number(&f, "nvmlDeviceGetPowerUsage", h) / 1000              // mW
		t.PowerLimit = n.number(&f, "nvmlDeviceGetEnforcedPowerLimit", h) / 1000 // mW
		t.CoreClock = n.number(&f, "nvmlDeviceGetClockInfo", h, nvmlClockSM)
		t.MemoryClock = n.number(&f, "nvmlDeviceGetClockInfo", h, nvmlClockMemory)
		return f.first
	})
	return all, errors.Join(err, n.lost)
}

func (n *nvml) Close() error { return n.call("nvmlShutdown") }
