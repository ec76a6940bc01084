#include "gan/metrics.h"

#include "core/context.h"
#include "core/error.h"
#include "core/options.h"
#include "metrics/metrics.h"

#include <math.h>
#include <string.h>

/* Products of numbers up to MOST_VALUE in rows of up to MOST_COLUMNS stay within float. */
static const float MOST_VALUE = 1e15f;
enum { MOST_COLUMNS = 1 << 24, MOST_STATISTICS = 2048, SIGMAS = 10 };

/* ---- arguments ------------------------------------------------------------------------------- */

static int32_t check_count(gan_context *ctx, const char *function, const char *name, int64_t value,
                           int64_t least, int64_t most) {
    if (value >= least && value <= most) return GAN_OK;
    if (value < 1)
        return error_set(ctx, GAN_EINVAL, "%s: %s is %lld, must be positive", function, name,
                         (long long)value);
    return error_set(ctx, GAN_EINVAL, "%s: %s is %lld, must be from %lld to %lld", function, name,
                     (long long)value, (long long)least, (long long)most);
}

/* A set under its argument's name. */
typedef struct named_points {
    const char *name, *count_name;
    points set;
} named_points;

static int32_t check_values(gan_context *ctx, const char *function, const named_points *p) {
    for (int64_t i = 0; i < p->set.n; i++)
        for (int64_t j = 0; j < p->set.d; j++) {
            const float value = p->set.x[i * p->set.d + j];
            if (fabsf(value) <= MOST_VALUE) continue;
            return error_set(ctx, GAN_EINVAL, "%s: %s holds %g in row %lld, column %lld%s",
                             function, p->name, (double)value, (long long)i, (long long)j,
                             isfinite(value) ? ": 1e15 is the most" : "");
        }
    return GAN_OK;
}

/* Enters the context and checks `count` sets of the same d, each of at least `least` rows. */
static int32_t check_sets(gan_context *ctx, const char *function, const named_points *sets,
                          int count, int64_t least) {
    int32_t code = context_enter(ctx);
    if (!code) code = check_count(ctx, function, "d", sets[0].set.d, 1, MOST_COLUMNS);
    for (int i = 0; i < count && !code; i++)
        code = check_count(ctx, function, sets[i].count_name, sets[i].set.n, least, INT32_MAX);
    for (int i = 0; i < count && !code; i++) code = check_values(ctx, function, &sets[i]);
    return code;
}

/* A result whose first release had `size` bytes has a place. */
static int32_t check_result(gan_context *ctx, const char *function, uint32_t struct_size,
                            size_t size) {
    if (struct_size >= size) return GAN_OK;
    return error_set(ctx, GAN_EINVAL, "%s: out: struct_size is %u, set it to sizeof (%zu)",
                     function, (unsigned)struct_size, size);
}

/* What the functions that fill a struct do at their end. */
#define HAND_OUT(ctx, code, out, result)                                                           \
    do {                                                                                           \
        if (!(code)) result_give(out, &(result), sizeof(result));                                  \
        return error_report(ctx, code);                                                            \
    } while (0)

/* ---- distances between distributions --------------------------------------------------------- */

int32_t gan_feature_statistics(gan_context *ctx, const float *x, int64_t n, int64_t d, double *mean,
                               double *cov) {
    const char *function = "gan_feature_statistics";
    if (!ctx || !x || !mean || !cov) return error_null(ctx, function);
    const named_points set = {"x", "n", {x, n, d}};
    int32_t code = check_sets(ctx, function, &set, 1, 2);
    if (!code) code = check_count(ctx, function, "d", d, 1, MOST_STATISTICS);
    return error_report(ctx, code ? code : moments(ctx, &set.set, mean, cov));
}

