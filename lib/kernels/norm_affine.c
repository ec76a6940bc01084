/* Normalisation, gain, shift and activation in one pass; their gradients in one pass for the sums
 * and one for the result. */
#include "kernels/norm_groups.h"

#include "core/alloc.h"
#include "kernels/activate.h"

/* ---- y = act((x - mean) * s * gain + shift) -------------------------------------------------- */

typedef struct affine_job {
    norm_view view;
    int runs; /* gain and shift vary along a run; else they are by column, gain times s */
    int64_t period;
    activation act;
    const real *x, *mean, *s, *gain, *shift;
    real *y;
} affine_job;

static void affine_piece(const void *arg, int64_t at, int64_t k, int64_t n) {
    const affine_job *job = arg;
    const real *restrict x = job->x + at;
    real *restrict y = job->y + at;
    const real *mean = job->mean + k;
    if (job->runs) {
        const real *gain = job->gain + at % job->period, *shift = job->shift + at % job->period;
        const real m = mean[0], s = job->s[k];
        for (int64_t j = 0; j < n; j++) y[j] = (x[j] - m) * (s * gain[j]) + shift[j];
    } else if (job->view.c == 1) {
        const real m = mean[0], gain = job->gain[k], shift = job->shift[k];
        for (int64_t j = 0; j < n; j++) y[j] = (x[j] - m) * gain + shift;
    } else {
        const real *gain = job->gain + k, *shift = job->shift + k;
        for (int64_t j = 0; j < n; j++) y[j] = (x[j] - mean[j]) * gain[j] + shift[j];
    }
    activate_row(n, job->act, y);
}

int32_t norm_affine(gan_context *ctx, const norm_geom *geom, activation act, const real *stats,
                    const real *x, const real *gain, const real *shift, real *y) {
    const norm_view v = norm_view_joined(geom);
    const int64_t columns = norm_columns(&v);
    const real *s = norm_scales(geom, stats);
    affine_job job = {
        v, norm_view_runs(geom), geom->b * geom->r2, act, x, norm_mean(stats), s, gain, shift, y};
    real *by_column = NULL;
    if (!job.runs) {
        by_column = arena_alloc_array(ctx, (size_t)(3 * columns), sizeof *by_column);
        if (!by_column) return GAN_ENOMEM;
        real *mean = by_column, *factor = mean + columns, *offset = factor + columns;
        for (int64_t k = 0; k < columns; k++) {
            const int64_t group = norm_group_of(&v, k);
            mean[k] = norm_mean(stats)[group];
            factor[k] = s[group] * gain[k % v.period];
            offset[k] = shift[k % v.period];
        }
        job.mean = mean;
        job.gain = factor;
        job.shift = offset;
    }
    norm_for(ctx, &v, affine_piece, &job);
    arena_free(ctx, by_column);
    return GAN_OK;
}

/* ---- gradients ------------------------------------------------------------------------------- */

/* One call's arrays; h is g through the activation. */
typedef struct grad_job {
    const norm_geom *geom;
    norm_view view;
    norm_affine_arrays of;
    double *sum, *product; /* by group: of h gain and of h gain (x - mean) */
} grad_job;

static double sum_over_planes(const norm_view *v, const double *by_column, const real *factor,
                              int64_t c) {
    double sum = 0;
    for (int64_t i = 0; i < v->a; i++) {
        const int64_t k = i * v->c + c;
        sum += by_column[k] * (factor ? (double)factor[k / v->repeat] : 1);
    }
    return sum;
}

/* Where groups are columns, the sums of h and h (x - mean) over each column give all. */
static int32_t sums_of_columns(gan_context *ctx, const grad_job *job) {
    const norm_view *v = &job->view;
    const norm_affine_arrays *of = &job->of;
    const int64_t columns = norm_columns(v);
    double *sum = arena_alloc_array(ctx, (size_t)(2 * columns), sizeof *sum);
    real *mean = arena_alloc_array(ctx, (size_t)columns, sizeof *mean);
    int32_t status = sum && mean ? GAN_OK : GAN_ENOMEM;
    double *product = sum + columns;
    if (status == GAN_OK) {
        norm_spread(v, norm_mean(of->stats), mean);
        const sum_terms terms = {.x = of->x, .shift = mean, .g = of->g, .y = of->y, .act = of->act};
        status = column_sums(ctx, v->a, v->r, v->c, &terms, sum, product);
    }
    if (status == GAN_OK) {
        const real *s = norm_scales(job->geom, of->stats);
        for (int64_t k = 0; k < norm_groups(job->geom); k++) job->sum[k] = job->product[k] = 0;
        for (int64_t k = 0; k < columns; k++) {
            job->sum[k / v->repeat] += sum[k] * (double)of->gain[k % v->c];
            job->product[k / v->repeat] += product[k] * (double)of->gain[k % v->c];
        }
        for (int64_t c = 0; c < v->c; c++) {
            if (of->dshift) of->dshift[c] = (real)sum_over_planes(v, sum, NULL, c);
            if (of->dgain) of->dgain[c] = (real)sum_over_planes(v, product, s, c);
        }
    }
    arena_free(ctx, mean);
    arena_free(ctx, sum);
    return status;
}

