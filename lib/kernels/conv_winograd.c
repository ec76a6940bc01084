#include "kernels/conv_winograd.h"

#include "core/alloc.h"
#include "core/threads.h"

#include <string.h>

/* Elements of a kernel at the points that are made once and kept; larger ones are made part by part
 * where they are used. */
static const int64_t KEPT = 2 * 1024 * 1024;

/* Tiles of one band: X_k and the products stay near the core while W_k passes by. */
static const int64_t BAND_TILES = 32;

/* With fewer bands than this, threads would run out of them. */
static const int64_t BANDS = 4;

/* Tiles at the points at once, if their elements fit. */
static const int64_t BLOCK_TILES = 128, BLOCK_ELEMENTS = 4 * 1024 * 1024;

/* Inner dimension of the part of a kernel that is made at once, in channels, and its width in
 * panels. */
static const int64_t PART_DEPTH = 128, PART_PANELS = 2;

/* Channels of o whose weight gradients are made at once; pieces that the work is cut into at
 * least, if there are panels enough. */
static const int64_t PART_ROWS = 128, PIECES = 4;

/* Without fused multiply-adds the transforms of large tiles lose about one bit more, which shows in
 * losses that are small differences. Those processors take smaller tiles. */
#if defined(__FMA__) || defined(__ARM_FEATURE_FMA) || defined(GAN_FLOAT64)
static const int64_t LARGEST_TILE = INT64_MAX;
#else
static const int64_t LARGEST_TILE = 3;
#endif

/* ---- geometry -------------------------------------------------------------------------------- */

int winograd_allows(const conv_geom *q, const winograd_algorithm *f) {
    return q->sh == q->sw && q->sh <= 2 && q->dh == 1 && q->dw == 1 && f->m <= LARGEST_TILE &&
           f->taps == ceil_div(max_i64(q->kh, q->kw), q->sh) && q->c >= GEMM_PANEL &&
           q->o >= GEMM_PANEL;
}

winograd_plan winograd_plan_of(const conv_geom *q, const winograd_algorithm *f) {
    winograd_plan p = {.geom = q, .f = f, .points = f->points * f->points};
    p.across = ceil_div(q->wo, f->m);
    p.image_lines = ceil_div(q->ho, f->m);
    p.lines = q->n * p.image_lines;
    p.c_panels = ceil_div(q->c, GEMM_PANEL);
    p.x_panels = q->sh * q->sw * p.c_panels;
    p.o_panels = ceil_div(q->o, GEMM_PANEL);
    return p;
}

static const winograd_algorithm *best_algorithm(const conv_geom *q) {
    const winograd_algorithm *best = NULL;
    int64_t least = 0;
    for (int i = 0; i < WINOGRAD_ALGORITHMS; i++) {
        const winograd_algorithm *f = &winograd_algorithms[i];
        const int64_t work = ceil_div(q->ho, f->m) * ceil_div(q->wo, f->m) * f->points * f->points;
        if (!winograd_allows(q, f) || (best && work >= least)) continue;
        best = f;
        least = work;
    }
    return best;
}

int winograd_suits(const conv_geom *q, winograd_plan *p) {
    const winograd_algorithm *f = best_algorithm(q);
    if (!f) return 0;
    *p = winograd_plan_of(q, f);
    /* multiplications of both methods */
    const double direct = (double)(q->n * q->ho * q->wo * q->kh * q->kw) * (double)(q->c * q->o);
    const double here = (double)(p->lines * p->across * p->points) *
                        (double)(p->x_panels * p->o_panels * GEMM_PANEL * GEMM_PANEL);
    return p->lines * p->across >= 8 && here < 0.75 * direct;
}

/* Wider parts read the other operand less often, but few of them share the cores unevenly. */
static int64_t panels_at_once(int64_t panels) {
    return panels < PART_PANELS * TILING_PIECES ? 1 : PART_PANELS;
}

static range part_of(int64_t index, int64_t size, int64_t whole) {
    return (range){index * size, min_i64((index + 1) * size, whole)};
}

/* ---- forward and data gradient --------------------------------------------------------------- */