/* Statistics from anywhere: finite, symmetric but for rounding, variances not negative. */
static int32_t check_statistics(gan_context *ctx, const char *function, const char *suffix,
                                const double *mean, const double *cov, int64_t d) {
    double largest = 0;
    for (int64_t i = 0; i < d; i++) {
        if (!isfinite(mean[i]))
            return error_set(ctx, GAN_EINVAL, "%s: mean_%s[%lld] is %g", function, suffix,
                             (long long)i, mean[i]);
        for (int64_t j = 0; j < d; j++)
            if (!isfinite(cov[i * d + j]))
                return error_set(ctx, GAN_EINVAL, "%s: cov_%s holds %g in row %lld", function,
                                 suffix, cov[i * d + j], (long long)i);
        if (cov[i * d + i] < 0)
            return error_set(ctx, GAN_EINVAL, "%s: cov_%s has the variance %g in row %lld",
                             function, suffix, cov[i * d + i], (long long)i);
        largest = fmax(largest, cov[i * d + i]);
    }
    for (int64_t i = 0; i < d; i++)
        for (int64_t j = 0; j < i; j++) {
            const double a = cov[i * d + j], b = cov[j * d + i];
            const double scale = sqrt(cov[i * d + i]) * sqrt(cov[j * d + j]);
            if (fabs(a - b) > 1e-5 * fmax(fmax(fabs(a), fabs(b)), scale))
                return error_set(ctx, GAN_EINVAL,
                                 "%s: cov_%s is not symmetric: %g and %g at (%lld, %lld)", function,
                                 suffix, a, b, (long long)i, (long long)j);
            if (fabs(a) > scale + 1e-5 * largest)
                return error_set(ctx, GAN_EINVAL,
                                 "%s: cov_%s is no covariance: %g at (%lld, %lld), of variances %g "
                                 "and %g",
                                 function, suffix, a, (long long)i, (long long)j, cov[i * d + i],
                                 cov[j * d + j]);
        }
    return GAN_OK;
}

int32_t gan_frechet_from_statistics(gan_context *ctx, const double *mean_a, const double *cov_a,
                                    const double *mean_b, const double *cov_b, int64_t d,
                                    double *out) {
    const char *function = "gan_frechet_from_statistics";
    if (!ctx || !mean_a || !cov_a || !mean_b || !cov_b || !out) return error_null(ctx, function);
    int32_t code = context_enter(ctx);
    if (!code) code = check_count(ctx, function, "d", d, 1, MOST_STATISTICS);
    if (!code) code = check_statistics(ctx, function, "a", mean_a, cov_a, d);
    if (!code) code = check_statistics(ctx, function, "b", mean_b, cov_b, d);
    double distance = 0;
    if (!code) code = frechet(ctx, mean_a, cov_a, mean_b, cov_b, d, &distance);
    if (!code && !isfinite(distance))
        code = error_set(ctx, GAN_EINVAL, "%s: the numbers are too large: their sums overflow",
                         function);
    if (!code) *out = distance;
    return error_report(ctx, code);
}

int32_t gan_frechet_distance(gan_context *ctx, const float *a, int64_t n, const float *b, int64_t m,
                             int64_t d, double *out) {
    const char *function = "gan_frechet_distance";
    if (!ctx || !a || !b || !out) return error_null(ctx, function);
    const named_points sets[] = {{"a", "n", {a, n, d}}, {"b", "m", {b, m, d}}};
    int32_t code = check_sets(ctx, function, sets, 2, 2);
    if (!code) code = check_count(ctx, function, "d", d, 1, MOST_STATISTICS);
    return error_report(ctx, code ? code : frechet_of(ctx, &sets[0].set, &sets[1].set, out));
}

static const gan_kernel_opts kernel_defaults = {.struct_size = sizeof(gan_kernel_opts),
                                                .subsets = 100};

void gan_kernel_opts_init(gan_kernel_opts *opts, size_t size) {
    options_init(opts, size, &kernel_defaults, sizeof kernel_defaults);
}

int32_t gan_kernel_distance(gan_context *ctx, const float *a, int64_t n, const float *b, int64_t m,
                            int64_t d, const gan_kernel_opts *opts, double *out, double *error) {
    const char *function = "gan_kernel_distance";
    if (!ctx || !a || !b || !out || !error) return error_null(ctx, function);
    const named_points sets[] = {{"a", "n", {a, n, d}}, {"b", "m", {b, m, d}}};
    const int64_t fewer = n < m ? n : m;
    gan_kernel_opts o = kernel_defaults;
    int32_t code = check_sets(ctx, function, sets, 2, 2);
    if (!code)
        code = options_load(ctx, function, &o, sizeof o, V1_SIZE(gan_kernel_opts, seed), opts);
    if (!code && o.subset_size == 0) o.subset_size = fewer < 1000 ? fewer : 1000;
    if (!code) code = check_count(ctx, function, "subsets", o.subsets, 1, INT32_MAX);
    if (!code) code = check_count(ctx, function, "subset_size", o.subset_size, 2, fewer);
    if (!code) code = kernel_distance(ctx, &sets[0].set, &sets[1].set, &o, out, error);
    return error_report(ctx, code);
}

