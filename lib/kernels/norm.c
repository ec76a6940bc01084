/* Normalisation of x (a, r1, b, r2) over the groups x[i, :, j, :].
 *
 * With d = x - shift, everything follows from two sums over a group: of e and of e * d. For the
 * statistics e is d itself and the shift any element of the group, which makes a single pass as
 * exact as two; for the projection e is g and the shift the mean. */
#include "kernels/kernels.h"

#include "core/alloc.h"
#include "kernels/activate.h"
#include "kernels/cut.h"

/* Sums along a row are kept in this many accumulators, so that they vectorise. */
enum { LANES = 8 };

typedef struct group_sums {
    double e, ed;
} group_sums;

typedef struct sums_job {
    const norm_geom *geom;
    const real *x, *g; /* g NULL: e = d */
    const real *shift; /* (a, b) */
    int64_t part_rows, parts;
    group_sums *partial; /* (a, parts, b) */
} sums_job;

static int64_t group_count(const norm_geom *q) { return q->a * q->b; }

static int64_t group_size(const norm_geom *q) { return q->r1 * q->r2; }

/* One row (b) whose groups are single columns. */
static void add_columns(const sums_job *job, int64_t row, const real *shift, group_sums *sums) {
    const int64_t b = job->geom->b;
    const real *x = job->x + row * b, *g = job->g ? job->g + row * b : NULL;
    for (int64_t j = 0; j < b; j++) {
        const double d = (double)x[j] - (double)shift[j], e = g ? (double)g[j] : d;
        sums[j].e += e;
        sums[j].ed += e * d;
    }
}

/* The contiguous run (r2) of one group. */
static group_sums sum_run(const real *x, const real *g, int64_t n, double shift) {
    double se[LANES] = {0}, sed[LANES] = {0};
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (int64_t k = 0; k < LANES; k++) {
            const double d = (double)x[i + k] - shift, e = g ? (double)g[i + k] : d;
            se[k] += e;
            sed[k] += e * d;
        }
    group_sums sums = {0, 0};
    for (; i < n; i++) {
        const double d = (double)x[i] - shift, e = g ? (double)g[i] : d;
        sums.e += e;
        sums.ed += e * d;
    }
    for (int64_t k = 0; k < LANES; k++) {
        sums.e += se[k];
        sums.ed += sed[k];
    }
    return sums;
}

static void add_runs(const sums_job *job, int64_t row, const real *shift, group_sums *sums) {
    const int64_t b = job->geom->b, r2 = job->geom->r2;
    for (int64_t j = 0; j < b; j++) {
        const int64_t at = (row * b + j) * r2;
        const group_sums run =
            sum_run(job->x + at, job->g ? job->g + at : NULL, r2, (double)shift[j]);
        sums[j].e += run.e;
        sums[j].ed += run.ed;
    }
}

/* Partial sums number [begin, end), counted over (a, parts). */
static void sum_parts(const void *arg, int64_t begin, int64_t end) {
    const sums_job *job = arg;
    const norm_geom *q = job->geom;
    for (int64_t part = begin; part < end; part++) {
        const int64_t i = part / job->parts, first = part % job->parts * job->part_rows;
        group_sums *sums = job->partial + part * q->b;
        for (int64_t j = 0; j < q->b; j++) sums[j] = (group_sums){0, 0};
        for (int64_t r = first; r < min_i64(first + job->part_rows, q->r1); r++) {
            if (q->r2 == 1)
                add_columns(job, i * q->r1 + r, job->shift + i * q->b, sums);
            else
                add_runs(job, i * q->r1 + r, job->shift + i * q->b, sums);
        }
    }
}

/* total (a, b) = both sums of every group. */
static int32_t sum_groups(gan_context *ctx, const norm_geom *q, const real *x, const real *g,
                          const real *shift, group_sums *total) {
    sums_job job = {.geom = q, .x = x, .g = g, .shift = shift};
    const int64_t row = max_i64(q->b * q->r2, 1);
    job.part_rows = max_i64(1, min_i64(q->r1, ceil_div(CUT_GRAIN, row)));
    job.parts = ceil_div(max_i64(q->r1, 1), job.part_rows);
    job.partial = arena_alloc_array(ctx, (size_t)(group_count(q) * job.parts), sizeof *job.partial);
    if (!job.partial) return GAN_ENOMEM;
    span_for(ctx, q->a * job.parts, ceil_div(CUT_GRAIN, job.part_rows * row), sum_parts, &job);
    for (int64_t i = 0; i < q->a; i++)
        for (int64_t j = 0; j < q->b; j++) {
            group_sums sums = {0, 0};
            for (int64_t part = 0; part < job.parts; part++) {
                const group_sums *p = &job.partial[(i * job.parts + part) * q->b + j];
                sums.e += p->e;
                sums.ed += p->ed;
            }
            total[i * q->b + j] = sums;
        }
    arena_free(ctx, job.partial);
    return GAN_OK;
}

