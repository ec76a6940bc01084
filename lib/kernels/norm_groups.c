#include "kernels/norm_groups.h"

#include "core/alloc.h"
#include "kernels/activate.h"

/* Elements of a group whose mean its statistics start from. Elements of a row that is joined from
 * short ones, and such rows that a plane has at least: coefficients are made for a whole one. */
enum { PROBES = 16, JOINED = 512, JOINED_ROWS = 16 };

norm_view norm_view_joined(const norm_geom *q) {
    norm_view v = norm_view_of(q);
    if (v.c < 2) return v;
    int64_t join = max_i64(1, min_i64(JOINED / v.c, v.r / JOINED_ROWS));
    while (v.r % join != 0) join--;
    v.r /= join;
    v.c *= join;
    return v;
}

/* ---- sums ------------------------------------------------------------------------------------ */

int32_t norm_sums(gan_context *ctx, const norm_geom *q, const sum_terms *terms, double *sum,
                  double *product) {
    const norm_view v = norm_view_of(q);
    const int64_t columns = norm_columns(&v);
    double *fine = arena_alloc_array(ctx, (size_t)(2 * columns), sizeof *fine);
    real *shift = arena_alloc_array(ctx, (size_t)columns, sizeof *shift);
    int32_t status = fine && shift ? GAN_OK : GAN_ENOMEM;
    if (status == GAN_OK) {
        sum_terms by_column = *terms;
        norm_spread(&v, terms->shift, shift);
        by_column.shift = shift;
        status = column_sums(ctx, v.a, v.r, v.c, &by_column, fine, fine + columns);
    }
    for (int64_t k = 0; k < norm_groups(q) && status == GAN_OK; k++) {
        sum[k] = product[k] = 0;
        for (int64_t j = k * v.repeat; j < (k + 1) * v.repeat; j++) {
            sum[k] += fine[j];
            product[k] += fine[columns + j];
        }
    }
    arena_free(ctx, shift);
    arena_free(ctx, fine);
    return status;
}

/* shift[k] = a value near group k's mean: of up to PROBES elements of its first column, evenly
 * spaced. */
static void probe_means(const norm_view *v, int64_t groups, const real *x, real *shift) {
    const int64_t probes = min_i64(v->r, PROBES), step = v->r / probes;
    for (int64_t k = 0; k < groups; k++) {
        const int64_t column = k * v->repeat;
        const real *first = x + column / v->c * v->r * v->c + column % v->c;
        double sum = 0;
        for (int64_t i = 0; i < probes; i++) sum += (double)first[i * step * v->c];
        shift[k] = (real)(sum / (double)probes);
    }
}

/* With d = x - shift: mean = shift + <d> and var = <d^2> - <d>^2, which a shift near the mean makes
 * as exact as two passes. */
int32_t norm_stats(gan_context *ctx, const norm_geom *q, double eps, const real *x, real *stats) {
    const norm_view v = norm_view_of(q);
    const int64_t groups = norm_groups(q);
    const double size = (double)(q->r1 * q->r2);
    real *mean = stats, *var = mean + groups, *scale = var + groups;
    double *sum = arena_alloc_array(ctx, (size_t)(2 * groups), sizeof *sum);
    if (!sum) return GAN_ENOMEM;
    double *product = sum + groups;
    int32_t status = GAN_OK;
    if (size > 0) {
        probe_means(&v, groups, x, mean);
        const sum_terms terms = {.x = x, .shift = mean};
        status = norm_sums(ctx, q, &terms, sum, product);
    }
    for (int64_t k = 0; k < groups && status == GAN_OK; k++) {
        const double d = size > 0 ? sum[k] / size : 0;
        const double exact = size > 0 ? product[k] / size - d * d : 0;
        mean[k] = size > 0 ? (real)((double)mean[k] + d) : 0;
        var[k] = (real)(exact < 0 ? 0 : exact);
        scale[k] = (real)(1 / sqrt((double)var[k] + eps));
    }
    arena_free(ctx, sum);
    return status;
}

/* ---- pieces ---------------------------------------------------------------------------------- */

typedef struct piece_job {
    norm_view view;
    norm_piece_fn fn;
    const void *arg;
    int64_t length, pieces; /* of a line: a row, or a run */
} piece_job;

static void run_pieces(const void *arg, int64_t begin, int64_t end) {
    const piece_job *job = arg;
    const norm_view *v = &job->view;
    for (int64_t piece = begin; piece < end; piece++) {
        const int64_t line = piece / job->pieces, first = piece % job->pieces * NORM_PIECE;
        const int64_t k = v->c == 1 ? line : line / v->r * v->c + first;
        job->fn(job->arg, line * job->length + first, k, min_i64(NORM_PIECE, job->length - first));
    }
}

void norm_for(gan_context *ctx, const norm_view *view, norm_piece_fn fn, const void *arg) {
    const int64_t length = view->c == 1 ? view->r : view->c;
    const int64_t lines = view->c == 1 ? view->a : view->a * view->r;
    const piece_job job = {*view, fn, arg, length, ceil_div(length, NORM_PIECE)};
    span_for(ctx, lines * job.pieces, ceil_div(CUT_GRAIN, max_i64(1, min_i64(length, NORM_PIECE))),
             run_pieces, &job);
}

/* ---- combinations ---------------------------------------------------------------------------- */

static void combine_columns(const norm_terms *t, int64_t at, int64_t k, int64_t n, const real *e) {
    const real *restrict x = t->x + at, *mean = t->mean + k, *p = t->p + k;
    real *restrict y = t->out + at;
    if (!e) {
        for (int64_t j = 0; j < n; j++) y[j] = (x[j] - mean[j]) * p[j];
        return;
    }
    const real *q = t->q + k, *r = t->r + k;
    for (int64_t j = 0; j < n; j++) y[j] = (x[j] - mean[j]) * p[j] + e[j] * q[j] + r[j];
    if (!t->u) return;
    const real *u = t->u + at, *c = t->t + k;
    for (int64_t j = 0; j < n; j++) y[j] += u[j] * c[j];
}

static void combine_run(const norm_terms *t, int64_t at, int64_t k, int64_t n, const real *e) {
    const real *restrict x = t->x + at;
    const real mean = t->mean[k], p = t->p[k];
    real *restrict y = t->out + at;
    if (!e) {
        for (int64_t j = 0; j < n; j++) y[j] = (x[j] - mean) * p;
        return;
    }
    const real q = t->q[k], r = t->r[k];
    for (int64_t j = 0; j < n; j++) y[j] = (x[j] - mean) * p + e[j] * q + r;
    if (!t->u) return;
    const real *u = t->u + at, c = t->t[k];
    for (int64_t j = 0; j < n; j++) y[j] += u[j] * c;
}

static void combine_piece(const void *arg, int64_t at, int64_t k, int64_t n) {
    const norm_terms *t = arg;
    real past[NORM_PIECE], scaled[NORM_PIECE];
    const real *e = NULL;
    if (t->g) e = through_activation(n, t->act, t->g + at, t->y ? t->y + at : NULL, past);
    if (t->gain) e = through_gain(n, t->gain + at % t->period, e, scaled);
    if (t->view.c == 1)
        combine_run(t, at, k, n, e);
    else
        combine_columns(t, at, k, n, e);
}

void norm_combine(gan_context *ctx, const norm_terms *terms) {
    norm_for(ctx, &terms->view, combine_piece, terms);
}