/* ---- fidelity and diversity ------------------------------------------------------------------ */

int32_t gan_precision_recall(gan_context *ctx, const float *real, int64_t n, const float *fake,
                             int64_t m, int64_t d, int32_t k, gan_prdc *out) {
    const char *function = "gan_precision_recall";
    if (!ctx || !real || !fake || !out) return error_null(ctx, function);
    const named_points sets[] = {{"real", "n", {real, n, d}}, {"fake", "m", {fake, m, d}}};
    int32_t code = check_sets(ctx, function, sets, 2, 2);
    if (!code) code = check_count(ctx, function, "k", k, 1, (n < m ? n : m) - 1);
    if (!code) code = check_result(ctx, function, out->struct_size, V1_SIZE(gan_prdc, coverage));
    gan_prdc result = {0};
    if (!code) code = prdc(ctx, &sets[0].set, &sets[1].set, k, &result);
    HAND_OUT(ctx, code, out, result);
}

/* ---- likelihood ------------------------------------------------------------------------------ */

static int32_t check_sigmas(gan_context *ctx, const char *function, const double *sigmas,
                            int32_t count) {
    int32_t code = check_count(ctx, function, "count", count, 1, 1 << 16);
    for (int32_t i = 0; i < count && !code; i++)
        if (!(sigmas[i] >= 1e-30 && sigmas[i] <= 1e30))
            code = error_set(ctx, GAN_EINVAL, "%s: sigmas[%d] is %g, must be from 1e-30 to 1e30",
                             function, (int)i, sigmas[i]);
    return code;
}

int32_t gan_parzen_log_likelihood(gan_context *ctx, const float *samples, int64_t n,
                                  const float *validation, int64_t v, const float *test, int64_t m,
                                  int64_t d, const double *sigmas, int32_t count, gan_parzen *out) {
    const char *function = "gan_parzen_log_likelihood";
    const int validates = !(sigmas && count == 1);
    if (!ctx || !samples || (!validation && validates) || !test || !out || (!sigmas && count))
        return error_null(ctx, function);
    double usual[SIGMAS];
    if (!sigmas) {
        for (int i = 0; i < SIGMAS; i++) usual[i] = pow(10, (double)i / (SIGMAS - 1) - 1);
        sigmas = usual;
        count = SIGMAS;
    }
    const named_points sets[] = {{"samples", "n", {samples, n, d}},
                                 {"test", "m", {test, m, d}},
                                 {"validation", "v", {validation, v, d}}};
    int32_t code = check_sets(ctx, function, sets, validates ? 3 : 2, 1);
    if (!code) code = check_sigmas(ctx, function, sigmas, count);
    if (!code)
        code = check_result(ctx, function, out->struct_size, V1_SIZE(gan_parzen, standard_error));
    gan_parzen result = {0};
    if (!code) code = parzen(ctx, &sets[0].set, &sets[2].set, &sets[1].set, sigmas, count, &result);
    HAND_OUT(ctx, code, out, result);
}

/* ---- modes ----------------------------------------------------------------------------------- */

static int32_t check_positive(gan_context *ctx, const char *function, const char *name,
                              double value) {
    if (isfinite(value) && value > 0) return GAN_OK;
    return error_set(ctx, GAN_EINVAL, "%s: %s is %g, must be positive", function, name, value);
}

