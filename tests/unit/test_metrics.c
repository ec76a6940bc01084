/* Metrics on cases whose answer is known in closed form. */
#include "support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- data ------------------------------------------------------------------------------------ */

/* Rows that are the same in every run: uniform in [-0.5, 0.5), shifted. */
static float *noise(int64_t n, int64_t d, uint32_t seed, float shift) {
    float *x = malloc((size_t)(n * d) * sizeof *x);
    for (int64_t i = 0; i < n * d; i++) {
        seed = seed * 1664525u + 1013904223u;
        x[i] = (float)(seed >> 8) / (float)(1 << 24) - 0.5f + shift;
    }
    return x;
}

/* 2 d rows at +-scale_j along each axis j from the mean: covariance 2 scale_j^2 / (2 d - 1) on the
 * diagonal. */
static float *cross(int64_t d, const float *mean, const float *scale) {
    float *x = malloc((size_t)(2 * d * d) * sizeof *x);
    for (int64_t i = 0; i < 2 * d; i++)
        for (int64_t j = 0; j < d; j++)
            x[i * d + j] = mean[j] + (i / 2 == j ? (i % 2 ? -scale[j] : scale[j]) : 0);
    return x;
}

/* ---- Fréchet --------------------------------------------------------------------------------- */

static void test_statistics(void **state) {
    gan_context *ctx = *state;
    const float x[] = {1, 2, 3, 2, 5, 8};
    double mean[2], cov[4];
    assert_ok(ctx, gan_feature_statistics(ctx, x, 3, 2, mean, cov));
    assert_near(mean[0], 3, 0);
    assert_near(mean[1], 4, 0);
    const double expected[] = {4, 6, 6, 12};
    for (int i = 0; i < 4; i++) assert_near(cov[i], expected[i], 1e-14);
}

/* Commuting covariances: the sum over axes of (mean difference)^2 + (deviation difference)^2. */
static void test_frechet_of_axes(void **state) {
    gan_context *ctx = *state;
    const float mean_a[] = {0, 1, 2}, mean_b[] = {1, 1, -2};
    const float scale_a[] = {1, 2, 0}, scale_b[] = {3, 0.5, 4}; /* one is constant */
    float *a = cross(3, mean_a, scale_a), *b = cross(3, mean_b, scale_b);
    double expected = 0, out;
    for (int j = 0; j < 3; j++) {
        const double deviation = sqrt(2.0 / 5) * ((double)scale_a[j] - (double)scale_b[j]);
        expected += pow((double)mean_a[j] - (double)mean_b[j], 2) + deviation * deviation;
    }
    assert_ok(ctx, gan_frechet_distance(ctx, a, 6, b, 6, 3, &out));
    assert_near(out, expected, 1e-12);
    assert_ok(ctx, gan_frechet_distance(ctx, b, 6, a, 6, 3, &out));
    assert_near(out, expected, 1e-12);
    free(a);
    free(b);
}

/* Covariances that do not commute; for 2 x 2 matrices tr(sqrt(AB))^2 = tr(AB) + 2 sqrt(det(AB)). */
static void test_frechet_from_statistics(void **state) {
    gan_context *ctx = *state;
    const double mean_a[] = {1, 2}, mean_b[] = {0, 4}, a[] = {2, 1, 1, 3}, b[] = {5, -2, -2, 1};
    const double trace = 2 * 5 + 2 * 1 * -2 + 3 * 1, determinant = 5 * 1;
    const double root = sqrt(trace + 2 * sqrt(determinant));
    double out;
    assert_ok(ctx, gan_frechet_from_statistics(ctx, mean_a, a, mean_b, b, 2, &out));
    assert_near(out, 5 + 5 + 6 - 2 * root, 1e-13);
    assert_ok(ctx, gan_frechet_from_statistics(ctx, mean_a, a, mean_b, a, 2, &out));
    assert_near(out, 5, 1e-13);
    const double none[4] = {0};
    assert_ok(ctx, gan_frechet_from_statistics(ctx, mean_a, a, mean_b, none, 2, &out));
    assert_near(out, 5 + 5, 1e-13);
}

