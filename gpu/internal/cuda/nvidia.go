package cuda

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"unsafe"

	"github.com/seed-0772dd2d/ritz/gpu/internal/dl"
	"github.com/seed-0772dd2d/ritz/gpu/internal/driver"
)

// nvidia is CUDA: the driver API of cuda.h, by the names that are current since CUDA 11.
var nvidia = vendor{
	name:     "cuda",
	title:    "CUDA",
	maker:    "NVIDIA",
	variable: VariableCUDA,
	libraries: func() []string {
		switch runtime.GOOS {
		case "windows":
			return []string{"nvcuda.dll"}
		case "linux":
			return []string{"libcuda.so.1", "/usr/lib/wsl/lib/libcuda.so.1"}
		}
		return nil
	},
	setCurrent:   "cuCtxSetCurrent",
	launchKernel: "cuLaunchKernel",
	attributes: attributes{
		units:    16, // CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT
		clock:    13, // CU_DEVICE_ATTRIBUTE_CLOCK_RATE, kHz
		width:    10, // CU_DEVICE_ATTRIBUTE_WARP_SIZE
		maxGroup: 1,  // CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_BLOCK
		local:    8,  // CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK
	},
	version: func(v int32) string { return fmt.Sprintf("%d.%d", v/1000, v%1000/10) },
	errorName: func(library *dl.Library) func(int32) string {
		get := library.Function("cuGetErrorName")
		return func(code int32) string {
			name := new(uintptr)
			if get == 0 || dl.Call(get, uintptr(code), uintptr(unsafe.Pointer(name))) != 0 {
				return ""
			}
			return dl.Text(*name)
		}
	},
	target: func(b *backend, device int32) (string, error) {
		var major, minor int32
		err := b.c.DeviceAttribute(&major, computeCapabilityMajor, device)
		if err == nil {
			err = b.c.DeviceAttribute(&minor, computeCapabilityMinor, device)
		}
		return fmt.Sprintf("sm_%d%d", major, minor), err
	},
	compiler: func(*dl.Library) (compiler, error) { return loadNVRTC() },
	need: node{
		path:      "/dev/nvidiactl",
		module:    "nvidia",
		container: "--gpus all",
	},
}

const (
	computeCapabilityMajor = 75 // CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR
	computeCapabilityMinor = 76 // CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR
)

// nvrtc is NVIDIA's compiler. It makes PTX, which the driver compiles for the device,
// or machine code.
type nvrtc struct {
	rtc
	version int // 12090 is 12.9, as a driver's
}

// loadNVRTC loads it. The versions count from the newest: each compiles for the devices of its
// time, and a driver takes the PTX of versions up to its own.
func loadNVRTC() (compiler, error) {
	names := []string{
		"libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so.11.2", "libnvrtc.so",
		"/usr/local/cuda/lib64/libnvrtc.so", "/opt/cuda/lib64/libnvrtc.so",
	}
	if runtime.GOOS == "windows" {
		names = []string{"nvrtc64_130_0.dll", "nvrtc64_120_0.dll", "nvrtc64_112_0.dll"}
	}
	n := &nvrtc{rtc: rtc{name: "nvrtc"}}
	library, looked, err := dl.Open(VariableNVRTC, names...)
	if err == nil {
		err = n.bind("cuda", library, "nvrtcGetErrorString")
	}
	if err != nil {
		return nil, &driver.NoBackend{Backend: "nvrtc", Looked: looked, Cause: err}
	}
	var major, minor int32
	if err := n.Version(&major, &minor); err != nil {
		return nil, err
	}
	n.version = int(major)*1000 + int(minor)*10
	return n, nil
}

func (n *nvrtc) compile(source string, options []string, target string, driverVersion int32) (program, error) {
	var capability int
	if _, err := fmt.Sscanf(target, "sm_%d", &capability); err != nil {
		return program{}, fmt.Errorf("nvrtc: %w: architecture %q, want sm_ and a number", driver.ErrArgument, target)
	}
	known, err := n.architectures()
	if err != nil {
		return program{}, err
	}
	option, code := fmt.Sprintf("--gpu-architecture=sm_%d", capability), n.rtc.machine
	if n.version <= int(driverVersion) || code.get == nil || !slices.Contains(known, int32(capability)) {
		// The driver takes PTX of this compiler, or it must, and compiles it further.
		best := int32(0)
		for _, k := range known {
			if k <= int32(capability) {
				best = max(best, k)
			}
		}
		if best == 0 {
			return program{}, &driver.NoBackend{Backend: "nvrtc", Looked: []string{n.path}, Cause: fmt.Errorf(
				"version %d.%d compiles for sm_%d and later, this device is %s: an older one is needed, named by %s", n.version/1000, n.version%1000/10, slices.Min(known), target, VariableNVRTC)}
		}
		option, code = fmt.Sprintf("--gpu-architecture=compute_%d", best), n.rtc.code
	}
	return n.run(source, append([]string{option, "--std=c++14", "--device-as-default-execution-space"}, options...), code)
}

// architectures are those that the compiler knows, 90 for sm_90.
func (n *nvrtc) architectures() ([]int32, error) {
	var count int32
	if err := n.ArchitectureCount(&count); err != nil {
		return nil, err
	}
	if count == 0 {
		return nil, errors.New("nvrtc: it knows no architecture")
	}
	list := make([]int32, count)
	return list, n.Architectures(&list[0])
}
