/* How good and how varied generated samples are.
 *
 * Data are the host's own arrays: `n` rows of `d` floats, row-major, samples or features of them.
 * They are only read, nothing is recorded. The context gives threads, memory and errors; scratch is
 * bounded whatever the number of rows, unless said. Results do not depend on the number of threads.
 *
 * Errors: GAN_EINVAL (the text names the argument, and the row of a number that is not finite or
 * above 1e15 in magnitude), GAN_ENOMEM. A set has 1 to 2^31 - 1 rows of 1 to 2^24 numbers. Structs
 * for results begin with struct_size: set it to sizeof before the call.
 *
 * Comparisons of distances (neighbours, precision and recall, modes) are those of distances summed
 * in double: products in float only rule out what is certainly too far. So ties are true ties, and
 * each function says which way they go.
 *
 * SPDX-License-Identifier: MIT */
#ifndef GAN_METRICS_H
#define GAN_METRICS_H

#include "gan/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- distances between distributions --------------------------------------------------------- */

/* mean (d) and cov (d,d), the covariance divided by n - 1, both in double. n is at least 2, d at
 * most 2048. To keep: the statistics of a reference set do not change. */
GAN_API int32_t gan_feature_statistics(gan_context *ctx, const float *x, int64_t n, int64_t d,
                                       double *mean, double *cov);

/* *out = ||mean_a - mean_b||^2 + tr(A) + tr(B) - 2 tr((A B)^(1/2)) with A = cov_a, B = cov_b: the
 * squared Fréchet (2-Wasserstein) distance of two Gaussians (Dowson & Landau 1982; FID is this on
 * Inception features, Heusel et al. 2017). Covariances are symmetric and may be singular;
 * eigenvalues that rounding made negative count as 0, and so does a negative result; GAN_EINVAL for
 * a matrix that is no covariance by its signs or sizes, and where sums overflow. Takes four more
 * matrices of (d,d) doubles. */
GAN_API int32_t gan_frechet_from_statistics(gan_context *ctx, const double *mean_a,
                                            const double *cov_a, const double *mean_b,
                                            const double *cov_b, int64_t d, double *out);

/* The same of a (n,d) and b (m,d). Its expectation falls with n and m: compare equal numbers. */
GAN_API int32_t gan_frechet_distance(gan_context *ctx, const float *a, int64_t n, const float *b,
                                     int64_t m, int64_t d, double *out);

/* How gan_kernel_distance draws its subsets. */
typedef struct gan_kernel_opts {
    uint32_t struct_size;
    int32_t subsets;     /* 100                                                        */
    int64_t subset_size; /* rows of each side, at least 2; 0 = the least of 1000, n, m  */
    uint64_t seed;       /* of the choice of rows; 0                                    */
} gan_kernel_opts;
GAN_API void gan_kernel_opts_init(gan_kernel_opts *opts, size_t size);

/* The unbiased squared maximum mean discrepancy with the kernel (x.y / d + 1)^3 (KID, Bińkowski et
 * al. 2018; Gretton et al. 2012, eq. 3) of a (n,d) and b (m,d): *out is the mean over subsets drawn
 * without replacement, *error its standard error (deviation over subsets with divisor subsets - 1,
 * by sqrt(subsets); 0 for one subset). May be negative. Products are in float, of the rows as they
 * are: expect an error of some 1e-9 of the mean kernel. That is little for features around 0, but
 * not where all rows lie far from it beside their spread: 1.4 % of the result for values from 100
 * to 110, d 64. opts NULL: defaults. Scratch grows with n and m by 4 bytes a row. */
GAN_API int32_t gan_kernel_distance(gan_context *ctx, const float *a, int64_t n, const float *b,
                                    int64_t m, int64_t d, const gan_kernel_opts *opts, double *out,
                                    double *error);

/* ---- fidelity and diversity ------------------------------------------------------------------ */

/* Results of gan_precision_recall. */
typedef struct gan_prdc {
    uint32_t struct_size;
    uint32_t reserved;
    double precision; /* share of fake rows inside the ball of some real row                  */
    double recall;    /* share of real rows inside the ball of some fake row                  */
    double density;   /* real balls around a fake row, mean, by k                             */
    double coverage;  /* share of real rows with a fake row in their ball                     */
} gan_prdc;

/* Precision and recall (Kynkäänniemi et al. 2019, eq. 1-2), density and coverage (Naeem et al.
 * 2020, eq. 3-4) of fake (m,d) against real (n,d). The ball of a row is closed (a tie is inside)
 * and reaches to its k-th nearest other row of its own set; 1 <= k < n, m; usually k = 5. Scratch
 * grows by 8 (k + 1) bytes a row. */
