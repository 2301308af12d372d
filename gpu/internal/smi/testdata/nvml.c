// A library with the functions of NVML that package smi calls.
#include "fake.h"

enum { OK, INVALID = 2, NOT_SUPPORTED = 3, NO_PERMISSION = 4, NOT_LOADED = 9, GPU_IS_LOST = 15 };

static struct card { int index; } cards[2] = {{0}, {1}};

int nvmlInit_v2(void) {
  if (behaviour == DRIVERLESS) return NOT_LOADED;
  live++;
  return OK;
}

int nvmlShutdown(void) {
  live--;
  return OK;
}

int nvmlDeviceGetCount_v2(unsigned *count) {
  *count = behaviour == EMPTY ? 0 : 2;
  return OK;
}

int nvmlDeviceGetHandleByIndex_v2(unsigned i, struct card **c) {
  if (i > 1) return INVALID;
  if (behaviour == HALF && i == 0) return NO_PERMISSION;
  *c = &cards[i];
  return OK;
}

int nvmlDeviceGetName(struct card *c, char *name, unsigned length) {
  strncpy(name, c->index ? "NVIDIA A100-SXM4-80GB" : "NVIDIA H100 PCIe", length);
  return OK;
}

int nvmlDeviceGetPciInfo_v3(struct card *c, void *info) {
  struct { char legacy[16]; unsigned domain, bus, device, id, subsystem; char bus_id[32]; } pci = {
      "0001:0B:00.0", c->index, c->index ? 0xb : 0x65, c->index ? 0x1f : 0, 0x233110de, 0, "00000001:0B:00.0"};
  memcpy(info, &pci, sizeof pci);
  return OK;
}

// state is the answer of a sensor.
static int state(struct card *c) {
  if (behaviour == SILENT && c->index == 0) return NOT_SUPPORTED;
  if (behaviour == LOST && c->index == 1) return GPU_IS_LOST;
  return OK;
}

int nvmlDeviceGetMemoryInfo(struct card *c, uint64_t *total_free_used) {
  if (behaviour == LOST && c->index == 1) return GPU_IS_LOST;
  total_free_used[0] = 80ull << 30;
  total_free_used[1] = 77ull << 30;
  total_free_used[2] = 3ull << 30;
  return OK;
}

int nvmlDeviceGetUtilizationRates(struct card *c, unsigned *gpu_memory) {
  gpu_memory[0] = c->index ? 100 : 37;
  gpu_memory[1] = 12;
  return state(c);
}

int nvmlDeviceGetTemperature(struct card *c, int sensor, unsigned *t) {
  *t = sensor == 0 ? 41 + c->index : 999;
  return state(c);
}

int nvmlDeviceGetPowerUsage(struct card *c, unsigned *milliwatts) {
  *milliwatts = 123456;
  return behaviour == FORBIDDEN ? NO_PERMISSION : state(c);
}

int nvmlDeviceGetEnforcedPowerLimit(struct card *c, unsigned *milliwatts) {
  *milliwatts = 350000;
  return state(c);
}

int nvmlDeviceGetClockInfo(struct card *c, int clock, unsigned *megahertz) {
  *megahertz = clock == 1 ? 1755 : clock == 2 ? 1593 : 0;
  return state(c);
}
