/* Measures of generated samples. Everything here has been checked by lib/api/metrics.c: sizes,
 * finite numbers, options; what remains to fail is memory. Functions that return a status return 0
 * or GAN_ENOMEM, and have then set the error. */
#ifndef GAN_METRICS_METRICS_H
#define GAN_METRICS_METRICS_H

#include "gan/metrics.h"

/* A set: n rows of d numbers, borrowed. */
typedef struct points {
    const float *x;
    int64_t n, d;
} points;

/* ---- moments.c ------------------------------------------------------------------------------- */

/* mean (d). */
void moments_mean(gan_context *ctx, const points *p, double *mean);

/* mean (d) and unbiased cov (d,d). */
int32_t moments(gan_context *ctx, const points *p, double *mean, double *cov);

/* ---- spectrum.c: symmetric matrices ---------------------------------------------------------- */

/* factor (r,d) with factor^T factor = a (d,d), a symmetric and positive semidefinite up to
 * rounding; returns r, the numerical rank. `rest` (d) is scratch. */
int64_t spectrum_factor(gan_context *ctx, int64_t d, const double *a, double *factor, double *rest);

/* Sum of the square roots of the eigenvalues of a (n,n), negative ones counting as 0; a is
 * destroyed. */
int32_t spectrum_sum_of_roots(gan_context *ctx, int64_t n, double *a, double *sum);

/* ---- frechet.c ------------------------------------------------------------------------------- */

int32_t frechet(gan_context *ctx, const double *mean_a, const double *cov_a, const double *mean_b,
                const double *cov_b, int64_t d, double *out);
int32_t frechet_of(gan_context *ctx, const points *a, const points *b, double *out);

/* ---- kernel_distance.c ----------------------------------------------------------------------- */

int32_t kernel_distance(gan_context *ctx, const points *a, const points *b,
                        const gan_kernel_opts *opts, double *mean, double *error);

/* ---- nearest.c ------------------------------------------------------------------------------- */

/* The k nearest of `columns` to each of `rows`, nearest first, equally near ones in order: their
 * squared distances (rows, k) and, unless NULL, positions (rows, k). With `same` the two are one
 * set and a row is not its own neighbour. k is at most the number of candidates. */
int32_t nearest(gan_context *ctx, const points *rows, const points *columns, int64_t k, int same,
                double *square, int64_t *index);

/* The nearest of `reference` to each of rows: its position and distance, either or NULL; and the
 * share of rows whose label is not its label, or NULL for all three. */
int32_t nearest_one(gan_context *ctx, const points *rows, const points *reference,
                    const int32_t *labels, const int32_t *reference_labels, int64_t *index,
                    double *distance, double *error);

/* ---- prdc.c, parzen.c, modes.c --------------------------------------------------------------- */

int32_t prdc(gan_context *ctx, const points *reals, const points *fakes, int64_t k, gan_prdc *out);

int32_t parzen(gan_context *ctx, const points *samples, const points *validation,
               const points *test, const double *sigmas, int64_t count, gan_parzen *out);

/* limit: the squared distance below which a sample is of high quality. */
int32_t modes(gan_context *ctx, const points *x, const points *centres, double limit,
              gan_modes *out);

int32_t histogram(gan_context *ctx, const int32_t *labels, int64_t n, int64_t k,
                  const double *reference, gan_histogram *out);

#endif
