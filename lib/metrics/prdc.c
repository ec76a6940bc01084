#include "metrics/pairs.h"

#include "core/alloc.h"

#include <math.h>

/* Squared radii of the balls: the distances to the k-th nearest other row. */
static double *ball_radii(gan_context *ctx, const points *p, int64_t k) {
    double *squares = arena_alloc_array(ctx, (size_t)(p->n * k), sizeof *squares);
    if (!squares) return NULL;
    if (nearest(ctx, p, p, k, 1, squares, NULL)) {
        arena_free(ctx, squares);
        return NULL;
    }
    for (int64_t i = 0; i < p->n; i++) squares[i] = squares[i * k + k - 1];
    return squares;
}

/* What rows see of columns. */
typedef struct balls_job {
    const points *rows, *columns;
    const double *row_radius, *column_radius; /* squared */
    int64_t *around;                          /* columns whose ball holds the row */
    int64_t *inside;                          /* columns in the row's ball        */
} balls_job;

static void count_balls(void *arg, const pair_row *r) {
    const balls_job *job = arg;
    const double own = job->row_radius[r->row];
    int64_t around = 0, inside = 0;
    for (int64_t j = 0; j < r->count; j++) {
        const double slack = pair_slack(r, j), radius = job->column_radius[r->begin + j];
        double square = pair_square(r, j);
        if (fabs(square - own) <= slack || fabs(square - radius) <= slack)
            square = pair_exact(job->rows, r->row, job->columns, r->begin + j);
        around += square <= radius;
        inside += square <= own;
    }
    job->around[r->row] += around;
    job->inside[r->row] += inside;
}

/* Over the rows: the sum of `around`, and how many have any of each. */
typedef struct balls {
    double around, any_around, any_inside;
} balls;

static int32_t look_at(gan_context *ctx, balls_job job, balls *out) {
    const int64_t n = job.rows->n;
    job.around = arena_calloc(ctx, (size_t)(2 * n) * sizeof *job.around);
    if (!job.around) return GAN_ENOMEM;
    job.inside = job.around + n;
    const int32_t code = pairs_each_centred(ctx, job.rows, job.columns, count_balls, &job);
    *out = (balls){0};
    for (int64_t i = 0; i < n; i++) {
        out->around += (double)job.around[i];
        out->any_around += job.around[i] > 0;
        out->any_inside += job.inside[i] > 0;
    }
    arena_free(ctx, job.around);
    return code;
}

int32_t prdc(gan_context *ctx, const points *reals, const points *fakes, int64_t k, gan_prdc *out) {
    double *real_radii = ball_radii(ctx, reals, k);
    double *fake_radii = real_radii ? ball_radii(ctx, fakes, k) : NULL;
    balls of_fake, of_real;
    int32_t code = fake_radii ? GAN_OK : GAN_ENOMEM;
    if (!code)
        code = look_at(ctx,
                       (balls_job){.rows = fakes,
                                   .columns = reals,
                                   .row_radius = fake_radii,
                                   .column_radius = real_radii},
                       &of_fake);
    if (!code)
        code = look_at(ctx,
                       (balls_job){.rows = reals,
                                   .columns = fakes,
                                   .row_radius = real_radii,
                                   .column_radius = fake_radii},
                       &of_real);
    if (!code) {
        const double n = (double)reals->n, m = (double)fakes->n;
        out->precision = of_fake.any_around / m;
        out->recall = of_real.any_around / n;
        out->density = of_fake.around / ((double)k * m);
        out->coverage = of_real.any_inside / n;
    }
    arena_free(ctx, fake_radii);
    arena_free(ctx, real_radii);
    return code;
}
