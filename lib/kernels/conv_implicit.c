/* Implicit GEMM, of the convolution and of every stride phase of its transpose:
 *
 *     out (positions, channels) = unfold(in) (positions, taps * c) * kernel (taps * c, channels)
 *
 * The unfolded matrix is never made. What a position sees through one row of taps is contiguous in
 * a line of the source, and neighbours see it at even distances: the product reads its left factor
 * there, a run for each row of taps. Only the zeros around the image need a copy of the lines,
 * which stays in the cache. */
#include "kernels/conv_algorithms.h"

#include "core/alloc.h"
#include "core/threads.h"
#include "kernels/gemm_packed.h"
#include "kernels/tiling.h"

/* Positions of a band, and of a line at once. */
static const int64_t BAND = 256;

/* Elements of the lines that a band sees: half of a common second-level cache. */
static const int64_t LINES = 128 * 1024;

/* A packing smaller than this many elements is not worth waking a thread for. */
static const int64_t PACK_SMALL = 64 * 1024;

typedef struct implicit_job {
    const conv_pass *pass;
    int64_t channels; /* of the result */
    int64_t phases;
    int64_t piece, pieces; /* positions of a line at once, and such pieces of a line */
    int64_t band, bands;   /* lines of the result, counted through all images, of a band */
    int64_t cols, col_tiles;
    int64_t packings;
    real *kernel; /* panels (taps * c, channels), phase after phase */
    real *lines;  /* per worker */
    int64_t lines_size;
} implicit_job;

/* ---- the kernel ------------------------------------------------------------------------------ */

static int64_t channel_panels(const implicit_job *job) {
    return ceil_div(job->channels, GEMM_PANEL);
}

int64_t conv_pack_at(const conv_pass *pass, int64_t phase) {
    const int64_t depth = pass->forward ? pass->geom->c : pass->geom->o;
    const int64_t panels = ceil_div(conv_pass_channels(pass), GEMM_PANEL);
    return conv_pass_taps_before(pass, phase) * depth * panels * GEMM_PANEL;
}

void conv_pack_panel(const conv_pass *pass, int64_t phase, int64_t panel, int64_t begin,
                     int64_t end, real *to) {
    const conv_geom *q = pass->geom;
    const window win = conv_pass_window(pass, phase);
    const int64_t taps = window_taps(&win), row = q->kh * q->kw * q->c;
    const int64_t col = panel * GEMM_PANEL;
    const int64_t cols = min_i64(GEMM_PANEL, conv_pass_channels(pass) - col);
    const int64_t depth = pass->forward ? win.c : end - begin;
    const int64_t from = pass->forward ? (col - begin) * row : col;
    to += col * taps * win.c + (pass->forward ? 0 : begin * GEMM_PANEL);
    for (int64_t t = 0; t < taps; t++) {
        const int64_t a = win.y.tap_first + t / win.x.taps * win.y.tap_step;
        const int64_t b = win.x.tap_first + t % win.x.taps * win.x.tap_step;
        const real *tap = pass->w + (a * q->kw + b) * q->c;
        gemm_pack(pass->forward, depth, cols, tap + from, row, to + t * win.c * GEMM_PANEL);
    }
}

static void pack_some(void *arg, int64_t chunk, int worker) {
    (void)worker;
    const implicit_job *job = arg;
    const int64_t panels = channel_panels(job);
    for (int64_t p = panels * chunk / job->packings; p < panels * (chunk + 1) / job->packings; p++)
        for (int64_t phase = 0; phase < job->phases; phase++)
            conv_pack_panel(job->pass, phase, p, 0, job->pass->geom->o,
                            job->kernel + conv_pack_at(job->pass, phase));
}

/* ---- one band of one phase ------------------------------------------------------------------- */

/* A piece of some lines of the result. */
typedef struct band {
    const window *win;
    int64_t begin, end; /* lines, counted through all images */
    int64_t j, positions;
    const real *lines; /* of the source, with the zeros around it */
    const real *kernel;
    int64_t col, cols;
} band;

/* Source lines from the first tap to the last. */
static int64_t extent(const tap_axis *y) { return max_i64(0, y->taps - 1) * y->step + 1; }

