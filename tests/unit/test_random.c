/* Random numbers: the same bits for any number of threads, the right moments, restartable. */
#include "support.h"

#include <math.h>
#include <stdlib.h>

enum { MANY = 200001 };

typedef gan_tensor *(*draw)(gan_context *ctx, int64_t n);

static gan_tensor *uniform(gan_context *ctx, int64_t n) { return gan_rand(ctx, SHAPE(n), -1, 3); }
static gan_tensor *normal(gan_context *ctx, int64_t n) { return gan_randn(ctx, SHAPE(n)); }
static gan_tensor *truncated(gan_context *ctx, int64_t n) {
    return gan_rand_truncated(ctx, SHAPE(n), 0.5, 0.02, 2);
}
static gan_tensor *dropped(gan_context *ctx, int64_t n) {
    return gan_dropout(gan_full(ctx, SHAPE(n), 1), 0.25);
}

/* With the mean and standard deviation each should have. For the truncated normal at +-2 deviations
 * the variance is 1 - 4 phi(2) / (2 Phi(2) - 1). */
static const struct {
    draw make;
    double mean, deviation, lo, hi;
} kinds[] = {
    {uniform, 1, 1.1547005, -1, 3},
    {normal, 0, 1, -7, 7},
    {truncated, 0.5, 0.02 * 0.8796256, 0.46, 0.54},
    {dropped, 1, 0.5773503, 0, 1.3333335},
};

static void test_moments(void **state) {
    gan_context *ctx = *state;
    for (int i = 0; i < COUNT_OF(kinds); i++) {
        gan_tensor *t = kinds[i].make(ctx, MANY);
        assert_made(ctx, t);
        const float *x = gan_tensor_data(t);
        double sum = 0, squares = 0;
        for (int k = 0; k < MANY; k++) {
            assert_true(x[k] >= kinds[i].lo - 1e-6 && x[k] <= kinds[i].hi + 1e-6);
            sum += x[k];
        }
        double mean = sum / MANY;
        for (int k = 0; k < MANY; k++) squares += (x[k] - mean) * (x[k] - mean);
        double deviation = sqrt(squares / MANY), error = kinds[i].deviation / sqrt(MANY);
        assert_near(mean, kinds[i].mean, 5 * error);
        assert_near(deviation, kinds[i].deviation, 5 * error);
    }
}

