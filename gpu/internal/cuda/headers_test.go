package cuda

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// check is what the C++ compiler proves about a header: that a function returns four
// bytes and takes parameters of those sizes. A pointer to n bytes is -n, to anything
// where the code passes bytes -1.
const check = `
#include <cstddef>
#include <initializer_list>
#include <type_traits>
template <class T, class = void> struct pointee { static constexpr int size = 1; };
template <class T> struct pointee<T, std::void_t<char[sizeof(T)]>> { static constexpr int size = sizeof(T); };
template <class R, class... A> constexpr bool takes(R (*)(A...), std::initializer_list<int> want) {
	if (sizeof(R) != 4 || sizeof...(A) != want.size()) return false;
	const int sizes[] = {int(sizeof(A))...};
	const int pointees[] = {(std::is_pointer_v<A> ? pointee<std::remove_pointer_t<A>>::size : 0)...};
	int i = 0;
	for (int w : want) {
		if (w > 0 ? sizes[i] != w : w == -1 ? pointees[i] == 0 : pointees[i] != -w) return false;
		i++;
	}
	return true;
}
`

// sizes are the parameters of a call as check wants them.
func sizes(t *testing.T, call reflect.Type) string {
	var list []string
	for i := range call.NumIn() {
		switch p := call.In(i); p.Kind() {
		case reflect.Pointer:
			list = append(list, fmt.Sprint(-int(p.Elem().Size())))
		case reflect.UnsafePointer:
			list = append(list, "-1")
		case reflect.Uintptr, reflect.Int32, reflect.Uint32:
			list = append(list, fmt.Sprint(p.Size()))
		default:
			require.Fail(t, "what is this in C?", "%v", p)
		}
	}
	return "{" + strings.Join(list, ", ") + "}"
}

// proof lists what must hold of the functions of a table.
func proof(t *testing.T, table any, key string) []string {
	var all []string
	fields := reflect.TypeOf(table)
	for i := range fields.NumField() {
		tag, ok := fields.Field(i).Tag.Lookup(key)
		name, optional := strings.CutSuffix(tag, "?")
		switch {
		case !ok, optional && key == "hip": // of one version only
			continue
		case name == "hipMalloc": // C++ has a template of that name
			name = "static_cast<hipError_t (*)(void **, size_t)>(hipMalloc)"
		}
		all = append(all, fmt.Sprintf("takes(%s, %s)", name, sizes(t, fields.Field(i).Type)))
	}
	require.NotEmpty(t, all)
	return all
}

