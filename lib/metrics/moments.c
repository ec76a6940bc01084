#include "metrics/metrics.h"

#include "core/alloc.h"
#include "core/threads.h"
#include "kernels/kernels.h"
#include "kernels/tiling.h"

/* Columns of a chunk, and rows that are converted at once. */
enum { COLUMNS = 64, ROWS = 256 };

typedef struct mean_job {
    const points *p;
    double *mean;
} mean_job;

static void mean_columns(void *arg, int64_t chunk, int worker) {
    (void)worker;
    const mean_job *job = arg;
    const int64_t d = job->p->d, begin = chunk * COLUMNS, end = min_i64(begin + COLUMNS, d);
    for (int64_t j = begin; j < end; j++) job->mean[j] = 0;
    for (int64_t i = 0; i < job->p->n; i++)
        for (int64_t j = begin; j < end; j++) job->mean[j] += (double)job->p->x[i * d + j];
    for (int64_t j = begin; j < end; j++) job->mean[j] /= (double)job->p->n;
}

void moments_mean(gan_context *ctx, const points *p, double *mean) {
    mean_job job = {p, mean};
    parallel_for(ctx, ceil_div(p->d, COLUMNS), mean_columns, &job);
}

typedef struct deviations_job {
    const points *p;
    const double *mean;
    int64_t begin;
    double *to; /* (ROWS,d), a row a chunk */
} deviations_job;

static void deviations_row(void *arg, int64_t chunk, int worker) {
    (void)worker;
    const deviations_job *job = arg;
    const int64_t d = job->p->d;
    const float *x = job->p->x + (job->begin + chunk) * d;
    for (int64_t j = 0; j < d; j++) job->to[chunk * d + j] = (double)x[j] - job->mean[j];
}

/* From deviations of the mean, not from squares, whose sum would lose the digits they share. */
int32_t moments(gan_context *ctx, const points *p, double *mean, double *cov) {
    const int64_t d = p->d;
    double *rows = arena_alloc_array(ctx, (size_t)(min_i64(p->n, ROWS) * d), sizeof *rows);
    if (!rows) return GAN_ENOMEM;
    moments_mean(ctx, p, mean);
    for (int64_t i = 0; i < d * d; i++) cov[i] = 0;
    for (int64_t i = 0; i < p->n; i += ROWS) {
        const int64_t count = min_i64(ROWS, p->n - i);
        deviations_job job = {p, mean, i, rows};
        parallel_for(ctx, count, deviations_row, &job);
        gemm_double(ctx, 1, 0, d, d, count, 1, rows, rows, cov);
    }
    for (int64_t i = 0; i < d * d; i++) cov[i] /= (double)(p->n - 1);
    arena_free(ctx, rows);
    return GAN_OK;
}
