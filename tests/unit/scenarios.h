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

typedef struct scenario_list {
    const scenario *all;
    int32_t count;
} scenario_list;

extern const scenario_list core_scenarios;   /* scenarios.c */
extern const scenario_list system_scenarios; /* scenarios_systems.c */

/* ---- for scenarios --------------------------------------------------------------------------- */

/* `out` points at the out-parameter of the call that returned `code`, poisoned before: it must have
 * been written if and only if the call succeeded. */
int32_t checked(int32_t code, const void *out);

/* An expression's end. */
int32_t made(gan_context *ctx, const void *t);

/* Runs an expression in a scope. */
int32_t in_scope(gan_context *ctx, gan_tensor *(*expression)(gan_context *ctx));

/* A whole IDX file: one image of 1 x 2 pixels. */
extern const unsigned char idx_bytes[18];

/* Runs it with the name of a file that is removed afterwards. */
int32_t with_file(gan_context *ctx, int32_t (*run)(gan_context *ctx, const char *path));

#endif
