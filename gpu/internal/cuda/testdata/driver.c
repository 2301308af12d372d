// A driver of CUDA, or of HIP where HIP is defined, to test against. Its devices are the
// processor: memory is the host's, a kernel is a function that compiler.c has compiled.
// It is strict. What is put into a stream runs when somebody waits for it, so that a
// missing wait shows. Calls are checked for the current device, for what belongs to it
// and for what has been freed, and are recorded. An error that would end a real context
// ends this one.
#include "driver.h"

// For tests.

void fake_reset(void) {
  pthread_mutex_lock(&lock);
  config.devices = 2, config.major = 8, config.minor = 0, config.memory = 1 << 30, config.version = OF(12040, 60443483), config.local = 0;
  failure.nth = 0;
  recorded = 0;
  memset(broken, 0, sizeof broken);
  pthread_mutex_unlock(&lock);
}

__attribute__((constructor)) static void start(void) { fake_reset(); }

void fake_set(const char *key, long value) {
  pthread_mutex_lock(&lock);
  if (strcmp(key, "devices") == 0) config.devices = value;
  if (strcmp(key, "major") == 0) config.major = value;
  if (strcmp(key, "minor") == 0) config.minor = value;
  if (strcmp(key, "memory") == 0) config.memory = value;
  if (strcmp(key, "version") == 0) config.version = value;
  if (strcmp(key, "local") == 0) config.local = value;
  pthread_mutex_unlock(&lock);
}

// fake_fail makes the nth call of a function from now on fail.
void fake_fail(const char *call, long nth, long code) {
  pthread_mutex_lock(&lock);
  snprintf(failure.call, sizeof failure.call, "%s", call);
  failure.nth = nth, failure.code = code;
  pthread_mutex_unlock(&lock);
}

// fake_record is the record of calls, fake_forget begins a new one.
const char *fake_record(void) { return recorded ? record : ""; }
void fake_forget(void) { recorded = 0; }

// fake_live is the number of objects that have not been freed.
long fake_live(void) {
  pthread_mutex_lock(&lock);
  long n = 0;
  for (struct object *o = objects; o; o = o->next) n += o->live && o->kind != CONTEXT && o->kind != KERNEL;
  for (int i = 0; i < MAX_DEVICES; i++) n += retained[i];
  pthread_mutex_unlock(&lock);
  return n;
}

// fake_idle makes the calls of a launch do nothing, to see what calling them costs.
static int idle;
void fake_idle(long v) { idle = v; }

// fake_current is the device that is current on the calling thread.
long fake_current(void) { return current; }

// fake_sweep forgets all objects but contexts.
void fake_sweep(void) {
  pthread_mutex_lock(&lock);
  for (struct object *o = objects; o; o = o->next) o->live &= o->kind == CONTEXT;
  memset(used, 0, sizeof used);
  pthread_mutex_unlock(&lock);
}

// The driver.

FUNCTION(cuInit, hipInit, unsigned flags)
  int e = begin(call, NOTHING);
  if (!e) e = flags ? INVALID_VALUE : config.devices ? 0 : OF(NO_DEVICE, INVALID_DEVICE);
  initialized |= !e;
  return finish(call, e, " %u", flags);
}

FUNCTION(cuDriverGetVersion, hipDriverGetVersion, int *version)
  int e = begin(call, NOTHING);
  *version = config.version;
  return finish(call, e, "");
}

FUNCTION(cuDeviceGetCount, hipGetDeviceCount, int *n)
  int e = begin(call, INITIALIZED);
  *n = config.devices;
  return finish(call, e, "");
}

FUNCTION(cuDeviceGet, hipDeviceGet, int *device, int index)
  int e = begin(call, INITIALIZED);
  if (!e && (index < 0 || index >= config.devices)) e = INVALID_DEVICE;
  if (!e) *device = index;
  return finish(call, e, " %d", index);
}

FUNCTION(cuDeviceGetName, hipDeviceGetName, char *name, int size, int device)
  int e = begin(call, INITIALIZED);
  if (!e) snprintf(name, size, "processor %d", device);
  return finish(call, e, " %d", device);
}

FUNCTION(cuDeviceGetPCIBusId, hipDeviceGetPCIBusId, char *text, int size, int device)
  int e = begin(call, INITIALIZED);
  if (!e) snprintf(text, size, OF("0000:%02X:00.0", "0000:%02x:00.0"), 0x65 + 0x5a * device);
  return finish(call, e, " %d", device);
}

