// Package gpu runs kernels on the devices of OpenCL, CUDA and HIP. The drivers are
// loaded at run time: the same program, built without cgo and without any SDK, runs
// where there is a device and where there is none.
//
// A [Device] has memory ([Buffer]), programs compiled from source ([Module], [Kernel])
// and queues ([Queue]) in which kernels run in order. The source is a subset of C99
// with a few macros ([Prelude]) and compiles for all three.
package gpu
