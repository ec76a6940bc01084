/* Results of few channels: project, then fold.
 *
 *     products (source pixels, kernel taps * channels) = in (source pixels, c) * kernel
 *     out[pixel] = sum over taps of products[place where the tap falls, tap]
 *
 * A chunk is a band of lines of one image of the result; it projects the lines of the source that
 * the band sees, a few of them again for the neighbouring band. */
#include "kernels/conv_algorithms.h"

#include "core/alloc.h"
#include "core/threads.h"
#include "kernels/tiling.h"

/* Elements of the products of one band, unless a single line of windows sees more. */
static const int64_t BAND = 256 * 1024;

/* Positions a band has at least, so that little is projected twice. */
static const int64_t BAND_LEAST = 8;

typedef struct fold_job {
    const conv_pass *pass;
    int64_t phases, height, width, channels; /* of the result */
    int64_t band, bands;                     /* phase positions a band, bands an image */
    int64_t source_width, source_channels;
    int64_t products_row;               /* kernel taps * channels */
    int64_t tap_stride, channel_stride; /* in a row of products */
    real *products;                     /* per worker */
    int64_t products_size;
} fold_job;

typedef struct span {
    int64_t begin, end;
} span;

/* Source lines that positions [begin, end) of the axis see. */
static span axis_sees(const tap_axis *axis, span positions) {
    const int64_t end = min_i64(positions.end, axis->out);
    if (axis->taps == 0 || positions.begin >= end) return (span){0, 0};
    const int64_t lo = positions.begin * axis->stride + axis->origin;
    const int64_t hi = (end - 1) * axis->stride + (axis->taps - 1) * axis->step + axis->origin + 1;
    const span seen = {max_i64(lo, 0), min_i64(hi, axis->in)};
    return seen.begin < seen.end ? seen : (span){0, 0};
}

static span band_sees(const fold_job *job, span positions) {
    span all = {0, 0};
    for (int64_t phase = 0; phase < job->phases; phase++) {
        const window win = conv_pass_window(job->pass, phase);
        const span s = axis_sees(&win.y, positions);
        if (s.begin == s.end) continue;
        if (all.begin == all.end) all = s;
        all = (span){min_i64(all.begin, s.begin), max_i64(all.end, s.end)};
    }
    return all;
}

/* products = the source lines `seen` of the image times the kernel. As (o, kh, kw, c), w is the
 * matrix (o, taps * c) of the transposed pass and (o * taps, c) of the forward one. */
static void project(const fold_job *job, int64_t image, int64_t source_height, span seen,
                    real *products) {
    const conv_pass *pass = job->pass;
    const int64_t c = job->source_channels;
    const real *lines = pass->in + (image * source_height + seen.begin) * job->source_width * c;
    gemm_serial(0, pass->forward, (seen.end - seen.begin) * job->source_width, job->products_row, c,
                lines, c, pass->w, pass->forward ? c : job->products_row, 0, products,
                job->products_row);
}

/* One pixel of the result: position (i, j) of the phase. */
static void fold_pixel(const fold_job *job, const window *win, int64_t i, int64_t j,
                       int64_t first_line, const real *products, real *to) {
    const int64_t kw = job->pass->geom->kw;
    for (int64_t o = 0; o < job->channels; o++) to[o] = 0;
    for (int64_t ty = 0; ty < win->y.taps; ty++) {
        const int64_t y = i * win->y.stride + ty * win->y.step + win->y.origin;
        if (y < 0 || y >= win->y.in) continue;
        const int64_t a = win->y.tap_first + ty * win->y.tap_step;
        for (int64_t tx = 0; tx < win->x.taps; tx++) {
            const int64_t x = j * win->x.stride + tx * win->x.step + win->x.origin;
            if (x < 0 || x >= win->x.in) continue;
            const int64_t b = win->x.tap_first + tx * win->x.tap_step;
            const real *from = products +
                               ((y - first_line) * job->source_width + x) * job->products_row +
                               (a * kw + b) * job->tap_stride;
            for (int64_t o = 0; o < job->channels; o++) to[o] += from[o * job->channel_stride];
        }
    }
}

static void fold_band(void *arg, int64_t chunk, int worker) {
    const fold_job *job = arg;
    const int64_t image = chunk / job->bands;
    const span positions = {chunk % job->bands * job->band, (chunk % job->bands + 1) * job->band};
    real *products = job->products + worker * job->products_size;
    const span seen = band_sees(job, positions);
    if (seen.begin < seen.end)
        project(job, image, conv_pass_window(job->pass, 0).y.in, seen, products);
    for (int64_t phase = 0; phase < job->phases; phase++) {
        const window win = conv_pass_window(job->pass, phase);
        for (int64_t i = positions.begin; i < min_i64(positions.end, win.y.out); i++) {
            real *line =
                job->pass->out + (image * job->height + win.y.out_first + i * win.y.out_step) *
                                     job->width * job->channels;
            for (int64_t j = 0; j < win.x.out; j++)
                fold_pixel(job, &win, i, j, seen.begin, products,
                           line + (win.x.out_first + j * win.x.out_step) * job->channels);
        }
    }
}

int32_t conv_folded(gan_context *ctx, const conv_pass *pass) {
    const conv_geom *q = pass->geom;
    const window first = conv_pass_window(pass, 0); /* no other has more positions */
    const int64_t taps = q->kh * q->kw, channels = conv_pass_channels(pass);
    fold_job job = {.pass = pass,
                    .phases = conv_pass_phases(pass),
                    .height = pass->forward ? q->ho : q->h,
                    .width = pass->forward ? q->wo : q->w,
                    .channels = channels,
                    .source_width = first.x.in,
                    .source_channels = first.c,
                    .products_row = taps * channels,
                    .tap_stride = pass->forward ? 1 : channels,
                    .channel_stride = pass->forward ? taps : 1};
    const int64_t line = first.x.in * job.products_row; /* products of a source line */
    const int64_t share = ceil_div(first.y.out * q->n, TILING_PIECES);
    job.band = min_i64(max_i64(share, BAND_LEAST), BAND / (line * first.y.stride));
    job.band = min_i64(max_i64(job.band, 1), first.y.out);
    job.bands = ceil_div(first.y.out, job.band);

    int64_t lines = 0;
    for (int64_t b = 0; b < job.bands; b++) {
        const span seen = band_sees(&job, (span){b * job.band, (b + 1) * job.band});
        lines = max_i64(lines, seen.end - seen.begin);
    }
    job.products_size = slot_size(lines * line);
    job.products =
        arena_alloc_array(ctx, (size_t)(parallel_workers(ctx) * job.products_size), sizeof(real));
    if (!job.products) return GAN_ENOMEM;
    parallel_for(ctx, q->n * job.bands, fold_band, &job);
    arena_free(ctx, job.products);
    return GAN_OK;
}
