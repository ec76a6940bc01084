/* The weight gradient, summed over pixels:
 *
 *     matrix (taps * c, planes) = unfold(source)^T * plain
 *
 * The unfolded matrix is never made. Through one row of taps the positions of a line see contiguous
 * elements at even distances: a strip of kw * c rows whose depth is a run for each line. Cut by
 * pixels into partial sums that are added in their order, and by columns where these would take too
 * much memory. */
#include "kernels/conv_algorithms.h"

#include "core/alloc.h"
#include "core/threads.h"
#include "kernels/gemm_packed.h"
#include "kernels/tiling.h"

/* All partial sums have at most this many elements. */
static const int64_t PARTS_SIZE = 2 * 1024 * 1024;

typedef struct correlate_job {
    const window *win;
    const real *source, *plain;
    int64_t planes;
    real *matrix, *partial; /* partial NULL: straight into the matrix */
    int64_t piece, pieces;  /* positions of a line at once, and such pieces of a line */
    int64_t band, bands;    /* lines at once, and such bands of an image */
    int64_t cols, groups;   /* planes at once, and such groups */
    int64_t units, parts;   /* bands of pieces of all images, and partial sums of them */
    real *scratch;          /* per worker: lines of the source, then panels of plain */
    int64_t scratch_size, panels_at;
} correlate_job;

/* Pixels of some lines of an image, and some of the planes there. */
typedef struct block {
    int64_t image, i, lines, j, positions;
    int64_t col, cols;
} block;

static block block_at(const correlate_job *job, int64_t unit, int64_t group) {
    const int64_t piece = unit % job->pieces, band = unit / job->pieces % job->bands;
    block b = {.image = unit / job->pieces / job->bands,
               .i = band * job->band,
               .j = piece * job->piece,
               .col = group * job->cols};
    b.lines = min_i64(job->band, job->win->y.out - b.i);
    b.positions = min_i64(job->piece, job->win->x.out - b.j);
    b.cols = min_i64(job->cols, job->planes - b.col);
    return b;
}

static int64_t source_lines(const window *win, int64_t lines) {
    return (lines - 1) * win->y.stride + (win->y.taps - 1) * win->y.step + 1;
}

static void load_source(const correlate_job *job, const block *b, real *lines) {
    const window *win = job->win;
    const int64_t first = b->i * win->y.stride + win->y.origin;
    const int64_t size = window_line_size(win, b->positions);
    for (int64_t s = 0; s < source_lines(win, b->lines); s++)
        window_copy_line(win, b->image, first + s, b->j, b->positions, job->source,
                         lines + s * size);
}

/* The block's part of a pixel, the first of a line. */
static const real *plain_at(const correlate_job *job, const block *b, int64_t line) {
    const tap_axis *y = &job->win->y, *x = &job->win->x;
    return job->plain + ((b->image * y->out + b->i + line) * x->out + b->j) * job->planes + b->col;
}

/* Rows of plain, a pixel each, in panels. */
static void load_plain(const correlate_job *job, const block *b, real *panels) {
    const int64_t depth = b->lines * b->positions;
    for (int64_t l = 0; l < b->lines; l++) {
        for (int64_t col = 0; col < b->cols; col += GEMM_PANEL)
            gemm_pack(0, b->positions, min_i64(GEMM_PANEL, b->cols - col),
                      plain_at(job, b, l) + col, job->planes,
                      panels + col * depth + l * b->positions * GEMM_PANEL);
    }
}

static void multiply(const correlate_job *job, const block *b, const real *lines,
                     const real *panels, int accumulate, real *sum) {
    const window *win = job->win;
    const int64_t across = win->x.taps * win->c, size = window_line_size(win, b->positions);
    gemm_strip strip = {.rows = across,
                        .b_step = GEMM_PANEL,
                        .runs = b->lines,
                        .run = b->positions,
                        .row = 1,
                        .run_step = win->y.stride * size,
                        .step = window_line_step(win),
                        .accumulate = accumulate,
                        .ldc = job->planes};
    /* meanwhile the pixels of plain that follow come in */
    const int64_t pixels = b->lines * b->positions;
    const int64_t steps =
        gemm_strip_steps(across, pixels) * win->y.taps * ceil_div(b->cols, GEMM_PANEL);
    strip.next = (const char *)(plain_at(job, b, 0) + pixels * job->planes);
    strip.next_step = pixels * job->planes * (int64_t)sizeof(real) / max_i64(1, steps);
    for (int64_t col = 0; col < b->cols; col += GEMM_PANEL) {
        strip.cols = min_i64(GEMM_PANEL, b->cols - col);
        strip.b = panels + col * pixels;
        for (int64_t ty = 0; ty < win->y.taps; ty++) {
            strip.a = lines + ty * win->y.step * size;
            strip.c = sum + ty * across * job->planes + b->col + col;
            gemm_multiply_strip(&strip);
        }
    }
}

