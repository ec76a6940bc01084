/* Memory of a context: a caching arena over the host's allocator.
 *
 * Freed blocks are kept and handed out again, so that a training step that has run once allocates
 * nothing from the host. Small ones are kept by size class; large ones are cut from regions and
 * joined with their free neighbours, so that one step's activations and another's gradients share
 * memory whatever their sizes. Only the thread that owns the context may call these;
 * scratch for workers is taken before the parallel region starts. */
#ifndef GAN_CORE_ALLOC_H
#define GAN_CORE_ALLOC_H

#include "gan/base.h"
#include <stddef.h>

/* 64-byte aligned, not cleared. NULL on failure, with GAN_ENOMEM set. bytes 0 gives a valid block.
 */
void *arena_alloc(gan_context *ctx, size_t bytes);

/* Room for `count` elements of `size` bytes; an overflowing product is GAN_ENOMEM. */
void *arena_alloc_array(gan_context *ctx, size_t count, size_t size);

/* As arena_alloc, cleared to zero. */
void *arena_calloc(gan_context *ctx, size_t bytes);

/* A larger block with the first `old_bytes` copied; the old one is freed only on success. */
void *arena_grow(gan_context *ctx, void *block, size_t old_bytes, size_t new_bytes);

/* Makes room for one more element in a growing array of `count` elements of `size` bytes. Returns
 * the array, which may have moved, or NULL, and then it is as it was. */
void *arena_make_room(gan_context *ctx, void *array, size_t count, size_t *capacity, size_t size);

/* A copy of the string. */
char *arena_strdup(gan_context *ctx, const char *text);

void arena_free(gan_context *ctx, void *block); /* NULL is allowed */

/* Gives what is cached back to the host, but for regions of which a part is in use. */
void arena_trim(gan_context *ctx);

#endif