static void test_frechet_of_equal_sets(void **state) {
    gan_context *ctx = *state;
    double out;
    for (int64_t n = 10; n <= 1000; n *= 10) { /* fewer and more rows than columns */
        float *x = noise(n, 50, 1, 3);
        assert_ok(ctx, gan_frechet_distance(ctx, x, n, x, n, 50, &out));
        assert_near(out, 0, 1e-10);
        free(x);
    }
}

/* ---- kernel distance ------------------------------------------------------------------------- */

static void test_kernel_distance_by_hand(void **state) {
    gan_context *ctx = *state;
    const float a[] = {1, 2}, b[] = {0, 1};
    double out, error;
    gan_kernel_opts o;
    gan_kernel_opts_init(&o, sizeof o);
    assert_int_equal(o.subsets, 100);
    /* a: (2 + 1)^3, b: 1; across (0 1; 0 2) + 1 cubed: 1, 8, 1, 27 */
    assert_ok(ctx, gan_kernel_distance(ctx, a, 2, b, 2, 1, NULL, &out, &error));
    assert_near(out, 27 + 1 - 2 * 37.0 / 4, 1e-5);
    assert_near(error, 0, 1e-7);
    o.subsets = 1;
    assert_ok(ctx, gan_kernel_distance(ctx, a, 2, b, 2, 1, &o, &out, &error));
    assert_near(error, 0, 0);
}

/* Of one distribution the estimate is about 0, on both sides of it. */
static void test_kernel_distance_is_unbiased(void **state) {
    gan_context *ctx = *state;
    float *a = noise(3000, 4, 1, 1), *b = noise(2500, 4, 2, 1), *far = noise(2500, 4, 2, 1.2f);
    double out, error;
    gan_kernel_opts o;
    gan_kernel_opts_init(&o, sizeof o);
    o.subset_size = 100;
    assert_ok(ctx, gan_kernel_distance(ctx, a, 3000, b, 2500, 4, &o, &out, &error));
    assert_true(fabs(out) < 4 * error);
    assert_true(error > 0);
    assert_ok(ctx, gan_kernel_distance(ctx, a, 3000, far, 2500, 4, &o, &out, &error));
    assert_true(out > 10 * error);
    free(a);
    free(b);
    free(far);
}

/* ---- precision and recall -------------------------------------------------------------------- */

static gan_prdc prdc_of(gan_context *ctx, const float *a, int64_t n, const float *b, int64_t m,
                        int64_t d, int32_t k) {
    gan_prdc out = {.struct_size = sizeof out};
    assert_ok(ctx, gan_precision_recall(ctx, a, n, b, m, d, k, &out));
    return out;
}

/* On a line, k = 1. Real 0 1 3 10: radii 1 1 2 7. Fake 2 2 20 23: radii 0 0 3 3. */
static void test_prdc_on_a_line(void **state) {
    const float real[] = {0, 1, 3, 10}, fake[] = {2, 2, 20, 23};
    gan_prdc out = prdc_of(*state, real, 4, fake, 4, 1, 1);
    assert_near(out.precision, 2.0 / 4, 0);
    assert_near(out.recall, 0, 0);
    assert_near(out.density, 4.0 / 4, 0);  /* each 2 is in the balls of 1 (a tie) and 3 */
    assert_near(out.coverage, 2.0 / 4, 0); /* those have a fake inside, 0 and 10 have not */
    out = prdc_of(*state, real, 4, fake, 4, 1, 2);
    /* real radii 3 2 3 9, fake 18 18 18 21 (radius to the second: 2 to 20) */
    assert_near(out.precision, 2.0 / 4, 0);
    assert_near(out.recall, 1, 0);
    assert_near(out.density, 8.0 / 8, 0);
    assert_near(out.coverage, 1, 0);
}