FUNCTION(cuDeviceTotalMem_v2, hipDeviceTotalMem, size_t *bytes, int device)
  int e = begin(call, INITIALIZED);
  if (!e) *bytes = config.memory;
  return finish(call, e, " %d", device);
}

FUNCTION(cuDeviceGetAttribute, hipDeviceGetAttribute, int *value, int attribute, int device)
  int e = begin(call, INITIALIZED);
  if (!e) switch (attribute) {
  case OF(1, 56): *value = MAX_GROUP; break;
  case OF(8, 74): *value = OF(48, 64) << 10; break;
  case OF(10, 87): *value = OF(32, 64); break;
  case OF(13, 5): *value = 1410000; break;
  case OF(16, 63): *value = 108; break;
#ifndef HIP
  case 75: *value = config.major; break;
  case 76: *value = config.minor; break;
#endif
  default: e = INVALID_VALUE;
  }
  return finish(call, e, " %d %d", attribute, device);
}

#ifdef HIP
// The struct of HIP 5, and of HIP 6.
FUNCTION(, hipGetDeviceProperties, char *p, int device)
  int e = begin(call, INITIALIZED);
  if (!e) memset(p, 0, 792), strcpy(p, "processor gfx1"), strcpy(p + 396, "gfx906:sramecc+:xnack-");
  return finish(call, e, " %d", device);
}
#ifndef HIP5
FUNCTION(, hipGetDevicePropertiesR0600, char *p, int device)
  int e = begin(call, INITIALIZED);
  if (!e) memset(p, 0, 1472), strcpy(p, "processor gfx1"), strcpy(p + 1160, "gfx90a:sramecc+:xnack-");
  return finish(call, e, " %d", device);
}
#endif

FUNCTION(, hipSetDevice, int device)
  if (idle) return 0;
  int e = begin(call, INITIALIZED);
  if (!e && (device < 0 || device >= config.devices)) e = INVALID_DEVICE;
  if (!e) current = device;
  return finish(call, e, " %d", device);
}
#else
static struct object *contexts[MAX_DEVICES];

FUNCTION(cuDevicePrimaryCtxRetain, , void **context, int device)
  int e = begin(call, INITIALIZED);
  if (!e && (device < 0 || device >= config.devices)) e = INVALID_DEVICE;
  if (!e) {
    if (!contexts[device]) contexts[device] = make(CONTEXT), contexts[device]->device = device;
    retained[device]++;
    *context = contexts[device];
  }
  return finish(call, e, " %d", device);
}

FUNCTION(cuDevicePrimaryCtxRelease_v2, , int device)
  int e = begin(call, INITIALIZED);
  if (!e && !retained[device]) e = INVALID_CONTEXT;
  if (!e) retained[device]--;
  return finish(call, e, " %d", device);
}

FUNCTION(cuCtxSetCurrent, , struct object *context)
  if (idle) return 0;
  int e = begin(call, INITIALIZED);
  if (!e) {
    e = INVALID_CONTEXT;
    for (int i = 0; i < MAX_DEVICES; i++)
      if (context && contexts[i] == context && retained[i]) current = i, e = broken[i];
  }
  return finish(call, e, " %d", current);
}
#endif

FUNCTION(cuMemAlloc_v2, hipMalloc, void **p, size_t bytes)
  int e = begin(call, CURRENT);
  if (!e && bytes == 0) e = INVALID_VALUE;
  if (!e && bytes > config.memory - used[current]) e = OUT_OF_MEMORY;
  if (!e) {
    // Up to the end of the last page, behind which there is nothing.
    size_t page = sysconf(_SC_PAGESIZE), aligned = (bytes + 255) / 256 * 256, all = (aligned + page - 1) / page * page;
    char *a = mmap(NULL, all + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    mprotect(a + all, page, PROT_NONE);
    struct object *o = make(MEMORY);
    o->address = a + all - aligned, o->bytes = bytes;
    memset(o->address, 0xA5, bytes < 1 << 20 ? bytes : 1 << 20);
    used[current] += bytes;
    *p = o->address;
  }
  return finish(call, e, " %zu", bytes);
}