typedef struct winograd_job {
    const winograd_plan *p;
    const conv_pass *pass;
    int64_t in_panels, out_panels;
    range lines;     /* of tiles at work */
    spectrum source; /* streamed: of all these lines */
    spectrum kernel; /* kept: all of it */
    int64_t band, bands, first_band, band_step;
    int64_t part_panels;
    real *scratch; /* per worker */
    int64_t scratch_size, result_at;
} winograd_job;

static void load_source(const winograd_job *job, range lines, const spectrum *to) {
    const range all = {0, job->in_panels};
    if (job->pass->forward)
        winograd_load_x(job->p, job->pass->in, lines, all, to);
    else
        winograd_load_g(job->p, job->pass->in, lines, all, to);
}

static void load_kernel(const winograd_job *job, range in_panels, range out_panels,
                        const spectrum *to) {
    const conv_geom *q = job->p->geom;
    const range o_panels = job->pass->forward ? out_panels : in_panels;
    const real *w = job->pass->w + o_panels.begin * GEMM_PANEL * q->kh * q->kw * q->c;
    if (job->pass->forward)
        winograd_load_w_transposed(job->p, w, in_panels, o_panels, to);
    else
        winograd_load_w(job->p, w, o_panels, out_panels, to);
}

static void store_result(const winograd_job *job, const spectrum *from, range lines, range panels,
                         int above, int below) {
    if (job->pass->forward)
        winograd_store_g(job->p, from, lines, panels, job->pass->epilogue, job->pass->out);
    else
        winograd_store_x(job->p, from, lines, panels, above, below, job->pass->out);
}

/* -- many tiles: the kernel is kept, bands of tiles pass through -- */

static void keep_kernel(void *arg, int64_t chunk, int worker) {
    (void)worker;
    const winograd_job *job = arg;
    spectrum part = job->kernel;
    part.data += chunk * part.panel;
    load_kernel(job, (range){0, job->in_panels}, (range){chunk, chunk + 1}, &part);
}

static void run_band(void *arg, int64_t chunk, int worker) {
    const winograd_job *job = arg;
    const int64_t index = job->first_band + chunk * job->band_step;
    const range lines = part_of(index, job->band, job->p->lines);
    const int64_t tiles = job->band * job->p->across;
    spectrum source = spectrum_rows(tiles, job->in_panels);
    spectrum result = spectrum_rows(tiles, job->out_panels);
    source.data = job->scratch + worker * job->scratch_size;
    result.data = source.data + job->result_at;
    load_source(job, lines, &source);
    const range in = {0, job->in_panels}, out = {0, job->out_panels};
    winograd_multiply(job->p, job->pass->forward, range_size(lines) * job->p->across, in, out,
                      &source, &job->kernel, NULL, 0, &result);
    const int second = job->first_band == 1;
    store_result(job, &result, lines, out, second, second);
}

static int32_t run_kept(gan_context *ctx, winograd_job *job) {
    const winograd_plan *p = job->p;
    job->band = max_i64(1, BAND_TILES / p->across);
    if (job->band > p->image_lines) job->band -= job->band % p->image_lines;
    job->bands = ceil_div(p->lines, job->band);
    const int64_t tiles = job->band * p->across;
    job->result_at = p->points * spectrum_rows(tiles, job->in_panels).point;
    job->scratch_size = job->result_at + p->points * spectrum_rows(tiles, job->out_panels).point;
    job->kernel = spectrum_panels(job->in_panels * GEMM_PANEL, job->out_panels);
    job->kernel.data =
        arena_alloc_array(ctx, (size_t)(p->points * job->kernel.point), sizeof(real));
    job->scratch =
        arena_alloc_array(ctx, (size_t)(parallel_workers(ctx) * job->scratch_size), sizeof(real));
    const int ready = job->kernel.data && job->scratch;
    if (ready) {
        parallel_for(ctx, job->out_panels, keep_kernel, job);
        /* Bands that share pixels of x are not stored at the same time: first the even ones, then
         * the odd. */
        const int split = !job->pass->forward && job->band % p->image_lines != 0;
        job->band_step = split ? 2 : 1;
        parallel_for(ctx, ceil_div(job->bands, job->band_step), run_band, job);
        job->first_band = 1;
        if (split) parallel_for(ctx, job->bands / 2, run_band, job);
    }
    arena_free(ctx, job->scratch);
    arena_free(ctx, job->kernel.data);
    return ready ? GAN_OK : GAN_ENOMEM;
}