// codes are the names of the codes that the package knows, in both drivers.
var codes = []struct {
	code      int
	cuda, hip string
}{
	{1, "CUDA_ERROR_INVALID_VALUE", "hipErrorInvalidValue"},
	{2, "CUDA_ERROR_OUT_OF_MEMORY", "hipErrorOutOfMemory"},
	{4, "CUDA_ERROR_DEINITIALIZED", "hipErrorDeinitialized"},
	{9, "", "hipErrorInvalidConfiguration"},
	{34, "CUDA_ERROR_STUB_LIBRARY", ""},
	{35, "", "hipErrorInsufficientDriver"},
	{53, "", "hipErrorPriorLaunchFailure"},
	{100, "CUDA_ERROR_NO_DEVICE", "hipErrorNoDevice"},
	{101, "CUDA_ERROR_INVALID_DEVICE", "hipErrorInvalidDevice"},
	{200, "CUDA_ERROR_INVALID_IMAGE", "hipErrorInvalidImage"},
	{209, "CUDA_ERROR_NO_BINARY_FOR_GPU", "hipErrorNoBinaryForGpu"},
	{214, "CUDA_ERROR_ECC_UNCORRECTABLE", "hipErrorECCNotCorrectable"},
	{218, "CUDA_ERROR_INVALID_PTX", "hipErrorInvalidKernelFile"},
	{220, "CUDA_ERROR_NVLINK_UNCORRECTABLE", ""},
	{221, "CUDA_ERROR_JIT_COMPILER_NOT_FOUND", ""},
	{222, "CUDA_ERROR_UNSUPPORTED_PTX_VERSION", ""},
	{223, "CUDA_ERROR_JIT_COMPILATION_DISABLED", ""},
	{226, "CUDA_ERROR_CONTAINED", ""},
	{500, "CUDA_ERROR_NOT_FOUND", "hipErrorNotFound"},
	{600, "CUDA_ERROR_NOT_READY", "hipErrorNotReady"},
	{700, "CUDA_ERROR_ILLEGAL_ADDRESS", "hipErrorIllegalAddress"},
	{701, "CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES", "hipErrorLaunchOutOfResources"},
	{702, "CUDA_ERROR_LAUNCH_TIMEOUT", "hipErrorLaunchTimeOut"},
	{709, "CUDA_ERROR_CONTEXT_IS_DESTROYED", "hipErrorContextIsDestroyed"},
	{710, "CUDA_ERROR_ASSERT", "hipErrorAssert"},
	{714, "CUDA_ERROR_HARDWARE_STACK_ERROR", ""},
	{715, "CUDA_ERROR_ILLEGAL_INSTRUCTION", ""},
	{716, "CUDA_ERROR_MISALIGNED_ADDRESS", ""},
	{717, "CUDA_ERROR_INVALID_ADDRESS_SPACE", ""},
	{718, "CUDA_ERROR_INVALID_PC", ""},
	{719, "CUDA_ERROR_LAUNCH_FAILED", "hipErrorLaunchFailure"},
	{803, "CUDA_ERROR_SYSTEM_DRIVER_MISMATCH", ""},
	{911, "CUDA_ERROR_EXTERNAL_DEVICE", ""},
	{1052, "", "hipErrorRuntimeMemory"},
}

func TestCodesAreComplete(t *testing.T) {
	known := map[int]bool{}
	for _, c := range codes {
		known[c.code] = true
	}
	for code := range kinds {
		assert.True(t, known[int(code)], "%d is not checked against a header", code)
	}
	for code := range unloadable {
		assert.True(t, known[code], "%d is not checked against a header", code)
	}
}

