/* A product in double, whatever `real` is: what is a small difference of large sums, as a Fréchet
 * distance, needs it. Tiles of the result are chunks; both factors are packed along the way, so
 * that any layout runs at the same speed. */
#include "kernels/kernels.h"

#include "core/threads.h"
#include "kernels/gemm_packed.h"
#include "kernels/tiling.h"

#include <string.h>

typedef double vec __attribute__((vector_size(GEMM_VECTOR)));
/* A vector in memory, at any element. */
typedef double vec_at __attribute__((vector_size(GEMM_VECTOR), aligned(sizeof(double)), may_alias));

enum {
    LANES = GEMM_VECTOR / (int)sizeof(double),
    VECTORS = 2,
    COLS = VECTORS * LANES, /* of the part that stays in registers */
    ROWS = 4,
    TILE = 48, /* of a chunk, rows and columns */
    DEPTH = 32 /* at once: two packed blocks and the tile are 42 KiB of stack */
};

_Static_assert(TILE % ROWS == 0 && TILE % COLS == 0, "tiles hold whole register blocks");

/* Element (p, i) of a factor is at data[p * step + i * stride], i counting the result's rows or
 * columns. */
typedef struct factor {
    const double *data;
    int64_t step, stride;
} factor;

/* packed[i / width][p][i % width] for `depth` steps from p and `count` places from i, filled up
 * with zeros; width is constant where this is inlined. */
static inline __attribute__((always_inline)) void pack(const factor *f, int64_t p, int64_t depth,
                                                       int64_t i, int64_t count, const int width,
                                                       double *restrict packed) {
    for (int64_t block = 0; block < count; block += width) {
        const double *from = f->data + p * f->step + (i + block) * f->stride;
        const int filled = (int)min_i64(width, count - block);
        for (int64_t q = 0; q < depth; q++, from += f->step, packed += width) {
            if (filled == width && f->stride == 1) {
                memcpy(packed, from, (size_t)width * sizeof *packed);
            } else if (filled == width) {
#pragma GCC unroll 16
                for (int w = 0; w < width; w++) packed[w] = from[w * f->stride];
            } else {
                for (int w = 0; w < width; w++) packed[w] = w < filled ? from[w * f->stride] : 0;
            }
        }
    }
}

/* ROWS by COLS of the tile += a b. */
static inline void multiply(int64_t depth, const double *restrict a, const double *restrict b,
                            double *restrict c) {
    vec sum[ROWS][VECTORS];
    for (int i = 0; i < ROWS; i++)
        for (int v = 0; v < VECTORS; v++) sum[i][v] = (vec){0};
    for (int64_t p = 0; p < depth; p++, a += ROWS, b += COLS) {
        vec across[VECTORS];
        for (int v = 0; v < VECTORS; v++) across[v] = *(const vec_at *)(b + v * LANES);
#pragma GCC unroll 4
        for (int i = 0; i < ROWS; i++)
#pragma GCC unroll 2
            for (int v = 0; v < VECTORS; v++) sum[i][v] += a[i] * across[v];
    }
    for (int i = 0; i < ROWS; i++)
        for (int v = 0; v < VECTORS; v++) *(vec_at *)(c + i * TILE + v * LANES) += sum[i][v];
}

typedef struct product_job {
    factor a, b;
    int64_t m, n, k, row_tiles;
    int symmetric;
    double *c;
} product_job;

static void product_tile(void *arg, int64_t chunk, int worker) {
    (void)worker;
    const product_job *job = arg;
    const int64_t i = chunk % job->row_tiles * TILE, j = chunk / job->row_tiles * TILE;
    if (job->symmetric && i > j) return;
    const int64_t rows = min_i64(TILE, job->m - i), cols = min_i64(TILE, job->n - j);
    double a[TILE * DEPTH], b[TILE * DEPTH], tile[TILE * TILE] = {0};
    for (int64_t p = 0; p < job->k; p += DEPTH) {
        const int64_t depth = min_i64(DEPTH, job->k - p);
        pack(&job->a, p, depth, i, rows, ROWS, a);
        pack(&job->b, p, depth, j, cols, COLS, b);
        for (int64_t y = 0; y < rows; y += ROWS)
            for (int64_t x = 0; x < cols; x += COLS)
                multiply(depth, a + y * depth, b + x * depth, tile + y * TILE + x);
    }
    for (int64_t y = 0; y < rows; y++)
        for (int64_t x = 0; x < cols; x++) {
            const double sum = job->c[(i + y) * job->n + j + x] + tile[y * TILE + x];
            job->c[(i + y) * job->n + j + x] = sum;
            if (job->symmetric && i != j) job->c[(j + x) * job->n + i + y] = sum;
        }
}

void gemm_double(gan_context *ctx, int ta, int tb, int64_t m, int64_t n, int64_t k, int symmetric,
                 const double *a, const double *b, double *c) {
    if (m <= 0 || n <= 0) return;
    product_job job = {.a = {a, ta ? m : 1, ta ? 1 : k},
                       .b = {b, tb ? 1 : n, tb ? k : 1},
                       .m = m,
                       .n = n,
                       .k = k,
                       .row_tiles = ceil_div(m, TILE),
                       .symmetric = symmetric,
                       .c = c};
    parallel_for(ctx, job.row_tiles * ceil_div(n, TILE), product_tile, &job);
}
