/* Pooling: every pixel of the result looks at a rectangle of the source. */
#include "kernels/kernels.h"

#include "kernels/cut.h"

/* Channels of which the running maxima are kept at once. */
enum { LANES = 64 };

typedef struct range {
    int64_t begin, end;
} range;

/* Along one axis: windows of k places, s apart, the first at -p, over an image of `places`. */
typedef struct pool_axis {
    int64_t places, windows, k, s, p;
} pool_axis;

/* The places of window i. */
static range places_of(const pool_axis *axis, int64_t i) {
    const int64_t first = i * axis->s - axis->p;
    return (range){max_i64(first, 0), min_i64(first + axis->k, axis->places)};
}

/* The windows that hold place u. */
static range windows_of(const pool_axis *axis, int64_t u) {
    const int64_t before = u + axis->p - axis->k; /* the windows starting here or before end by u */
    return (range){before < 0 ? 0 : before / axis->s + 1,
                   u + axis->p < 0 ? 0 : min_i64((u + axis->p) / axis->s + 1, axis->windows)};
}

typedef struct pool_job {
    pool_axis y, x;
    int64_t c;
    int64_t source_h, source_w, h, w; /* h, w: of the result */
    range (*seen)(const pool_axis *axis, int64_t place);
    const real *source;
    real *sum;
    int32_t *index;
} pool_job;

static pool_job pool_forward(const pool_geom *q, const real *x) {
    return (pool_job){.y = {q->h, q->ho, q->kh, q->sh, q->pt},
                      .x = {q->w, q->wo, q->kw, q->sw, q->pl},
                      .c = q->c,
                      .source_h = q->h,
                      .source_w = q->w,
                      .h = q->ho,
                      .w = q->wo,
                      .seen = places_of,
                      .source = x};
}

/* Calls fn for the lines of all results, in pieces of about CUT_GRAIN additions. */
static void for_lines(gan_context *ctx, const pool_job *job, int64_t images, span_fn fn) {
    const int64_t work =
        job->w * job->c * ceil_div(job->y.k, job->y.s) * ceil_div(job->x.k, job->x.s);
    span_for(ctx, images * job->h, ceil_div(CUT_GRAIN, max_i64(work, 1)), fn, job);
}

static void sum_rectangle(const pool_job *job, int64_t image, range rows, range cols, real *to) {
    const int64_t c = job->c;
    for (int64_t k = 0; k < c; k++) to[k] = 0;
    for (int64_t i = rows.begin; i < rows.end; i++)
        for (int64_t j = cols.begin; j < cols.end; j++) {
            const real *from = job->source + ((image * job->source_h + i) * job->source_w + j) * c;
            for (int64_t k = 0; k < c; k++) to[k] += from[k];
        }
}

static void sum_lines(const void *arg, int64_t begin, int64_t end) {
    const pool_job *job = arg;
    for (int64_t line = begin; line < end; line++) {
        const range rows = job->seen(&job->y, line % job->h);
        for (int64_t j = 0; j < job->w; j++)
            sum_rectangle(job, line / job->h, rows, job->seen(&job->x, j),
                          job->sum + (line * job->w + j) * job->c);
    }
}

void pool_sum(gan_context *ctx, const pool_geom *geom, const real *x, real *y) {
    pool_job job = pool_forward(geom, x);
    job.sum = y;
    for_lines(ctx, &job, geom->n, sum_lines);
}

void pool_spread(gan_context *ctx, const pool_geom *geom, const real *y, real *x) {
    pool_job job = pool_forward(geom, y);
    job.source_h = geom->ho;
    job.source_w = geom->wo;
    job.h = geom->h;
    job.w = geom->w;
    job.seen = windows_of;
    job.sum = x;
    for_lines(ctx, &job, geom->n, sum_lines);
}

/* The places of a window, never none: one that misses the image takes the nearest place. */
static range places_or_nearest(const pool_axis *axis, int64_t i) {
    range r = places_of(axis, i);
    r.begin = min_i64(r.begin, axis->places - 1);
    r.end = max_i64(r.end, r.begin + 1);
    return r;
}

/* Channels [0, count) of the rectangle; `first` is the flat position of the image's first one. */
static void argmax_rectangle(const pool_job *job, int64_t first, range rows, range cols,
                             int64_t count, int32_t *index) {
    real best[LANES];
    int64_t at = first + (rows.begin * job->source_w + cols.begin) * job->c;
    for (int64_t k = 0; k < count; k++) {
        best[k] = job->source[at + k];
        index[k] = (int32_t)(at + k);
    }
    for (int64_t i = rows.begin; i < rows.end; i++)
        for (int64_t j = cols.begin; j < cols.end; j++) {
            at = first + (i * job->source_w + j) * job->c;
            for (int64_t k = 0; k < count; k++) {
                const real value = job->source[at + k];
                /* larger, or the first NaN */
                const int wins = !(value <= best[k]) && best[k] == best[k];
                best[k] = wins ? value : best[k];
                index[k] = wins ? (int32_t)(at + k) : index[k];
            }
        }
}

static void argmax_lines(const void *arg, int64_t begin, int64_t end) {
    const pool_job *job = arg;
    for (int64_t line = begin; line < end; line++) {
        const int64_t image = line / job->h * job->source_h * job->source_w * job->c;
        const range rows = places_or_nearest(&job->y, line % job->h);
        for (int64_t j = 0; j < job->w; j++) {
            const range cols = places_or_nearest(&job->x, j);
            int32_t *index = job->index + (line * job->w + j) * job->c;
            for (int64_t k = 0; k < job->c; k += LANES)
                argmax_rectangle(job, image + k, rows, cols, min_i64(LANES, job->c - k), index + k);
        }
    }
}

void pool_argmax(gan_context *ctx, const pool_geom *geom, const real *x, int32_t *index) {
    pool_job job = pool_forward(geom, x);
    job.index = index;
    if (geom->h > 0 && geom->w > 0) for_lines(ctx, &job, geom->n, argmax_lines);
}