/* In the stack of all images, each with the zeros above and below it: lines of an image. */
static int64_t stacked(const tap_axis *y) { return (y->out - 1) * y->stride + extent(y); }

/* And the first line that line i of the result sees. */
static int64_t stacked_at(const tap_axis *y, int64_t i) {
    return i / y->out * stacked(y) + i % y->out * y->stride;
}

/* Lines of the stack that any `count` lines of the result see at most. */
static int64_t stacked_most(const tap_axis *y, int64_t count) {
    const int64_t images = ceil_div(count - 1, y->out);
    return (count - 1) * y->stride + images * max_i64(0, extent(y) - y->stride) + extent(y);
}

static void copy_lines(const band *b, const real *source, real *lines) {
    const tap_axis *y = &b->win->y;
    const int64_t size = window_line_size(b->win, b->positions), height = stacked(y);
    const int64_t begin = stacked_at(y, b->begin), end = stacked_at(y, b->end - 1) + extent(y);
    for (int64_t s = begin; s < end; s++)
        window_copy_line(b->win, s / height, s % height + y->origin, b->j, b->positions, source,
                         lines + (s - begin) * size);
}

static real *result_at(const implicit_job *job, const window *win, int64_t line, int64_t j) {
    const conv_geom *q = job->pass->geom;
    const int64_t height = job->pass->forward ? q->ho : q->h;
    const int64_t width = job->pass->forward ? q->wo : q->w;
    const int64_t y = win->y.out_first + line % win->y.out * win->y.out_step;
    return job->pass->out +
           ((line / win->y.out * height + y) * width + win->x.out_first + j * win->x.out_step) *
               job->channels;
}

/* One part of the depth: `runs` rows of taps from ty on, of each the elements [from, from + run).
 */
static void multiply_part(const implicit_job *job, const band *b, int64_t ty, int64_t runs,
                          int64_t from, int64_t run) {
    const window *win = b->win;
    const int64_t across = win->x.taps * win->c, depth = win->y.taps * across;
    const int64_t size = window_line_size(win, b->positions), step = window_line_step(win);
    gemm_strip strip = {.rows = b->positions,
                        .runs = runs,
                        .run = run,
                        .row = step,
                        .run_step = win->y.step * size,
                        .step = 1,
                        .b_step = GEMM_PANEL,
                        .accumulate = ty > 0 || from > 0,
                        .ldc = win->x.out_step * job->channels};
    for (int64_t col = b->col; col < b->col + b->cols; col += GEMM_PANEL) {
        strip.cols = min_i64(GEMM_PANEL, job->channels - col);
        strip.b = b->kernel + col * depth + (ty * across + from) * GEMM_PANEL;
        for (int64_t i = b->begin; i < b->end; i++) {
            const int64_t line =
                stacked_at(&win->y, i) - stacked_at(&win->y, b->begin) + ty * win->y.step;
            strip.a = b->lines + line * size + from;
            strip.c = result_at(job, win, i, b->j) + col;
            gemm_multiply_strip(&strip);
        }
    }
}

static void multiply(const implicit_job *job, const band *b) {
    const int64_t taps = b->win->y.taps, across = b->win->x.taps * b->win->c;
    const int64_t runs = max_i64(1, GEMM_DEPTH / max_i64(1, across));
    const int64_t parts = ceil_div(across, GEMM_DEPTH);
    for (int64_t ty = 0; ty < taps; ty += runs)
        for (int64_t part = 0; part < parts; part++) {
            const int64_t from = across * part / parts, to = across * (part + 1) / parts;
            multiply_part(job, b, ty, min_i64(runs, taps - ty), from, to - from);
        }
    if (taps * across == 0) multiply_part(job, b, 0, 0, 0, 0); /* clears */
}

