// A library with the functions of ROCm SMI that package smi and goamdsmi call. With
// -DROCM=6 it has the structures of ROCm 6, else those of ROCm 5.
#include "fake.h"
#include <stdbool.h>
#include <stddef.h>

enum { OK, INVALID, NOT_SUPPORTED, PERMISSION = 4, INIT_ERROR = 8 };

int rsmi_init(uint64_t flags) {
  if (behaviour == DRIVERLESS) return INIT_ERROR;
  live++;
  return flags ? INVALID : OK;
}

int rsmi_shut_down(void) {
  live--;
  return OK;
}

int rsmi_num_monitor_devices(uint32_t *count) {
  *count = behaviour == EMPTY ? 0 : 2;
  return OK;
}

int rsmi_dev_id_get(uint32_t card, uint16_t *id) {
  *id = card ? 0x740c : 0x6860;
  return OK;
}

int rsmi_dev_name_get(uint32_t card, char *name, size_t length) {
  strncpy(name, card ? "Instinct MI250" : "Radeon Instinct MI25", length);
  return OK;
}

// The second card is a second partition of it, on domain 1.
int rsmi_dev_pci_id_get(uint32_t card, uint64_t *id) {
  *id = card ? 1ull << 32 | 1ull << 28 | 0xc1 << 8 | 0x1f << 3 | 1 : 0x65 << 8;
  return OK;
}

static int state(uint32_t card) {
  if (card > 1) return INVALID;
  return (behaviour == SILENT && card == 0) || (behaviour == LOST && card == 1) ? NOT_SUPPORTED : OK;
}

// The kind of memory is VRAM, that of the other is another.
int rsmi_dev_memory_usage_get(uint32_t card, int kind, uint64_t *bytes) {
  *bytes = kind == 0 ? 3ull << 30 : 1;
  return behaviour == SILENT ? OK : state(card);
}

int rsmi_dev_memory_total_get(uint32_t card, int kind, uint64_t *bytes) {
  *bytes = kind == 0 ? 16ull << 30 : 1;
  return behaviour == SILENT ? OK : state(card);
}

int rsmi_dev_busy_percent_get(uint32_t card, uint32_t *percent) {
  *percent = 37;
  return state(card);
}

// The second card has no sensor at the edge.
int rsmi_dev_temp_metric_get(uint32_t card, uint32_t sensor, int metric, int64_t *t) {
  if (metric != 0) return INVALID;
  if (card == 1 && sensor == 0) return NOT_SUPPORTED;
  *t = sensor == 0 ? 41000 : sensor == 1 ? -5500 : 99000;
  return state(card);
}

#if ROCM == 6
// The second card tells its power now only.
int rsmi_dev_power_get(uint32_t card, uint64_t *microwatts, int *kind) {
  if (behaviour == FORBIDDEN) return PERMISSION;
  *microwatts = 212000000;
  *kind = 1;
  return state(card);
}
#endif

int rsmi_dev_power_ave_get(uint32_t card, uint32_t sensor, uint64_t *microwatts) {
  if (behaviour == FORBIDDEN) return PERMISSION;
#if ROCM == 6
  if (card == 1) return NOT_SUPPORTED;
#endif
  *microwatts = 123456000;
  return sensor ? INVALID : state(card);
}

int rsmi_dev_power_cap_get(uint32_t card, uint32_t sensor, uint64_t *microwatts) {
  *microwatts = 220000000;
  return sensor ? INVALID : state(card);
}

int rsmi_dev_gpu_clk_freq_get(uint32_t card, int clock, void *frequencies) {
#if ROCM == 6
  struct { bool deep_sleep; uint32_t count, current; uint64_t hertz[33]; } f;
  memcpy(&f, frequencies, sizeof f); // what is not set stays
  f.deep_sleep = card == 1;
#else
  struct { uint32_t count, current; uint64_t hertz[32]; } f;
  memcpy(&f, frequencies, sizeof f);
#endif
  f.count = 3;
  f.current = card == 1 ? 0 : 2;
  f.hertz[0] = clock == 0 ? 852000000 : clock == 4 ? 167000000 : 1;
  f.hertz[1] = 991000000;
  f.hertz[2] = clock == 0 ? 5440000000 : clock == 4 ? 945000000 : 1; // more than 32 bits
  memcpy(frequencies, &f, sizeof f);
  return state(card);
}
