/* What the C tests share. cmocka wants its prerequisites in this order; include this header instead
 * of cmocka's. */
#ifndef TESTS_SUPPORT_H
#define TESTS_SUPPORT_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "gan.h"

/* ---- contexts -------------------------------------------------------------------------------- */

/* A context with `threads` threads, seed 1. */
gan_context *context_with(int32_t threads);

/* A context of these options, NULL for the defaults, that must come into being. */
gan_context *context_of(const gan_context_opts *opts);

/* cmocka fixtures: *state is a context of one thread. The teardown also checks that no error was
 * left unread, and removes the test's files. */
int setup_context(void **state);
int teardown_context(void **state);

#define CONTEXT_TEST(f) cmocka_unit_test_setup_teardown(f, setup_context, teardown_context)

gan_stats stats_of(gan_context *ctx);

/* A host's allocator that counts, gives NaN to read, and can be told to refuse. */
typedef struct heap {
    int64_t blocks; /* alive */
    int64_t calls;
    int64_t refuse_from, refuse_to; /* the calls, counted from 1, that fail; 0: none */
    int64_t refused;
} heap;
void *heap_alloc(void *user, size_t bytes);
void heap_free(void *user, void *block);

/* The defaults over it. */
gan_context_opts heap_opts(heap *h);

/* ---- tensors --------------------------------------------------------------------------------- */

#define COUNT_OF(array) ((int32_t)(sizeof(array) / sizeof((array)[0])))

/* SHAPE(2, 3) stands for the two arguments `shape, rank`. */
#define SHAPE(...)                                                                                 \
    (const int64_t[]){__VA_ARGS__}, (int32_t)(sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t))

#define SCALAR (const int64_t *)NULL, 0

/* The same for a list of axes. */
#define AXES(...)                                                                                  \
    (const int32_t[]){__VA_ARGS__}, (int32_t)(sizeof((int32_t[]){__VA_ARGS__}) / sizeof(int32_t))

/* A tensor of the listed numbers: VALUES(ctx, SHAPE(2, 2), 1, 2, 3, 4). */
#define VALUES(ctx, shape, ...) values_checked(ctx, (const double[]){__VA_ARGS__}, shape)
gan_tensor *values_checked(gan_context *ctx, const double *values, const int64_t *shape,
                           int32_t rank);

double item(gan_tensor *t);

/* Element i in row-major order. */
double element(gan_tensor *t, int64_t i);

/* ---- assertions ------------------------------------------------------------------------------ */

void near_at(double a, double b, double tolerance, const char *file, int line);
#define assert_near(a, b, tolerance) near_at(a, b, tolerance, __FILE__, __LINE__)

/* The tensor has these elements, to float32's precision: assert_values(t, SHAPE(2), 1, 2). */
void values_at(const char *file, int line, gan_tensor *t, const double *values, size_t count,
               const int64_t *shape, int32_t rank);
#define assert_values(t, shape, ...)                                                               \
    values_at(__FILE__, __LINE__, t, (const double[]){__VA_ARGS__},                                \
              sizeof((double[]){__VA_ARGS__}) / sizeof(double), shape)

/* Same shape, same bits. */
void same_bits_at(gan_tensor *a, gan_tensor *b, const char *file, int line);
#define assert_same_bits(a, b) same_bits_at(a, b, __FILE__, __LINE__)

/* A tensor came back. Prints the library's text if not. */
void made_at(gan_context *ctx, const void *t, const char *file, int line);
#define assert_made(ctx, t) made_at(ctx, t, __FILE__, __LINE__)

/* A status function succeeded. */
void ok_at(gan_context *ctx, int32_t code, const char *file, int line);
#define assert_ok(ctx, code) ok_at(ctx, code, __FILE__, __LINE__)

/* NULL came back with `code` pending and a one-line text that holds every listed string; reads the
 * error. */
void refused_at(gan_context *ctx, const void *t, int32_t code, const char *const *texts,
                const char *file, int line);
#define assert_refused(ctx, t, code, ...)                                                          \
    refused_at(ctx, t, code, (const char *const[]){__VA_ARGS__, NULL}, __FILE__, __LINE__)

/* A status function returned `code`, likewise. */
void status_at(gan_context *ctx, int32_t got, int32_t code, const char *const *texts,
               const char *file, int line);
#define assert_status(ctx, got, code, ...)                                                         \
    status_at(ctx, got, code, (const char *const[]){__VA_ARGS__, NULL}, __FILE__, __LINE__)

/* ---- files ----------------------------------------------------------------------------------- */

/* The test's folder, which is made when it is first asked for, and "<folder>/<name>"; both valid
 * until temp_remove, which takes away all below it. teardown_context and teardown_files call that,
 * also of a test that failed. */
const char *temp_folder(void);
const char *temp_file(const char *name);
void temp_remove(void);
int teardown_files(void **state);

#define FOLDER_TEST(f) cmocka_unit_test_teardown(f, teardown_files)

void write_file(const char *path, const void *bytes, size_t count);

/* The whole file, to be freed; *count is its size. NULL if there is none. */
unsigned char *read_file(const char *path, size_t *count);

#endif