static void test_prdc_of_equal_and_distant_sets(void **state) {
    float *a = noise(200, 3, 1, 0), *b = noise(150, 3, 2, 50);
    gan_prdc out = prdc_of(*state, a, 200, a, 200, 3, 5);
    assert_near(out.precision, 1, 0);
    assert_near(out.recall, 1, 0);
    assert_near(out.coverage, 1, 0);
    out = prdc_of(*state, a, 200, b, 150, 3, 5);
    assert_near(out.precision + out.recall + out.density + out.coverage, 0, 0);
    for (int i = 0; i < 600; i++) a[i] = 7; /* one point, many times */
    out = prdc_of(*state, a, 200, a, 100, 3, 5);
    assert_near(out.precision, 1, 0);
    assert_near(out.density, 200.0 / 5, 0);
    assert_near(out.coverage, 1, 0);
    free(a);
    free(b);
}

/* ---- Parzen ---------------------------------------------------------------------------------- */

static gan_parzen parzen_of(gan_context *ctx, const float *samples, int64_t n, const float *test,
                            int64_t m, int64_t d, double sigma) {
    gan_parzen out = {.struct_size = sizeof out};
    assert_ok(ctx,
              gan_parzen_log_likelihood(ctx, samples, n, NULL, 0, test, m, d, &sigma, 1, &out));
    return out;
}

static double log_normal(double square, double d, double sigma) {
    return -square / (2 * sigma * sigma) - d * log(sigma * sqrt(2 * acos(-1)));
}

static void test_parzen_of_one_sample(void **state) {
    const float sample[] = {0.5, 0, 1}, test[] = {1.5, 2, 1, 0.5, 0, 1};
    const double far = log_normal(5, 3, 0.3), at = log_normal(0, 3, 0.3);
    gan_parzen out = parzen_of(*state, sample, 1, test, 1, 3, 0.3);
    assert_near(out.log_likelihood, far, 1e-5);
    assert_near(out.standard_error, 0, 0);
    assert_near(out.sigma, 0.3, 0);
    out = parzen_of(*state, sample, 1, test, 2, 3, 0.3);
    assert_near(out.log_likelihood, (far + at) / 2, 1e-5);
    assert_near(out.standard_error, (at - far) / 2 / sqrt(2), 1e-5);
}

/* Exponents of -5e5 and less underflow unless the largest is taken out. */
static void test_parzen_of_distant_samples(void **state) {
    const float samples[] = {1, 2, 4}, test[] = {0};
    gan_parzen out = parzen_of(*state, samples, 3, test, 1, 1, 1e-3);
    assert_near(out.log_likelihood, log_normal(1, 1, 1e-3) - log(3), 1);
    out = parzen_of(*state, samples, 3, test, 1, 1, 1);
    assert_near(out.log_likelihood,
                log((exp(-0.5) + exp(-2) + exp(-8)) / 3) - log(2 * acos(-1)) / 2, 1e-6);
}

/* Nearer samples in a later block: what was summed before counts for less. */
static void test_parzen_of_many_samples(void **state) {
    enum { N = 1100, FAR = 1024 };
    float samples[N];
    const float test[] = {0};
    for (int i = 0; i < N; i++) samples[i] = i < FAR ? 2 : 1;
    gan_parzen out = parzen_of(*state, samples, N, test, 1, 1, 1);
    const double sum = FAR * exp(-2) + (N - FAR) * exp(-0.5);
    assert_near(out.log_likelihood, log(sum / N) - log(2 * acos(-1)) / 2, 1e-6);
}