static void correlate_part(void *arg, int64_t chunk, int worker) {
    const correlate_job *job = arg;
    /* threads side by side take different partial sums rather than share rows of one */
    const int64_t part = chunk % job->parts, group = chunk / job->parts;
    const int64_t size = window_taps(job->win) * job->win->c * job->planes;
    const int64_t begin = job->units * part / job->parts;
    const int64_t end = job->units * (part + 1) / job->parts;
    real *lines = job->scratch + worker * job->scratch_size, *panels = lines + job->panels_at;
    real *sum = job->partial ? job->partial + part * size : job->matrix;
    for (int64_t unit = begin; unit < end; unit++) {
        const block b = block_at(job, unit, group);
        load_source(job, &b, lines);
        load_plain(job, &b, panels);
        multiply(job, &b, lines, panels, unit > begin, sum);
    }
}

/* One row of the matrix: the sum of its partial sums. */
static void add_parts(void *arg, int64_t row, int worker) {
    (void)worker;
    const correlate_job *job = arg;
    const int64_t size = window_taps(job->win) * job->win->c * job->planes;
    real *to = job->matrix + row * job->planes;
    for (int64_t i = 0; i < job->planes; i++) to[i] = 0;
    for (int64_t part = 0; part < job->parts; part++) {
        const real *from = job->partial + part * size + row * job->planes;
        for (int64_t i = 0; i < job->planes; i++) to[i] += from[i];
    }
}

static void correlate_cut(correlate_job *job) {
    const window *win = job->win;
    const int64_t size = window_taps(win) * win->c * job->planes;
    job->pieces = ceil_div(win->x.out, GEMM_DEPTH);
    job->piece = ceil_div(win->x.out, job->pieces);
    job->band = min_i64(win->y.out, max_i64(1, GEMM_DEPTH / job->piece));
    job->bands = ceil_div(win->y.out, job->band);
    job->units = win->n * job->bands * job->pieces;
    const double work = (double)window_rows(win) * (double)size;
    const int64_t pieces = work < TILING_SMALL ? 1 : TILING_PIECES;
    job->parts = max_i64(1, min_i64(min_i64(pieces, job->units), PARTS_SIZE / size));
    const int64_t panels = ceil_div(job->planes, GEMM_PANEL);
    job->cols = ceil_div(panels, ceil_div(pieces, job->parts)) * GEMM_PANEL;
    job->groups = ceil_div(job->planes, job->cols);
    job->panels_at = slot_size(source_lines(win, job->band) * window_line_size(win, job->piece));
    job->scratch_size = job->panels_at + job->band * job->piece * job->cols;
}

int32_t conv_correlate_implicit(gan_context *ctx, const window *win, const real *source,
                                const real *plain, int64_t planes, real *matrix) {
    correlate_job job = {
        .win = win, .source = source, .plain = plain, .planes = planes, .matrix = matrix};
    correlate_cut(&job);
    const int64_t rows = window_taps(win) * win->c;
    job.scratch =
        arena_alloc_array(ctx, (size_t)(parallel_workers(ctx) * job.scratch_size), sizeof(real));
    if (job.parts > 1)
        job.partial = arena_alloc_array(ctx, (size_t)(job.parts * rows * planes), sizeof(real));
    const int ready = job.scratch && (job.partial || job.parts == 1);
    if (ready) parallel_for(ctx, job.parts * job.groups, correlate_part, &job);
    if (ready && job.parts > 1) parallel_for(ctx, rows, add_parts, &job);
    arena_free(ctx, job.scratch);
    arena_free(ctx, job.partial);
    return ready ? GAN_OK : GAN_ENOMEM;
}