GAN_API int32_t gan_precision_recall(gan_context *ctx, const float *real, int64_t n,
                                     const float *fake, int64_t m, int64_t d, int32_t k,
                                     gan_prdc *out);

/* ---- likelihood ------------------------------------------------------------------------------ */

/* Results of gan_parzen_log_likelihood. */
typedef struct gan_parzen {
    uint32_t struct_size;
    uint32_t reserved;
    double sigma;          /* that was chosen                                         */
    double log_likelihood; /* mean over the test rows, nats                           */
    double standard_error; /* deviation over the test rows (divisor m) by sqrt(m)      */
} gan_parzen;

/* Parzen window estimate (Breuleux et al. 2011; Goodfellow et al. 2014, section 5): the samples
 * (n,d) carry Gaussians of width sigma, so that a row x has
 *     log mean_j exp(-||x - s_j||^2 / (2 sigma^2)) - d log(sigma sqrt(2 pi)).
 * sigma is the one of `sigmas` (count of them, 1e-30 to 1e30; NULL and 0: ten from 0.1 to 1 in
 * equal ratios) with the highest mean over the validation rows (v,d), the first of equals; a single
 * one is taken as it is and validation may be NULL with v 0. Distances are from products in float:
 * the error is below 1e-6 (||x - c||^2 + ||s - c||^2) / sigma^2 for ordinary d, c the samples'
 * mean, and rows that differ by 1e-16 or more: much smaller products are 0 in float. */
GAN_API int32_t gan_parzen_log_likelihood(gan_context *ctx, const float *samples, int64_t n,
                                          const float *validation, int64_t v, const float *test,
                                          int64_t m, int64_t d, const double *sigmas, int32_t count,
                                          gan_parzen *out);

/* ---- modes ----------------------------------------------------------------------------------- */

/* Results of gan_mode_statistics. */
typedef struct gan_modes {
    uint32_t struct_size;
    uint32_t reserved;
    int64_t found;       /* centres that are nearest to a sample of high quality */
    double high_quality; /* share of the samples                                 */
    double kl;           /* KL(samples of high quality by nearest centre || uniform), nats:
                          * log k for one mode, infinite without such samples    */
} gan_modes;

/* Samples (n,d) of a mixture of k Gaussians around `centres` (k,d), each of deviation `std`
 * (Srivastava et al. 2017, VEEGAN; Lin et al. 2018, PacGAN). High quality: closer than radius * std
 * to the nearest centre, the first of equally near ones; usually radius = 3. */
GAN_API int32_t gan_mode_statistics(gan_context *ctx, const float *x, int64_t n, int64_t d,
                                    const float *centres, int64_t k, double std, double radius,
                                    gan_modes *out);

/* Results of gan_histogram_statistics. */
typedef struct gan_histogram {
    uint32_t struct_size;
    uint32_t reserved;
    int64_t present;        /* classes with a label                                            */
    double kl;              /* KL(labels || reference), nats; infinite if a class that the
                             * reference excludes is present                                   */
    double total_variation; /* half the sum of |labels - reference|                            */
} gan_histogram;

/* The distribution of n labels in 0..k-1, by a classifier of the samples for example (1000 modes of
 * stacked MNIST), against `reference`: k probabilities that add up to 1, or NULL for uniform. */
GAN_API int32_t gan_histogram_statistics(gan_context *ctx, const int32_t *labels, int64_t n,
                                         int64_t k, const double *reference, gan_histogram *out);

/* ---- nearest neighbours ---------------------------------------------------------------------- */

/* For each of the rows (m,d): index[i] of its nearest reference row (n,d), the first of equally
 * near ones, and their Euclidean distance[i]. Either result may be NULL. */
GAN_API int32_t gan_nearest_neighbours(gan_context *ctx, const float *reference, int64_t n,
                                       const float *rows, int64_t m, int64_t d, int64_t *index,
                                       double *distance);

/* *out = the share of rows whose label is not that of their nearest reference row: the error of a
 * 1-nearest-neighbour classifier (Radford et al. 2016, with generated rows for reference). index
 * and distance as above. */
GAN_API int32_t gan_nearest_neighbour_error(gan_context *ctx, const float *reference,
                                            const int32_t *reference_labels, int64_t n,
                                            const float *rows, const int32_t *labels, int64_t m,
                                            int64_t d, int64_t *index, double *distance,
                                            double *out);

#ifdef __cplusplus
}
#endif

#endif