// The calls and the numbers of the package are those of the vendors' headers.
func TestHeaders(t *testing.T) {
	hip := "/usr/include"
	for _, c := range []struct {
		name     string
		include  string   // a folder
		header   string   // in it
		lines    []string // before the proof
		holds    []string
		variable string // that names the folder
	}{
		{
			name: "cuda", include: os.Getenv("RITZ_CUDA_INCLUDE"), header: "cuda.h", variable: "RITZ_CUDA_INCLUDE",
			lines: []string{"#include <cuda.h>"},
			holds: append(append(proof(t, calls{}, "cuda"), numbers(nvidia.attributes,
				"CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT", "CU_DEVICE_ATTRIBUTE_CLOCK_RATE", "CU_DEVICE_ATTRIBUTE_WARP_SIZE",
				"CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_BLOCK", "CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK")...),
				"takes(cuCtxSetCurrent, {8})",
				"takes(cuLaunchKernel, {8, 4, 4, 4, 4, 4, 4, 4, 8, -8, -8})",
				"takes(cuGetErrorName, {4, -8})",
				equal(computeCapabilityMajor, "CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR"),
				equal(computeCapabilityMinor, "CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR"),
				equal(functionMaxGroup, "CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK"),
				equal(functionLocal, "CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES"),
				equal(functionSpill, "CU_FUNC_ATTRIBUTE_LOCAL_SIZE_BYTES"),
				equal(functionRegisters, "CU_FUNC_ATTRIBUTE_NUM_REGS"),
				equal(jitErrorLogBuffer, "CU_JIT_ERROR_LOG_BUFFER"),
				equal(jitErrorLogBufferSize, "CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES"),
				equal(nonBlocking, "CU_STREAM_NON_BLOCKING"),
				equal(0, "CU_EVENT_DEFAULT")),
		},
		{
			name: "nvrtc", include: filepath.Join(filepath.Dir(realNVRTC), "..", "include"), header: "nvrtc.h", variable: VariableNVRTC,
			lines: []string{"#include <nvrtc.h>"},
			holds: append(proof(t, rtcCalls{}, "cuda"),
				equal(compilationFailed, "NVRTC_ERROR_COMPILATION"),
				equal(invalidOption, "NVRTC_ERROR_INVALID_OPTION")),
		},
		{
			name: "hip", include: hip, header: "hip/hip_runtime_api.h",
			lines: []string{"#define __HIP_PLATFORM_AMD__", "#include <hip/hip_runtime_api.h>"},
			holds: append(append(proof(t, calls{}, "hip"), numbers(amd.attributes,
				"hipDeviceAttributeMultiprocessorCount", "hipDeviceAttributeClockRate", "hipDeviceAttributeWarpSize",
				"hipDeviceAttributeMaxThreadsPerBlock", "hipDeviceAttributeMaxSharedMemoryPerBlock")...),
				"takes(hipSetDevice, {4})",
				"takes(hipModuleLaunchKernel, {8, 4, 4, 4, 4, 4, 4, 4, 8, -8, -8})",
				"takes(hipGetDeviceProperties, {-int(sizeof(hipDeviceProp_t)), 4})",
				"sizeof(hipDeviceProp_t) <= 16384 && offsetof(hipDeviceProp_t, gcnArchName) >= 256 && offsetof(hipDeviceProp_t, name) == 0",
				equal(functionMaxGroup, "HIP_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK"),
				equal(functionLocal, "HIP_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES"),
				equal(functionSpill, "HIP_FUNC_ATTRIBUTE_LOCAL_SIZE_BYTES"),
				equal(functionRegisters, "HIP_FUNC_ATTRIBUTE_NUM_REGS"),
				equal(nonBlocking, "hipStreamNonBlocking"),
				equal(0, "hipEventDefault")),
		},
		{
			name: "hiprtc", include: hip, header: "hip/hiprtc.h",
			lines: []string{"#define __HIP_PLATFORM_AMD__", "#include <hip/hiprtc.h>"},
			holds: append(proof(t, rtcCalls{}, "hip"),
				equal(compilationFailed, "HIPRTC_ERROR_COMPILATION"),
				equal(invalidOption, "HIPRTC_ERROR_INVALID_OPTION")),
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := os.Stat(filepath.Join(c.include, c.header))
			if err != nil && c.variable != "" {
				err = fmt.Errorf("%w: %s names where it is", err, c.variable)
			}
			need(t, c.header, err)
			_, err = exec.LookPath("c++")
			need(t, "C++ compiler", err)
			for _, code := range codes {
				if c.name == "cuda" && code.cuda != "" {
					c.holds = append(c.holds, equal(code.code, code.cuda))
				}
				if c.name == "hip" && code.hip != "" {
					c.holds = append(c.holds, equal(code.code, code.hip))
				}
			}
			program := strings.Join(c.lines, "\n") + "\n" + check
			for _, h := range c.holds {
				program += fmt.Sprintf("static_assert(%s);\n", h)
			}
			assert.NoError(t, syntax(c.include, program))
			assert.Error(t, syntax(c.include, program+"static_assert(takes("+map[string]string{
				"cuda": "cuMemFree_v2, {4}", "hip": "hipFree, {4}", "nvrtc": "nvrtcGetPTX, {8, -8}", "hiprtc": "hiprtcGetCode, {8, 8, 8}",
			}[c.name]+"));\n"), "the check can fail")
		})
	}
}

func equal(number int, name string) string { return fmt.Sprintf("int(%s) == %d", name, number) }

func numbers(a attributes, units, clock, width, maxGroup, local string) []string {
	return []string{equal(int(a.units), units), equal(int(a.clock), clock), equal(int(a.width), width), equal(int(a.maxGroup), maxGroup), equal(int(a.local), local)}
}

// syntax lets the C++ compiler read a program.
func syntax(include, program string) error {
	c := exec.Command("c++", "-std=c++17", "-fsyntax-only", "-w", "-I", include, "-x", "c++", "-")
	c.Stdin = strings.NewReader(program)
	if text, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("%w\n%s", err, text)
	}
	return nil
}
