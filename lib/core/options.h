/* Options and result structs across versions. Each begins with `uint32_t struct_size`; only
 * appended to. */
#ifndef GAN_CORE_OPTIONS_H
#define GAN_CORE_OPTIONS_H

#include "gan/base.h"

/* A struct's size in its first release, whose last field was `last`: what it keeps when fields are
 * appended. */
#define V1_SIZE(type, last) (offsetof(type, last) + sizeof(((type *)0)->last))

/* GAN_EINVAL unless opts->struct_size is at least `v1_size` and of a size that structs have. ctx
 * may be NULL (no text). */
int32_t options_check_size(gan_context *ctx, const char *function, size_t v1_size,
                           const void *opts);

/* Copies the caller's `src` over `defaults` (both begin with struct_size; defaults has `size`
 * bytes and is the full, current struct). A shorter src leaves the later fields at their defaults;
 * a longer one must be zero beyond `size`. src NULL keeps the defaults. `v1_size` is
 * V1_SIZE of the struct. Returns 0, GAN_EINVAL or GAN_EABI; ctx may be NULL (no text). */
int32_t options_load(gan_context *ctx, const char *function, void *defaults, size_t size,
                     size_t v1_size, const void *src);

/* GAN_EABI unless a field of the caller's that is kept free is 0: a newer header may have given it
 * a meaning. ctx may be NULL (no text). */
int32_t options_check_reserved(gan_context *ctx, const char *function, const void *opts,
                               int64_t reserved);

/* Hands a result struct to the caller: as much of it as `out`, by its struct_size, has room for.
 * struct_size, the first member of both, stays the caller's. */
void result_give(void *out, const void *result, size_t size);

/* What the public `_init` functions do: writes min(size, caller_size) bytes of `defaults`, zeroes
 * the rest of the caller's struct, sets struct_size to caller_size. */
void options_init(void *opts, size_t caller_size, const void *defaults, size_t size);

#endif
