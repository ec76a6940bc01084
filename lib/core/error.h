/* Errors live in the context: a code, and a text in a fixed buffer, so that even "out of memory"
 * can be reported without allocating. The first error stays until it is read. */
#ifndef GAN_CORE_ERROR_H
#define GAN_CORE_ERROR_H

#include "gan/base.h"

#if defined(__GNUC__)
#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))
#else
#define PRINTF_LIKE(f, a)
#endif

/* Records the error unless one is pending already; returns the code that is pending now, so that
 * `return error_set(...)` reads well. The text is one line: "gan_matmul: a is (3, 4), b is (5, 6):
 * 4 and 5 must agree". */
int32_t error_set(gan_context *ctx, int32_t code, const char *format, ...) PRINTF_LIKE(3, 4);

/* What a public status function returns: on failure the code, with the pending mark cleared since
 * the caller has been told. With nothing pending returns `code` itself. */
int32_t error_report(gan_context *ctx, int32_t code);

/* Between the two a pending error is put aside, so that a code is of what just happened. Put back,
 * it is the first again. */
int32_t error_put_aside(gan_context *ctx);
void error_put_back(gan_context *ctx, int32_t pending);

/* For a status function that was handed NULL: the pending error if there is one (the NULL came from
 * it), else GAN_EINVAL with a text naming `function`. ctx may be NULL. */
int32_t error_null(gan_context *ctx, const char *function);

#endif