/* -- a large kernel: the tiles are kept, parts of the kernel pass through -- */

static void keep_source(void *arg, int64_t chunk, int worker) {
    (void)worker;
    const winograd_job *job = arg;
    const range line = {job->lines.begin + chunk, job->lines.begin + chunk + 1};
    spectrum part = job->source;
    part.data += chunk * job->p->across * part.row;
    load_source(job, line, &part);
}

static void run_part(void *arg, int64_t chunk, int worker) {
    const winograd_job *job = arg;
    const winograd_plan *p = job->p;
    const range panels = part_of(chunk, job->part_panels, job->out_panels);
    const int64_t rows = range_size(job->lines) * p->across;
    spectrum result = spectrum_rows(rows, job->part_panels);
    result.data = job->scratch + worker * job->scratch_size + job->result_at;
    const int64_t step = PART_DEPTH / GEMM_PANEL;
    for (int64_t i = 0; i * step < job->in_panels; i++) {
        const range in = part_of(i, step, job->in_panels);
        spectrum kernel = spectrum_panels(range_size(in) * GEMM_PANEL, job->part_panels);
        kernel.data = job->scratch + worker * job->scratch_size;
        load_kernel(job, in, panels, &kernel);
        spectrum source = job->source;
        source.data += in.begin * source.panel;
        winograd_multiply(p, job->pass->forward, rows, in, panels, &source, &kernel, NULL, i > 0,
                          &result);
    }
    store_result(job, &result, job->lines, panels, 1, 0);
}

/* Lines of tiles that are at the points at once. */
static int64_t block_lines(const winograd_plan *p, int64_t panels) {
    const int64_t tiles = min_i64(BLOCK_TILES, BLOCK_ELEMENTS / (p->points * panels * GEMM_PANEL));
    return min_i64(p->lines, max_i64(1, tiles / p->across));
}

static int32_t run_streamed(gan_context *ctx, winograd_job *job) {
    const winograd_plan *p = job->p;
    const int64_t block = block_lines(p, job->in_panels), tiles = block * p->across;
    job->part_panels = panels_at_once(job->out_panels);
    job->source = spectrum_rows(tiles, job->in_panels);
    job->result_at = p->points * spectrum_panels(PART_DEPTH, job->part_panels).point;
    job->scratch_size = job->result_at + p->points * spectrum_rows(tiles, job->part_panels).point;
    job->source.data =
        arena_alloc_array(ctx, (size_t)(p->points * job->source.point), sizeof(real));
    job->scratch =
        arena_alloc_array(ctx, (size_t)(parallel_workers(ctx) * job->scratch_size), sizeof(real));
    const int ready = job->source.data && job->scratch;
    for (int64_t i = 0; ready && i * block < p->lines; i++) {
        job->lines = part_of(i, block, p->lines);
        parallel_for(ctx, range_size(job->lines), keep_source, job);
        parallel_for(ctx, ceil_div(job->out_panels, job->part_panels), run_part, job);
    }
    arena_free(ctx, job->scratch);
    arena_free(ctx, job->source.data);
    return ready ? GAN_OK : GAN_ENOMEM;
}

int winograd_covers_x(const winograd_plan *p) {
    const conv_geom *q = p->geom;
    const int64_t m = p->f->m, shared = p->f->taps - 1;
    return (p->image_lines * m + shared) * q->sh - q->pt >= q->h &&
           (p->across * m + shared) * q->sw - q->pl >= q->w;
}

int32_t conv_winograd(gan_context *ctx, const winograd_plan *p, const conv_pass *pass) {
    winograd_job job = {.p = p,
                        .pass = pass,
                        .in_panels = pass->forward ? p->x_panels : p->o_panels,
                        .out_panels = pass->forward ? p->o_panels : p->x_panels};
    if (!pass->forward && !winograd_covers_x(p)) {
        const conv_geom *q = p->geom;
        memset(pass->out, 0, (size_t)(q->n * q->h * q->w * q->c) * sizeof(real));
    }
    const int64_t kernel = p->points * p->x_panels * p->o_panels * GEMM_PANEL * GEMM_PANEL;
    const int64_t bands = p->lines * p->across / BAND_TILES;
    return kernel <= KEPT && bands >= BANDS ? run_kept(ctx, &job) : run_streamed(ctx, &job);
}