int32_t norm_stats(gan_context *ctx, const norm_geom *q, const real *x, real *mean, real *var) {
    const int64_t groups = group_count(q), size = group_size(q);
    if (size == 0) {
        for (int64_t k = 0; k < groups; k++) mean[k] = var[k] = 0;
        return GAN_OK;
    }
    group_sums *total = arena_alloc_array(ctx, (size_t)groups, sizeof *total);
    if (!total) return GAN_ENOMEM;
    for (int64_t i = 0; i < q->a; i++) /* the shift, for the time being: each group's first */
        for (int64_t j = 0; j < q->b; j++) mean[i * q->b + j] = x[(i * q->r1 * q->b + j) * q->r2];
    const int32_t status = sum_groups(ctx, q, x, NULL, mean, total);
    for (int64_t k = 0; k < groups && status == GAN_OK; k++) {
        const double d = total[k].e / (double)size;
        const double v = total[k].ed / (double)size - d * d;
        mean[k] = (real)((double)mean[k] + d);
        var[k] = (real)(v < 0 ? 0 : v);
    }
    arena_free(ctx, total);
    return status;
}

/* s = 1 / sqrt(var + eps) in place of var. */
static int32_t mean_and_scale(gan_context *ctx, const norm_geom *q, double eps, const real *x,
                              real *mean, real *s) {
    const int32_t status = norm_stats(ctx, q, x, mean, s);
    for (int64_t k = 0; k < group_count(q) && status == GAN_OK; k++)
        s[k] = (real)(1 / sqrt((double)s[k] + eps));
    return status;
}

/* ---- y = (x - mean) * s * gain + shift, activated -------------------------------------------- */

typedef struct affine_job {
    const norm_geom *geom;
    const real *x, *mean, *s; /* x, (a, b), (a, b) */
    const real *gain, *shift; /* (b, r2) */
    real slope;
    real *y;
} affine_job;

static void affine_row(const affine_job *job, int64_t row, int64_t group) {
    const int64_t b = job->geom->b, r2 = job->geom->r2;
    const real *x = job->x + row * b * r2, *mean = job->mean + group, *s = job->s + group;
    const real *gain = job->gain, *shift = job->shift;
    real *y = job->y + row * b * r2;
    if (r2 == 1) {
        for (int64_t j = 0; j < b; j++) y[j] = (x[j] - mean[j]) * (s[j] * gain[j]) + shift[j];
    } else {
        for (int64_t j = 0; j < b; j++)
            for (int64_t k = j * r2; k < (j + 1) * r2; k++)
                y[k] = (x[k] - mean[j]) * (s[j] * gain[k]) + shift[k];
    }
    activate_row(b * r2, job->slope, y);
}

static void affine_rows(const void *arg, int64_t begin, int64_t end) {
    const affine_job *job = arg;
    for (int64_t row = begin; row < end; row++)
        affine_row(job, row, row / job->geom->r1 * job->geom->b);
}

int32_t norm_affine(gan_context *ctx, const norm_geom *geom, double eps, double slope,
                    const real *x, const real *gain, const real *shift, real *y) {
    const int64_t groups = group_count(geom);
    real *mean = arena_alloc_array(ctx, (size_t)(2 * groups), sizeof(real));
    if (!mean) return GAN_ENOMEM;
    real *s = mean + groups;
    const int32_t status = mean_and_scale(ctx, geom, eps, x, mean, s);
    const affine_job job = {geom, x, mean, s, gain, shift, (real)slope, y};
    if (status == GAN_OK)
        span_for(ctx, geom->a * geom->r1, ceil_div(CUT_GRAIN, max_i64(geom->b * geom->r2, 1)),
                 affine_rows, &job);
    arena_free(ctx, mean);
    return status;
}