FUNCTION(cuMemFree_v2, hipFree, void *p)
  int e = begin(call, CURRENT);
  struct object *m = e ? NULL : memory(p, 0);
  if (!e && (!m || m->address != p)) e = INVALID_VALUE;
  if (!e) {
    for (struct object *o = objects; o && !e; o = o->next)
      if (o->kind == STREAM && o->live && o->device == current) e = run(o);
    m->live = 0;
    used[current] -= m->bytes;
    size_t page = sysconf(_SC_PAGESIZE), aligned = (m->bytes + 255) / 256 * 256, all = (aligned + page - 1) / page * page;
    munmap(m->address + aligned - all, all + page);
  }
  return finish(call, e, " %zu", m ? m->bytes : 0);
}

FUNCTION(cuMemcpyHtoDAsync_v2, hipMemcpyHtoDAsync, char *dst, const void *src, size_t bytes, void *stream)
  int e = begin(call, CURRENT);
  if (!e) e = check(stream, STREAM);
  if (!e && !memory(dst, bytes)) e = INVALID_VALUE;
  if (!e) e = copy(stream, dst, src, bytes);
  return finish(call, e, " %zu", bytes);
}

FUNCTION(cuMemcpyDtoHAsync_v2, hipMemcpyDtoHAsync, void *dst, const char *src, size_t bytes, void *stream)
  int e = begin(call, CURRENT);
  if (!e) e = check(stream, STREAM);
  if (!e && !memory(src, bytes)) e = INVALID_VALUE;
  if (!e) e = copy(stream, dst, src, bytes);
  return finish(call, e, " %zu", bytes);
}

FUNCTION(cuMemcpyDtoDAsync_v2, hipMemcpyDtoDAsync, char *dst, const char *src, size_t bytes, void *stream)
  int e = begin(call, CURRENT);
  if (!e) e = check(stream, STREAM);
  if (!e && (!memory(dst, bytes) || !memory(src, bytes))) e = INVALID_VALUE;
  if (!e) e = copy(stream, dst, src, bytes);
  return finish(call, e, " %zu", bytes);
}

FUNCTION(cuMemsetD32Async, hipMemsetD32Async, char *dst, unsigned word, size_t words, void *stream)
  int e = begin(call, CURRENT);
  if (!e) e = check(stream, STREAM);
  if (!e && ((uintptr_t)dst % 4 || !memory(dst, 4 * words))) e = INVALID_VALUE;
  if (!e) {
    struct op *op = put(stream);
    op->what = FILL, op->dst = dst, op->word = word, op->bytes = 4 * words;
  }
  return finish(call, e, " %08x %zu", word, words);
}

FUNCTION(cuStreamCreate, hipStreamCreateWithFlags, void **stream, unsigned flags)
  int e = begin(call, CURRENT);
  if (!e) *stream = make(STREAM);
  return finish(call, e, " %u", flags);
}

FUNCTION(cuStreamDestroy_v2, hipStreamDestroy, struct object *stream)
  int e = begin(call, CURRENT);
  if (!e) e = check(stream, STREAM);
  if (!e) e = run(stream), stream->live = 0;
  return finish(call, e, "");
}

FUNCTION(cuStreamSynchronize, hipStreamSynchronize, struct object *stream)
  int e = begin(call, CURRENT);
  if (!e) e = check(stream, STREAM);
  if (!e) e = run(stream);
  return finish(call, e, "");
}

FUNCTION(cuStreamQuery, hipStreamQuery, struct object *stream)
  int e = begin(call, CURRENT);
  if (!e) e = check(stream, STREAM);
  if (!e && stream->first) e = NOT_READY;
  return finish(call, e, "");
}

FUNCTION(cuEventCreate, hipEventCreateWithFlags, void **event, unsigned flags)
  int e = begin(call, CURRENT);
  if (!e) *event = make(EVENT);
  return finish(call, e, " %u", flags);
}

FUNCTION(cuEventDestroy_v2, hipEventDestroy, struct object *event)
  int e = begin(call, CURRENT);
  if (!e) e = check(event, EVENT);
  // A stream that is yet to reach it reaches it first.
  if (!e && event->stream && !event->reached && event->stream->live) e = run(event->stream);
  if (!e) event->live = 0;
  return finish(call, e, "");
}

FUNCTION(cuEventRecord, hipEventRecord, struct object *event, void *stream)
  int e = begin(call, CURRENT);
  if (!e) e = check(event, EVENT);
  if (!e) e = check(stream, STREAM);
  if (!e) {
    struct op *op = put(stream);
    op->what = RECORD, op->object = event;
    event->stream = stream, event->reached = 0;
  }
  return finish(call, e, "");
}

