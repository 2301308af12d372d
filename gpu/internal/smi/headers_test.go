package smi

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seed-0772dd2d/ritz/internal/cc"
)

// expression is one of C, and the value that this package takes it for.
type expression struct {
	c    string
	want uint64
}

// is the expression that a function has a type.
func is(function, kind string) expression {
	return expression{"__builtin_types_compatible_p(__typeof__(" + function + "), " + kind + ")", 1}
}

// evaluate compares with a header of a vendor.
func evaluate(t *testing.T, header string, statuses map[uint32]status, all []expression, flags ...string) {
	t.Helper()
	for code, s := range statuses {
		all = append(all, expression{"(unsigned)" + s.name, uint64(code)})
	}
	var program strings.Builder
	fmt.Fprintf(&program, "#include <stddef.h>\n#include <stdio.h>\n#include <%s>\nint main(void) {\n", header)
	for _, e := range all {
		fmt.Fprintf(&program, "  printf(\"%%llu\\n\", (unsigned long long)(%s));\n", e.c)
	}
	program.WriteString("  return 0;\n}\n")
	lines := strings.Fields(cc.Output(t, program.String(), flags...))
	require.Len(t, lines, len(all))
	for i, e := range all {
		assert.Equal(t, fmt.Sprint(e.want), lines[i], e.c)
	}
}

// nvml.h is in a module of NVIDIA, in which it is under the MIT licence.
func TestHeaderOfNVML(t *testing.T) {
	c := exec.Command("go", "mod", "download", "-json", "github.com/NVIDIA/go-nvml@v0.12.4-1")
	c.Dir = t.TempDir()
	c.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off")
	if os.Getenv("RITZ_REQUIRE_ENGINES") != "1" {
		c.Env = append(c.Env, "GOPROXY=off") // only if it is there already
	}
	out, err := c.Output()
	var module struct{ Dir string }
	if err != nil || json.Unmarshal(out, &module) != nil {
		cc.Missing(t, fmt.Sprintf("nvml.h: go mod download: %v %s", err, out))
	}
	var pci nvmlPCI
	var memory nvmlMemory
	var busy nvmlUtilization
	evaluate(t, "nvml.h", nvmlStatuses, []expression{
		{"NVML_SUCCESS", 0},
		{"sizeof(nvmlReturn_t)", 4},
		{"sizeof(nvmlPciInfo_t)", uint64(unsafe.Sizeof(pci))},
		{"offsetof(nvmlPciInfo_t, domain)", uint64(unsafe.Offsetof(pci.domain))},
		{"offsetof(nvmlPciInfo_t, bus)", uint64(unsafe.Offsetof(pci.bus))},
		{"offsetof(nvmlPciInfo_t, device)", uint64(unsafe.Offsetof(pci.device))},
		{"sizeof(nvmlMemory_t)", uint64(unsafe.Sizeof(memory))},
		{"offsetof(nvmlMemory_t, total)", uint64(unsafe.Offsetof(memory.total))},
		{"offsetof(nvmlMemory_t, used)", uint64(unsafe.Offsetof(memory.used))},
		{"sizeof(nvmlUtilization_t)", uint64(unsafe.Sizeof(busy))},
		{"offsetof(nvmlUtilization_t, gpu)", uint64(unsafe.Offsetof(busy.gpu))},
		{"NVML_DEVICE_NAME_V2_BUFFER_SIZE", nvmlNameLength},
		{"NVML_TEMPERATURE_GPU", nvmlTemperatureGPU},
		{"NVML_CLOCK_SM", nvmlClockSM},
		{"NVML_CLOCK_MEM", nvmlClockMemory},
		is("nvmlInit_v2", "nvmlReturn_t(void)"),
		is("nvmlShutdown", "nvmlReturn_t(void)"),
		is("nvmlDeviceGetCount_v2", "nvmlReturn_t(unsigned *)"),
		is("nvmlDeviceGetHandleByIndex_v2", "nvmlReturn_t(unsigned, nvmlDevice_t *)"),
		{"sizeof(nvmlDevice_t)", uint64(unsafe.Sizeof(uintptr(0)))},
		is("nvmlDeviceGetName", "nvmlReturn_t(nvmlDevice_t, char *, unsigned)"),
		is("nvmlDeviceGetPciInfo_v3", "nvmlReturn_t(nvmlDevice_t, nvmlPciInfo_t *)"),
		is("nvmlDeviceGetMemoryInfo", "nvmlReturn_t(nvmlDevice_t, nvmlMemory_t *)"),
		is("nvmlDeviceGetUtilizationRates", "nvmlReturn_t(nvmlDevice_t, nvmlUtilization_t *)"),
		is("nvmlDeviceGetTemperature", "nvmlReturn_t(nvmlDevice_t, nvmlTemperatureSensors_t, unsigned *)"),
		is("nvmlDeviceGetPowerUsage", "nvmlReturn_t(nvmlDevice_t, unsigned *)"),
		is("nvmlDeviceGetEnforcedPowerLimit", "nvmlReturn_t(nvmlDevice_t, unsigned *)"),
		is("nvmlDeviceGetClockInfo", "nvmlReturn_t(nvmlDevice_t, nvmlClockType_t, unsigned *)"),
	}, "-I"+filepath.Join(module.Dir, "gen", "nvml"))
}

