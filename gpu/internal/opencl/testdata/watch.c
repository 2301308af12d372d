// An OpenCL library for tests. It passes each call on to another, and watches: what is
// made is counted until it is released, and what is released twice, or used afterwards,
// is a misuse. It fails on demand, answers for other devices, and can do nothing at a
// launch, so that the cost of the calls alone is left.
#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef int32_t code;
typedef void *handle;
enum { SUCCESS = 0, INVALID_VALUE = -30, PLATFORM_NOT_FOUND = -1001 };
enum kind { CONTEXT, MEMORY, PROGRAM, KERNEL, QUEUE, EVENT, KINDS };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct { handle h; enum kind k; } made[4096];
static int count;
static atomic_int misuses, idle, sets;
static struct { char call[64]; code c; } fault;
static struct { uint32_t what; unsigned char bytes[64]; size_t size; } answers[32];
static int answered;

// The functions for tests.

int watch_misuses(void) { return atomic_exchange(&misuses, 0); }
int watch_sets(void) { return atomic_exchange(&sets, 0); } // of arguments
void watch_idle(int on) { idle = on; }

int watch_live(int k) {
	int n = 0;
	pthread_mutex_lock(&lock);
	for (int i = 0; i < count; i++)
		n += (int)made[i].k == k;
	pthread_mutex_unlock(&lock);
	return n;
}

// watch_fail makes calls of a function return a code; 0 ends it.
void watch_fail(const char *call, int c) {
	strncpy(fault.call, call, sizeof fault.call - 1);
	fault.c = c;
}

// watch_answer is what all devices answer; of no bytes, that they do not know.
// watch_forget ends it. watch_abandon ends the watch of what is live.
void watch_answer(uint32_t what, const void *bytes, size_t size) {
	answers[answered].what = what;
	answers[answered].size = size;
	memcpy(answers[answered++].bytes, bytes, size);
}

void watch_forget(void) { answered = 0; }
void watch_abandon(void) { count = 0; }

// What they stand on.

static void *find(const char *call) {
	static void *library;
	if (!library) {
		const char *path = getenv("WATCHED_OPENCL");
		library = dlopen(path ? path : "libOpenCL.so.1", RTLD_NOW | RTLD_LOCAL);
	}
	return library ? dlsym(library, call) : NULL;
}

static code failed(const char *call) { return fault.c && !strcmp(call, fault.call) ? fault.c : SUCCESS; }

static void add(handle h, enum kind k) {
	pthread_mutex_lock(&lock);
	if (count == sizeof made / sizeof *made)
		abort();
	made[count].h = h;
	made[count++].k = k;
	pthread_mutex_unlock(&lock);
}

// known tells whether a handle is live, and forgets it.
static int known(handle h, enum kind k, int forget) {
	int i;
	pthread_mutex_lock(&lock);
	for (i = count - 1; i >= 0; i--)
		if (made[i].h == h && made[i].k == k)
			break;
	if (i >= 0 && forget)
		made[i] = made[--count];
	pthread_mutex_unlock(&lock);
	misuses += i < 0;
	return i >= 0;
}