FUNCTION(cuEventSynchronize, hipEventSynchronize, struct object *event)
  int e = begin(call, CURRENT);
  if (!e) e = check(event, EVENT);
  if (!e && event->stream && !event->reached) e = check(event->stream, STREAM) ? 0 : run(event->stream);
  return finish(call, e, "");
}

FUNCTION(cuEventElapsedTime, hipEventElapsedTime, float *ms, struct object *from, struct object *to)
  int e = begin(call, CURRENT);
  if (!e) e = check(from, EVENT);
  if (!e) e = check(to, EVENT);
  if (!e && (!from->stream || !to->stream)) e = INVALID_HANDLE;
  if (!e && (!from->reached || !to->reached)) e = NOT_READY;
  if (!e) *ms = to->time - from->time;
  return finish(call, e, "");
}

FUNCTION(cuModuleLoadDataEx, hipModuleLoadDataEx, void **module, const char *image, unsigned n, const int *options, void **values)
  int e = begin(call, CURRENT);
  char host[512];
  const char *mark = "\n// host ";
  if (e == 218) { // injected: what the compiler of PTX says
    for (unsigned i = 0; i < n; i++)
      if (options[i] == 5) strcpy(values[i], "ptxas application ptx input, line 7; fatal   : Parsing error near '%r1'");
  } else if (!e) {
    struct object *m = make(MODULE);
    if (memcmp(image, "\x7f" "ELF", 4) == 0) {
      const uint8_t *u = (const uint8_t *)image;
      uint64_t sections;
      memcpy(&sections, u + 40, 8);
      m->elf_bytes = sections + (u[58] | u[59] << 8) * (u[60] | u[61] << 8);
      m->elf = memcpy(malloc(m->elf_bytes), image, m->elf_bytes);
    } else if (strstr(image, mark)) {
      sscanf(strstr(image, mark) + strlen(mark), "%511s", host);
      void *library = dlopen(host, RTLD_NOW | RTLD_LOCAL);
      m->entries = library ? dlsym(library, "entries") : NULL;
      if (!m->entries) e = INVALID_IMAGE;
    } else if (strstr(image, ".version")) {
      m->text = strdup(image);
    } else {
      e = INVALID_IMAGE;
    }
    if (e) m->live = 0;
    else *module = m;
  }
  return finish(call, e, " %u", n);
}

FUNCTION(cuModuleUnload, hipModuleUnload, struct object *module)
  int e = begin(call, CURRENT);
  if (!e) e = check(module, MODULE);
  if (!e) module->live = 0;
  return finish(call, e, "");
}

// scan finds the parameters of a kernel in PTX.
static int scan(struct object *k, const char *ptx) {
  char start[160];
  snprintf(start, sizeof start, ".entry %s(", k->name);
  const char *p = strstr(ptx, start);
  if (!p) return NOT_FOUND;
  const char *end = strchr(p, ')');
  while ((p = strstr(p, ".param .")) && p < end && k->n < MAX_PARAMS) {
    int bits = 0;
    sscanf(p + strlen(".param ."), "%*[a-z]%d", &bits);
    k->sizes[k->n++] = bits / 8;
    p++;
  }
  return 0;
}

FUNCTION(cuModuleGetFunction, hipModuleGetFunction, void **kernel, struct object *module, const char *name)
  int e = begin(call, CURRENT);
  if (!e) e = check(module, MODULE);
  if (!e) {
    struct object *k = make(KERNEL);
    snprintf(k->name, sizeof k->name, "%s", name);
    k->stream = module;
    e = NOT_FOUND;
    if (module->elf) {
      char symbol[160];
      int n = snprintf(symbol, sizeof symbol, OF(".text.%s", "%s.kd"), name);
      if (memmem(module->elf, module->elf_bytes, symbol, n + 1)) e = 0;
    } else if (module->text) {
      e = scan(k, module->text);
    } else {
      for (const struct entry *t = module->entries; t->name; t++)
        if (strcmp(t->name, name) == 0) {
          e = 0, k->entry = t;
          for (; k->n < t->n; k->n++) k->sizes[k->n] = t->params[k->n].size;
        }
    }
    if (e) k->live = 0;
    else *kernel = k;
  }
  return finish(call, e, " %s", name);
}

