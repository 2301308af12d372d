package opencl

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"unsafe"

	"github.com/seed-0772dd2d/ritz/gpu/internal/driver"
)

// What to ask a device for: CL/cl.h, and CL/cl_ext.h for the vendors' extensions.
const (
	deviceTypeAll = 0xFFFFFFFF
	deviceTypeCPU = 1 << 1

	deviceType              = 0x1000
	deviceMaxComputeUnits   = 0x1002
	deviceMaxWorkGroupSize  = 0x1004
	deviceMaxClockFrequency = 0x100C
	deviceMaxMemAllocSize   = 0x1010
	deviceGlobalMemSize     = 0x101F
	deviceLocalMemSize      = 0x1023
	deviceName              = 0x102B
	deviceVendor            = 0x102C
	driverVersion           = 0x102D
	deviceVersion           = 0x102F
	deviceExtensions        = 0x1030
	deviceDoubleFPConfig    = 0x1032
	deviceWidth             = 0x1067 // OpenCL 3.0: PREFERRED_WORK_GROUP_SIZE_MULTIPLE

	computeCapabilityMajorNV = 0x4000
	computeCapabilityMinorNV = 0x4001
	warpSizeNV               = 0x4003
	pciBusNV                 = 0x4008
	pciSlotNV                = 0x4009
	pciDomainNV              = 0x400A

	topologyAMD       = 0x4037
	boardNameAMD      = 0x4038
	wavefrontWidthAMD = 0x4043

	subGroupSizesIntel = 0x4108
	pciBusInfo         = 0x410F
)

// about is what a device answers.
type about struct {
	b      *backend
	device uintptr
}

// bytes is the answer to a question; empty if the device does not know it.
func (a about) bytes(what uintptr) []byte {
	size := new(uintptr)
	if a.b.cl.getDeviceInfo.do(a.device, what, 0, 0, uintptr(unsafe.Pointer(size))) != nil || *size == 0 {
		return nil
	}
	answer := make([]byte, *size)
	if a.b.cl.getDeviceInfo.do(a.device, what, *size, uintptr(unsafe.Pointer(&answer[0])), 0) != nil {
		return nil
	}
	return answer
}

// number is an answer of 4 or 8 bytes.
func (a about) number(what uintptr) int {
	switch answer := a.bytes(what); len(answer) {
	case 4:
		return int(binary.NativeEndian.Uint32(answer))
	case 8:
		return int(binary.NativeEndian.Uint64(answer))
	}
	return 0
}

func (a about) text(what uintptr) string {
	text, _, _ := bytes.Cut(a.bytes(what), []byte{0})
	return strings.TrimSpace(string(text))
}

// words is an answer of whole numbers of 32 bits.
func (a about) words(what uintptr) []uint32 {
	answer := a.bytes(what)
	words := make([]uint32, len(answer)/4)
	for i := range words {
		words[i] = binary.NativeEndian.Uint32(answer[4*i:])
	}
	return words
}

// recent tells whether the device is of OpenCL 1.2 or later.
func (a about) recent() bool {
	var major, minor int
	_, err := fmt.Sscanf(a.text(deviceVersion), "OpenCL %d.%d", &major, &minor)
	return err == nil && (major > 1 || major == 1 && minor >= 2)
}

// info describes a device.
func (b *backend) info(p place) driver.Info {
	a := about{b, p.device}
	i := driver.Info{
		Backend:      "opencl",
		Name:         a.text(deviceName),
		Vendor:       a.text(deviceVendor),
		Driver:       a.text(deviceVersion) + ", " + a.text(driverVersion),
		Memory:       int64(a.number(deviceGlobalMemSize)),
		MaxAlloc:     int64(a.number(deviceMaxMemAllocSize)),
		LocalMemory:  a.number(deviceLocalMemSize),
		ComputeUnits: a.number(deviceMaxComputeUnits),
		Clock:        a.number(deviceMaxClockFrequency),
		Width:        a.number(deviceWidth),
		MaxGroup:     a.number(deviceMaxWorkGroupSize),
		Float64:      a.number(deviceDoubleFPConfig) != 0,
		CPU:          a.number(deviceType)&deviceTypeCPU != 0,
	}
	if i.CPU {
		i.Architecture = runtime.GOARCH
	}
	extensions := strings.Fields(a.text(deviceExtensions))
	if slices.Contains(extensions, "cl_nv_device_attribute_query") {
		i.Architecture = fmt.Sprintf("sm_%d%d", a.number(computeCapabilityMajorNV), a.number(computeCapabilityMinorNV))
		i.Width = a.number(warpSizeNV)
		if slot := a.number(pciSlotNV); len(a.bytes(pciBusNV)) > 0 {
			i.Bus = bus(a.number(pciDomainNV), a.number(pciBusNV), slot>>3, slot&7)
		}
	}
	if slices.Contains(extensions, "cl_amd_device_attribute_query") {
		i.Architecture, _, _ = strings.Cut(i.Name, ":") // gfx90a:sramecc+:xnack-
		if board := a.text(boardNameAMD); board != "" {
			i.Name = board
		}
		i.Width = a.number(wavefrontWidthAMD)
		// cl_device_topology_amd: the type, 1 for PCIe, then at its end bus, device
		// and function.
		if t := a.bytes(topologyAMD); len(t) >= 24 && binary.NativeEndian.Uint32(t) == 1 {
			i.Bus = bus(0, int(t[21]), int(t[22]), int(t[23]))
		}
	}
	if slices.Contains(extensions, "cl_intel_required_subgroup_size") && i.Width == 0 {
		if sizes := a.words(subGroupSizesIntel); len(sizes) > 0 {
			i.Width = int(slices.Max(sizes))
		}
	}
	if slices.Contains(extensions, "cl_khr_pci_bus_info") {
		if w := a.words(pciBusInfo); len(w) == 4 {
			i.Bus = bus(int(w[0]), int(w[1]), int(w[2]), int(w[3]))
		}
	}
	return i
}

// bus is a PCI address.
func bus(domain, bus, device, function int) string {
	return fmt.Sprintf("%04x:%02x:%02x.%x", domain, bus, device, function)
}
