/* Schedules of rates, and the momentum's setter. */
#include "support.h"

#include <math.h>

static void test_ramp(void **state) {
    (void)state;
    assert_near(gan_ramp(2e-4, 0, 0, 50, 100), 2e-4, 0);
    assert_near(gan_ramp(2e-4, 0, 50, 50, 100), 2e-4, 0);
    assert_near(gan_ramp(2e-4, 0, 75, 50, 100), 1e-4, 1e-18);
    assert_near(gan_ramp(2e-4, 0, 100, 50, 100), 0, 0);
    assert_near(gan_ramp(2e-4, 0, 1000, 50, 100), 0, 0);
    assert_near(gan_ramp(0.5, 0.7, 126, 1, 251), 0.6, 1e-15);
    assert_near(gan_ramp(1, 2, 5, 5, 5), 2, 0); /* a step */
    assert_near(gan_ramp(1, 2, 4, 5, 5), 1, 0);
}

static void test_decay(void **state) {
    (void)state;
    assert_near(gan_step_decay(8e-5, 0.5, 99999, 100000, 2e-5), 8e-5, 0);
    assert_near(gan_step_decay(8e-5, 0.5, 100000, 100000, 2e-5), 4e-5, 0);
    assert_near(gan_step_decay(8e-5, 0.5, 900000, 100000, 2e-5), 2e-5, 0);
    assert_near(gan_step_decay(0.1, 1 / 1.000004, 250000, 1, 1e-6), 0.1 * exp(-1), 1e-5);
    assert_near(gan_step_decay(1, 0.5, 3, 0, 0), 0.125, 0);
}

static void test_average_decay(void **state) {
    (void)state;
    assert_near(gan_average_decay(0.9, 1), 0, 0);
    assert_near(gan_average_decay(0.9, 2), 0.9 * (1 - 0.9) / (1 - 0.81), 1e-15);
    assert_near(gan_average_decay(0.9, 100000), 0.9, 1e-12);
    assert_near(gan_average_decay(1, 4), 0.75, 0);
    assert_near(gan_average_decay(0, 4), 0, 0);
}

static void test_plateau(void **state) {
    (void)state;
    gan_plateau p;
    gan_plateau_init(&p, sizeof p);
    p.patience = 2;
    p.floor = 0.3;
    static const double measures[] = {5, 4, 4, 4, 4, 4, 4, 4, 1, 1, 1, 1};
    static const double rates[] = {1, 1, 1, 1, 0.5, 0.5, 0.5, 0.3, 0.3, 0.3, 0.3, 0.3};
    double lr = 1;
    for (int i = 0; i < COUNT_OF(measures); i++) {
        lr = gan_plateau_next(&p, lr, measures[i]);
        assert_near(lr, rates[i], 0);
    }
    /* A rate below the floor is not raised. */
    for (int i = 0; i < 3; i++) assert_near(gan_plateau_next(&p, 0.1, (double)NAN), 0.1, 0);
    assert_near(gan_plateau_next(NULL, 0.1, 0), 0.1, 0);
}

static gan_optimizer *sgd(gan_context *ctx, gan_module *m, double momentum) {
    gan_sgd_opts opts;
    gan_sgd_opts_init(&opts, sizeof opts);
    opts.lr = 1;
    opts.momentum = momentum;
    gan_optimizer *o = NULL;
    assert_ok(ctx, gan_sgd_create(m, &opts, &o));
    return o;
}

/* v = 1, 0.5 * 1 + 1, 0.25 * 1.5 + 1. */
static void test_momentum(void **state) {
    gan_context *ctx = *state;
    gan_module *m = NULL;
    assert_ok(ctx, gan_module_create(ctx, &m));
    gan_tensor *w = gan_add_parameter(m, "w", gan_scalar(ctx, 0)), *g = gan_scalar(ctx, 1);
    gan_optimizer *o = sgd(ctx, m, 0.9), *plain = sgd(ctx, m, 0), *adam = NULL;
    static const double momenta[] = {0.5, 0.5, 0.25, 0}, after[] = {-1, -2.5, -3.875, -4.875};
    for (int i = 0; i < COUNT_OF(momenta); i++) {
        assert_ok(ctx, gan_optimizer_set_momentum(o, momenta[i]));
        assert_near(gan_optimizer_momentum(o), momenta[i], 0);
        assert_ok(ctx, gan_optimizer_step(o, &g, 1));
        assert_near(item(w), after[i], 1e-6);
    }
    assert_status(ctx, gan_optimizer_set_momentum(o, 1), GAN_EINVAL, "gan_optimizer_set_momentum");
    assert_status(ctx, gan_optimizer_set_momentum(plain, 0.5), GAN_ESTATE,
                  "gan_optimizer_set_momentum", "velocity");
    assert_ok(ctx, gan_adam_create(m, NULL, &adam));
    assert_status(ctx, gan_optimizer_set_momentum(adam, 0.5), GAN_ESTATE, "velocity");
    assert_near(gan_optimizer_momentum(adam), 0, 0);
    assert_int_equal(gan_optimizer_set_momentum(NULL, 0.5), GAN_EINVAL);
    gan_optimizer_unref(o);
    gan_optimizer_unref(plain);
    gan_optimizer_unref(adam);
    gan_module_unref(m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ramp),          cmocka_unit_test(test_decay),
        cmocka_unit_test(test_average_decay), cmocka_unit_test(test_plateau),
        CONTEXT_TEST(test_momentum),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
