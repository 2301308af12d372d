// The prelude of every kernel: one subset of C99 for OpenCL C, CUDA and HIP.
//
//   KERNEL name(GLOBAL const real *RESTRICT x, GLOBAL real *RESTRICT y, const int n)
//   LOCAL real tile[N];   of a work group, at the top of a kernel
//   BARRIER();            of a work group
//   GROUP(0), LOCAL_ID(0), GLOBAL_ID(0), GROUPS(0), LOCAL_SIZE(0): dimensions 0, 1, 2
//
// GROUP_X, GROUP_Y, GROUP_Z: the size of a work group, where the source has one
//
// real is double or float; REAL(0.5) a constant of it. Parameters are pointers to
// global memory or of type int, uint, long, ulong, float, double or real.
#if defined(__OPENCL_VERSION__) || defined(__OPENCL_C_VERSION__)
#if REAL_SIZE == 8 && defined(cl_khr_fp64)
#pragma OPENCL EXTENSION cl_khr_fp64 : enable
#endif
#ifdef GROUP_X
#define KERNEL __kernel __attribute__((reqd_work_group_size(GROUP_X, GROUP_Y, GROUP_Z))) void
#else
#define KERNEL __kernel void
#endif
#define GLOBAL __global
#define LOCAL __local
#define DEVICE static inline
#define RESTRICT restrict
#define BARRIER() barrier(CLK_LOCAL_MEM_FENCE)
#define GROUP(d) ((int)get_group_id(d))
#define GROUPS(d) ((int)get_num_groups(d))
#define LOCAL_ID(d) ((int)get_local_id(d))
#define LOCAL_SIZE(d) ((int)get_local_size(d))
#define GLOBAL_ID(d) ((int)get_global_id(d))
#else
#ifdef GROUP_X
#define KERNEL extern "C" __global__ __launch_bounds__(GROUP_X * GROUP_Y * GROUP_Z) void
#else
#define KERNEL extern "C" __global__ void
#endif
#define GLOBAL
#define LOCAL __shared__
#define DEVICE static __device__ __forceinline__
#define RESTRICT __restrict__
#define BARRIER() __syncthreads()
#define RITZ_DIMENSION(v, d) ((int)((d) == 0 ? v.x : (d) == 1 ? v.y : v.z))
#define GROUP(d) RITZ_DIMENSION(blockIdx, d)
#define GROUPS(d) RITZ_DIMENSION(gridDim, d)
#define LOCAL_ID(d) RITZ_DIMENSION(threadIdx, d)
#define LOCAL_SIZE(d) RITZ_DIMENSION(blockDim, d)
#define GLOBAL_ID(d) (GROUP(d) * LOCAL_SIZE(d) + LOCAL_ID(d))
typedef unsigned int ritz_uint;
typedef unsigned long long ritz_ulong;
#define uint ritz_uint
#define ulong ritz_ulong // HIP has another: unsigned long
#define long long long
#endif
#if REAL_SIZE == 8
typedef double real;
#define REAL(x) x
#else
typedef float real;
#define REAL(x) x##f
#endif
