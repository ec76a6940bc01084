/* How the element-wise kernels cut their work into chunks: by shape only, so that the bits of a
 * result do not depend on the number of threads. */
#ifndef GAN_KERNELS_CUT_H
#define GAN_KERNELS_CUT_H

#include "kernels/kernels.h"
#include "kernels/tiling.h"

/* Elements per chunk of a memory-bound loop: some ten microseconds, well above the cost of waking a
 * worker. Loops that compute more per element take a fraction of it. */
enum { CUT_GRAIN = 32768 };

/* Calls fn on [0, n) in pieces of at most `grain`. */
typedef void (*span_fn)(const void *arg, int64_t begin, int64_t end);
void span_for(gan_context *ctx, int64_t n, int64_t grain, span_fn fn, const void *arg);

/* The same index space and strides with the fewest axes, but at least two: axes of size 1 are
 * dropped, neighbours that both operands run through evenly are joined. */
bcast bcast_merge(const bcast *s);

/* Part of the last two axes of an index space: `rows` by `cols` places, of which the first is at
 * offsets a and b of the operands and, counted row-major over the whole space, at `flat`. */
typedef struct box {
    int64_t rows, cols;
    int64_t a, b, flat;
} box;

/* Calls fn on boxes that cover the merged space s. A box holds whole rows unless one row alone is
 * above the grain. */
typedef void (*box_fn)(const void *arg, const bcast *s, const box *part);
void box_for(gan_context *ctx, const bcast *s, box_fn fn, const void *arg);

#endif
