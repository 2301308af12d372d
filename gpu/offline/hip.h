// What the prelude needs of HIP, for clang without HIP's headers.
#define __global__ __attribute__((global))
#define __device__ __attribute__((device))
#define __shared__ __attribute__((shared))
#define __forceinline__ inline __attribute__((always_inline))
#define __launch_bounds__(n) __attribute__((launch_bounds(n), amdgpu_flat_work_group_size(1, n)))

struct ritz_three { unsigned x, y, z; };
#define RITZ_THREE(f) (ritz_three{f##_x(), f##_y(), f##_z()})
#define threadIdx RITZ_THREE(__builtin_amdgcn_workitem_id)
#define blockIdx RITZ_THREE(__builtin_amdgcn_workgroup_id)
#define blockDim RITZ_THREE(__builtin_amdgcn_workgroup_size)
#define gridDim (ritz_three{ \
	__builtin_amdgcn_grid_size_x() / __builtin_amdgcn_workgroup_size_x(), \
	__builtin_amdgcn_grid_size_y() / __builtin_amdgcn_workgroup_size_y(), \
	__builtin_amdgcn_grid_size_z() / __builtin_amdgcn_workgroup_size_z()})

static __device__ __forceinline__ void __syncthreads() {
	__builtin_amdgcn_fence(__ATOMIC_RELEASE, "workgroup");
	__builtin_amdgcn_s_barrier();
	__builtin_amdgcn_fence(__ATOMIC_ACQUIRE, "workgroup");
}
