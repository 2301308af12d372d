// What driver.c is made of: its objects, the checks and the record of its calls, and streams,
// which run kernels.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "host.h"

#ifdef HIP
#define OF(cuda, hip) hip
#else
#define OF(cuda, hip) cuda
#endif

// FUNCTION begins a function of the driver; call is its name.
#define FUNCTION(cuda, hip, ...)                 \
  int OF(cuda, hip)(__VA_ARGS__) {               \
    const char *call = OF(#cuda, #hip);

enum {
  INVALID_VALUE = 1, OUT_OF_MEMORY = 2, NOT_INITIALIZED = 3, NO_DEVICE = 100, INVALID_DEVICE = 101,
  INVALID_IMAGE = 200, INVALID_CONTEXT = 201, ECC_UNCORRECTABLE = 214, INVALID_HANDLE = 400, NOT_FOUND = 500,
  NOT_READY = 600, ILLEGAL_ADDRESS = 700, OUT_OF_RESOURCES = 701, CONTEXT_IS_DESTROYED = 709, LAUNCH_FAILED = 719,
};

enum { MAX_DEVICES = 4, MAX_GROUP = 1024, MAX_PARAMS = 64 };

// What a test sets.
static struct { long devices, major, minor, memory, version, local; } config;
static struct { char call[64]; long nth, code; } failure; // without a name: any call of a device

// The record of calls.
static char *record;
static size_t recorded;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int initialized, broken[MAX_DEVICES];
static size_t used[MAX_DEVICES];
static _Thread_local int current = OF(-1, 0);

enum kind { CONTEXT, MEMORY, MODULE, KERNEL, STREAM, EVENT };

// An object stays in the list when it has been freed, so that its use is found out.
struct object {
  struct object *next;
  enum kind kind;
  int device, live;
  char *address; size_t bytes;                     // memory
  const struct entry *entries; char *text;         // module: of the host, or PTX
  const char *elf; size_t elf_bytes;               // module: machine code
  char name[128]; const struct entry *entry;       // kernel
  int n, sizes[MAX_PARAMS];                        //
  struct op *first, **last;                        // stream
  struct object *stream; int reached; double time; // event
};
static struct object *objects;
static int retained[MAX_DEVICES];

// What is put into a stream.
struct op {
  struct op *next;
  enum { COPY, FILL, LAUNCH, RECORD } what;
  char *dst; const char *src; size_t bytes; uint32_t word;
  struct object *object;
  unsigned grid[3], group[3];
  uint64_t args[MAX_PARAMS];
};

static struct object *make(enum kind kind) {
  struct object *o = calloc(1, sizeof *o);
  o->kind = kind, o->device = current, o->live = 1, o->next = objects;
  o->last = &o->first;
  return objects = o;
}

// check tells whether a handle is a living object of the current device.
static int check(const void *handle, enum kind kind) {
  for (struct object *o = objects; o; o = o->next)
    if (o == handle && o->kind == kind && o->live) return o->device == current ? 0 : INVALID_CONTEXT;
  return INVALID_HANDLE;
}

// memory is the living allocation of the current device with those bytes.
static struct object *memory(const void *p, size_t bytes) {
  const char *a = p;
  for (struct object *o = objects; o; o = o->next)
    if (o->kind == MEMORY && o->live && o->device == current && a >= o->address && a + bytes <= o->address + o->bytes) return o;
  return NULL;
}

enum need { NOTHING, INITIALIZED, CURRENT };

static int begin(const char *call, enum need need) {
  pthread_mutex_lock(&lock);
  int fails = failure.call[0] ? strcmp(call, failure.call) == 0 : need == CURRENT;
  if (failure.nth > 0 && fails && --failure.nth == 0) return failure.code;
  if (need == NOTHING) return 0;
  if (!initialized) return NOT_INITIALIZED;
  if (need == INITIALIZED) return 0;
  if (current < 0) return INVALID_CONTEXT;
  if (broken[current]) return broken[current];
#ifndef HIP
  if (!retained[current]) return CONTEXT_IS_DESTROYED;
#endif
  return 0;
}

static void note(const char *format, va_list list) {
  char line[2048];
  int n = vsnprintf(line, sizeof line, format, list);
  record = realloc(record, recorded + n + 1);
  memcpy(record + recorded, line, n + 1);
  recorded += n;
}

static void notef(const char *format, ...) {
  va_list list;
  va_start(list, format);
  note(format, list);
  va_end(list);
}

static int finish(const char *call, int code, const char *format, ...) {
  va_list list;
  va_start(list, format);
  notef("%s", call);
  note(format, list);
  if (code) notef(" = %d", code);
  notef("\n");
  va_end(list);
  if (current >= 0 && (code == ECC_UNCORRECTABLE || (code >= ILLEGAL_ADDRESS && code != OUT_OF_RESOURCES))) broken[current] = code;
  pthread_mutex_unlock(&lock);
  return code;
}

// A kernel runs group by group. A work item is a fibre, which a barrier leaves to the next
// item.
static struct fibre { ucontext_t context; char *stack; enum { READY, WAITING, DONE } state; } fibres[MAX_GROUP];
static ucontext_t scheduler;
static struct fibre *running;
static const struct entry *running_entry;
static void **running_args;

static void item(void) {
  running_entry->call(running_args);
  running->state = DONE;
}

static void barrier(void) {
  running->state = WAITING;
  swapcontext(&running->context, &scheduler);
}

static int run_group(struct host *h, int items) {
  for (int i = 0; i < items; i++) {
    struct fibre *f = &fibres[i];
    enum { BYTES = 64 << 10 };
    if (!f->stack) f->stack = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    getcontext(&f->context);
    f->context.uc_stack.ss_sp = f->stack, f->context.uc_stack.ss_size = BYTES, f->context.uc_link = &scheduler;
    makecontext(&f->context, item, 0);
    f->state = READY;
  }
  for (;;) {
    int done = 0;
    for (int i = 0; i < items; i++) {
      running = &fibres[i];
      h->thread = (struct items){i % h->size.x, i / h->size.x % h->size.y, i / h->size.x / h->size.y};
      swapcontext(&scheduler, &running->context);
      done += running->state == DONE;
    }
    if (done == items) return 0;
    if (done > 0) return LAUNCH_FAILED; // a barrier that not all of the group reach
  }
}

static int run_kernel(const struct op *op) {
  const struct object *k = op->object;
  if (!k->entry) return 0;
  void *args[MAX_PARAMS];
  for (int i = 0; i < k->n; i++) {
    args[i] = (void *)&op->args[i];
    if (k->entry->params[i].pointer && !memory((void *)op->args[i], 1)) return ILLEGAL_ADDRESS;
  }
  struct host *h = k->entry->host;
  h->grid = (struct items){op->grid[0], op->grid[1], op->grid[2]};
  h->size = (struct items){op->group[0], op->group[1], op->group[2]};
  h->barrier = barrier;
  running_entry = k->entry, running_args = args;
  int items = op->group[0] * op->group[1] * op->group[2];
  for (unsigned z = 0; z < h->grid.z; z++)
    for (unsigned y = 0; y < h->grid.y; y++)
      for (unsigned x = 0; x < h->grid.x; x++) {
        h->group = (struct items){x, y, z};
        int code = run_group(h, items);
        if (code) return code;
      }
  return 0;
}

static double milliseconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e3 + t.tv_nsec * 1e-6;
}

// run runs what is in a stream.
static int run(struct object *stream) {
  int code = 0;
  while (stream->first) {
    struct op *op = stream->first;
    stream->first = op->next;
    if (!code) switch (op->what) {
    case COPY: memmove(op->dst, op->src, op->bytes); break;
    case FILL: for (size_t i = 0; i < op->bytes / 4; i++) memcpy(op->dst + 4 * i, &op->word, 4); break;
    case LAUNCH: code = run_kernel(op); break;
    case RECORD: op->object->reached = 1, op->object->time = milliseconds(); break;
    }
    free(op);
  }
  stream->last = &stream->first;
  return code;
}

static struct op *put(void *stream) {
  struct op *op = calloc(1, sizeof *op);
  *((struct object *)stream)->last = op;
  ((struct object *)stream)->last = &op->next;
  return op;
}

static int copy(void *stream, void *dst, const void *src, size_t bytes) {
  struct op *op = put(stream);
  op->what = COPY, op->dst = dst, op->src = src, op->bytes = bytes;
  return 0;
}
