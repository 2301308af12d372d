// A library with the functions of AMD SMI that package smi calls, of the year that -DYEAR
// tells: structures differ before and after 25.
#include "fake.h"

enum { OK, INVALID, NOT_SUPPORTED, NO_PERMISSION = 10, DRIVER_NOT_LOADED = 34 };

static struct socket { int index; } sockets[2] = {{0}, {1}};
static struct card { int index; } cards[2] = {{0}, {1}};

int amdsmi_init(uint64_t flags) {
  if (behaviour == DRIVERLESS) return DRIVER_NOT_LOADED;
  live++;
  return flags == 2 ? OK : INVALID;
}

int amdsmi_shut_down(void) {
  live--;
  return OK;
}

int amdsmi_get_lib_version(void *version) {
#if YEAR < 25
  struct { uint32_t year, major, minor, release; const char *build; } v = {YEAR, 7, 1, 0, "fake"};
#else
  struct { uint32_t major, minor, release; const char *build; } v = {YEAR, 3, 0, "fake"};
#endif
  memcpy(version, &v, sizeof v);
  return OK;
}

int amdsmi_get_socket_handles(uint32_t *count, struct socket **list) {
  uint32_t n = behaviour == EMPTY ? 0 : 2;
  for (uint32_t i = 0; list && i < n && i < *count; i++) list[i] = &sockets[i];
  *count = n;
  return OK;
}

int amdsmi_get_processor_handles(struct socket *s, uint32_t *count, struct card **list) {
  if (list && *count) list[0] = &cards[s->index];
  *count = 1;
  return OK;
}

int amdsmi_get_gpu_asic_info(struct card *c, void *info) {
  struct { char name[256]; uint32_t vendor; char vendor_name[256]; } asic = {"", 0x1002, "AMD"};
  strcpy(asic.name, c->index ? "AMD Instinct MI300X" : "AMD Instinct MI210");
  memcpy(info, &asic, sizeof asic);
  return OK;
}

int amdsmi_get_gpu_device_bdf(struct card *c, uint64_t *bdf) {
  *bdf = c->index ? 1ull << 16 | 0xc1 << 8 | 0x1f << 3 | 1 : 0x65 << 8;
  return OK;
}

static int state(struct card *c) {
  return (behaviour == SILENT && c->index == 0) || (behaviour == LOST && c->index == 1) ? NOT_SUPPORTED : OK;
}

int amdsmi_get_gpu_memory_usage(struct card *c, int kind, uint64_t *bytes) {
  *bytes = kind == 0 ? 3ull << 30 : 1;
  return behaviour == SILENT ? OK : state(c);
}

int amdsmi_get_gpu_memory_total(struct card *c, int kind, uint64_t *bytes) {
  *bytes = kind == 0 ? 64ull << 30 : 1;
  return behaviour == SILENT ? OK : state(c);
}

int amdsmi_get_gpu_activity(struct card *c, uint32_t *usage) {
  memset(usage, 0, 16 * 4);
  usage[0] = c->index ? 0xffff : 37; // the second does not tell
  usage[1] = 12;
  return state(c);
}

// The second card has no sensor at the edge.
int amdsmi_get_temp_metric(struct card *c, int sensor, int metric, int64_t *t) {
  if (metric != 0) return INVALID;
  if (c->index == 1 && sensor == 0) return NOT_SUPPORTED;
  *t = sensor == 0 ? 41 : sensor == 1 ? -5 : 99;
  return state(c);
}

// The first card tells its mean power, the second its power now.
int amdsmi_get_power_info(struct card *c, void *info) {
  uint32_t now = c->index ? 212 : 0xffff, mean = c->index ? 0xffffffff : 123;
#if YEAR < 25
  struct { uint32_t now, mean, gfx, soc, memory, limit, reserved[11]; } p = {now, mean, 800, 801, 802, 300};
#else
  struct { uint64_t socket; uint32_t now, mean; uint64_t gfx, soc, memory; uint32_t limit; uint64_t reserved[18]; } p = {
      77, now, mean, 800, 801, 802, 300};
#endif
  memcpy(info, &p, sizeof p);
  return behaviour == FORBIDDEN ? NO_PERMISSION : state(c);
}

int amdsmi_get_power_cap_info(struct card *c, uint32_t sensor, void *info) {
  struct { uint64_t cap, standard, dpm, least, most, reserved[3]; } p = {5300000000, 1, 2, 3, 4};
  memcpy(info, &p, sizeof p);
  return sensor ? INVALID : state(c);
}

int amdsmi_get_clock_info(struct card *c, int clock, void *info) {
  struct { uint32_t now, least, most; uint8_t locked, deep_sleep; uint32_t reserved[4]; } p = {
      clock == 0 ? 1700 : clock == 4 ? 1600 : 1, 500, 2100};
  memcpy(info, &p, sizeof p);
  return state(c);
}