// find is the directory of a header, where ROCm or a distribution installs it.
func find(header string) (dir string, found bool) {
	for _, dir := range []string{filepath.Join(os.Getenv("ROCM_PATH"), "include"), "/opt/rocm/include", "/usr/include"} {
		if _, err := os.Stat(filepath.Join(dir, header)); err == nil {
			return dir, true
		}
	}
	return "", false
}

func TestHeaderOfROCmSMI(t *testing.T) {
	dir, found := find("rocm_smi/rocm_smi.h")
	if !found {
		cc.Missing(t, "rocm_smi/rocm_smi.h: install librocm-smi-dev")
	}
	evaluate(t, "rocm_smi/rocm_smi.h", rsmiStatuses, []expression{
		{"RSMI_STATUS_SUCCESS", 0},
		{"sizeof(rsmi_status_t)", 4},
		{"RSMI_MEM_TYPE_VRAM", rsmiMemoryVRAM},
		{"RSMI_TEMP_TYPE_EDGE", rsmiTemperatureEdge},
		{"RSMI_TEMP_TYPE_JUNCTION", rsmiTemperatureJunction},
		{"RSMI_TEMP_CURRENT", rsmiTemperatureCurrent},
		{"RSMI_CLK_TYPE_SYS", rsmiClockSystem},
		{"RSMI_CLK_TYPE_MEM", rsmiClockMemory},
		// One of the two layouts that rsmiClock knows.
		{"offsetof(rsmi_frequencies_t, num_supported) == 0 ? offsetof(rsmi_frequencies_t, current) == 4 && offsetof(rsmi_frequencies_t, frequency) == 8" +
			" : offsetof(rsmi_frequencies_t, num_supported) == 4 && offsetof(rsmi_frequencies_t, current) == 8 && offsetof(rsmi_frequencies_t, frequency) == 16", 1},
		{"sizeof(rsmi_frequencies_t) <= 320", 1}, // the room in clock
		is("rsmi_init", "rsmi_status_t(uint64_t)"),
		is("rsmi_shut_down", "rsmi_status_t(void)"),
		is("rsmi_num_monitor_devices", "rsmi_status_t(uint32_t *)"),
		is("rsmi_dev_name_get", "rsmi_status_t(uint32_t, char *, size_t)"),
		is("rsmi_dev_pci_id_get", "rsmi_status_t(uint32_t, uint64_t *)"),
		is("rsmi_dev_memory_usage_get", "rsmi_status_t(uint32_t, rsmi_memory_type_t, uint64_t *)"),
		is("rsmi_dev_memory_total_get", "rsmi_status_t(uint32_t, rsmi_memory_type_t, uint64_t *)"),
		is("rsmi_dev_busy_percent_get", "rsmi_status_t(uint32_t, uint32_t *)"),
		is("rsmi_dev_temp_metric_get", "rsmi_status_t(uint32_t, uint32_t, rsmi_temperature_metric_t, int64_t *)"),
		is("rsmi_dev_power_ave_get", "rsmi_status_t(uint32_t, uint32_t, uint64_t *)"),
		is("rsmi_dev_power_cap_get", "rsmi_status_t(uint32_t, uint32_t, uint64_t *)"),
		is("rsmi_dev_gpu_clk_freq_get", "rsmi_status_t(uint32_t, rsmi_clk_type_t, rsmi_frequencies_t *)"),
	}, "-I"+dir)
}