/* One sample at 0, validation rows at +-1: the likeliest width is 1, and the first of equals. */
static void test_parzen_chooses_sigma(void **state) {
    gan_context *ctx = *state;
    const float sample[] = {0}, validation[] = {-1, 1}, test[] = {0};
    const double sigmas[] = {0.5, 1, 1, 2};
    gan_parzen out = {.struct_size = sizeof out};
    assert_ok(
        ctx, gan_parzen_log_likelihood(ctx, sample, 1, validation, 2, test, 1, 1, sigmas, 4, &out));
    assert_near(out.sigma, 1, 0);
    assert_near(out.log_likelihood, log_normal(0, 1, 1), 1e-12);
    const float near[] = {0.2f, -0.2f}; /* the grid: 0.1, 0.129, 0.167, 0.215, ... 1 */
    assert_ok(ctx, gan_parzen_log_likelihood(ctx, sample, 1, near, 2, test, 1, 1, NULL, 0, &out));
    assert_near(out.sigma, pow(10, -1 + 3.0 / 9), 1e-15);
}

/* ---- modes ----------------------------------------------------------------------------------- */

static void test_modes_on_a_ring(void **state) {
    gan_context *ctx = *state;
    float centres[16], x[24];
    for (int k = 0; k < 8; k++) {
        centres[2 * k] = (float)cos(k * acos(-1) / 4);
        centres[2 * k + 1] = (float)sin(k * acos(-1) / 4);
    }
    memcpy(x, centres, sizeof centres);
    gan_modes out = {.struct_size = sizeof out};
    assert_ok(ctx, gan_mode_statistics(ctx, x, 8, 2, centres, 8, 0.01, 3, &out));
    assert_int_equal(out.found, 8);
    assert_near(out.high_quality, 1, 0);
    assert_near(out.kl, 0, 1e-15);
    /* Modes 0 and 1 three times and once, four samples in the middle of nowhere. */
    for (int i = 0; i < 3; i++) memcpy(x + 2 * i, centres, 2 * sizeof *x);
    memcpy(x + 6, centres + 2, 2 * sizeof *x);
    for (int i = 8; i < 16; i++) x[i] = 0;
    assert_ok(ctx, gan_mode_statistics(ctx, x, 8, 2, centres, 8, 0.01, 3, &out));
    assert_int_equal(out.found, 2);
    assert_near(out.high_quality, 0.5, 0);
    assert_near(out.kl, 0.75 * log(8 * 0.75) + 0.25 * log(8 * 0.25), 1e-14);
    assert_ok(ctx, gan_mode_statistics(ctx, x + 8, 4, 2, centres, 8, 0.01, 3, &out));
    assert_int_equal(out.found, 0);
    assert_near(out.high_quality, 0, 0);
    assert_true(isinf(out.kl) && out.kl > 0);
}

/* The border, 3 deviations, is outside. */
static void test_modes_at_the_border(void **state) {
    gan_context *ctx = *state;
    const float centre[] = {1}, x[] = {1.75, 1.75f - 1e-6f, 0.25, 0.5};
    gan_modes out = {.struct_size = sizeof out};
    assert_ok(ctx, gan_mode_statistics(ctx, x, 4, 1, centre, 1, 0.25, 3, &out));
    assert_near(out.high_quality, 0.5, 0);
}

static void test_histograms(void **state) {
    gan_context *ctx = *state;
    const int32_t labels[] = {0, 0, 2, 2};
    const double reference[] = {0.25, 0.25, 0.5, 0}, none[] = {0.5, 0.5, 0, 0};
    gan_histogram out = {.struct_size = sizeof out};
    assert_ok(ctx, gan_histogram_statistics(ctx, labels, 4, 4, NULL, &out));
    assert_int_equal(out.present, 2);
    assert_near(out.kl, log(2), 1e-15);
    assert_near(out.total_variation, 0.5, 0);
    assert_ok(ctx, gan_histogram_statistics(ctx, labels, 4, 4, reference, &out));
    assert_near(out.kl, 0.5 * log(2), 1e-15);
    assert_near(out.total_variation, 0.25, 0);
    assert_ok(ctx, gan_histogram_statistics(ctx, labels, 4, 4, none, &out));
    assert_true(isinf(out.kl) && out.kl > 0);
    assert_near(out.total_variation, 0.5, 0);
}

/* ---- nearest neighbours ---------------------------------------------------------------------- */

