// What stands before a kernel that is compiled for the host instead of by NVRTC or hipRTC:
// their language in C++.
#include <utility>

#include "host.h"

static host here;

#define __global__
#define __device__
#define __shared__ static // groups run one after the other
#define __forceinline__ inline
#define __launch_bounds__(n)
#define threadIdx here.thread
#define blockIdx here.group
#define blockDim here.size
#define gridDim here.grid

static inline void __syncthreads() { here.barrier(); }

template <class T> static inline T min(T a, T b) { return a < b ? a : b; }
template <class T> static inline T max(T a, T b) { return a < b ? b : a; }

// The functions of both precisions, without math.h: its names are free for kernels.
#define OF_ONE(name)                                               \
  static inline double name(double x) { return __builtin_##name(x); } \
  static inline float name(float x) { return __builtin_##name##f(x); }
#define OF_TWO(name)                                                            \
  static inline double name(double x, double y) { return __builtin_##name(x, y); } \
  static inline float name(float x, float y) { return __builtin_##name##f(x, y); }
OF_ONE(fabs) OF_ONE(sqrt) OF_ONE(floor) OF_ONE(ceil) OF_ONE(exp) OF_ONE(log) OF_ONE(sin) OF_ONE(cos) OF_ONE(tanh)
OF_TWO(fmin) OF_TWO(fmax) OF_TWO(pow) OF_TWO(fmod)

template <class T> struct param_of { static constexpr param value = {sizeof(T), 0}; };
template <class T> struct param_of<T *> { static constexpr param value = {sizeof(T *), 1}; };

// kernel_entry is the entry of a function whatever its parameters.
template <class T, T f> struct kernel_entry;
template <class... A, void (*f)(A...)> struct kernel_entry<void (*)(A...), f> {
  static constexpr param params[] = {param_of<A>::value..., {}};
  template <std::size_t... i> static void go(void **args, std::index_sequence<i...>) { f(*(A *)args[i]...); }
  static void call(void **args) { go(args, std::index_sequence_for<A...>{}); }
  static constexpr entry of(const char *name) { return {name, call, &here, sizeof...(A), params}; }
};
