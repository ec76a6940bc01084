#include "metrics/metrics.h"

#include "core/alloc.h"
#include "kernels/kernels.h"

#include <math.h>
#include <string.h>

static double trace(int64_t d, const double *a) {
    double sum = 0;
    for (int64_t i = 0; i < d; i++) sum += a[i * d + i];
    return sum;
}

/* to = a / s, and exactly symmetric. */
static void scaled(int64_t d, const double *a, double s, double *to) {
    for (int64_t i = 0; i < d; i++)
        for (int64_t j = 0; j < d; j++) to[i * d + j] = (a[i * d + j] + a[j * d + i]) / 2 / s;
}

/* tr((A B)^(1/2)) for traces of 1. With A = F^T F, of rank r, the eigenvalues of A B other than 0
 * are those of F B F^T (r,r), which is symmetric; so are those of A^(1/2) B A^(1/2), but F needs no
 * eigenvectors, and no null space of A comes back as the root of a rounding error. `work` holds A,
 * then B, then room for two more and a row. */
static int32_t trace_of_root(gan_context *ctx, int64_t d, double *work, double *out) {
    const int64_t size = d * d;
    double *a = work, *b = a + size, *factor = b + size, *product = factor + size;
    const int64_t rank = spectrum_factor(ctx, d, a, factor, product + size);
    memset(product, 0, (size_t)(rank * d) * sizeof *product);
    gemm_double(ctx, 0, 0, rank, d, d, 0, factor, b, product);
    double *form = a;
    memset(form, 0, (size_t)(rank * rank) * sizeof *form);
    gemm_double(ctx, 0, 1, rank, rank, d, 1, product, factor, form);
    return spectrum_sum_of_roots(ctx, rank, form, out);
}

int32_t frechet(gan_context *ctx, const double *mean_a, const double *cov_a, const double *mean_b,
                const double *cov_b, int64_t d, double *out) {
    const double trace_a = trace(d, cov_a), trace_b = trace(d, cov_b);
    double distance = trace_a + trace_b;
    for (int64_t i = 0; i < d; i++) distance += (mean_a[i] - mean_b[i]) * (mean_a[i] - mean_b[i]);
    if (trace_a > 0 && trace_b > 0 && isfinite(distance)) {
        double *work = arena_alloc_array(ctx, (size_t)(4 * d * d + d), sizeof *work), root = 0;
        if (!work) return GAN_ENOMEM;
        scaled(d, cov_a, trace_a, work);
        scaled(d, cov_b, trace_b, work + d * d);
        const int32_t code = trace_of_root(ctx, d, work, &root);
        arena_free(ctx, work);
        if (code) return code;
        distance -= 2 * sqrt(trace_a) * sqrt(trace_b) * root;
    }
    *out = isfinite(distance) ? fmax(distance, 0) : distance;
    return GAN_OK;
}

int32_t frechet_of(gan_context *ctx, const points *a, const points *b, double *out) {
    const int64_t d = a->d;
    double *mean = arena_alloc_array(ctx, (size_t)(2 * (d + d * d)), sizeof *mean);
    if (!mean) return GAN_ENOMEM;
    double *cov = mean + 2 * d;
    int32_t code = moments(ctx, a, mean, cov);
    if (!code) code = moments(ctx, b, mean + d, cov + d * d);
    if (!code) code = frechet(ctx, mean, cov, mean + d, cov + d * d, d, out);
    arena_free(ctx, mean);
    return code;
}
