/* The subjects of the unit tests in small form, for the test that lets allocations fail. */
#ifndef TESTS_SCENARIOS_H
#define TESTS_SCENARIOS_H

#include "gan.h"

/* What an out-parameter holds before a call and must still hold after a failed one. */
#define POISON ((void *)(uintptr_t)0x5a5a5a5a)

/* The first error's code, or 0. Gives everything back in both cases. A scenario that finds an
 * out-parameter changed by a failed call, or a half-done change, returns SCENARIO_BROKEN. */
enum { SCENARIO_BROKEN = 1 };

typedef struct scenario {
    const char *name;
    int32_t (*run)(gan_context *ctx);
} scenario;

extern const scenario scenarios[];
extern const int32_t scenario_count;

#endif
