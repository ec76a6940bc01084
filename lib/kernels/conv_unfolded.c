/* Implicit GEMM, of the convolution and of every stride phase of its transpose:
 *
 *     out (rows, channels) = unfold(in) (rows, taps * c) * kernel (taps * c, channels)
 *
 * Blocks of rows are unfolded into a buffer that stays in the cache, a group of taps at a time. */
#include "kernels/conv_algorithms.h"

#include "core/alloc.h"
#include "core/threads.h"
#include "kernels/tiling.h"

#include <string.h>

/* Elements of the unfolded block: half of a common second-level cache. */
static const int64_t BLOCK = 128 * 1024;

/* The kernel is packed as (taps * c, channels) if at least this many rows make use of it. In its
 * own layout (o, kh, kw, c) rows are a power of two apart as a rule, and collide in the cache when
 * BLAS reads across them. */
static const int64_t PACK_ROWS = 256;

/* A packing smaller than this many elements is not worth waking a thread for. */
static const int64_t PACK_SMALL = 64 * 1024;

typedef struct unfold_job {
    const conv_pass *pass;
    int64_t channels;    /* of the result */
    int64_t rows;        /* of the largest phase */
    tiling tiles;        /* of a phase */
    int64_t group;       /* taps multiplied at once */
    real *packed;        /* NULL: the kernel is used where it lies */
    int64_t packed_taps; /* of all phases */
    real *scratch;       /* per worker: the unfolded block, then the tile of a strided result */
    int64_t block_size, tile_size;
} unfold_job;

/* ---- the kernel ------------------------------------------------------------------------------ */

/* Where w holds tap t of the phase, for its first input and output channel. */
static const real *tap_in_w(const conv_pass *pass, const window *win, int64_t t) {
    const int64_t a = win->y.tap_first + t / win->x.taps * win->y.tap_step;
    const int64_t b = win->x.tap_first + t % win->x.taps * win->x.tap_step;
    return pass->w + (a * pass->geom->kw + b) * pass->geom->c;
}

static int64_t w_row(const conv_pass *pass) {
    return pass->geom->kh * pass->geom->kw * pass->geom->c;
}

/* to (c, o) = from (o, c) whose rows are `row` apart. Squares go through a buffer, so that each
 * memory line is read and written whole: lines a power of two apart would evict each other. */
static void transpose(int64_t o, int64_t c, int64_t row, const real *from, real *to) {
    enum { SIDE = 16 };
    real square[SIDE][SIDE];
    for (int64_t j = 0; j < c; j += SIDE)
        for (int64_t i = 0; i < o; i += SIDE) {
            const int64_t height = min_i64(SIDE, o - i), width = min_i64(SIDE, c - j);
            for (int64_t k = 0; k < height; k++)
                for (int64_t l = 0; l < width; l++) square[l][k] = from[(i + k) * row + j + l];
            for (int64_t l = 0; l < width; l++)
                memcpy(to + (j + l) * o + i, square[l], (size_t)height * sizeof(real));
        }
}

static void pack_tap(const conv_pass *pass, const real *from, real *to) {
    const int64_t o = pass->geom->o, c = pass->geom->c, row = w_row(pass);
    if (pass->forward) {
        transpose(o, c, row, from, to);
        return;
    }
    for (int64_t i = 0; i < o; i++) memcpy(to + i * c, from + i * row, (size_t)c * sizeof(real));
}

/* One packed tap; its number counts through all phases. */
static void pack_numbered_tap(void *arg, int64_t number, int worker) {
    (void)worker;
    const unfold_job *job = arg;
    const conv_pass *pass = job->pass;
    int64_t t = number;
    for (int64_t phase = 0;; phase++) {
        const window win = conv_pass_window(pass, phase);
        if (t < window_taps(&win)) {
            pack_tap(pass, tap_in_w(pass, &win, t),
                     job->packed + number * pass->geom->o * pass->geom->c);
            return;
        }
        t -= window_taps(&win);
    }
}

static void pack_all_taps(void *arg, int64_t chunk, int worker) {
    (void)chunk;
    const unfold_job *job = arg;
    for (int64_t t = 0; t < job->packed_taps; t++) pack_numbered_tap(arg, t, worker);
}

static void pack(gan_context *ctx, unfold_job *job) {
    if (job->packed_taps * job->pass->geom->o * job->pass->geom->c < PACK_SMALL)
        parallel_for(ctx, 1, pack_all_taps, job);
    else
        parallel_for(ctx, job->packed_taps, pack_numbered_tap, job);
}

/* ---- one tile of one phase ------------------------------------------------------------------- */