static int ascending(const void *a, const void *b) {
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* Kolmogorov and Smirnov: the farthest that the share of numbers below x is from Phi(x). */
static void test_normal_distribution(void **state) {
    gan_context *ctx = *state;
    gan_tensor *t = gan_randn(ctx, SHAPE(MANY));
    assert_made(ctx, t);
    float *x = malloc(MANY * sizeof *x);
    assert_non_null(x);
    assert_ok(ctx, gan_tensor_read(t, x, MANY));
    qsort(x, MANY, sizeof *x, ascending);
    double farthest = 0;
    for (int k = 0; k < MANY; k++)
        farthest = fmax(farthest, fabs((k + 0.5) / MANY - 0.5 * erfc(-x[k] / sqrt(2))));
    free(x);
    assert_true(farthest < 1.95 / sqrt(MANY)); /* one in a thousand is farther */
}

/* Neighbours are uncorrelated, also at the distances of the generator's blocks. */
static void test_independence(void **state) {
    gan_context *ctx = *state;
    const float *x = gan_tensor_data(gan_randn(ctx, SHAPE(MANY)));
    for (int lag = 1; lag <= 8; lag++) {
        double sum = 0;
        for (int k = lag; k < MANY; k++) sum += (double)x[k] * x[k - lag];
        assert_near(sum / MANY, 0, 5 / sqrt(MANY));
    }
}

static void test_uniform_is_half_open(void **state) {
    gan_context *ctx = *state;
    const float *x = gan_tensor_data(gan_rand(ctx, SHAPE(4000000), 0, 1));
    for (int k = 0; k < 4000000; k++) assert_true(x[k] >= 0 && x[k] < 1);
}

static void test_threads_do_not_matter(void **state) {
    (void)state;
    for (int i = 0; i < COUNT_OF(kinds); i++) {
        gan_context *one = context_with(1);
        gan_tensor *expected = kinds[i].make(one, MANY);
        for (int32_t threads = 2; threads <= 3; threads++) {
            gan_context *more = context_with(threads);
            assert_same_bits(kinds[i].make(more, MANY), expected);
            assert_int_equal(stats_of(more).random_count, stats_of(one).random_count);
            gan_context_destroy(more);
        }
        gan_context_destroy(one);
    }
}

static void test_seeds(void **state) {
    gan_context *ctx = *state;
    gan_tensor *first = gan_randn(ctx, SHAPE(100)), *second = gan_randn(ctx, SHAPE(100));
    assert_true(element(first, 0) != element(second, 0)); /* the stream goes on */
    uint64_t position = stats_of(ctx).random_count;
    assert_ok(ctx, gan_context_seed(ctx, 1)); /* what the fixture gave */
    assert_int_equal(stats_of(ctx).random_count, 0);
    assert_same_bits(gan_randn(ctx, SHAPE(100)), first);
    assert_same_bits(gan_randn(ctx, SHAPE(100)), second);
    assert_int_equal(stats_of(ctx).random_count, position);
    assert_ok(ctx, gan_context_seed(ctx, 2));
    assert_true(element(gan_randn(ctx, SHAPE(100)), 0) != element(first, 0));
    /* High bits of the seed count too. */
    assert_ok(ctx, gan_context_seed(ctx, 1 + (1ull << 40)));
    assert_true(element(gan_randn(ctx, SHAPE(100)), 0) != element(first, 0));
}

/* What is refused takes no numbers. */
static void test_refusals(void **state) {
    gan_context *ctx = *state;
    assert_refused(ctx, gan_rand(ctx, SHAPE(3), 1, 1), GAN_EINVAL, "gan_rand", "[1, 1)");
    assert_refused(ctx, gan_rand(ctx, SHAPE(3), -1e300, 1e300), GAN_EINVAL, "gan_rand", "floats");
    assert_refused(ctx, gan_dropout(gan_zeros(ctx, SHAPE(8)), 2), GAN_EINVAL, "gan_dropout",
                   "p is 2");
    assert_int_equal(stats_of(ctx).random_count, 0);
    assert_made(ctx, gan_rand(ctx, SHAPE(3), -3e38, 3e38));
}

/* A longer tensor begins with the numbers of a shorter one. */
static void test_prefix(void **state) {
    gan_context *ctx = *state;
    gan_tensor *longer = gan_randn(ctx, SHAPE(1003));
    gan_context_seed(ctx, 1);
    gan_tensor *shorter = gan_randn(ctx, SHAPE(77));
    for (int i = 0; i < 77; i++) assert_true(element(shorter, i) == element(longer, i));
}

static void test_wrong_arguments(void **state) {
    gan_context *ctx = *state;
    assert_refused(ctx, gan_rand(ctx, SHAPE(3), 1, 1), GAN_EINVAL, "gan_rand");
    assert_refused(ctx, gan_rand(ctx, SHAPE(3), 0, (double)INFINITY), GAN_EINVAL, "gan_rand");
    assert_refused(ctx, gan_rand_truncated(ctx, SHAPE(3), 0, 1, 0), GAN_EINVAL,
                   "gan_rand_truncated");
    assert_refused(ctx, gan_rand_truncated(ctx, SHAPE(3), 0, -1, 1), GAN_EINVAL,
                   "gan_rand_truncated");
    assert_refused(ctx, gan_dropout(gan_zeros(ctx, SHAPE(3)), 1), GAN_EINVAL, "gan_dropout",
                   "p is 1");
    assert_refused(ctx, gan_dropout(gan_zeros(ctx, SHAPE(3)), (double)NAN), GAN_EINVAL,
                   "gan_dropout");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CONTEXT_TEST(test_moments),
        CONTEXT_TEST(test_normal_distribution),
        CONTEXT_TEST(test_independence),
        CONTEXT_TEST(test_uniform_is_half_open),
        cmocka_unit_test(test_threads_do_not_matter),
        CONTEXT_TEST(test_seeds),
        CONTEXT_TEST(test_refusals),
        CONTEXT_TEST(test_prefix),
        CONTEXT_TEST(test_wrong_arguments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
