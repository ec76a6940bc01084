/* Results of few channels: project, then fold.
 *
 *     products (source pixels, kernel taps * channels) = in (source pixels, c) * kernel
 *     out[i * sh + a * dh - pt, j * sw + b - pl] += products[(i, j), (a, b)]
 *
 * This is the transposed convolution; a convolution of stride 1 is one too, with the taps reversed.
 *
 * A chunk is a band of lines of one image of the result; it projects the lines of the source that
 * the band sees, a few of them again for the neighbouring band. A line is folded in two steps, each
 * of which reads whole vectors: over the rows of taps, then over the taps of a row. */
#include "kernels/conv_folded.h"

#include "core/alloc.h"
#include "core/threads.h"
#include "kernels/gemm_packed.h"
#include "kernels/tiling.h"

#include <string.h>

/* Elements of the products of one band, unless a single line sees more. */
static const int64_t BAND = 128 * 1024;

/* Lines a band has at least, so that little is projected twice. */
static const int64_t BAND_LEAST = 16;

/* Sums are made and stored so many elements at once, in ascending order: what is too much is
 * overwritten, or lies in a margin. */
enum { LANES = 8 };
typedef real vec __attribute__((vector_size(LANES * sizeof(real))));
typedef real vec_at
    __attribute__((vector_size(LANES * sizeof(real)), aligned(sizeof(real)), may_alias));

typedef struct span {
    int64_t begin, end;
} span;

static int64_t floor_div(int64_t a, int64_t b) { return a >= 0 ? a / b : -ceil_div(-a, b); }

/* ---- products -------------------------------------------------------------------------------- */

/* Source lines that lines `y` of the result see. */
static span seen_by(const fold_job *job, span y) {
    const int64_t lo =
        floor_div(y.begin + job->pt - (job->kh - 1) * job->dh + job->sh - 1, job->sh);
    const int64_t hi = floor_div(y.end - 1 + job->pt, job->sh) + 1;
    const span seen = {max_i64(lo, 0), min_i64(hi, job->in_h)};
    return seen.begin < seen.end ? seen : (span){0, 0};
}

static void project(const fold_job *job, int64_t image, span seen, real *products) {
    const gemm_left lines = gemm_left_rows(
        job->pass.in + (image * job->in_h + seen.begin) * job->in_w * job->in_c, job->in_c);
    const gemm_right kernel = gemm_right_panels(job->kernel, job->in_c);
    gemm_packed((seen.end - seen.begin) * job->in_w, job->products_row, job->in_c, &lines, &kernel,
                0, products, job->products_row);
}

/* ---- folding --------------------------------------------------------------------------------- */

/* A row of taps of a line of products, to the sums or added to them. */
static inline __attribute__((always_inline)) void sum_row(const fold_job *job, const int accumulate,
                                                          const int64_t vectors, const real *from,
                                                          real *to) {
    const int64_t from_row = job->products_row, to_row = job->sums_row;
    for (int64_t j = 0; j < job->in_w; j++, from += from_row, to += to_row)
        for (int64_t v = 0; v < vectors; v++) {
            vec sum = *(const vec_at *)(from + v * LANES);
            vec_at *at = (vec_at *)(to + v * LANES);
            if (accumulate) sum += *at;
            *at = sum;
        }
}

/* sums (source pixels, taps of a row) of line y: over the rows of taps that reach it. */
static void sum_rows(const fold_job *job, int64_t y, int64_t first_line, const real *products,
                     real *sums) {
    const int64_t vectors = ceil_div(job->run, LANES);
    int accumulate = 0;
    for (int64_t a = 0; a < job->kh; a++) {
        const int64_t at = y + job->pt - a * job->dh, i = at / job->sh;
        if (at < 0 || at % job->sh != 0 || i >= job->in_h) continue;
        const real *from =
            products + (i - first_line) * job->in_w * job->products_row + a * job->run;
        if (vectors == 2 && accumulate)
            sum_row(job, 1, 2, from, sums);
        else if (vectors == 2)
            sum_row(job, 0, 2, from, sums);
        else
            sum_row(job, accumulate, vectors, from, sums);
        accumulate = 1;
    }
    if (!accumulate) memset(sums, 0, (size_t)(job->in_w * job->sums_row) * sizeof(real));
    for (int64_t j = 0; j < job->in_w; j++)
        for (int64_t e = job->run; e < job->meet * job->group; e++) sums[j * job->sums_row + e] = 0;
}

/* Groups of the line: each is met by `meet` source pixels, with other taps. */
static inline __attribute__((always_inline)) void sum_taps(const fold_job *job, const int64_t meet,
                                                           const int64_t vectors, const real *sums,
                                                           real *line) {
    const int64_t group = job->group, back = job->sums_row - group;
    for (int64_t m = 0; m < job->groups; m++)
        for (int64_t v = 0; v < vectors; v++) {
            const real *from = sums + m * job->sums_row + v * LANES;
            vec sum = *(const vec_at *)from;
            for (int64_t k = 1; k < meet; k++) sum += *(const vec_at *)(from - k * back);
            *(vec_at *)(line + m * group + v * LANES) = sum;
        }
}

static void fold_line(const fold_job *job, const real *sums, real *line) {
    const int64_t vectors = ceil_div(job->group, LANES);
    if (job->meet == 2 && vectors == 1)
        sum_taps(job, 2, 1, sums, line);
    else if (job->meet == 3 && vectors == 1)
        sum_taps(job, 3, 1, sums, line);
    else
        sum_taps(job, job->meet, vectors, sums, line);
}