/* ---- weight gradient ------------------------------------------------------------------------- */

/* W_k (o, x's channels) = G_k^T X_k, summed over the tiles: a block of tiles of G is kept, panels
 * of X pass through. The blocks' results are added up in dw itself; so no sum in single precision
 * gets longer than a block. */
typedef struct weight_job {
    const winograd_plan *p;
    const real *x, *g;
    real *dw;
    range lines;
    spectrum g_kept;
    int64_t part_panels, parts;     /* panels of x at once, and how often */
    int64_t group_panels, o_panels; /* panels of o of one piece, and of them at once */
    real *scratch;
    int64_t scratch_size, result_at;
} weight_job;

static void keep_g(void *arg, int64_t chunk, int worker) {
    (void)worker;
    const weight_job *job = arg;
    const range line = {job->lines.begin + chunk, job->lines.begin + chunk + 1};
    spectrum part = job->g_kept;
    part.data += chunk * job->p->across * part.row;
    winograd_load_g(job->p, job->g, line, (range){0, job->p->o_panels}, &part);
}

static void correlate_part(void *arg, int64_t chunk, int worker) {
    const weight_job *job = arg;
    const winograd_plan *p = job->p;
    const range panels = part_of(chunk % job->parts, job->part_panels, p->x_panels);
    const range group = part_of(chunk / job->parts, job->group_panels, p->o_panels);
    const int64_t tiles = range_size(job->lines) * p->across;
    spectrum x = spectrum_panels(tiles, job->part_panels);
    spectrum result = spectrum_rows(job->o_panels * GEMM_PANEL, job->part_panels);
    x.data = job->scratch + worker * job->scratch_size;
    result.data = x.data + job->result_at;
    winograd_load_x(p, job->x, job->lines, panels, &x);
    for (range o = {group.begin, 0}; o.begin < group.end; o.begin = o.end) {
        o.end = min_i64(o.begin + job->o_panels, group.end);
        winograd_correlate(p, tiles, o, panels, &job->g_kept, &x, &result);
        winograd_store_w(p, &result, o, panels, job->lines.begin > 0, job->dw);
    }
}

static void weight_grad_cut(weight_job *job) {
    const winograd_plan *p = job->p;
    job->part_panels = panels_at_once(p->x_panels);
    job->parts = ceil_div(p->x_panels, job->part_panels);
    job->group_panels = ceil_div(p->o_panels, ceil_div(PIECES, job->parts));
    job->o_panels = min_i64(job->group_panels, PART_ROWS / GEMM_PANEL);
}

int32_t conv_winograd_weight_grad(gan_context *ctx, const winograd_plan *p, const real *x,
                                  const real *g, real *dw) {
    weight_job job = {.p = p, .x = x, .g = g, .dw = dw};
    const int64_t block = block_lines(p, p->o_panels), tiles = block * p->across;
    weight_grad_cut(&job);
    job.g_kept = spectrum_panels(tiles, p->o_panels);
    job.result_at = p->points * spectrum_panels(tiles, job.part_panels).point;
    job.scratch_size =
        job.result_at + p->points * spectrum_rows(job.o_panels * GEMM_PANEL, job.part_panels).point;
    job.g_kept.data = arena_alloc_array(ctx, (size_t)(p->points * job.g_kept.point), sizeof(real));
    job.scratch =
        arena_alloc_array(ctx, (size_t)(parallel_workers(ctx) * job.scratch_size), sizeof(real));
    const int ready = job.g_kept.data && job.scratch;
    for (int64_t i = 0; ready && i * block < p->lines; i++) {
        job.lines = part_of(i, block, p->lines);
        parallel_for(ctx, range_size(job.lines), keep_g, &job);
        parallel_for(ctx, job.parts * ceil_div(p->o_panels, job.group_panels), correlate_part,
                     &job);
    }
    arena_free(ctx, job.scratch);
    arena_free(ctx, job.g_kept.data);
    return ready ? GAN_OK : GAN_ENOMEM;
}