/* By all distances, the first of equally near ones. */
static int64_t search(const float *reference, int64_t n, const float *row, int64_t d,
                      double *square) {
    int64_t found = -1;
    for (int64_t i = 0; i < n; i++) {
        double sum = 0;
        for (int64_t j = 0; j < d; j++)
            sum += pow((double)reference[i * d + j] - (double)row[j], 2);
        if (found >= 0 && sum >= *square) continue;
        found = i;
        *square = sum;
    }
    return found;
}

static void test_nearest(void **state) {
    gan_context *ctx = *state;
    enum { N = 1100, M = 40, D = 21 };
    float *reference = noise(N, D, 1, 100), *rows = noise(M, D, 2, 100);
    int32_t labels[N], wanted[M];
    memcpy(rows + 3 * D, reference + 5 * D, D * sizeof *rows);
    memcpy(reference + 1060 * D, reference + 5 * D, D * sizeof *rows); /* a tie, a block later */
    for (int32_t i = 0; i < N; i++) labels[i] = i % 10;
    int64_t index[M], wrong = 0;
    double distance[M], error;
    for (int i = 0; i < M; i++) wanted[i] = i % 10;
    assert_ok(ctx, gan_nearest_neighbours(ctx, reference, N, rows, M, D, index, distance));
    for (int i = 0; i < M; i++) {
        double square;
        int64_t expected = search(reference, N, rows + i * D, D, &square);
        assert_int_equal(index[i], expected);
        assert_near(distance[i], sqrt(square), 1e-12);
        wrong += labels[expected] != wanted[i];
    }
    assert_int_equal(index[3], 5);
    assert_near(distance[3], 0, 0);
    assert_ok(ctx, gan_nearest_neighbour_error(ctx, reference, labels, N, rows, wanted, M, D, NULL,
                                               NULL, &error));
    assert_near(error, (double)wrong / M, 0);
    assert_ok(ctx, gan_nearest_neighbour_error(ctx, reference, labels, N, reference, labels, N, D,
                                               NULL, NULL, &error));
    assert_near(error, 1.0 / N, 0); /* the copy finds the first, which has another label */
    free(reference);
    free(rows);
}

/* ---- threads --------------------------------------------------------------------------------- */

enum { NUMBERS = 11 };

/* Everything at once, on sets of several blocks. */
static void numbers_of(gan_context *ctx, double numbers[NUMBERS]) {
    enum { N = 1500, M = 1100, D = 70 };
    float *a = noise(N, D, 1, 1), *b = noise(M, D, 2, 1.1f);
    gan_prdc prdc = prdc_of(ctx, a, N, b, M, D, 3);
    gan_parzen parzen = {.struct_size = sizeof parzen};
    gan_modes modes = {.struct_size = sizeof modes};
    assert_ok(ctx, gan_parzen_log_likelihood(ctx, a, N, b, 100, b, M, D, NULL, 0, &parzen));
    assert_ok(ctx, gan_mode_statistics(ctx, a, N, D, b, M, 0.8, 3, &modes));
    const double some[] = {prdc.precision,        prdc.recall,        prdc.density, prdc.coverage,
                           parzen.log_likelihood, modes.high_quality, modes.kl};
    memcpy(numbers, some, sizeof some);
    assert_ok(ctx, gan_frechet_distance(ctx, a, N, b, M, D, &numbers[7]));
    gan_kernel_opts o;
    gan_kernel_opts_init(&o, sizeof o);
    o.subsets = 2;
    assert_ok(ctx, gan_kernel_distance(ctx, a, N, b, M, D, &o, &numbers[8], &numbers[9]));
    double distance[M];
    assert_ok(ctx, gan_nearest_neighbours(ctx, a, N, b, M, D, NULL, distance));
    numbers[10] = 0;
    for (int i = 0; i < M; i++) numbers[10] += distance[i];
    free(a);
    free(b);
}

