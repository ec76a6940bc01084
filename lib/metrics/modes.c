#include "metrics/metrics.h"

#include "core/alloc.h"

#include <math.h>

/* Counts of n things in k classes against a reference; NULL: uniform. */
static void measure(const int64_t *counts, int64_t n, int64_t k, const double *reference,
                    gan_histogram *out) {
    out->present = 0;
    out->kl = out->total_variation = 0;
    for (int64_t i = 0; i < k; i++) {
        const double p = (double)counts[i] / (double)n;
        const double q = reference ? reference[i] : 1 / (double)k;
        out->present += counts[i] > 0;
        if (counts[i] > 0) out->kl += q > 0 ? p * log(p / q) : INFINITY;
        out->total_variation += fabs(p - q) / 2;
    }
}

int32_t histogram(gan_context *ctx, const int32_t *labels, int64_t n, int64_t k,
                  const double *reference, gan_histogram *out) {
    int64_t *counts = arena_calloc(ctx, (size_t)k * sizeof *counts);
    if (!counts) return GAN_ENOMEM;
    for (int64_t i = 0; i < n; i++) counts[labels[i]]++;
    measure(counts, n, k, reference, out);
    arena_free(ctx, counts);
    return GAN_OK;
}

int32_t modes(gan_context *ctx, const points *x, const points *centres, double limit,
              gan_modes *out) {
    const int64_t n = x->n, k = centres->n;
    double *square = arena_alloc_array(ctx, (size_t)n, sizeof *square);
    int64_t *index = arena_alloc_array(ctx, (size_t)n, sizeof *index);
    int64_t *counts = arena_calloc(ctx, (size_t)k * sizeof *counts), high = 0;
    int32_t code = square && index && counts ? GAN_OK : GAN_ENOMEM;
    if (!code) code = nearest(ctx, x, centres, 1, 0, square, index);
    if (!code) {
        for (int64_t i = 0; i < n; i++) {
            if (!(square[i] < limit)) continue;
            counts[index[i]]++;
            high++;
        }
        gan_histogram all = {.kl = INFINITY};
        if (high > 0) measure(counts, high, k, NULL, &all);
        out->found = all.present;
        out->high_quality = (double)high / (double)n;
        out->kl = all.kl;
    }
    arena_free(ctx, counts);
    arena_free(ctx, index);
    arena_free(ctx, square);
    return code;
}