/* ---- sum of g * xhat ------------------------------------------------------------------------- */

int32_t norm_dot(gan_context *ctx, const norm_geom *geom, double eps, const real *x, const real *g,
                 real *y) {
    const int64_t groups = group_count(geom);
    real *mean = arena_alloc_array(ctx, (size_t)(2 * groups), sizeof(real));
    group_sums *total = arena_alloc_array(ctx, (size_t)groups, sizeof *total);
    int32_t status = mean && total ? GAN_OK : GAN_ENOMEM;
    if (status == GAN_OK) status = mean_and_scale(ctx, geom, eps, x, mean, mean + groups);
    if (status == GAN_OK) status = sum_groups(ctx, geom, x, g, mean, total);
    for (int64_t k = 0; k < groups && status == GAN_OK; k++)
        y[k] = (real)(total[k].ed * (double)mean[groups + k]);
    arena_free(ctx, total);
    arena_free(ctx, mean);
    return status;
}

/* ---- y = (x - mean) * p + g * q + u * t + r, coefficients by group --------------------------- */

typedef struct apply_job {
    const norm_geom *geom;
    const real *x, *g, *u; /* g NULL: only the first term; u NULL: without u */
    const real *mean, *p;  /* (a, b), as those below */
    const real *q, *r, *t;
    real *y;
} apply_job;

static void apply_columns(const apply_job *job, int64_t at, int64_t group) {
    const real *x = job->x + at, *mean = job->mean + group, *p = job->p + group;
    real *y = job->y + at;
    const int64_t b = job->geom->b;
    if (!job->g) {
        for (int64_t j = 0; j < b; j++) y[j] = (x[j] - mean[j]) * p[j];
        return;
    }
    const real *g = job->g + at, *q = job->q + group, *r = job->r + group;
    for (int64_t j = 0; j < b; j++) y[j] = (x[j] - mean[j]) * p[j] + g[j] * q[j] + r[j];
    if (!job->u) return;
    const real *u = job->u + at, *t = job->t + group;
    for (int64_t j = 0; j < b; j++) y[j] += u[j] * t[j];
}

static void apply_run(const apply_job *job, int64_t at, int64_t group) {
    const real *x = job->x + at;
    const real mean = job->mean[group], p = job->p[group];
    real *y = job->y + at;
    const int64_t n = job->geom->r2;
    if (!job->g) {
        for (int64_t k = 0; k < n; k++) y[k] = (x[k] - mean) * p;
        return;
    }
    const real *g = job->g + at;
    const real q = job->q[group], r = job->r[group];
    for (int64_t k = 0; k < n; k++) y[k] = (x[k] - mean) * p + g[k] * q + r;
    if (!job->u) return;
    const real *u = job->u + at;
    const real t = job->t[group];
    for (int64_t k = 0; k < n; k++) y[k] += u[k] * t;
}

static void apply_rows(const void *arg, int64_t begin, int64_t end) {
    const apply_job *job = arg;
    const int64_t r1 = job->geom->r1, b = job->geom->b, r2 = job->geom->r2;
    for (int64_t row = begin; row < end; row++) {
        const int64_t group = row / r1 * b;
        if (r2 == 1)
            apply_columns(job, row * b, group);
        else
            for (int64_t j = 0; j < b; j++) apply_run(job, (row * b + j) * r2, group + j);
    }
}

static void apply(gan_context *ctx, const apply_job *job) {
    const norm_geom *q = job->geom;
    span_for(ctx, q->a * q->r1, ceil_div(CUT_GRAIN, max_i64(q->b * q->r2, 1)), apply_rows, job);
}

int32_t norm_normalize(gan_context *ctx, const norm_geom *geom, double eps, const real *x,
                       real *y) {
    const int64_t groups = group_count(geom);
    real *mean = arena_alloc_array(ctx, (size_t)(2 * groups), sizeof(real));
    if (!mean) return GAN_ENOMEM;
    real *s = mean + groups;
    const int32_t status = mean_and_scale(ctx, geom, eps, x, mean, s);
    const apply_job job = {.geom = geom, .x = x, .mean = mean, .p = s, .y = y};
    if (status == GAN_OK) apply(ctx, &job);
    arena_free(ctx, mean);
    return status;
}

