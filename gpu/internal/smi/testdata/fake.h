// What the fake libraries have in common: two cards, and how they behave.
#include <stdint.h>
#include <string.h>

enum { GOOD, SILENT, LOST, FORBIDDEN, EMPTY, DRIVERLESS, HALF };

static int behaviour, live;

// fake sets how the library behaves: GOOD; the first card has no sensors (SILENT) but
// that of memory; the second card is LOST; power is FORBIDDEN; there are no cards (EMPTY)
// or no driver (DRIVERLESS); the first card cannot be opened (HALF).
void fake(int as) { behaviour = as; }

// fake_live is how often the library was initialised and not shut down.
int fake_live(void) { return live; }
