/* Normalisation of x (a, r1, b, r2) over the groups x[i, :, j, :], and its projections. */
#include "kernels/norm_groups.h"

#include "core/alloc.h"

/* Scratch for `count` coefficients by column, the first of which is filled with the mean. */
static real *coefficients(gan_context *ctx, const norm_view *v, const real *stats, int64_t count) {
    real *mean = arena_alloc_array(ctx, (size_t)(count * norm_columns(v)), sizeof *mean);
    if (mean) norm_spread(v, norm_mean(stats), mean);
    return mean;
}

int32_t norm_normalize(gan_context *ctx, const norm_geom *geom, const real *stats, const real *x,
                       real *y) {
    const norm_view v = norm_view_joined(geom);
    real *mean = coefficients(ctx, &v, stats, 2);
    if (!mean) return GAN_ENOMEM;
    real *s = mean + norm_columns(&v);
    norm_spread(&v, norm_scales(geom, stats), s);
    const norm_terms terms = {.view = v, .x = x, .mean = mean, .p = s, .out = y};
    norm_combine(ctx, &terms);
    arena_free(ctx, mean);
    return GAN_OK;
}

int32_t norm_dot(gan_context *ctx, const norm_geom *geom, const real *stats, const real *x,
                 const real *g, real *y) {
    const int64_t groups = norm_groups(geom);
    const real *s = norm_scales(geom, stats);
    double *sum = arena_alloc_array(ctx, (size_t)(2 * groups), sizeof *sum);
    if (!sum) return GAN_ENOMEM;
    const sum_terms terms = {.x = x, .shift = norm_mean(stats), .g = g};
    const int32_t status = norm_sums(ctx, geom, &terms, sum, sum + groups);
    for (int64_t k = 0; k < groups && status == GAN_OK; k++)
        y[k] = (real)(sum[groups + k] * (double)s[k]);
    arena_free(ctx, sum);
    return status;
}

/* y = s g - s <g> - (x - mean) s^3 <g (x - mean)> */
int32_t norm_project(gan_context *ctx, const norm_geom *geom, const real *stats, const real *x,
                     const real *g, real *y) {
    const norm_view v = norm_view_joined(geom);
    const int64_t groups = norm_groups(geom), columns = norm_columns(&v);
    const double size = (double)(geom->r1 * geom->r2);
    real *mean = coefficients(ctx, &v, stats, 4);
    double *sum = arena_alloc_array(ctx, (size_t)(2 * groups), sizeof *sum);
    int32_t status = mean && sum ? GAN_OK : GAN_ENOMEM;
    if (status == GAN_OK) {
        const sum_terms of_g = {.x = x, .shift = norm_mean(stats), .g = g};
        status = norm_sums(ctx, geom, &of_g, sum, sum + groups);
    }
    if (status == GAN_OK) {
        real *p = mean + columns, *s = p + columns, *r = s + columns;
        for (int64_t k = 0; k < columns; k++) {
            const int64_t group = norm_group_of(&v, k);
            const double scale = (double)norm_scales(geom, stats)[group];
            p[k] = (real)(-scale * scale * scale * sum[groups + group] / size);
            s[k] = (real)scale;
            r[k] = (real)(-scale * sum[group] / size);
        }
        const norm_terms terms = {
            .view = v, .x = x, .g = g, .mean = mean, .p = p, .q = s, .r = r, .out = y};
        norm_combine(ctx, &terms);
    }
    arena_free(ctx, sum);
    arena_free(ctx, mean);
    return status;
}

/* With d = x - mean, a = <g xhat>, b = <u xhat> and c = <g u> - <g><u> - a b, so that the sum of
 * u P(x, g) is n s c:
 *     y = d (2 s^3 a b - s^3 c) - s^2 a (u - <u>) - s^2 b (g - <g>) */
int32_t norm_project_grad(gan_context *ctx, const norm_geom *geom, const real *stats, const real *x,
                          const real *g, const real *u, real *y) {
    const norm_view v = norm_view_joined(geom);
    const int64_t groups = norm_groups(geom), columns = norm_columns(&v);
    if (columns == 0) return GAN_OK; /* groups without elements */
    const double size = (double)(geom->r1 * geom->r2);
    real *mean = coefficients(ctx, &v, stats, 6);
    double *sums = arena_alloc_array(ctx, (size_t)(6 * groups), sizeof *sums);
    int32_t status = mean && sums ? GAN_OK : GAN_ENOMEM;
    if (status == GAN_OK) {
        double *sum_g = sums, *dot_g = sum_g + groups, *sum_u = dot_g + groups;
        double *dot_u = sum_u + groups, *unused = dot_u + groups, *dot_gu = unused + groups;
        real *p = mean + columns, *q = p + columns, *r = q + columns;
        real *t = r + columns, *zero = t + columns;
        for (int64_t k = 0; k < groups; k++) zero[k] = 0;
        const sum_terms of_g = {.x = x, .shift = norm_mean(stats), .g = g};
        const sum_terms of_u = {.x = x, .shift = norm_mean(stats), .g = u};
        const sum_terms of_gu = {.x = u, .shift = zero, .g = g};
        status = norm_sums(ctx, geom, &of_g, sum_g, dot_g);
        if (status == GAN_OK) status = norm_sums(ctx, geom, &of_u, sum_u, dot_u);
        if (status == GAN_OK) status = norm_sums(ctx, geom, &of_gu, unused, dot_gu);
        for (int64_t k = 0; k < columns && status == GAN_OK; k++) {
            const int64_t i = norm_group_of(&v, k);
            const double scale = (double)norm_scales(geom, stats)[i], square = scale * scale;
            const double mean_g = sum_g[i] / size, mean_u = sum_u[i] / size;
            const double a = scale * dot_g[i] / size, b = scale * dot_u[i] / size;
            const double c = dot_gu[i] / size - mean_g * mean_u - a * b;
            p[k] = (real)(square * scale * (2 * a * b - c));
            q[k] = (real)(-square * b);
            t[k] = (real)(-square * a);
            r[k] = (real)(square * (a * mean_u + b * mean_g));
        }
        const norm_terms terms = {.view = v,
                                  .x = x,
                                  .g = g,
                                  .u = u,
                                  .mean = mean,
                                  .p = p,
                                  .q = q,
                                  .r = r,
                                  .t = t,
                                  .out = y};
        if (status == GAN_OK) norm_combine(ctx, &terms);
    }
    arena_free(ctx, sums);
    arena_free(ctx, mean);
    return status;
}