static void test_thread_count_does_not_matter(void **state) {
    (void)state;
    double one[NUMBERS], more[NUMBERS];
    for (int32_t threads = 1; threads <= 3; threads++) {
        gan_context *ctx = context_with(threads);
        numbers_of(ctx, threads == 1 ? one : more);
        if (threads > 1) assert_memory_equal(one, more, sizeof one);
        gan_context_destroy(ctx);
    }
}

/* ---- wrong arguments ------------------------------------------------------------------------- */

#define REFUSED(ctx, call, ...) assert_status(ctx, call, GAN_EINVAL, __VA_ARGS__)

static void test_wrong_sets(void **state) {
    gan_context *ctx = *state;
    float x[8] = {0, 1, 2, 3, 4, 5, 6, 7};
    double mean[2], cov[4], out = 77, error = 77;
    REFUSED(ctx, gan_frechet_distance(ctx, NULL, 4, x, 4, 2, &out), "gan_frechet_distance", "NULL");
    REFUSED(ctx, gan_frechet_distance(ctx, x, -1, x, 4, 2, &out), "n is -1, must be positive");
    REFUSED(ctx, gan_frechet_distance(ctx, x, 1, x, 4, 2, &out), "n is 1, must be from 2");
    REFUSED(ctx, gan_frechet_distance(ctx, x, 4, x, 4, 0, &out), "d is 0");
    REFUSED(ctx, gan_frechet_distance(ctx, x, 4, x, (int64_t)1 << 40, 2, &out), "m is");
    REFUSED(ctx, gan_nearest_neighbours(ctx, x, 4, x, 1, (int64_t)1 << 40, NULL, NULL), "d is");
    float *wide = noise(2, 2049, 1, 0);
    REFUSED(ctx, gan_frechet_distance(ctx, wide, 2, wide, 2, 2049, &out), "d is 2049", "2048");
    free(wide);
    x[5] = NAN;
    REFUSED(ctx, gan_feature_statistics(ctx, x, 4, 2, mean, cov), "gan_feature_statistics",
            "x holds", "nan", "row 2, column 1");
    REFUSED(ctx, gan_kernel_distance(ctx, x, 2, x, 4, 2, NULL, &out, &error), "b holds", "row 2");
    x[5] = -INFINITY;
    REFUSED(ctx, gan_nearest_neighbours(ctx, x, 2, x, 4, 2, NULL, NULL), "rows holds", "-inf",
            "row 2");
    x[5] = 2e15f;
    REFUSED(ctx, gan_nearest_neighbours(ctx, x, 4, x, 1, 2, NULL, NULL), "reference holds", "row 2",
            "1e15");
    assert_near(out, 77, 0);
    assert_near(error, 77, 0);
}

