/* The transposed convolution of few pixels: a generator that draws one image.
 *
 *     products (source pixels, kernel taps * c) = in (source pixels, o) * w (o, kernel taps * c)
 *     out[i * sh + a * dh - pt, j * sw + b * dw - pl] += products[(i, j), (a, b)]
 *
 * With so few rows the kernel is read once and no more: packing or transforming it would take
 * longer than the product, so it is used where it lies. Parts of its rows that lie side by side
 * follow each other, so that few of its pages are in use at a time, and each is asked for one panel
 * ahead. */
#include "kernels/conv_algorithms.h"

#include "core/alloc.h"
#include "core/threads.h"
#include "kernels/gemm_packed.h"
#include "kernels/tiling.h"

#include <string.h>

/* Source pixels at most; elements of a kernel at least. */
static const int64_t PIXELS = 64, KERNEL = 256 * 1024;

/* Pixels that pass over a panel together. */
static const int64_t GROUP = 12;

/* Rows of the kernel at once: as many pages as the translation cache holds. */
static const int64_t DEPTH = 48;

typedef struct scatter_job {
    const conv_pass *pass;
    int64_t pixels, cols; /* the products' shape */
    real *products;
} scatter_job;

int conv_scattered_suits(const conv_geom *q) {
    return q->n * q->ho * q->wo <= PIXELS && q->o * q->kh * q->kw * q->c >= KERNEL &&
           q->kh * q->kw * q->c % GEMM_PANEL == 0;
}

/* ---- products -------------------------------------------------------------------------------- */

/* One panel of the products, `depth` rows of the kernel from row o on. Each group of pixels passes
 * over them, and asks for one line of the panel to the right while it does. */
static void multiply_panel(const scatter_job *job, int64_t col, int64_t o, int64_t depth) {
    enum { LINE = 64 / (int)sizeof(real) };
    const int64_t channels = job->pass->geom->o;
    const int64_t groups = max_i64(GEMM_PANEL / LINE, ceil_div(job->pixels, GROUP));
    const real *const b = job->pass->w + o * job->cols + col;
    for (int64_t group = 0; group < groups; group++) {
        const int64_t begin = job->pixels * group / groups;
        const int ahead = group < GEMM_PANEL / LINE;
        gemm_strip strip = {.rows = job->pixels * (group + 1) / groups - begin,
                            .cols = GEMM_PANEL,
                            .runs = 1,
                            .run = depth,
                            .a = job->pass->in + begin * channels + o,
                            .row = channels,
                            .step = 1,
                            .b = b,
                            .b_step = job->cols,
                            .accumulate = o > 0,
                            .c = job->products + begin * job->cols + col,
                            .ldc = job->cols,
                            .next = ahead ? (const char *)(b + GEMM_PANEL + group * LINE) : NULL,
                            .next_step = ahead ? job->cols * (int64_t)sizeof(real) : 0};
        gemm_multiply_strip(&strip);
    }
}

static void multiply_columns(void *arg, int64_t chunk, int worker) {
    (void)worker;
    const scatter_job *job = arg;
    const int64_t panels = job->cols / GEMM_PANEL, channels = job->pass->geom->o;
    const int64_t begin = panels * chunk / TILING_PIECES * GEMM_PANEL;
    const int64_t end = panels * (chunk + 1) / TILING_PIECES * GEMM_PANEL;
    for (int64_t o = 0; o < channels; o += DEPTH)
        for (int64_t col = begin; col < end; col += GEMM_PANEL)
            multiply_panel(job, col, o, min_i64(DEPTH, channels - o));
}

/* ---- the result ------------------------------------------------------------------------------ */

/* The source's index that meets position y through this tap, or -1. */
static int64_t met_by(int64_t y, int64_t pad, int64_t tap, int64_t dilation, int64_t stride,
                      int64_t size) {
    const int64_t at = y + pad - tap * dilation;
    return at >= 0 && at % stride == 0 && at / stride < size ? at / stride : -1;
}

static void gather_pixel(const scatter_job *job, int64_t image, int64_t y, int64_t x, real *to) {
    const conv_geom *q = job->pass->geom;
    memset(to, 0, (size_t)q->c * sizeof(real));
    for (int64_t a = 0; a < q->kh; a++) {
        const int64_t i = met_by(y, q->pt, a, q->dh, q->sh, q->ho);
        for (int64_t b = 0; b < q->kw && i >= 0; b++) {
            const int64_t j = met_by(x, q->pl, b, q->dw, q->sw, q->wo);
            if (j < 0) continue;
            const real *from = job->products + ((image * q->ho + i) * q->wo + j) * job->cols +
                               (a * q->kw + b) * q->c;
            for (int64_t k = 0; k < q->c; k++) to[k] += from[k];
        }
    }
}

/* A line of the result. */
static void gather_line(void *arg, int64_t chunk, int worker) {
    (void)worker;
    const scatter_job *job = arg;
    const conv_geom *q = job->pass->geom;
    for (int64_t x = 0; x < q->w; x++)
        gather_pixel(job, chunk / q->h, chunk % q->h, x,
                     job->pass->out + (chunk * q->w + x) * q->c);
}

int32_t conv_scattered(gan_context *ctx, const conv_pass *pass) {
    const conv_geom *q = pass->geom;
    scatter_job job = {.pass = pass, .pixels = q->n * q->ho * q->wo, .cols = q->kh * q->kw * q->c};
    job.products = arena_alloc_array(ctx, (size_t)(job.pixels * job.cols), sizeof(real));
    if (!job.products) return GAN_ENOMEM;
    parallel_for(ctx, TILING_PIECES, multiply_columns, &job);
    parallel_for(ctx, q->n * q->h, gather_line, &job);
    arena_free(ctx, job.products);
    return GAN_OK;
}