int32_t gan_mode_statistics(gan_context *ctx, const float *x, int64_t n, int64_t d,
                            const float *centres, int64_t k, double std, double radius,
                            gan_modes *out) {
    const char *function = "gan_mode_statistics";
    if (!ctx || !x || !centres || !out) return error_null(ctx, function);
    const named_points sets[] = {{"x", "n", {x, n, d}}, {"centres", "k", {centres, k, d}}};
    int32_t code = check_sets(ctx, function, sets, 2, 1);
    if (!code) code = check_positive(ctx, function, "std", std);
    if (!code) code = check_positive(ctx, function, "radius", radius);
    if (!code) code = check_result(ctx, function, out->struct_size, V1_SIZE(gan_modes, kl));
    const double limit = radius * std;
    gan_modes result = {0};
    if (!code) code = modes(ctx, &sets[0].set, &sets[1].set, limit * limit, &result);
    HAND_OUT(ctx, code, out, result);
}

static int32_t check_labels(gan_context *ctx, const char *function, const int32_t *labels,
                            int64_t n, int64_t k) {
    for (int64_t i = 0; i < n; i++)
        if (labels[i] < 0 || labels[i] >= k)
            return error_set(ctx, GAN_EINVAL, "%s: labels[%lld] is %d, there are %lld classes",
                             function, (long long)i, (int)labels[i], (long long)k);
    return GAN_OK;
}

static int32_t check_probabilities(gan_context *ctx, const char *function, const double *p,
                                   int64_t k) {
    double sum = 0;
    for (int64_t i = 0; i < k; i++) {
        if (!(p[i] >= 0 && p[i] <= 1))
            return error_set(ctx, GAN_EINVAL, "%s: reference[%lld] is %g, is no probability",
                             function, (long long)i, p[i]);
        sum += p[i];
    }
    if (fabs(sum - 1) <= 1e-6) return GAN_OK;
    return error_set(ctx, GAN_EINVAL, "%s: reference adds up to %g, not to 1", function, sum);
}

int32_t gan_histogram_statistics(gan_context *ctx, const int32_t *labels, int64_t n, int64_t k,
                                 const double *reference, gan_histogram *out) {
    const char *function = "gan_histogram_statistics";
    if (!ctx || !labels || !out) return error_null(ctx, function);
    int32_t code = context_enter(ctx);
    if (!code) code = check_count(ctx, function, "n", n, 1, INT64_MAX);
    if (!code) code = check_count(ctx, function, "k", k, 1, INT32_MAX);
    if (!code) code = check_labels(ctx, function, labels, n, k);
    if (!code && reference) code = check_probabilities(ctx, function, reference, k);
    if (!code)
        code =
            check_result(ctx, function, out->struct_size, V1_SIZE(gan_histogram, total_variation));
    gan_histogram result = {0};
    if (!code) code = histogram(ctx, labels, n, k, reference, &result);
    HAND_OUT(ctx, code, out, result);
}

/* ---- nearest neighbours ---------------------------------------------------------------------- */

int32_t gan_nearest_neighbours(gan_context *ctx, const float *reference, int64_t n,
                               const float *rows, int64_t m, int64_t d, int64_t *index,
                               double *distance) {
    const char *function = "gan_nearest_neighbours";
    if (!ctx || !reference || !rows) return error_null(ctx, function);
    const named_points sets[] = {{"reference", "n", {reference, n, d}},
                                 {"rows", "m", {rows, m, d}}};
    int32_t code = check_sets(ctx, function, sets, 2, 1);
    if (!code)
        code = nearest_one(ctx, &sets[1].set, &sets[0].set, NULL, NULL, index, distance, NULL);
    return error_report(ctx, code);
}

int32_t gan_nearest_neighbour_error(gan_context *ctx, const float *reference,
                                    const int32_t *reference_labels, int64_t n, const float *rows,
                                    const int32_t *labels, int64_t m, int64_t d, int64_t *index,
                                    double *distance, double *out) {
    const char *function = "gan_nearest_neighbour_error";
    if (!ctx || !reference || !reference_labels || !rows || !labels || !out)
        return error_null(ctx, function);
    const named_points sets[] = {{"reference", "n", {reference, n, d}},
                                 {"rows", "m", {rows, m, d}}};
    int32_t code = check_sets(ctx, function, sets, 2, 1);
    if (!code)
        code = nearest_one(ctx, &sets[1].set, &sets[0].set, labels, reference_labels, index,
                           distance, out);
    return error_report(ctx, code);
}