FUNCTION(cuFuncGetAttribute, hipFuncGetAttribute, int *value, int attribute, struct object *kernel)
  int e = begin(call, CURRENT);
  if (!e) e = check(kernel, KERNEL);
  if (!e) switch (attribute) {
  case 0: *value = MAX_GROUP / 2; break; // the registers are enough for groups of 512
  case 1: *value = config.local; break;
  case 3: *value = 16; break;
  case 4: *value = 40; break;
  default: e = INVALID_VALUE;
  }
  return finish(call, e, " %d", attribute);
}

FUNCTION(cuLaunchKernel, hipModuleLaunchKernel, struct object *k, unsigned gx, unsigned gy, unsigned gz,
         unsigned bx, unsigned by, unsigned bz, unsigned local, void *stream, void **params, void **extra)
  if (idle) return 0;
  int e = begin(call, CURRENT);
  if (!e) e = check(k, KERNEL);
  if (!e) e = check(k->stream, MODULE);
  if (!e) e = check(stream, STREAM);
  if (!e && (gx == 0 || gy == 0 || gz == 0 || bx == 0 || by == 0 || bz == 0 || gx > 0x7fffffff || gy > 65535 || gz > 65535 || extra)) e = INVALID_VALUE;
  if (!e && bx * by * bz > MAX_GROUP) e = INVALID_VALUE;
  if (!e && bx * by * bz > MAX_GROUP / 2) e = OUT_OF_RESOURCES;
  char hex[2 * 9 * MAX_PARAMS + 1] = "", *h = hex;
  if (!e) {
    struct op *op = put(stream);
    op->what = LAUNCH, op->object = k;
    memcpy(op->grid, (unsigned[]){gx, gy, gz}, sizeof op->grid);
    memcpy(op->group, (unsigned[]){bx, by, bz}, sizeof op->group);
    for (int i = 0; i < k->n; i++) {
      memcpy(&op->args[i], params[i], k->sizes[i]);
      *h++ = ' ';
      for (int j = 0; j < k->sizes[i]; j++) h += sprintf(h, "%02x", ((uint8_t *)&op->args[i])[j]);
    }
  }
  return finish(call, e, " %s %u,%u,%u %u,%u,%u %u%s", check(k, KERNEL) ? "?" : k->name, gx, gy, gz, bx, by, bz, local, hex);
}

static const char *name_of(int code) {
  switch (code) {
  case INVALID_VALUE: return OF("CUDA_ERROR_INVALID_VALUE", "hipErrorInvalidValue");
  case OUT_OF_MEMORY: return OF("CUDA_ERROR_OUT_OF_MEMORY", "hipErrorOutOfMemory");
  case NO_DEVICE: return OF("CUDA_ERROR_NO_DEVICE", "hipErrorNoDevice");
  case INVALID_DEVICE: return OF("CUDA_ERROR_INVALID_DEVICE", "hipErrorInvalidDevice");
  case INVALID_IMAGE: return OF("CUDA_ERROR_INVALID_IMAGE", "hipErrorInvalidImage");
  case INVALID_CONTEXT: return OF("CUDA_ERROR_INVALID_CONTEXT", "hipErrorInvalidContext");
  case ECC_UNCORRECTABLE: return OF("CUDA_ERROR_ECC_UNCORRECTABLE", "hipErrorECCNotCorrectable");
  case 218: return OF("CUDA_ERROR_INVALID_PTX", "hipErrorInvalidKernelFile");
  case INVALID_HANDLE: return OF("CUDA_ERROR_INVALID_HANDLE", "hipErrorInvalidHandle");
  case NOT_FOUND: return OF("CUDA_ERROR_NOT_FOUND", "hipErrorNotFound");
  case NOT_READY: return OF("CUDA_ERROR_NOT_READY", "hipErrorNotReady");
  case ILLEGAL_ADDRESS: return OF("CUDA_ERROR_ILLEGAL_ADDRESS", "hipErrorIllegalAddress");
  case OUT_OF_RESOURCES: return OF("CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES", "hipErrorLaunchOutOfResources");
  case LAUNCH_FAILED: return OF("CUDA_ERROR_LAUNCH_FAILED", "hipErrorLaunchFailure");
  }
  return NULL;
}

#ifdef HIP
const char *hipGetErrorName(int code) { return name_of(code) ? name_of(code) : "hipErrorUnknown"; }
#else
// NVRTC asks for this where it finds a libcuda.so.1.
int cuGetExportTable(const void **table, const void *id) { return NOT_FOUND; }

int cuGetErrorName(int code, const char **name) {
  *name = name_of(code);
  return *name ? 0 : INVALID_VALUE;
}
#endif
