package cuda

import (
	"fmt"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"

	"github.com/seed-0772dd2d/ritz/gpu/internal/dl"
	"github.com/seed-0772dd2d/ritz/gpu/internal/driver"
)

// amd is HIP, of ROCm 5 and later.
var amd = vendor{
	name:         "hip",
	title:        "HIP",
	maker:        "AMD",
	variable:     VariableHIP,
	libraries:    hipLibraries,
	setCurrent:   "hipSetDevice",
	launchKernel: "hipModuleLaunchKernel",
	// These numbers of hipDeviceAttribute_t are the same in the headers of HIP 5.2 and of
	// HIP 6 and 7: what was dropped has left a hole, what is new stands at the end.
	attributes: attributes{
		units:    63, // hipDeviceAttributeMultiprocessorCount
		clock:    5,  // hipDeviceAttributeClockRate, kHz
		width:    87, // hipDeviceAttributeWarpSize
		maxGroup: 56, // hipDeviceAttributeMaxThreadsPerBlock
		local:    74, // hipDeviceAttributeMaxSharedMemoryPerBlock
	},
	version: func(v int32) string { return fmt.Sprintf("%d.%d.%d", v/10_000_000, v/100_000%100, v%100_000) },
	errorName: func(library *dl.Library) func(int32) string {
		get := library.Function("hipGetErrorName")
		return func(code int32) string {
			if get == 0 {
				return ""
			}
			return dl.Text(dl.Call(get, uintptr(code)))
		}
	},
	target:   gcnArchName,
	compiler: loadHIPRTC,
	need: node{
		path:      "/dev/kfd",
		module:    "amdgpu",
		container: "--device=/dev/kfd --device=/dev/dri",
		groups:    ": its user must be in the groups render and video",
	},
}

func hipLibraries() []string {
	switch runtime.GOOS {
	case "windows":
		return []string{"amdhip64_7.dll", "amdhip64_6.dll", "amdhip64.dll"}
	case "linux":
		return []string{
			"libamdhip64.so.7", "libamdhip64.so.6", "libamdhip64.so.5", "libamdhip64.so",
			"/opt/rocm/lib/libamdhip64.so",
		}
	}
	return nil
}

// processor names one with its features, as gfx90a:sramecc+:xnack-.
var processor = regexp.MustCompile(`gfx[0-9a-f]+(:[a-z]+[+-])*`)

// gcnArchName is the architecture of a device. It is a field of hipDeviceProp_t, and no
// call tells it alone. The layout of that struct changed in HIP 6, where
// hipGetDevicePropertiesR0600 fills the new one and hipGetDeviceProperties the old one
// still; the field was at byte 396 and is at byte 1160. Rather than on a layout this
// relies on the text: the first after the device's name, 256 bytes, that names a
// processor.
func gcnArchName(b *backend, device int32) (string, error) {
	get := b.c.Properties6
	if get == nil {
		get = b.c.Properties
	}
	if get == nil {
		return "", fmt.Errorf("hip: %w: %s has no hipGetDeviceProperties", driver.ErrNoBackend, b.library.Path)
	}
	properties := make([]byte, 16<<10) // the struct has 792 bytes in HIP 5 and 1472 in HIP 6
	if err := get(&properties[0], device); err != nil {
		return "", err
	}
	name := processor.Find(properties[256:])
	if name == nil {
		return "", fmt.Errorf("hip: %w: the driver does not tell the architecture of device %d", driver.ErrNoDevice, device)
	}
	return string(name), nil
}

// hiprtc is AMD's compiler. It makes machine code for one processor.
type hiprtc struct{ rtc }

// loadHIPRTC loads it: the library of the same version as the driver's, or the driver
// itself, of which it is a part in HIP 5. Without a driver it is the newest.
func loadHIPRTC(hip *dl.Library) (compiler, error) {
	drivers := hipLibraries()
	if hip != nil {
		drivers = []string{hip.Path}
	}
	var names []string
	if runtime.GOOS == "windows" { // where their names do not go together
		names = []string{
			"hiprtc0700.dll", "hiprtc0604.dll", "hiprtc0602.dll", "hiprtc0601.dll", "hiprtc0600.dll", "hiprtc0507.dll", "hiprtc0505.dll",
		}
	}
	for _, d := range drivers {
		folder, file := filepath.Split(d)
		names = append(names, folder+strings.Replace(file, "amdhip64", "hiprtc", 1), d)
	}
	h := &hiprtc{rtc{name: "hiprtc"}}
	library, looked, err := dl.Open(VariableHIPRTC, names...)
	if err == nil {
		err = h.bind("hip", library, "hiprtcGetErrorString")
	}
	if err != nil {
		return nil, &driver.NoBackend{Backend: "hiprtc", Looked: looked, Cause: err}
	}
	return h, nil
}

// compile wants the name of a processor that the compiler knows: hipRTC 5.2 crashes at
// another.
func (h *hiprtc) compile(source string, options []string, target string, _ int32) (program, error) {
	if name := processor.FindString(target); name == "" || name != target {
		return program{}, fmt.Errorf("hiprtc: %w: architecture %q, want gfx and a number, as gfx90a", driver.ErrArgument, target)
	}
	return h.run(source, append([]string{"--offload-arch=" + target, "-std=c++14"}, options...), h.rtc.code)
}