int32_t norm_scale(gan_context *ctx, const norm_geom *geom, double eps, const real *x, real *s) {
    real *mean = arena_alloc_array(ctx, (size_t)group_count(geom), sizeof(real));
    if (!mean) return GAN_ENOMEM;
    const int32_t status = mean_and_scale(ctx, geom, eps, x, mean, s);
    arena_free(ctx, mean);
    return status;
}

/* y = s g - s <g> - (x - mean) s^3 <g (x - mean)> */
int32_t norm_project(gan_context *ctx, const norm_geom *geom, double eps, const real *x,
                     const real *g, real *y) {
    const int64_t groups = group_count(geom);
    const double size = (double)group_size(geom);
    real *mean = arena_alloc_array(ctx, (size_t)(4 * groups), sizeof(real));
    group_sums *total = arena_alloc_array(ctx, (size_t)groups, sizeof *total);
    int32_t status = mean && total ? GAN_OK : GAN_ENOMEM;
    if (status == GAN_OK) {
        real *s = mean + groups, *p = s + groups, *r = p + groups;
        status = mean_and_scale(ctx, geom, eps, x, mean, s);
        if (status == GAN_OK) status = sum_groups(ctx, geom, x, g, mean, total);
        for (int64_t k = 0; k < groups && status == GAN_OK; k++) {
            const double scale = (double)s[k];
            p[k] = (real)(-scale * scale * scale * total[k].ed / size);
            r[k] = (real)(-scale * total[k].e / size);
        }
        const apply_job job = {
            .geom = geom, .x = x, .g = g, .mean = mean, .p = p, .q = s, .r = r, .y = y};
        if (status == GAN_OK) apply(ctx, &job);
    }
    arena_free(ctx, total);
    arena_free(ctx, mean);
    return status;
}

/* With d = x - mean, a = <g xhat>, b = <u xhat> and c = <g u> - <g><u> - a b, so that the sum of
 * u P(x, g) is n s c:
 *     y = d (2 s^3 a b - s^3 c) - s^2 a (u - <u>) - s^2 b (g - <g>) */
int32_t norm_project_grad(gan_context *ctx, const norm_geom *geom, double eps, const real *x,
                          const real *g, const real *u, real *y) {
    const int64_t groups = group_count(geom);
    const double size = (double)group_size(geom);
    real *mean = arena_alloc_array(ctx, (size_t)(7 * groups), sizeof(real));
    group_sums *sums = arena_alloc_array(ctx, (size_t)(3 * groups), sizeof *sums);
    int32_t status = mean && sums ? GAN_OK : GAN_ENOMEM;
    if (status == GAN_OK) {
        real *s = mean + groups, *p = s + groups, *q = p + groups, *r = q + groups;
        real *t = r + groups, *zero = t + groups;
        group_sums *of_g = sums, *of_u = of_g + groups, *of_gu = of_u + groups;
        for (int64_t k = 0; k < groups; k++) zero[k] = 0;
        status = mean_and_scale(ctx, geom, eps, x, mean, s);
        if (status == GAN_OK) status = sum_groups(ctx, geom, x, g, mean, of_g);
        if (status == GAN_OK) status = sum_groups(ctx, geom, x, u, mean, of_u);
        if (status == GAN_OK) status = sum_groups(ctx, geom, u, g, zero, of_gu);
        for (int64_t k = 0; k < groups && status == GAN_OK; k++) {
            const double scale = (double)s[k], square = scale * scale;
            const double mean_g = of_g[k].e / size, mean_u = of_u[k].e / size;
            const double a = scale * of_g[k].ed / size, b = scale * of_u[k].ed / size;
            const double c = of_gu[k].ed / size - mean_g * mean_u - a * b;
            p[k] = (real)(square * scale * (2 * a * b - c));
            q[k] = (real)(-square * b);
            t[k] = (real)(-square * a);
            r[k] = (real)(square * (a * mean_u + b * mean_g));
        }
        const apply_job job = {.geom = geom,
                               .x = x,
                               .g = g,
                               .u = u,
                               .mean = mean,
                               .p = p,
                               .q = q,
                               .r = r,
                               .t = t,
                               .y = y};
        if (status == GAN_OK) apply(ctx, &job);
    }
    arena_free(ctx, sums);
    arena_free(ctx, mean);
    return status;
}
