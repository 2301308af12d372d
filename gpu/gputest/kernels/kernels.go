// Package kernels has the kernels that gputest judges devices with, for those too who try
// a device outside of a test.
package kernels

import (
	"strings"

	"github.com/seed-0772dd2d/ritz/gpu"
)

// The names of the kernels are unique, precision included, so that a
// driver without a compiler can run twins of them on the host, found by name.

// Arguments stores a number of every type, in one work item.
var Arguments = gpu.Source{Name: "arguments.c", Text: `
KERNEL arguments(GLOBAL long *whole, GLOBAL float *fraction,
                 const int a, const uint b, const long c, const ulong d, const float e)
{
	whole[0] = a;
	whole[1] = (long)b;
	whole[2] = c;
	whole[3] = (long)d;
	fraction[0] = e;
}
`}

// Packing stores numbers of 4 and of 8 bytes that alternate, in one work item. The
// kernel is packing_float or packing_double.
func Packing(double bool) gpu.Source {
	return precision("packing.c", double, `
KERNEL packing_real(const int a, GLOBAL real *out, const real b, const long c, const uint d,
                    const real e, const ulong f, const float g, GLOBAL int *last, const int h)
{
	out[0] = (real)a;
	out[1] = b;
	out[2] = (real)c;
	out[3] = (real)d;
	out[4] = e;
	out[5] = (real)f;
	out[6] = (real)g;
	last[0] = h;
}
`)
}

// IDs stores what each work item is told of its place: 15 numbers at 15 i for item i of
// all, dimension 0 running first: for each dimension the number in all, the group, the
// number in the group, the groups and the size of a group.
var IDs = gpu.Source{Name: "ids.c", Text: `
KERNEL ids(GLOBAL int *out)
{
	const int nx = GROUPS(0) * LOCAL_SIZE(0), ny = GROUPS(1) * LOCAL_SIZE(1);
	GLOBAL int *o = out + 15 * ((GLOBAL_ID(2) * ny + GLOBAL_ID(1)) * nx + GLOBAL_ID(0));
	o[0] = GLOBAL_ID(0), o[1] = GROUP(0), o[2] = LOCAL_ID(0), o[3] = GROUPS(0), o[4] = LOCAL_SIZE(0);
	o[5] = GLOBAL_ID(1), o[6] = GROUP(1), o[7] = LOCAL_ID(1), o[8] = GROUPS(1), o[9] = LOCAL_SIZE(1);
	o[10] = GLOBAL_ID(2), o[11] = GROUP(2), o[12] = LOCAL_ID(2), o[13] = GROUPS(2), o[14] = LOCAL_SIZE(2);
}
`}

// Axpy computes y += a x for n numbers, n at most the work items. The kernel is
// axpy_float or axpy_double.
func Axpy(double bool) gpu.Source {
	return precision("axpy.c", double, `
KERNEL axpy_real(GLOBAL const real *RESTRICT x, GLOBAL real *RESTRICT y, const real a, const int n)
{
	const int i = GLOBAL_ID(0);
	if (i < n)
		y[i] += a * x[i];
}
`)
}

// Reverse reverses the numbers of each group through local memory. Groups have at most
// 64 work items.
var Reverse = gpu.Source{Name: "reverse.c", Text: `
KERNEL reverse(GLOBAL int *x)
{
	LOCAL int tile[64];
	tile[LOCAL_ID(0)] = x[GLOBAL_ID(0)];
	BARRIER();
	x[GLOBAL_ID(0)] = tile[LOCAL_SIZE(0) - 1 - LOCAL_ID(0)];
}
`}

// Sum adds the numbers of each group of 64 work items in pairs: six barriers.
var Sum = gpu.Source{Name: "sum.c", Text: `
KERNEL sum(GLOBAL const long *RESTRICT x, GLOBAL long *RESTRICT sums)
{
	LOCAL long tile[64];
	const int i = LOCAL_ID(0);
	tile[i] = x[GLOBAL_ID(0)];
	for (int width = 32; width > 0; width /= 2) {
		BARRIER();
		if (i < width)
			tile[i] += tile[i + width];
	}
	if (i == 0)
		sums[GROUP(0)] = tile[0];
}
`}

// Whole stores 10 whole numbers for each pair of the n pairs x, y, y not 0: sum,
// product, quotient, remainder, and, exclusive or, x shifted left by y mod 64 and right
// as unsigned by it, x cut to int, x cut to uint.
var Whole = gpu.Source{Name: "whole.c", Text: `
KERNEL whole(GLOBAL const long *RESTRICT x, GLOBAL const long *RESTRICT y, GLOBAL long *RESTRICT out, const int n)
{
	const int i = GLOBAL_ID(0);
	if (i >= n)
		return;
	const ulong a = (ulong)x[i], b = (ulong)y[i];
	GLOBAL long *o = out + 10 * i;
	o[0] = (long)(a + b);
	o[1] = (long)(a * b);
	o[2] = x[i] / y[i];
	o[3] = x[i] % y[i];
	o[4] = (long)(a & b);
	o[5] = (long)(a ^ b);
	o[6] = (long)(a << (b & 63));
	o[7] = (long)(a >> (b & 63));
	o[8] = (int)x[i];
	o[9] = (long)(uint)a;
}
`}

// Functions stores 8 numbers for each of n numbers x: -x, |x|, 1/x, the root of |x|, the
// floor, the smaller of x and 1, the larger, x - x. The kernel is functions_float or
// functions_double.
func Functions(double bool) gpu.Source {
	return precision("functions.c", double, `
KERNEL functions_real(GLOBAL const real *RESTRICT x, GLOBAL real *RESTRICT out, const int n)
{
	const int i = GLOBAL_ID(0);
	if (i >= n)
		return;
	const real v = x[i];
	GLOBAL real *o = out + 8 * i;
	o[0] = -v;
	o[1] = fabs(v);
	o[2] = REAL(1.0) / v;
	o[3] = sqrt(fabs(v));
	o[4] = floor(v);
	o[5] = fmin(v, REAL(1.0));
	o[6] = fmax(v, REAL(1.0));
	o[7] = v - v;
}
`)
}

// Triple replaces n numbers x by 3 x + c, rounds times.
var Triple = gpu.Source{Name: "triple.c", Text: `
KERNEL triple(GLOBAL uint *x, const uint c, const int rounds, const int n)
{
	const int i = GLOBAL_ID(0);
	if (i >= n)
		return;
	uint v = x[i];
	for (int k = 0; k < rounds; k++)
		v = 3 * v + c;
	x[i] = v;
}
`}

// Nothing has no parameters and does nothing.
var Nothing = gpu.Source{Name: "nothing.c", Text: `
KERNEL nothing(void) {}
`}

// All are the sources that compile, by the name of their kernel.
func All() map[string]gpu.Source {
	return map[string]gpu.Source{
		"arguments":        Arguments,
		"packing_float":    Packing(false),
		"packing_double":   Packing(true),
		"ids":              IDs,
		"axpy_float":       Axpy(false),
		"axpy_double":      Axpy(true),
		"reverse":          Reverse,
		"sum":              Sum,
		"whole":            Whole,
		"functions_float":  Functions(false),
		"functions_double": Functions(true),
		"triple":           Triple,
		"nothing":          Nothing,
	}
}

// precision is a source whose kernel ends in the name of its precision instead of _real.
func precision(name string, double bool, text string) gpu.Source {
	ending := "_float("
	if double {
		ending = "_double("
	}
	return gpu.Source{Name: name, Double: double, Text: strings.ReplaceAll(text, "_real(", ending)}
}
