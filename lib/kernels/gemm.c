/* A product over the context's threads. */
#include "kernels/kernels.h"

#include "core/threads.h"
#include "kernels/tiling.h"

/* Up to this tile size the packing done inside the product is small beside the arithmetic. */
enum { TILE_MAX = 512, TILE_ROUND = 16 };

/* Tiles smaller than this many multiply-adds are not cut further. */
static const int64_t TILE_WORK = 1 << 20;

static int64_t tile_size(int64_t length, int64_t tiles) {
    int64_t size = ceil_div(length, tiles);
    return ceil_div(size, TILE_ROUND) * TILE_ROUND;
}

static tiling tiling_even(int64_t m, int64_t n, int64_t row_tiles, int64_t col_tiles) {
    tiling t;
    t.rows = tile_size(m, row_tiles);
    t.cols = tile_size(n, col_tiles);
    t.row_tiles = ceil_div(m, t.rows);
    t.col_tiles = ceil_div(n, t.cols);
    return t;
}

tiling tiling_choose(int64_t count, int64_t m, int64_t n, int64_t k) {
    const double work = (double)m * (double)n * (double)k;
    if (work * (double)count < TILING_SMALL || m <= 0 || n <= 0)
        return (tiling){max_i64(m, 1), max_i64(n, 1), 1, 1};
    tiling t = tiling_even(m, n, ceil_div(m, TILE_MAX), ceil_div(n, TILE_MAX));
    while (count * t.row_tiles * t.col_tiles < TILING_PIECES &&
           (double)t.rows * (double)t.cols * (double)k > 2 * (double)TILE_WORK &&
           max_i64(t.rows, t.cols) > 2 * TILE_ROUND) {
        if (t.rows > t.cols)
            t = tiling_even(m, n, 2 * t.row_tiles, t.col_tiles);
        else
            t = tiling_even(m, n, t.row_tiles, 2 * t.col_tiles);
    }
    return t;
}

typedef struct gemm_job {
    tiling tiles;
    int ta, tb;
    int64_t m, n, k;
    const real *a, *b;
    real *c;
} gemm_job;

/* Tiles are numbered down the columns: threads that work side by side then write different rows. In
 * the same rows each one's prefetcher runs into the lines the other is writing. */
static void gemm_tile(void *arg, int64_t chunk, int worker) {
    (void)worker;
    const gemm_job *job = arg;
    const int64_t i = chunk % job->tiles.row_tiles * job->tiles.rows;
    const int64_t j = chunk / job->tiles.row_tiles * job->tiles.cols;
    const int64_t rows = min_i64(job->tiles.rows, job->m - i);
    const int64_t cols = min_i64(job->tiles.cols, job->n - j);
    const real *a = job->a + (job->ta ? i : i * job->k);
    const real *b = job->b + (job->tb ? j * job->k : j);
    gemm_serial(job->ta, job->tb, rows, cols, job->k, a, job->ta ? job->m : job->k, b,
                job->tb ? job->k : job->n, 0, job->c + i * job->n + j, job->n);
}

void gemm(gan_context *ctx, int ta, int tb, int64_t m, int64_t n, int64_t k, const real *a,
          const real *b, real *c) {
    if (m <= 0 || n <= 0) return;
    gemm_job job = {tiling_choose(1, m, n, k), ta, tb, m, n, k, a, b, c};
    parallel_for(ctx, job.tiles.row_tiles * job.tiles.col_tiles, gemm_tile, &job);
}
