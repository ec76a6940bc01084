#include "metrics/pairs.h"

#include "core/alloc.h"

#include <math.h>

/* Sums of exponentials over the samples, each relative to the nearest sample so far: for row i and
 * width s, sum[i][s] = sum_j exp(-(square_ij - nearest_i) rate_s). */
typedef struct parzen_job {
    int64_t widths;
    const double *rate; /* (widths) 1 / (2 sigma^2) */
    double *nearest;    /* (rows) squared distance  */
    double *sum;        /* (rows, widths)           */
} parzen_job;

static double square_of(const pair_row *r, int64_t j) {
    const double square = pair_square(r, j);
    return square > 0 ? square : 0;
}

static void add_samples(void *arg, const pair_row *r) {
    const parzen_job *job = arg;
    const double before = job->nearest[r->row];
    double nearest = before;
    for (int64_t j = 0; j < r->count; j++) {
        const double square = square_of(r, j);
        if (square < nearest) nearest = square;
    }
    for (int64_t s = 0; s < job->widths; s++) {
        const double rate = job->rate[s];
        double *sum = job->sum + r->row * job->widths + s, more = 0;
        for (int64_t j = 0; j < r->count; j++) more += exp((nearest - square_of(r, j)) * rate);
        *sum = (isinf(before) ? 0 : *sum * exp((nearest - before) * rate)) + more;
    }
    job->nearest[r->row] = nearest;
}

/* Log-likelihoods of the rows, one for each width, from the sums; into them. */
static void to_likelihoods(const parzen_job *job, const points *rows, const points *samples,
                           const double *sigmas) {
    const double two_pi = 6.283185307179586;
    for (int64_t s = 0; s < job->widths; s++) {
        const double constant =
            log((double)samples->n) + (double)rows->d * (log(sigmas[s]) + log(two_pi) / 2);
        for (int64_t i = 0; i < rows->n; i++) {
            double *sum = job->sum + i * job->widths + s;
            *sum = log(*sum) - job->nearest[i] * job->rate[s] - constant;
        }
    }
}

/* The mean over rows of column s of values (n, widths), and the deviation around it by sqrt(n). */
static void mean_of(int64_t n, int64_t widths, const double *values, int64_t s, double *mean,
                    double *error) {
    double sum = 0, squares = 0;
    for (int64_t i = 0; i < n; i++) sum += values[i * widths + s];
    *mean = sum / (double)n;
    for (int64_t i = 0; i < n; i++) {
        const double difference = values[i * widths + s] - *mean;
        squares += difference * difference;
    }
    *error = sqrt(squares / (double)n) / sqrt((double)n);
}

/* The best of the widths for the rows. */
static int32_t best_of(gan_context *ctx, const points *samples, const points *rows,
                       const double *sigmas, int64_t count, gan_parzen *best) {
    const int64_t n = rows->n;
    double *work = arena_alloc_array(ctx, (size_t)(count + n + n * count), sizeof *work);
    if (!work) return GAN_ENOMEM;
    parzen_job job = {count, work, work + count, work + count + n};
    for (int64_t s = 0; s < count; s++) work[s] = 1 / (2 * sigmas[s] * sigmas[s]);
    for (int64_t i = 0; i < n; i++) job.nearest[i] = INFINITY;
    const int32_t code = pairs_each_centred(ctx, rows, samples, add_samples, &job);
    if (!code) to_likelihoods(&job, rows, samples, sigmas);
    for (int64_t s = 0; s < count && !code; s++) {
        double mean, error;
        mean_of(n, count, job.sum, s, &mean, &error);
        if (s > 0 && !(mean > best->log_likelihood)) continue;
        best->sigma = sigmas[s];
        best->log_likelihood = mean;
        best->standard_error = error;
    }
    arena_free(ctx, work);
    return code;
}

int32_t parzen(gan_context *ctx, const points *samples, const points *validation,
               const points *test, const double *sigmas, int64_t count, gan_parzen *out) {
    gan_parzen chosen = {.sigma = sigmas[0]};
    int32_t code = count > 1 ? best_of(ctx, samples, validation, sigmas, count, &chosen) : GAN_OK;
    return code ? code : best_of(ctx, samples, test, &chosen.sigma, 1, out);
}