static void test_wrong_options(void **state) {
    gan_context *ctx = *state;
    const float x[8] = {0, 1, 2, 3, 4, 5, 6, 7};
    const double sigmas[] = {1, 0}, cov[] = {1, 2, 3, 4}, bad[] = {1, 2, 2, -4}, mean[] = {0, NAN};
    const double few[] = {0.25, 0.25};
    const int32_t labels[] = {0, 1, 4};
    double out;
    gan_kernel_opts o;
    gan_kernel_opts_init(&o, sizeof o);
    o.subset_size = 5;
    REFUSED(ctx, gan_kernel_distance(ctx, x, 4, x, 4, 2, &o, &out, &out), "subset_size is 5",
            "from 2 to 4");
    o.subset_size = 2;
    o.subsets = 0;
    REFUSED(ctx, gan_kernel_distance(ctx, x, 4, x, 4, 2, &o, &out, &out), "subsets is 0");
    gan_prdc prdc = {.struct_size = sizeof prdc, .recall = 77};
    REFUSED(ctx, gan_precision_recall(ctx, x, 4, x, 3, 2, 3, &prdc), "k is 3", "from 1 to 2");
    prdc.struct_size = 8;
    REFUSED(ctx, gan_precision_recall(ctx, x, 4, x, 3, 2, 2, &prdc), "struct_size is 8");
    assert_near(prdc.recall, 77, 0);
    gan_parzen parzen = {.struct_size = sizeof parzen};
    REFUSED(ctx, gan_parzen_log_likelihood(ctx, x, 4, x, 4, x, 4, 2, sigmas, 2, &parzen),
            "sigmas[1] is 0");
    REFUSED(ctx, gan_parzen_log_likelihood(ctx, x, 4, NULL, 0, x, 4, 2, NULL, 0, &parzen), "NULL");
    REFUSED(ctx, gan_parzen_log_likelihood(ctx, x, 4, x, 0, x, 4, 2, NULL, 0, &parzen), "v is 0");
    gan_modes modes = {.struct_size = sizeof modes};
    REFUSED(ctx, gan_mode_statistics(ctx, x, 4, 2, x, 4, -1, 3, &modes), "std is -1");
    REFUSED(ctx, gan_mode_statistics(ctx, x, 4, 2, x, 4, 1, NAN, &modes), "radius");
    gan_histogram histogram = {.struct_size = sizeof histogram};
    REFUSED(ctx, gan_histogram_statistics(ctx, labels, 3, 4, NULL, &histogram), "labels[2] is 4");
    REFUSED(ctx, gan_histogram_statistics(ctx, labels, 2, 2, cov, &histogram), "reference[1] is 2");
    REFUSED(ctx, gan_histogram_statistics(ctx, labels, 2, 2, few, &histogram), "adds up");
    REFUSED(ctx, gan_frechet_from_statistics(ctx, cov, cov, cov, cov, 2, &out), "cov_a",
            "not symmetric");
    const double moments[] = {1, 5, 5, 1}, tight[] = {1, 2, 2, 4};
    REFUSED(ctx, gan_frechet_from_statistics(ctx, cov, moments, cov, cov, 2, &out), "cov_a",
            "no covariance: 5 at (1, 0), of variances 1 and 1");
    assert_ok(ctx, gan_frechet_from_statistics(ctx, cov, tight, cov, tight, 2, &out));
    REFUSED(ctx, gan_frechet_from_statistics(ctx, cov, bad, cov, bad, 2, &out), "variance -4");
    REFUSED(ctx, gan_frechet_from_statistics(ctx, mean, cov, cov, cov, 2, &out), "mean_a[1]");
    out = 77;
    const double wide[] = {1e308, 0, 0, 1e308}, far[] = {1e200, 0}, at[2] = {0}, one[4] = {1};
    REFUSED(ctx, gan_frechet_from_statistics(ctx, at, wide, at, one, 2, &out), "too large");
    REFUSED(ctx, gan_frechet_from_statistics(ctx, far, one, at, one, 2, &out), "too large");
    assert_near(out, 77, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CONTEXT_TEST(test_statistics),
        CONTEXT_TEST(test_frechet_of_axes),
        CONTEXT_TEST(test_frechet_from_statistics),
        CONTEXT_TEST(test_frechet_of_equal_sets),
        CONTEXT_TEST(test_kernel_distance_by_hand),
        CONTEXT_TEST(test_kernel_distance_is_unbiased),
        CONTEXT_TEST(test_prdc_on_a_line),
        CONTEXT_TEST(test_prdc_of_equal_and_distant_sets),
        CONTEXT_TEST(test_parzen_of_one_sample),
        CONTEXT_TEST(test_parzen_of_distant_samples),
        CONTEXT_TEST(test_parzen_of_many_samples),
        CONTEXT_TEST(test_parzen_chooses_sigma),
        CONTEXT_TEST(test_modes_on_a_ring),
        CONTEXT_TEST(test_modes_at_the_border),
        CONTEXT_TEST(test_histograms),
        CONTEXT_TEST(test_nearest),
        CONTEXT_TEST(test_thread_count_does_not_matter),
        CONTEXT_TEST(test_wrong_sets),
        CONTEXT_TEST(test_wrong_options),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
