// What a kernel that is compiled for the host (compiler.c) and the driver that runs it
// (driver.c) share.
struct items { unsigned x, y, z; };

// Where a work item is.
struct host {
  struct items thread, group, size, grid;
  void (*barrier)(void);
};

struct param { int size, pointer; };

// A kernel. The list of a module ends with one without a name.
struct entry {
  const char *name;
  void (*call)(void **args); // runs one work item
  struct host *host;
  int n;
  const struct param *params;
};