// Debian has no amdsmi.h: this runs where ROCm is installed.
func TestHeaderOfAMDSMI(t *testing.T) {
	dir, found := find("amd_smi/amdsmi.h")
	if !found {
		t.Skip("there is not amd_smi/amdsmi.h: install ROCm")
	}
	evaluate(t, "amd_smi/amdsmi.h", amdsmiStatuses, []expression{
		{"AMDSMI_STATUS_SUCCESS", 0},
		{"sizeof(amdsmi_status_t)", 4},
		{"AMDSMI_INIT_AMD_GPUS", amdsmiInitGPUs},
		{"AMDSMI_MEM_TYPE_VRAM", amdsmiMemoryVRAM},
		{"AMDSMI_TEMPERATURE_TYPE_EDGE", amdsmiTemperatureEdge},
		{"AMDSMI_TEMPERATURE_TYPE_HOTSPOT", amdsmiTemperatureHotspot},
		{"AMDSMI_TEMP_CURRENT", amdsmiTemperatureCurrent},
		{"AMDSMI_CLK_TYPE_GFX", amdsmiClockGraphics},
		{"AMDSMI_CLK_TYPE_MEM", amdsmiClockMemory},
		{"offsetof(amdsmi_asic_info_t, market_name)", 0},
		{"offsetof(amdsmi_engine_usage_t, gfx_activity)", 0},
		{"offsetof(amdsmi_power_cap_info_t, power_cap)", 0},
		{"offsetof(amdsmi_clk_info_t, clk)", 0},
		{"offsetof(amdsmi_power_info_t, average_socket_power) - offsetof(amdsmi_power_info_t, current_socket_power)", 4},
		{"AMDSMI_LIB_VERSION_MAJOR < 25 || offsetof(amdsmi_power_info_t, current_socket_power) == 8", 1},
		{"sizeof(amdsmi_asic_info_t) <= 4096 && sizeof(amdsmi_power_info_t) <= 4096 && sizeof(amdsmi_version_t) <= 4096", 1},
		is("amdsmi_init", "amdsmi_status_t(uint64_t)"),
		is("amdsmi_shut_down", "amdsmi_status_t(void)"),
		is("amdsmi_get_lib_version", "amdsmi_status_t(amdsmi_version_t *)"),
		is("amdsmi_get_socket_handles", "amdsmi_status_t(uint32_t *, amdsmi_socket_handle *)"),
		is("amdsmi_get_processor_handles", "amdsmi_status_t(amdsmi_socket_handle, uint32_t *, amdsmi_processor_handle *)"),
		is("amdsmi_get_gpu_asic_info", "amdsmi_status_t(amdsmi_processor_handle, amdsmi_asic_info_t *)"),
		is("amdsmi_get_gpu_device_bdf", "amdsmi_status_t(amdsmi_processor_handle, amdsmi_bdf_t *)"),
		is("amdsmi_get_gpu_memory_usage", "amdsmi_status_t(amdsmi_processor_handle, amdsmi_memory_type_t, uint64_t *)"),
		is("amdsmi_get_gpu_memory_total", "amdsmi_status_t(amdsmi_processor_handle, amdsmi_memory_type_t, uint64_t *)"),
		is("amdsmi_get_gpu_activity", "amdsmi_status_t(amdsmi_processor_handle, amdsmi_engine_usage_t *)"),
		is("amdsmi_get_temp_metric", "amdsmi_status_t(amdsmi_processor_handle, amdsmi_temperature_type_t, amdsmi_temperature_metric_t, int64_t *)"),
		is("amdsmi_get_power_info", "amdsmi_status_t(amdsmi_processor_handle, amdsmi_power_info_t *)"),
		is("amdsmi_get_power_cap_info", "amdsmi_status_t(amdsmi_processor_handle, uint32_t, amdsmi_power_cap_info_t *)"),
		is("amdsmi_get_clock_info", "amdsmi_status_t(amdsmi_processor_handle, amdsmi_clk_type_t, amdsmi_clk_info_t *)"),
	}, "-I"+dir)
}
