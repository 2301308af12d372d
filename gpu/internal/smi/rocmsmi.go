package smi

import (
	"errors"
	"unsafe"

	"github.com/seed-0772dd2d/ritz/gpu/internal/driver"
)

// rocmSMI is AMD's older library. Its functions, structures and codes are those of
// rocm_smi.h, 5.2 to 7.
type rocmSMI struct{ library }

// The parameters of rocm_smi.h that are used.
const (
	rsmiMemoryVRAM          = 0
	rsmiTemperatureEdge     = 0
	rsmiTemperatureJunction = 1
	rsmiTemperatureCurrent  = 0
	rsmiClockSystem         = 0
	rsmiClockMemory         = 4
	rsmiNameLength          = 128
)

var rsmiStatuses = map[uint32]status{
	1:          {"RSMI_STATUS_INVALID_ARGS", nil},
	2:          {"RSMI_STATUS_NOT_SUPPORTED", errUntold},
	3:          {"RSMI_STATUS_FILE_ERROR", nil},
	4:          {"RSMI_STATUS_PERMISSION", nil},
	5:          {"RSMI_STATUS_OUT_OF_RESOURCES", nil},
	6:          {"RSMI_STATUS_INTERNAL_EXCEPTION", nil},
	7:          {"RSMI_STATUS_INPUT_OUT_OF_BOUNDS", nil},
	8:          {"RSMI_STATUS_INIT_ERROR", driver.ErrNoDevice},
	9:          {"RSMI_STATUS_NOT_YET_IMPLEMENTED", errUntold},
	10:         {"RSMI_STATUS_NOT_FOUND", errUntold},
	11:         {"RSMI_STATUS_INSUFFICIENT_SIZE", nil},
	12:         {"RSMI_STATUS_INTERRUPT", nil},
	13:         {"RSMI_STATUS_UNEXPECTED_SIZE", nil},
	14:         {"RSMI_STATUS_NO_DATA", errUntold},
	15:         {"RSMI_STATUS_UNEXPECTED_DATA", nil},
	16:         {"RSMI_STATUS_BUSY", nil},
	17:         {"RSMI_STATUS_REFCOUNT_OVERFLOW", nil},
	0xffffffff: {"RSMI_STATUS_UNKNOWN_ERROR", nil},
}

// ROCmSMI opens AMD's older library.
func ROCmSMI() (Library, error) {
	if err := noGraphics("rocm_smi", "RITZ_ROCM_SMI"); err != nil {
		return nil, err
	}
	r, err := openROCmSMI("librocm_smi64.so.7", "librocm_smi64.so.6", "librocm_smi64.so.5", "librocm_smi64.so.1",
		"librocm_smi64.so", "/opt/rocm/lib/librocm_smi64.so")
	if err != nil {
		return nil, err
	}
	return r, nil
}

func openROCmSMI(files ...string) (*rocmSMI, error) {
	l, err := load("rocm_smi", "RITZ_ROCM_SMI", rsmiStatuses, files...)
	if err != nil {
		return nil, err
	}
	r := &rocmSMI{l}
	if err := r.call("rsmi_init", 0); err != nil {
		return nil, err
	}
	if err := r.find(); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

// find finds the cards. Their handles are their indices.
func (r *rocmSMI) find() error {
	var count uint32
	if err := r.call("rsmi_num_monitor_devices", uintptr(unsafe.Pointer(&count))); err != nil {
		return err
	}
	for i := range uintptr(count) {
		c := card{handle: i}
		var name [rsmiNameLength]byte
		if r.call("rsmi_dev_name_get", i, uintptr(unsafe.Pointer(&name)), rsmiNameLength) == nil {
			c.name = text(name[:])
		}
		var id uint64
		if r.call("rsmi_dev_pci_id_get", i, uintptr(unsafe.Pointer(&id))) == nil {
			c.bus = rsmiAddress(id)
		}
		r.cards = append(r.cards, c)
	}
	if count == 0 {
		return r.noCard()
	}
	return nil
}

// rsmiAddress is the PCI address of an identifier: the domain in bits 32 to 63, the bus
// in 8 to 15, the device in 3 to 7, the function in 0 to 2; the number of a partition of
// the card is between.
func rsmiAddress(id uint64) string {
	return address(id>>32, uint32(id>>8&0xff), uint32(id>>3&0x1f), uint32(id&7))
}

func (r *rocmSMI) Read() ([]Telemetry, error) { return r.read(r.sensors) }

func (r *rocmSMI) sensors(card uintptr, t *Telemetry) error {
	var f faults
	t.MemoryUsed = r.number(&f, "rsmi_dev_memory_usage_get", card, rsmiMemoryVRAM)
	t.MemoryTotal = r.number(&f, "rsmi_dev_memory_total_get", card, rsmiMemoryVRAM)
	t.Load = r.number(&f, "rsmi_dev_busy_percent_get", card) / 100
	t.Temperature = r.number(&f, "rsmi_dev_temp_metric_get", card, rsmiTemperatureEdge, rsmiTemperatureCurrent) / 1000 // m°C
	if !t.Temperature.Known() {
		t.Temperature = r.number(&f, "rsmi_dev_temp_metric_get", card, rsmiTemperatureJunction, rsmiTemperatureCurrent) / 1000
	}
	t.Power = r.number(&f, "rsmi_dev_power_ave_get", card, 0) / 1e6 // µW
	if !t.Power.Known() {
		var power uint64
		var kind uint32
		if f.ok(r.call("rsmi_dev_power_get", card, uintptr(unsafe.Pointer(&power)), uintptr(unsafe.Pointer(&kind)))) {
			t.Power = Reading(power) / 1e6
		}
	}
	t.PowerLimit = r.number(&f, "rsmi_dev_power_cap_get", card, 0) / 1e6
	t.CoreClock = r.clock(&f, card, rsmiClockSystem)
	t.MemoryClock = r.clock(&f, card, rsmiClockMemory)
	return f.first
}

// clock is a clock now, in MHz.
func (r *rocmSMI) clock(f *faults, card, kind uintptr) Reading {
	var frequencies [80]uint32 // room for more than either layout
	if !f.ok(r.call("rsmi_dev_gpu_clk_freq_get", card, kind, uintptr(unsafe.Pointer(&frequencies)))) {
		return None
	}
	return rsmiClock(&frequencies)
}

// rsmiClock is the current one of rsmi_frequencies_t, a list of frequencies in Hz. Up to
// ROCm 5 it is
//
//	uint32_t num_supported, current; uint64_t frequency[32];
//
// and since then
//
//	bool has_deep_sleep; uint32_t num_supported, current; uint64_t frequency[33];
//
// As current < num_supported, the first words tell which: the flag, at most 1, is no
// number of frequencies of which one, of a number above 0, is the current one.
func rsmiClock(words *[80]uint32) Reading {
	hertz := func(i uint32) Reading { return Reading(uint64(words[i]) | uint64(words[i+1])<<32) }
	switch {
	case words[1] < words[0] && words[0] <= 32:
		return hertz(2+2*words[1]) / 1e6
	case words[2] < words[1] && words[1] <= 33:
		return hertz(4+2*words[2]) / 1e6
	}
	return None
}

func (r *rocmSMI) Close() error { return r.call("rsmi_shut_down") }
