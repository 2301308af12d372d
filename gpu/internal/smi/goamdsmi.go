//go:build goamdsmi && cgo

package smi

import (
	"fmt"

	goamdsmi "github.com/amd/go_amd_smi"

	"github.com/seed-0772dd2d/ritz/gpu/internal/driver"
)

// amd are AMD's libraries.
var amd = []func() (Library, error){GoAMDSMI}

// goAMD reads through AMD's binding for Go, which stands on ROCm SMI. What the binding
// lacks, the bus, memory and load, is read from ROCm SMI itself: both number the cards
// alike.
type goAMD struct{ *rocmSMI }

// GoAMDSMI opens AMD's binding for Go.
func GoAMDSMI() (Library, error) {
	l, err := ROCmSMI()
	if err != nil {
		return nil, fmt.Errorf("goamdsmi: %w", err)
	}
	g := &goAMD{l.(*rocmSMI)}
	if g.name = "goamdsmi"; goamdsmi.GO_rsmi_init() != 1 || goamdsmi.GO_rsmi_num_monitor_devices() != uint(len(g.cards)) {
		g.Close()
		return nil, fmt.Errorf("goamdsmi: %w: its ROCm SMI shows no card, or others than %s", driver.ErrNoDevice, g.Path)
	}
	return g, nil
}

func (g *goAMD) Read() ([]Telemetry, error) {
	return g.read(func(card uintptr, t *Telemetry) error {
		err := g.sensors(card, t)
		i := int(card)
		t.Power = nonzero(uint64(goamdsmi.GO_rsmi_dev_power_ave_get(i))) / 1e6      // µW
		t.PowerLimit = nonzero(uint64(goamdsmi.GO_rsmi_dev_power_cap_get(i))) / 1e6 // µW
		t.CoreClock = nonzero(uint64(goamdsmi.GO_rsmi_dev_gpu_clk_freq_get_sclk(i))) / 1e6
		t.MemoryClock = nonzero(uint64(goamdsmi.GO_rsmi_dev_gpu_clk_freq_get_mclk(i))) / 1e6
		t.Temperature = nonzero(uint64(goamdsmi.GO_rsmi_dev_temp_metric_get(i, rsmiTemperatureEdge, rsmiTemperatureCurrent))) / 1000
		if !t.Temperature.Known() {
			t.Temperature = nonzero(uint64(goamdsmi.GO_rsmi_dev_temp_metric_get(i, rsmiTemperatureJunction, rsmiTemperatureCurrent))) / 1000
		}
		return err
	})
}

// nonzero is an answer of the binding, whose 0 says that there is none.
func nonzero(x uint64) Reading {
	if x == 0 {
		return None
	}
	return Reading(int64(x))
}