#define FIND(call, result, parameters) \
	static result (*f) parameters; \
	if (!f) \
		f = (result (*) parameters)find(#call);

// PASS defines a function that returns a code.
#define PASS(call, parameters, arguments, right) \
	code call parameters { \
		FIND(call, code, parameters) \
		code c = failed(#call); \
		if (c) \
			return c; \
		if (!(right)) \
			return INVALID_VALUE; \
		return f ? f arguments : PLATFORM_NOT_FOUND; \
	}

// MAKE defines a function that makes a thing.
#define MAKE(call, parameters, arguments, right, kind) \
	handle call parameters { \
		FIND(call, handle, parameters) \
		*error = failed(#call); \
		if (!*error && !(right)) \
			*error = INVALID_VALUE; \
		if (*error) \
			return NULL; \
		handle h = f arguments; \
		if (h) \
			add(h, kind); \
		return h; \
	}

#define RELEASE(call, kind) PASS(call, (handle h), (h), known(h, kind, 1))

// What other functions are given.
#define LIVE(h, kind) known(h, kind, 0)
#define WAITS uint32_t n, const handle *waits, handle *event

PASS(clGetPlatformIDs, (uint32_t n, handle *ids, uint32_t *found), (n, ids, found), 1)
PASS(clGetDeviceIDs, (handle p, uint64_t t, uint32_t n, handle *ids, uint32_t *found), (p, t, n, ids, found), 1)

code clGetDeviceInfo(handle d, uint32_t what, size_t size, void *value, size_t *needed) {
	FIND(clGetDeviceInfo, code, (handle, uint32_t, size_t, void *, size_t *))
	for (int i = 0; i < answered; i++)
		if (answers[i].what == what) {
			if (!answers[i].size || value && size < answers[i].size)
				return INVALID_VALUE;
			if (value)
				memcpy(value, answers[i].bytes, answers[i].size);
			if (needed)
				*needed = answers[i].size;
			return SUCCESS;
		}
	return f(d, what, size, value, needed);
}

MAKE(clCreateContext, (const intptr_t *p, uint32_t n, const handle *d, void *notify, void *data, code *error), (p, n, d, notify, data, error), 1, CONTEXT)
RELEASE(clReleaseContext, CONTEXT)
MAKE(clCreateBuffer, (handle c, uint64_t flags, size_t size, void *host, code *error), (c, flags, size, host, error), LIVE(c, CONTEXT), MEMORY)
RELEASE(clReleaseMemObject, MEMORY)
MAKE(clCreateProgramWithSource, (handle c, uint32_t n, const char **text, const size_t *sizes, code *error), (c, n, text, sizes, error), LIVE(c, CONTEXT), PROGRAM)
PASS(clBuildProgram, (handle p, uint32_t n, const handle *d, const char *options, void *notify, void *data), (p, n, d, options, notify, data), LIVE(p, PROGRAM))
PASS(clGetProgramBuildInfo, (handle p, handle d, uint32_t what, size_t size, void *value, size_t *needed), (p, d, what, size, value, needed), LIVE(p, PROGRAM))
RELEASE(clReleaseProgram, PROGRAM)
MAKE(clCreateKernel, (handle p, const char *name, code *error), (p, name, error), LIVE(p, PROGRAM), KERNEL)
PASS(clGetKernelWorkGroupInfo, (handle k, handle d, uint32_t what, size_t size, void *value, size_t *needed), (k, d, what, size, value, needed), LIVE(k, KERNEL))
RELEASE(clReleaseKernel, KERNEL)
MAKE(clCreateCommandQueue, (handle c, handle d, uint64_t flags, code *error), (c, d, flags, error), LIVE(c, CONTEXT), QUEUE)
PASS(clFlush, (handle q), (q), LIVE(q, QUEUE))
PASS(clFinish, (handle q), (q), LIVE(q, QUEUE))
RELEASE(clReleaseCommandQueue, QUEUE)
PASS(clEnqueueWriteBuffer, (handle q, handle m, uint32_t block, size_t offset, size_t size, const void *p, WAITS), (q, m, block, offset, size, p, n, waits, event), LIVE(q, QUEUE) && LIVE(m, MEMORY))
PASS(clEnqueueReadBuffer, (handle q, handle m, uint32_t block, size_t offset, size_t size, void *p, WAITS), (q, m, block, offset, size, p, n, waits, event), LIVE(q, QUEUE) && LIVE(m, MEMORY))
PASS(clEnqueueCopyBuffer, (handle q, handle m, handle to, size_t offset, size_t offset2, size_t size, WAITS), (q, m, to, offset, offset2, size, n, waits, event), LIVE(q, QUEUE) && LIVE(m, MEMORY) && LIVE(to, MEMORY))
PASS(clEnqueueFillBuffer, (handle q, handle m, const void *p, size_t size, size_t offset, size_t bytes, WAITS), (q, m, p, size, offset, bytes, n, waits, event), LIVE(q, QUEUE) && LIVE(m, MEMORY))
PASS(clWaitForEvents, (uint32_t n, const handle *events), (n, events), LIVE(*events, EVENT))
PASS(clGetEventProfilingInfo, (handle e, uint32_t what, size_t size, void *value, size_t *needed), (e, what, size, value, needed), LIVE(e, EVENT))
RELEASE(clReleaseEvent, EVENT)

code clEnqueueMarkerWithWaitList(handle q, WAITS) {
	FIND(clEnqueueMarkerWithWaitList, code, (handle, WAITS))
	code c = failed("clEnqueueMarkerWithWaitList");
	if (!c)
		c = LIVE(q, QUEUE) ? f(q, n, waits, event) : INVALID_VALUE;
	if (!c)
		add(*event, EVENT);
	return c;
}

code clSetKernelArg(handle k, uint32_t i, size_t size, const void *value) {
	FIND(clSetKernelArg, code, (handle, uint32_t, size_t, const void *))
	sets++;
	if (idle)
		return SUCCESS;
	code c = failed("clSetKernelArg");
	return c ? c : LIVE(k, KERNEL) ? f(k, i, size, value) : INVALID_VALUE;
}

code clEnqueueNDRangeKernel(handle q, handle k, uint32_t d, const size_t *offset, const size_t *global, const size_t *local, WAITS) {
	FIND(clEnqueueNDRangeKernel, code, (handle, handle, uint32_t, const size_t *, const size_t *, const size_t *, WAITS))
	if (idle)
		return SUCCESS;
	code c = failed("clEnqueueNDRangeKernel");
	return c ? c : LIVE(q, QUEUE) && LIVE(k, KERNEL) ? f(q, k, d, offset, global, local, n, waits, event) : INVALID_VALUE;
}