/* There is an epilogue in the forward pass only, whose lines of the result follow each other. */
static void finish(const implicit_job *job, const band *b) {
    if (b->cols == job->channels && b->positions == b->win->x.out) {
        epilogue_apply_pixels(job->pass->epilogue, (b->end - b->begin) * b->positions, b->cols,
                              result_at(job, b->win, b->begin, 0));
        return;
    }
    for (int64_t i = b->begin; i < b->end; i++)
        for (int64_t j = 0; j < b->positions; j++)
            epilogue_apply(job->pass->epilogue, b->col, b->cols,
                           result_at(job, b->win, i, b->j + j) + b->col);
}

static void implicit_band(void *arg, int64_t chunk, int worker) {
    const implicit_job *job = arg;
    /* neighbours in time are not neighbours in a row of the result: see gemm_tile */
    const int64_t number = chunk % job->bands, rest = chunk / job->bands;
    const int64_t piece = rest % job->pieces, tile = rest / job->pieces % job->col_tiles;
    const int64_t phase = rest / job->pieces / job->col_tiles;
    const window win = conv_pass_window(job->pass, phase);
    real *lines = job->lines + worker * job->lines_size;
    band b = {.win = &win,
              .begin = number * job->band,
              .j = piece * job->piece,
              .lines = lines,
              .kernel = job->kernel + conv_pack_at(job->pass, phase),
              .col = tile * job->cols};
    b.end = min_i64(b.begin + job->band, win.n * win.y.out);
    b.positions = min_i64(job->piece, win.x.out - b.j);
    b.cols = min_i64(job->cols, job->channels - b.col);
    if (b.begin >= b.end || b.positions <= 0) return;
    copy_lines(&b, job->pass->in, lines);
    multiply(job, &b);
    if (job->pass->epilogue) finish(job, &b);
}

/* ---- all of it ------------------------------------------------------------------------------- */

/* Scratch for the lines of a band, in any phase. */
static int64_t lines_size(const implicit_job *job) {
    int64_t size = 0;
    for (int64_t phase = 0; phase < job->phases; phase++) {
        const window win = conv_pass_window(job->pass, phase);
        if (win.y.out > 0 && win.x.out > 0)
            size = max_i64(size, stacked_most(&win.y, job->band) *
                                     window_line_size(&win, min_i64(job->piece, win.x.out)));
    }
    return slot_size(size);
}

static void implicit_cut(implicit_job *job, int64_t depth) {
    const window first = conv_pass_window(job->pass, 0); /* no other has more positions */
    const int64_t lines = first.n * first.y.out;
    const tiling tiles =
        tiling_choose(job->phases, window_rows(&first), job->channels, depth / job->phases);
    const int64_t positions = min_i64(tiles.rows, BAND);
    job->pieces = ceil_div(first.x.out, positions);
    job->piece = ceil_div(first.x.out, job->pieces);
    job->band = min_i64(lines, max_i64(1, positions / job->piece));
    while (job->band > 1 && lines_size(job) > LINES) job->band = ceil_div(job->band, 2);
    job->bands = ceil_div(lines, job->band);
    job->cols = ceil_div(tiles.cols, GEMM_PANEL) * GEMM_PANEL;
    job->col_tiles = ceil_div(job->channels, job->cols);
    job->lines_size = lines_size(job);
}

int32_t conv_implicit(gan_context *ctx, const conv_pass *pass) {
    implicit_job job = {
        .pass = pass, .channels = conv_pass_channels(pass), .phases = conv_pass_phases(pass)};
    const int64_t kernel = conv_pack_at(pass, job.phases);
    job.packings = kernel < PACK_SMALL ? 1 : channel_panels(&job);
    implicit_cut(&job, kernel / (channel_panels(&job) * GEMM_PANEL));
    job.kernel = arena_alloc_array(ctx, (size_t)kernel, sizeof(real));
    job.lines =
        arena_alloc_array(ctx, (size_t)(parallel_workers(ctx) * job.lines_size), sizeof(real));
    const int ready = job.kernel && job.lines;
    if (ready) {
        parallel_for(ctx, job.packings, pack_some, &job);
        parallel_for(ctx, job.phases * job.col_tiles * job.pieces * job.bands, implicit_band, &job);
    }
    arena_free(ctx, job.lines);
    arena_free(ctx, job.kernel);
    return ready ? GAN_OK : GAN_ENOMEM;
}
