/* How a product C(m,n) with inner dimension k is cut for the threads: by shape only. */
#ifndef GAN_KERNELS_TILING_H
#define GAN_KERNELS_TILING_H

#include <stdint.h>

/* Fewer multiply-adds than this are not worth waking a thread for. */
#define TILING_SMALL 262144

/* How many pieces a large problem is cut into at least, so that a handful of cores share it evenly
 * even when one of them is slowed down by other programs. */
#define TILING_PIECES 8

typedef struct tiling {
    int64_t rows, cols;           /* of one tile; those at the far edges may be smaller */
    int64_t row_tiles, col_tiles; /* how many there are each way */
} tiling;

/* The cut of each of `count` equal products that run side by side. */
tiling tiling_choose(int64_t count, int64_t m, int64_t n, int64_t k);

static inline int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

/* Elements of a worker's scratch, rounded so that every slot starts on a cache line. */
static inline int64_t slot_size(int64_t count) { return ceil_div(count, 16) * 16; }

static inline int64_t min_i64(int64_t a, int64_t b) { return a < b ? a : b; }

static inline int64_t max_i64(int64_t a, int64_t b) { return a > b ? a : b; }

#endif
