/* Losses by hand. */
#include "support.h"

#include <math.h>

static double softplus(double x) { return log1p(exp(x)); }

static void test_relativistic_pairs(void **state) {
    gan_context *ctx = *state;
    gan_tensor *real = gan_track(VALUES(ctx, SHAPE(2, 1), 1, 200));
    gan_tensor *fake = gan_track(VALUES(ctx, SHAPE(2, 1), 3, -200));
    gan_tensor *d = gan_relativistic_discriminator(real, fake);
    gan_tensor *g = gan_relativistic_generator(real, fake);
    assert_near(item(d), (softplus(2) + 0) / 2, 1e-6);
    assert_near(item(g), (softplus(-2) + 400) / 2, 1e-4);
    /* d/d real of softplus(fake - real) is -sigmoid(fake - real), halved by the mean. */
    assert_values(gan_grad_of(d, real, 0), SHAPE(2, 1), -0.5 / (1 + exp(-2)), 0);
    assert_values(gan_grad_of(g, fake, 0), SHAPE(2, 1), -0.5 / (1 + exp(2)), -0.5);
}

static void test_refusals(void **state) {
    gan_context *ctx = *state;
    gan_tensor *two = gan_zeros(ctx, SHAPE(2, 1)), *flat = gan_zeros(ctx, SHAPE(2));
    assert_refused(ctx, gan_relativistic_discriminator(two, flat), GAN_EINVAL,
                   "gan_relativistic_discriminator", "(2, 1)", "(2)");
    assert_refused(ctx, gan_relativistic_generator(two, NULL), GAN_EINVAL,
                   "gan_relativistic_generator", "NULL");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CONTEXT_TEST(test_relativistic_pairs),
        CONTEXT_TEST(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