void fold_band(const fold_job *job, int64_t image, int64_t band, real *products) {
    const int64_t begin = band * job->band;
    const span lines = {begin, min_i64(begin + job->band, job->out_h)};
    real *sums = products + job->sums_at, *line = products + job->line_at;
    /* rows of sums: those before the first source pixel and behind the last stay zero */
    memset(sums, 0, (size_t)(job->line_at - job->sums_at) * sizeof(real));
    const int64_t before = max_i64(0, job->meet - 1 - job->first);
    const span seen = seen_by(job, lines);
    project(job, image, seen, products);
    for (int64_t y = lines.begin; y < lines.end; y++) {
        sum_rows(job, y, seen.begin, products, sums + before * job->sums_row);
        fold_line(job, sums + (before + job->first) * job->sums_row, line);
        memcpy(job->pass.out + (image * job->out_h + y) * job->out_w * job->out_c,
               line + (job->pl - job->first * job->sw) * job->out_c,
               (size_t)(job->out_w * job->out_c) * sizeof(real));
    }
}

/* ---- all of it ------------------------------------------------------------------------------- */

static fold_job fold_shapes(const conv_pass *pass) {
    const conv_geom *q = pass->geom;
    fold_job job = {.pass = *pass,
                    .in_h = q->ho,
                    .in_w = q->wo,
                    .in_c = q->o,
                    .out_h = q->h,
                    .out_w = q->w,
                    .out_c = q->c,
                    .kh = q->kh,
                    .kw = q->kw,
                    .sh = q->sh,
                    .sw = q->sw,
                    .dh = q->dh,
                    .pt = q->pt,
                    .pl = q->pl};
    if (pass->forward) { /* stride 1: the other way round */
        job.in_h = q->h, job.in_w = q->w, job.in_c = q->c;
        job.out_h = q->ho, job.out_w = q->wo, job.out_c = q->o;
        job.pt = (q->kh - 1) * q->dh - q->pt;
        job.pl = q->kw - 1 - q->pl;
    }
    return job;
}

static void fold_cut(fold_job *job) {
    job->run = job->kw * job->out_c;
    job->products_row = ceil_div(job->kh * job->run, GEMM_PANEL / 2) * (GEMM_PANEL / 2);
    job->meet = ceil_div(job->kw, job->sw);
    job->group = job->sw * job->out_c;
    job->sums_row = ceil_div(job->meet * job->group, LANES) * LANES;
    job->first = floor_div(job->pl, job->sw);
    job->groups = floor_div(job->pl + job->out_w - 1, job->sw) + 1 - job->first;

    const int64_t share = ceil_div(job->out_h * job->pass.geom->n, TILING_PIECES);
    const int64_t line = job->in_w * job->products_row; /* products of a source line */
    job->band = min_i64(max_i64(share, BAND_LEAST), BAND / line * job->sh);
    job->band = min_i64(max_i64(job->band, 1), job->out_h);
    job->bands = ceil_div(job->out_h, job->band);
    job->band = ceil_div(job->out_h, job->bands);

    int64_t lines = 0;
    for (int64_t b = 0; b < job->bands; b++) {
        const span seen =
            seen_by(job, (span){b * job->band, min_i64((b + 1) * job->band, job->out_h)});
        lines = max_i64(lines, seen.end - seen.begin);
    }
    /* group m reads the sums of source pixels m - meet + 1 to m */
    const int64_t before = max_i64(0, job->meet - 1 - job->first);
    const int64_t pixels = before + max_i64(job->in_w, job->first + job->groups);
    job->sums_at = slot_size(lines * line + LANES);
    job->line_at = job->sums_at + slot_size(pixels * job->sums_row + LANES);
    job->scratch_size = job->line_at + slot_size(job->groups * job->group + LANES);
}

fold_job fold_plan(const conv_pass *pass) {
    fold_job job = fold_shapes(pass);
    fold_cut(&job);
    return job;
}

int64_t fold_kernel(const fold_job *job) {
    return ceil_div(job->products_row, GEMM_PANEL) * GEMM_PANEL * job->in_c;
}

/* In the forward pass taps are reversed, and o is behind them. */
void fold_pack(const fold_job *job, const real *w, real *panels) {
    const int64_t taps = job->kh * job->kw, cols = taps * job->out_c;
    if (!job->pass.forward) {
        gemm_pack(0, job->in_c, cols, w, cols, panels);
        return;
    }
    memset(panels, 0, (size_t)fold_kernel(job) * sizeof(real));
    for (int64_t t = 0; t < taps; t++)
        for (int64_t o = 0; o < job->out_c; o++) {
            const real *from = w + (o * taps + taps - 1 - t) * job->in_c;
            real *to = panels + gemm_panel_at(job->in_c, t * job->out_c + o);
            for (int64_t c = 0; c < job->in_c; c++) to[c * GEMM_PANEL] = from[c];
        }
}

static void run_band(void *arg, int64_t chunk, int worker) {
    const fold_job *job = arg;
    fold_band(job, chunk / job->bands, chunk % job->bands,
              job->scratch + worker * job->scratch_size);
}

int32_t conv_folded(gan_context *ctx, const conv_pass *pass) {
    fold_job job = fold_plan(pass);
    const int64_t workers = parallel_workers(ctx);
    real *kernel = arena_alloc_array(ctx, (size_t)fold_kernel(&job), sizeof(real));
    job.scratch = arena_alloc_array(ctx, (size_t)(workers * job.scratch_size), sizeof(real));
    const int ready = kernel && job.scratch;
    if (ready) {
        fold_pack(&job, pass->w, kernel);
        job.kernel = kernel;
        parallel_for(ctx, pass->geom->n * job.bands, run_band, &job);
    }
    arena_free(ctx, job.scratch);
    arena_free(ctx, kernel);
    return ready ? GAN_OK : GAN_ENOMEM;
}
