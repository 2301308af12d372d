// Package gpu runs kernels on the devices of OpenCL, CUDA and HIP. The drivers are
// loaded at run time: the same program, built without cgo and without any SDK, runs
// where there is a device and where there is none.
//
// A [Device] has memory ([Buffer]), programs compiled from source ([Module], [Kernel])
// and queues ([Queue]) in which copies and kernels run in order; an [Event] is a point in
// a queue and tells times. What is made on a device is closed with it, or before by its
// own Close. A [Monitor] tells of a card's load, memory, temperature and power.
//
// # Devices
//
// [Devices] lists them. [Open] takes their names: opencl:0, cuda:0, hip:0, numbered by
// the driver from 0, or auto: the first that is no processor, else the first. One card may be there
// twice, by its vendor's driver and by OpenCL; auto takes the vendor's.
//
// OpenCL is 1.2 or later, with all its platforms: cards of AMD, NVIDIA and Intel, and
// processors by PoCL. CUDA is the driver, version 11 or later, with NVRTC 11.2 or later as
// its compiler, which comes with the CUDA toolkit or as the Python package
// nvidia-cuda-nvrtc-cu12. HIP is ROCm 5 or later with hipRTC.
//
// # Telemetry
//
// [OpenMonitor] opens the management libraries of the vendors: NVML; AMD SMI, else ROCm
// SMI. Built with -tags goamdsmi and cgo it reads AMD's cards through AMD's binding for
// Go, which is linked with ROCm SMI and the shim in its module. [Telemetry] is joined to
// [Info] by the PCI address of both.
//
// # Kernels
//
// The source is C99 less what OpenCL C, CUDA and HIP do not share, with the macros of
// [Prelude]:
//
//	KERNEL name(GLOBAL const real *RESTRICT x, const int n)   a kernel
//	DEVICE real f(real a)                                     a function for kernels
//	LOCAL real tile[N];                                       memory of a work group
//	BARRIER();                                                of a work group
//	GLOBAL_ID(d), GROUP(d), LOCAL_ID(d), GROUPS(d), LOCAL_SIZE(d)   in dimension d: 0, 1, 2
//
// The type real is float, or double if [Source.Double] is set; REAL(0.5) is a constant
// of it. Numbers are int and uint of 32 bits, long and ulong of 64, float, double, real.
// The parameters of a kernel are such numbers, and GLOBAL pointers to anything but
// pointers: [Device.Compile] reads their types from the text, to check and pack
// arguments, so they are written out and not made by macros. LOCAL arrays stand at the
// top of a kernel and have a constant size. Every work item of a group reaches every
// BARRIER, or none does.
//
// To avoid: recursion, pointers to functions, variable-length arrays, GLOBAL pointers
// inside of structs, pointers to pointers, variables outside of functions; names that are
// keywords in one of the languages, as half, kernel, global, event_t, float4, class, new,
// template; casts of a GLOBAL pointer without GLOBAL. fabs, sqrt, exp, fmin, floor and the
// like take float and double. Products and sums may be fused (a b + c rounded once);
// otherwise arithmetic follows IEEE 754, save that OpenCL allows 2.5 and 3 units in the
// last place for division and square root in single precision, and denormals may be
// taken for zero there.
//
// # Errors
//
// Errors wrap one of [ErrNoBackend], [ErrNoDevice], [ErrNoFloat64], [ErrMemory],
// [ErrLost], [ErrClosed], [ErrArgument] and [ErrCompile], or else are a driver's own
// ([DriverError], with the vendor's code and name, also beneath the others where it was the
// driver that found the fault). Of a program that does not compile the error is a
// [CompileError], with the line and the compiler's log. Kernels run later than they are
// launched: that one has crashed is told by a later call. After ErrLost all that is left is to
// close the device.
//
// # Concurrency
//
// A Device, a Module and a Kernel may be used by many goroutines, a Queue by one at
// a time. Two queues run side by side; to use in one what another has written, wait for it,
// or for an event in it. Nothing may be closed while another goroutine uses it, or while a
// queue has work left that does.
//
// # Environment
//
// These name the file of a library to load instead of those that are looked for, or are
// off, for none:
//
//	RITZ_OPENCL                 OpenCL: libOpenCL.so.1, OpenCL.dll
//	RITZ_CUDA, RITZ_NVRTC       CUDA: libcuda.so.1, nvcuda.dll; and its compiler
//	RITZ_HIP, RITZ_HIPRTC       HIP: libamdhip64.so, amdhip64.dll; and its compiler
//	RITZ_NVML                   telemetry: libnvidia-ml.so.1, nvml.dll
//	RITZ_AMD_SMI, RITZ_ROCM_SMI libamd_smi.so, librocm_smi64.so
//
// PoCL and hipRTC that share one libLLVM, as Debian 12 packages them, abort the process
// once both compile in it: RITZ_OPENCL=off leaves HIP alone.
package gpu
