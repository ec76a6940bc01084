/* The weight gradient: matrix (planes, taps * c) = plain^T * unfold(source), summed over pixels.
 *
 * Cut by taps into groups as wide as a product likes, and by rows into partial sums that are added
 * in their order; into narrower groups where there are not rows enough, or where the partial sums
 * would take too much memory. */
#include "kernels/conv_algorithms.h"

#include "core/alloc.h"
#include "core/threads.h"
#include "kernels/tiling.h"

/* Columns (taps * c) of one product, and elements of the unfolded block. */
static const int64_t COLS = 512, COLS_LEAST = 128, BLOCK = 128 * 1024;

/* Partial sums are made of at least this many rows, and all together have at most this many
 * elements. */
static const int64_t PART_ROWS = 512, PARTS_SIZE = 2 * 1024 * 1024;

typedef struct correlate_job {
    const window *win;
    const real *source, *plain;
    real *matrix, *partial; /* partial NULL: straight into the matrix */
    int64_t planes;
    int64_t rows, taps;       /* of the unfolded matrix */
    int64_t group, groups;    /* taps of a piece, and pieces across */
    int64_t part_rows, parts; /* rows of a partial sum, and how many partial sums */
    int64_t block_rows;       /* rows unfolded at once */
    real *blocks;             /* per worker; NULL: the source is the unfolded matrix */
    int64_t block_size;
} correlate_job;

static void correlate_piece(void *arg, int64_t chunk, int worker) {
    const correlate_job *job = arg;
    /* threads side by side take different partial sums rather than share rows of one */
    const int64_t part = chunk % job->parts, group = chunk / job->parts;
    const int64_t width = job->taps * job->win->c;
    window_part block = {.tap_begin = group * job->group};
    block.tap_end = min_i64(block.tap_begin + job->group, job->taps);
    const int64_t cols = (block.tap_end - block.tap_begin) * job->win->c;
    const int64_t first = part * job->part_rows;
    const int64_t last = min_i64(first + job->part_rows, job->rows);
    real *sum = (job->partial ? job->partial + part * job->planes * width : job->matrix) +
                block.tap_begin * job->win->c;
    for (block.row_begin = first; block.row_begin < last; block.row_begin = block.row_end) {
        block.row_end = min_i64(block.row_begin + job->block_rows, last);
        const real *b = job->source + block.row_begin * width + block.tap_begin * job->win->c;
        if (job->blocks) {
            real *unfolded = job->blocks + worker * job->block_size;
            window_unfold(job->win, &block, job->source, unfolded);
            b = unfolded;
        }
        gemm_serial(1, 0, job->planes, cols, block.row_end - block.row_begin,
                    job->plain + block.row_begin * job->planes, job->planes, b,
                    job->blocks ? cols : width, block.row_begin > first, sum, width);
    }
}

/* One row of the matrix: the sum of its partial sums. */
static void add_parts(void *arg, int64_t plane, int worker) {
    (void)worker;
    const correlate_job *job = arg;
    const int64_t width = job->taps * job->win->c;
    real *to = job->matrix + plane * width;
    for (int64_t i = 0; i < width; i++) to[i] = 0;
    for (int64_t part = 0; part < job->parts; part++) {
        const real *from = job->partial + (part * job->planes + plane) * width;
        for (int64_t i = 0; i < width; i++) to[i] += from[i];
    }
}

static void correlate_cut(correlate_job *job) {
    const int64_t c = job->win->c, width = job->taps * c;
    const double work = (double)job->rows * (double)job->planes * (double)width;
    const int64_t pieces = work < TILING_SMALL ? 1 : TILING_PIECES;
    const int64_t most = min_i64(job->rows / PART_ROWS, PARTS_SIZE / (job->planes * width));
    job->groups = min_i64(job->taps, ceil_div(width, COLS));
    job->parts = max_i64(1, min_i64(ceil_div(pieces, job->groups), most));
    if (job->groups * job->parts < pieces)
        job->groups = max_i64(job->groups, min_i64(min_i64(pieces, job->taps), width / COLS_LEAST));
    job->group = ceil_div(job->taps, job->groups);
    job->groups = ceil_div(job->taps, job->group);
    job->part_rows = ceil_div(job->rows, job->parts);
    job->parts = ceil_div(job->rows, job->part_rows);
    job->block_rows = min_i64(job->part_rows, max_i64(64, BLOCK / (job->group * c)));
}

int32_t conv_correlate(gan_context *ctx, const window *win, const real *source, const real *plain,
                       int64_t planes, real *matrix) {
    correlate_job job = {.win = win,
                         .source = source,
                         .plain = plain,
                         .matrix = matrix,
                         .planes = planes,
                         .rows = window_rows(win),
                         .taps = window_taps(win)};
    correlate_cut(&job);
    const int64_t width = job.taps * win->c;
    const int unfolding = !window_is_matrix(win);
    if (unfolding) {
        job.block_size = slot_size(job.block_rows * job.group * win->c);
        job.blocks =
            arena_alloc_array(ctx, (size_t)(parallel_workers(ctx) * job.block_size), sizeof(real));
    }
    if (job.parts > 1)
        job.partial = arena_alloc_array(ctx, (size_t)(job.parts * planes * width), sizeof(real));
    const int ready = (job.blocks || !unfolding) && (job.partial || job.parts == 1);
    if (ready) parallel_for(ctx, job.parts * job.groups, correlate_piece, &job);
    if (ready && job.parts > 1) parallel_for(ctx, planes, add_parts, &job);
    arena_free(ctx, job.blocks);
    arena_free(ctx, job.partial);
    return ready ? GAN_OK : GAN_ENOMEM;
}
