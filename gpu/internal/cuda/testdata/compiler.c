// A compiler with the calls of NVRTC, or of hipRTC where HIP is defined, to test against:
// it compiles for the host with the C++ compiler, and what it makes looks like PTX and
// names the library in which driver.c finds the kernels. SOURCES is the folder of this
// file, WORK one to write to.
#define _GNU_SOURCE
#include <ctype.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef HIP
#define RTC(name) hiprtc##name
#else
#define RTC(name) nvrtc##name
#endif

enum { INVALID_INPUT = 3, INVALID_PROGRAM = 4, INVALID_OPTION = 5, COMPILATION = 6 };

struct program {
  char *source, *log, *code;
};

static long version = 12040, live;
static char options_seen[4096];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

// For tests.
void compiler_set(long v) { version = v; }
const char *compiler_options(void) { return options_seen; }
long compiler_live(void) { return live; }

const char *RTC(GetErrorString)(int code) {
  switch (code) {
  case INVALID_OPTION: return "RTC_ERROR_INVALID_OPTION";
  case COMPILATION: return "RTC_ERROR_COMPILATION";
  }
  return "RTC_ERROR";
}

int RTC(Version)(int *major, int *minor) {
  *major = version / 1000, *minor = version % 1000 / 10;
  return 0;
}

#ifndef HIP
static const int architectures[] = {70, 75, 80, 86, 89, 90};

int nvrtcGetNumSupportedArchs(int *n) {
  *n = sizeof architectures / sizeof *architectures;
  return 0;
}

int nvrtcGetSupportedArchs(int *list) {
  memcpy(list, architectures, sizeof architectures);
  return 0;
}
#endif

int RTC(CreateProgram)(struct program **p, const char *source, const char *name, int headers, const char **texts, const char **names) {
  if (!source || !name || headers || texts || names) return INVALID_INPUT;
  *p = calloc(1, sizeof **p);
  (*p)->source = strdup(source);
  (*p)->log = strdup("");
  __sync_add_and_fetch(&live, 1);
  return 0;
}

int RTC(DestroyProgram)(struct program **p) {
  if (!p || !*p) return INVALID_PROGRAM;
  free((*p)->source), free((*p)->log), free((*p)->code), free(*p);
  *p = NULL;
  __sync_sub_and_fetch(&live, 1);
  return 0;
}

// run is what a command prints.
static char *run(const char *command, int *code) {
  FILE *f = popen(command, "r");
  char *text = calloc(1, 1);
  size_t n = 0, got;
  char part[4096];
  while ((got = fread(part, 1, sizeof part, f)) > 0) {
    text = realloc(text, n + got + 1);
    memcpy(text + n, part, got);
    text[n += got] = 0;
  }
  *code = pclose(f);
  return text;
}

// entries is the table of the kernels in a preprocessed source, the functions of C.
static char *entries(const char *source) {
  char *list = calloc(1, 256), name[128];
  strcat(list, "\n#undef long\nextern \"C\" __attribute__((visibility(\"default\"))) const entry entries[] = {\n");
  const char *mark = "extern \"C\"";
  while ((source = strstr(source, mark))) {
    source += strlen(mark);
    if (sscanf(source, " void %127[A-Za-z0-9_] (", name) != 1) continue;
    list = realloc(list, strlen(list) + 3 * strlen(name) + 128);
    sprintf(list + strlen(list), "kernel_entry<decltype(&%s), &%s>::of(\"%s\"),\n", name, name, name);
  }
  return strcat(list, "{}};\n");
}

// key is a hash of a text, FNV-1a.
static unsigned long long key(unsigned long long hash, const char *text) {
  for (; *text; text++) hash = (hash ^ (unsigned char)*text) * 0x100000001b3;
  return hash;
}

// compile makes a library of a source, or finds it made.
static int compile(struct program *p, int n, const char **options) {
  char *flags = calloc(1, 1), *file, *command;
  for (int i = 0; i < n; i++) {
    if (strncmp(options[i], "-D", 2) != 0) continue; // the others are NVRTC's
    flags = realloc(flags, strlen(flags) + strlen(options[i]) + 8);
    sprintf(flags + strlen(flags), " '%s'", options[i]);
  }
  int code = 0;
  asprintf(&file, WORK "/%016llx", key(key(0xcbf29ce484222325, p->source), flags));
  asprintf(&p->code, "//\n// host %s.so\n.version 8.4\n.target %s\n", file, options[0]);
  asprintf(&command, "%s.so", file);
  if (access(command, F_OK) != 0) {
    char *path;
    asprintf(&path, "%s.cpp", file);
    FILE *f = fopen(path, "w");
    fprintf(f, "#include \"kernel.h\"\n%s\n", p->source);
    fclose(f);
    const char *cxx = "c++ -std=c++17 -I " WORK " -I " SOURCES "%s %s %s.cpp -o %s -lm 2>&1 && mv %s %s.so";
    free(command);
    asprintf(&command, "c++ -std=c++17 -I " SOURCES "%s -E -P %s 2>/dev/null", flags, path);
    char *text = run(command, &code), *table = entries(text);
    f = fopen(path, "a");
    fputs(table, f);
    fclose(f);
    free(command), free(text), free(table), free(path), free(p->log);
    asprintf(&command, cxx, flags, "-O1 -w -shared -fPIC -fvisibility=hidden -fno-gnu-unique", file, file, file, file);
    p->log = run(command, &code);
  }
  free(command), free(file), free(flags);
  return code ? COMPILATION : 0;
}

int RTC(CompileProgram)(struct program *p, int n, const char **options) {
  if (!p) return INVALID_PROGRAM;
  pthread_mutex_lock(&lock);
  options_seen[0] = 0;
  int code = 0;
  for (int i = 0; i < n; i++) {
    snprintf(options_seen + strlen(options_seen), sizeof options_seen - strlen(options_seen), "%s\n", options[i]);
    if (options[i][0] != '-') {
      free(p->log);
      asprintf(&p->log, "error: unrecognized option %s found", options[i]);
      code = INVALID_OPTION;
    }
  }
  if (!code) code = compile(p, n, options);
  pthread_mutex_unlock(&lock);
  return code;
}

int RTC(GetProgramLogSize)(struct program *p, size_t *bytes) { return *bytes = strlen(p->log) + 1, 0; }
int RTC(GetProgramLog)(struct program *p, char *text) { return strcpy(text, p->log), 0; }

#ifdef HIP
int hiprtcGetCodeSize(struct program *p, size_t *bytes) { return *bytes = strlen(p->code) + 1, 0; }
int hiprtcGetCode(struct program *p, char *code) { return strcpy(code, p->code), 0; }
#else
int nvrtcGetPTXSize(struct program *p, size_t *bytes) { return *bytes = strlen(p->code) + 1, 0; }
int nvrtcGetPTX(struct program *p, char *code) { return strcpy(code, p->code), 0; }
int nvrtcGetCUBINSize(struct program *p, size_t *bytes) { return *bytes = strlen(p->code) + 1, 0; }
int nvrtcGetCUBIN(struct program *p, char *code) { return strcpy(code, p->code), 0; }
#endif
