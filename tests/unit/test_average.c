/* Averaged weights and their statistics. */
#include "support.h"

#include <math.h>

static gan_module *network(gan_context *ctx) {
    gan_module *m = NULL;
    assert_ok(ctx, gan_sequential_create(ctx, &m));
    gan_add_dense(m, NULL, 1, 1, 0);
    assert_made(ctx, gan_add_batch_norm(m, NULL, 1, NULL));
    return m;
}

static void set(gan_context *ctx, gan_module *m, const char *name, double value) {
    assert_ok(ctx, gan_tensor_write_doubles(gan_module_find(m, name), &value, 1));
}

static double get(gan_module *m, const char *name) { return element(gan_module_find(m, name), 0); }

static void test_average(void **state) {
    gan_context *ctx = *state;
    gan_module *a = network(ctx), *m = network(ctx);
    set(ctx, a, "0.weight", 1), set(ctx, m, "0.weight", 5);
    set(ctx, a, "1.running_mean", 2), set(ctx, m, "1.running_mean", 4);
    set(ctx, a, "1.num_batches_tracked", 3), set(ctx, m, "1.num_batches_tracked", 8);
    assert_ok(ctx, gan_module_average(a, m, 0.75));
    assert_near(get(a, "0.weight"), 2, 1e-6);
    assert_near(get(a, "1.running_mean"), 2.5, 1e-6);
    assert_near(get(a, "1.num_batches_tracked"), 8, 0); /* a count is copied */
    assert_near(get(m, "0.weight"), 5, 0);
    assert_ok(ctx, gan_module_average(a, m, 0));
    assert_near(get(a, "0.weight"), 5, 0);
    assert_status(ctx, gan_module_average(a, m, 1.5), GAN_EINVAL, "gan_module_average", "1.5");
    assert_status(ctx, gan_module_average(a, NULL, 0.5), GAN_EINVAL, "gan_module_average");
    gan_module_unref(a);
    gan_module_unref(m);
}

/* The shares of both add up to 1 however many steps there are; a decay of 0 copies. */
static void test_long_averages(void **state) {
    gan_context *ctx = *state;
    gan_module *a = network(ctx), *m = network(ctx);
    const double decay = 0.9999;
    double exact = 1;
    set(ctx, a, "0.weight", exact);
    for (int step = 1; step <= 30000; step++) {
        set(ctx, m, "0.weight", 1 + 0.05 * sin(step));
        exact += (1 - decay) * (get(m, "0.weight") - exact);
        assert_ok(ctx, gan_module_average(a, m, decay));
    }
    assert_near(get(a, "0.weight"), exact, 2e-5);
    set(ctx, a, "0.weight", 1e10);
    assert_ok(ctx, gan_module_average(a, m, 0));
    assert_near(get(a, "0.weight"), get(m, "0.weight"), 0);
    gan_module_unref(a);
    gan_module_unref(m);
}

/* With the corrected decay the average is the weighted mean of the weights seen: where it began has
 * no share. */
static void test_corrected_start(void **state) {
    gan_context *ctx = *state;
    gan_module *a = network(ctx), *m = network(ctx);
    const double decay = 0.9;
    double sum = 0, weights = 0;
    set(ctx, a, "0.weight", 1000);
    for (int64_t step = 1; step <= 20; step++) {
        double w = sin((double)step);
        set(ctx, m, "0.weight", w);
        assert_ok(ctx, gan_module_average(a, m, gan_average_decay(decay, step)));
        sum = decay * sum + w;
        weights = decay * weights + 1;
        assert_near(get(a, "0.weight"), sum / weights, 1e-5);
    }
    gan_module_unref(a);
    gan_module_unref(m);
}

/* Spectral norm's vectors have unit length: they are copied. */
static void test_other_buffers_are_copied(void **state) {
    gan_context *ctx = *state;
    gan_module *a = network(ctx), *m = network(ctx);
    assert_ok(ctx, gan_module_spectral_norm(a));
    assert_ok(ctx, gan_module_spectral_norm(m));
    set(ctx, a, "0.weight_u", -1), set(ctx, m, "0.weight_u", 1);
    assert_ok(ctx, gan_module_average(a, m, 0.5));
    assert_near(get(a, "0.weight_u"), 1, 0);
    gan_module_unref(a);
    gan_module_unref(m);
}

static void test_other_trees(void **state) {
    gan_context *ctx = *state;
    gan_module *a = network(ctx), *m = network(ctx);
    assert_made(ctx, gan_add_dense(m, NULL, 1, 1, 0));
    double before = get(a, "0.weight");
    set(ctx, m, "0.weight", before + 1);
    assert_status(ctx, gan_module_average(a, m, 0.5), GAN_EINVAL, "gan_module_average", "2.weight");
    assert_status(ctx, gan_module_average(m, a, 0.5), GAN_EINVAL, "gan_module_average", "2.weight");
    assert_near(get(a, "0.weight"), before, 0);
    assert_near(get(m, "0.weight"), before + 1, 0);
    gan_module_unref(a);
    gan_module_unref(m);
}

/* Batches (0, 2), (4, 8): means 1 and 6, unbiased variances 2 and 8. */
static void test_statistics(void **state) {
    gan_context *ctx = *state;
    gan_module *m = network(ctx);
    set(ctx, m, "0.weight", 1);
    set(ctx, m, "1.running_mean", 77), set(ctx, m, "1.num_batches_tracked", 5);
    assert_ok(ctx, gan_module_average_statistics(m, 1));
    gan_forward(m, VALUES(ctx, SHAPE(2, 1), 0, 2));
    assert_near(get(m, "1.running_mean"), 1, 1e-6);
    assert_near(get(m, "1.running_var"), 2, 1e-6);
    gan_forward(m, VALUES(ctx, SHAPE(2, 1), 4, 8));
    assert_near(get(m, "1.running_mean"), 3.5, 1e-6);
    assert_near(get(m, "1.running_var"), 5, 1e-5);
    assert_near(get(m, "1.num_batches_tracked"), 2, 0);
    assert_ok(ctx, gan_module_average_statistics(m, 0));
    gan_forward(m, VALUES(ctx, SHAPE(2, 1), 13.5, 13.5)); /* by the momentum 0.1 again */
    assert_near(get(m, "1.running_mean"), 4.5, 1e-5);
    assert_int_equal(gan_module_average_statistics(NULL, 1), GAN_EINVAL);
    gan_module_unref(m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CONTEXT_TEST(test_average),         CONTEXT_TEST(test_long_averages),
        CONTEXT_TEST(test_corrected_start), CONTEXT_TEST(test_other_buffers_are_copied),
        CONTEXT_TEST(test_other_trees),     CONTEXT_TEST(test_statistics),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
