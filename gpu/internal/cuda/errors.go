package cuda

import "github.com/seed-0772dd2d/ritz/gpu/internal/driver"

// kinds are the faults that codes stand for. The two drivers number alike what both
// have: cudaError_enum in cuda.h, hipError_t in hip_runtime_api.h.
var kinds = map[int32]error{
	1:    driver.ErrArgument,  // CUDA_ERROR_INVALID_VALUE
	2:    driver.ErrMemory,    // CUDA_ERROR_OUT_OF_MEMORY
	9:    driver.ErrArgument,  // hipErrorInvalidConfiguration: of a launch
	34:   driver.ErrNoBackend, // CUDA_ERROR_STUB_LIBRARY: libcuda of the SDK, to link with
	35:   driver.ErrNoBackend, // hipErrorInsufficientDriver
	100:  driver.ErrNoDevice,  // CUDA_ERROR_NO_DEVICE
	101:  driver.ErrNoDevice,  // CUDA_ERROR_INVALID_DEVICE, hipInit where there is none
	500:  driver.ErrArgument,  // CUDA_ERROR_NOT_FOUND: no such kernel
	701:  driver.ErrArgument,  // CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES: groups too large for the kernel's registers
	803:  driver.ErrNoBackend, // CUDA_ERROR_SYSTEM_DRIVER_MISMATCH: of the library and the kernel module
	1052: driver.ErrMemory,    // hipErrorRuntimeMemory

	// After these no call succeeds in the context, or in the process.
	4:   driver.ErrLost, // CUDA_ERROR_DEINITIALIZED
	53:  driver.ErrLost, // hipErrorPriorLaunchFailure
	214: driver.ErrLost, // CUDA_ERROR_ECC_UNCORRECTABLE
	220: driver.ErrLost, // CUDA_ERROR_NVLINK_UNCORRECTABLE
	226: driver.ErrLost, // CUDA_ERROR_CONTAINED
	700: driver.ErrLost, // CUDA_ERROR_ILLEGAL_ADDRESS
	702: driver.ErrLost, // CUDA_ERROR_LAUNCH_TIMEOUT
	709: driver.ErrLost, // CUDA_ERROR_CONTEXT_IS_DESTROYED
	710: driver.ErrLost, // CUDA_ERROR_ASSERT
	714: driver.ErrLost, // CUDA_ERROR_HARDWARE_STACK_ERROR
	715: driver.ErrLost, // CUDA_ERROR_ILLEGAL_INSTRUCTION
	716: driver.ErrLost, // CUDA_ERROR_MISALIGNED_ADDRESS
	717: driver.ErrLost, // CUDA_ERROR_INVALID_ADDRESS_SPACE
	718: driver.ErrLost, // CUDA_ERROR_INVALID_PC
	719: driver.ErrLost, // CUDA_ERROR_LAUNCH_FAILED
	911: driver.ErrLost, // CUDA_ERROR_EXTERNAL_DEVICE
}

const notReady = 600 // CUDA_ERROR_NOT_READY: not an error

// unloadable are the codes of a program that a driver does not take.
var unloadable = map[int]bool{
	200: true, // CUDA_ERROR_INVALID_IMAGE
	209: true, // CUDA_ERROR_NO_BINARY_FOR_GPU
	218: true, // CUDA_ERROR_INVALID_PTX
	221: true, // CUDA_ERROR_JIT_COMPILER_NOT_FOUND
	222: true, // CUDA_ERROR_UNSUPPORTED_PTX_VERSION
	223: true, // CUDA_ERROR_JIT_COMPILATION_DISABLED
}