/* c (rows, cols) += block (rows, taps * win->c) * kernel of these taps, columns from `col` on. */
static void multiply(const unfold_job *job, int64_t phase, const window *win,
                     const window_part *part, const real *block, int64_t col, int64_t cols, real *c,
                     int64_t ldc) {
    const conv_pass *pass = job->pass;
    const int64_t rows = part->row_end - part->row_begin;
    const int64_t inner = (part->tap_end - part->tap_begin) * win->c;
    const int accumulate = part->tap_begin > 0;
    const real *w = tap_in_w(pass, win, part->tap_begin);
    if (job->packed) {
        const int64_t tap = conv_pass_taps_before(pass, phase) + part->tap_begin;
        gemm_serial(0, 0, rows, cols, inner, block, inner,
                    job->packed + tap * win->c * job->channels + col, job->channels, accumulate, c,
                    ldc);
    } else if (pass->forward) {
        gemm_serial(0, 1, rows, cols, inner, block, inner, w + col * w_row(pass), w_row(pass),
                    accumulate, c, ldc);
    } else {
        gemm_serial(0, 0, rows, cols, inner, block, inner, w + col, w_row(pass), accumulate, c,
                    ldc);
    }
}

/* Rows of the tile to their pixels of the strided result. */
static void store(const unfold_job *job, const window *win, const window_part *part, int64_t col,
                  int64_t cols, const real *tile) {
    const conv_geom *q = job->pass->geom;
    window_pixel p = window_pixel_at(win, part->row_begin);
    for (int64_t r = part->row_begin; r < part->row_end; r++) {
        const int64_t i = win->y.out_first + p.i * win->y.out_step;
        const int64_t j = win->x.out_first + p.j * win->x.out_step;
        memcpy(job->pass->out + ((p.image * q->h + i) * q->w + j) * job->channels + col, tile,
               (size_t)cols * sizeof(real));
        tile += cols;
        window_pixel_next(win, &p);
    }
}

static void unfold_tile(void *arg, int64_t chunk, int worker) {
    const unfold_job *job = arg;
    const int64_t tiles = job->tiles.row_tiles * job->tiles.col_tiles;
    const int64_t phase = chunk / tiles, tile = chunk % tiles;
    const window win = conv_pass_window(job->pass, phase);
    const int64_t taps = window_taps(&win);
    /* neighbours in time are not neighbours in a row of the result: see gemm_tile */
    const int64_t col = tile / job->tiles.row_tiles * job->tiles.cols;
    const int64_t cols = min_i64(job->tiles.cols, job->channels - col);
    window_part part = {.row_begin = tile % job->tiles.row_tiles * job->tiles.rows};
    part.row_end = min_i64(part.row_begin + job->tiles.rows, window_rows(&win));
    if (part.row_begin >= part.row_end) return;

    real *block = job->scratch + worker * (job->block_size + job->tile_size);
    real *c = block + job->block_size;
    int64_t ldc = cols;
    if (job->tile_size == 0) {
        c = job->pass->out + part.row_begin * job->channels + col;
        ldc = job->channels;
    }
    if (taps == 0)
        gemm_serial(0, 0, part.row_end - part.row_begin, cols, 0, block, 1, block, 1, 0, c, ldc);
    for (part.tap_begin = 0; part.tap_begin < taps; part.tap_begin = part.tap_end) {
        part.tap_end = min_i64(part.tap_begin + job->group, taps);
        window_unfold(&win, &part, job->pass->in, block);
        multiply(job, phase, &win, &part, block, col, cols, c, ldc);
    }
    if (job->tile_size > 0) store(job, &win, &part, col, cols, c);
}

/* ---- all phases ------------------------------------------------------------------------------ */

int32_t conv_unfolded(gan_context *ctx, const conv_pass *pass) {
    const int64_t phases = conv_pass_phases(pass);
    const window first = conv_pass_window(pass, 0); /* no other has more rows */
    unfold_job job = {.pass = pass,
                      .channels = conv_pass_channels(pass),
                      .rows = window_rows(&first),
                      .packed_taps = conv_pass_taps_before(pass, phases)};
    const int64_t taps = ceil_div(job.packed_taps, phases);
    job.tiles = tiling_choose(phases, job.rows, job.channels, taps * first.c);
    const int packing = job.rows >= PACK_ROWS;
    job.group = max_i64(1, BLOCK / (job.tiles.rows * first.c));
    if (!packing && !pass->forward) job.group = 1; /* taps of a phase are not neighbours in w */
    job.group = min_i64(job.group, pass->geom->kh * pass->geom->kw);
    job.block_size = slot_size(job.tiles.rows * job.group * first.c);
    job.tile_size = phases > 1 ? slot_size(job.tiles.rows * job.tiles.cols) : 0;

    job.scratch = arena_alloc_array(
        ctx, (size_t)(parallel_workers(ctx) * (job.block_size + job.tile_size)), sizeof(real));
    if (!job.scratch) return GAN_ENOMEM;
    if (packing) {
        job.packed = arena_alloc_array(
            ctx, (size_t)(job.packed_taps * pass->geom->o * pass->geom->c), sizeof(real));
        if (!job.packed) {
            arena_free(ctx, job.scratch);
            return GAN_ENOMEM;
        }
        pack(ctx, &job);
    }
    parallel_for(ctx, phases * job.tiles.row_tiles * job.tiles.col_tiles, unfold_tile, &job);
    arena_free(ctx, job.packed);
    arena_free(ctx, job.scratch);
    return GAN_OK;
}