enum { BLOCK = 512 };

/* dshift and dgain where groups are runs (a, b, r2): the sums over a of h and h xhat. A task is one
 * block of places within a run. */
static void parameter_blocks(const void *arg, int64_t begin, int64_t end) {
    const grad_job *job = arg;
    const norm_affine_arrays *of = &job->of;
    const int64_t b = job->geom->b, r2 = job->geom->r2, blocks = ceil_div(r2, BLOCK);
    const real *mean = norm_mean(of->stats), *s = norm_scales(job->geom, of->stats);
    for (int64_t task = begin; task < end; task++) {
        const int64_t j = task / blocks, first = task % blocks * BLOCK;
        const int64_t n = min_i64(BLOCK, r2 - first);
        double sum[BLOCK] = {0}, product[BLOCK] = {0};
        real room[BLOCK];
        for (int64_t group = j; group < norm_groups(job->geom); group += b) {
            const int64_t at = group * r2 + first;
            const real *x = of->x + at;
            const real *h =
                through_activation(n, of->act, of->g + at, of->y ? of->y + at : NULL, room);
            for (int64_t k = 0; k < n; k++) {
                sum[k] += (double)h[k];
                product[k] += (double)(h[k] * ((x[k] - mean[group]) * s[group]));
            }
        }
        for (int64_t k = 0; k < n && of->dshift; k++) of->dshift[j * r2 + first + k] = (real)sum[k];
        for (int64_t k = 0; k < n && of->dgain; k++)
            of->dgain[j * r2 + first + k] = (real)product[k];
    }
}

static int32_t sums_of_runs(gan_context *ctx, const grad_job *job) {
    const norm_geom *q = job->geom;
    const norm_affine_arrays *of = &job->of;
    if (of->dshift || of->dgain)
        span_for(ctx, q->b * ceil_div(q->r2, BLOCK), ceil_div(CUT_GRAIN, max_i64(1, q->a * BLOCK)),
                 parameter_blocks, job);
    if (!of->dx) return GAN_OK;
    const sum_terms terms = {.x = of->x,
                             .shift = norm_mean(of->stats),
                             .g = of->g,
                             .y = of->y,
                             .act = of->act,
                             .gain = of->gain,
                             .period = q->b * q->r2};
    return norm_sums(ctx, q, &terms, job->sum, job->product);
}

/* dx = s h gain - s <h gain> - (x - mean) s^3 <h gain (x - mean)>, as norm_project. */
static int32_t write_dx(gan_context *ctx, const grad_job *job) {
    const norm_view v = norm_view_joined(job->geom);
    const norm_affine_arrays *of = &job->of;
    const int runs = norm_view_runs(job->geom);
    const int64_t columns = norm_columns(&v);
    const double size = (double)(job->geom->r1 * job->geom->r2);
    real *mean = arena_alloc_array(ctx, (size_t)(4 * columns), sizeof *mean);
    if (!mean) return GAN_ENOMEM;
    real *p = mean + columns, *q = p + columns, *r = q + columns;
    norm_spread(&v, norm_mean(of->stats), mean);
    for (int64_t k = 0; k < columns; k++) {
        const int64_t group = norm_group_of(&v, k);
        const double s = (double)norm_scales(job->geom, of->stats)[group];
        p[k] = (real)(-s * s * s * job->product[group] / size);
        q[k] = runs ? (real)s : (real)s * of->gain[k % v.period];
        r[k] = (real)(-s * job->sum[group] / size);
    }
    const norm_terms terms = {.view = v,
                              .x = of->x,
                              .g = of->g,
                              .y = of->y,
                              .gain = runs ? of->gain : NULL,
                              .act = of->act,
                              .period = job->geom->b * job->geom->r2,
                              .mean = mean,
                              .p = p,
                              .q = q,
                              .r = r,
                              .out = of->dx};
    norm_combine(ctx, &terms);
    arena_free(ctx, mean);
    return GAN_OK;
}

int32_t norm_affine_grad(gan_context *ctx, const norm_geom *geom, const norm_affine_arrays *of) {
    const int64_t groups = norm_groups(geom);
    double *sum = arena_alloc_array(ctx, (size_t)(2 * groups), sizeof *sum);
    if (!sum) return GAN_ENOMEM;
    const grad_job job = {geom, norm_view_of(geom), *of, sum, sum + groups};
    int32_t status = norm_view_runs(geom) ? sums_of_runs(ctx, &job) : sums_of_columns(ctx, &job);
    if (status == GAN_OK && of->dx) status = write_dx(ctx, &job);
    arena_free(ctx, sum);
    return status;
}
