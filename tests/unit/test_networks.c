/* The systems' networks as they were published: sizes, and what options make of them. */
#include "trainers.h"

#include <math.h>

static int64_t parameters_of(const gan_module *m) {
    int64_t sum = 0;
    for (size_t i = 0; i < gan_module_parameter_count(m); i++)
        sum += gan_tensor_size(gan_module_parameter(m, i));
    return sum;
}

/* Lucic et al. 2018's code tells of 8.5 and 1.3 million weights, for 32 x 32 colour pixels. */
static void test_lucic_networks(void **state) {
    gan_context *ctx = *state;
    static const struct {
        int32_t system;
        int64_t discriminator;
    } cases[] = {{GAN_SYSTEM_GAN, 8526145}, {GAN_SYSTEM_BEGAN, 1325379}};
    for (int i = 0; i < COUNT_OF(cases); i++) {
        gan_trainer_opts o;
        gan_trainer *t = NULL;
        gan_trainer_opts_init(&o, sizeof o, cases[i].system, GAN_VARIANT_LUCIC);
        o.side = 32;
        o.channels = 3;
        assert_ok(ctx, gan_trainer_create(ctx, &o, NULL, &t));
        assert_int_equal(parameters_of(gan_trainer_discriminator(t)), cases[i].discriminator);
        assert_int_equal(parameters_of(gan_trainer_generator(t)), 8606851);
        gan_trainer_unref(t);
    }
}

/* The sizes of the file's weights (train_cond_dcgan.py): 10 more inputs in each layer. */
static void test_labelled_networks(void **state) {
    gan_context *ctx = *state;
    gan_trainer_opts o;
    gan_trainer *t = NULL;
    gan_trainer_opts_init(&o, sizeof o, GAN_SYSTEM_CGAN, GAN_VARIANT_CODE);
    o.side = 28;
    o.channels = 1;
    o.classes = 10;
    assert_ok(ctx, gan_trainer_create(ctx, &o, NULL, &t));
    assert_int_equal(parameters_of(gan_trainer_generator(t)),
                     110 * 1024 + 1034 * 6272 + 138 * 64 * 25 + 74 * 25 + 1);
    assert_int_equal(parameters_of(gan_trainer_discriminator(t)),
                     11 * 64 * 25 + 64 + 74 * 128 * 25 + 6282 * 1024 + 1034 + 1);
    gan_trainer_unref(t);
}

/* Without skips the decoder's layers are half as thick, but for the first; both train. */
static void test_skips(void **state) {
    gan_context *ctx = *state;
    gan_trainer_opts o = small_opts(GAN_SYSTEM_PIX2PIX, GAN_VARIANT_DEFAULT);
    int64_t weights[2];
    for (o.skips = 0; o.skips < 2; o.skips++) {
        gan_loader *l;
        gan_trainer *t = small_trainer(ctx, &o, 16, &l);
        weights[o.skips] = parameters_of(gan_trainer_generator(t));
        assert_true(run_steps(ctx, t, 3).l1 > 0);
        gan_trainer_unref(t);
        gan_loader_unref(l);
    }
    /* up2, up1, up0 take 32, 16, 8 channels instead of 16, 8, 4, to 8, 4, 1 by kernels of 16 */
    assert_int_equal(weights[1] - weights[0], 16 * (16 * 8 + 8 * 4 + 4 * 1));
}

/* The largest of the weights is near the bound that they are drawn below. */
static void assert_bound(const gan_module *m, const char *name, double bound) {
    gan_tensor *w = gan_module_find(m, name);
    const float *values = gan_tensor_data(w);
    double largest = 0;
    for (int64_t i = 0; i < gan_tensor_size(w); i++)
        largest = fmax(largest, fabs((double)values[i]));
    assert_true(largest <= bound * 1.000001 && largest > bound * 0.99);
}

/* gan_mnist.py of WGAN-GP: +-sqrt(6 / (in + out)) in dense layers, sqrt(2) as much in convolutions.
 */
static void test_weights_of_wgan_gp(void **state) {
    gan_context *ctx = *state;
    gan_trainer_opts o;
    gan_trainer_opts_init(&o, sizeof o, GAN_SYSTEM_WGAN_GP, GAN_VARIANT_DEFAULT);
    o.side = 28;
    o.channels = 1;
    o.width = 16;
    gan_trainer *t = NULL;
    assert_ok(ctx, gan_trainer_create(ctx, &o, NULL, &t));
    assert_bound(gan_trainer_generator(t), "0.weight", sqrt(6.0 / (128 + 1024)));
    assert_bound(gan_trainer_generator(t), "3.weight", sqrt(12.0 / (25 * (64 + 32))));
    assert_bound(gan_trainer_discriminator(t), "7.weight", sqrt(6.0 / (1024 + 1)));
    gan_trainer_unref(t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CONTEXT_TEST(test_lucic_networks), CONTEXT_TEST(test_labelled_networks),
        CONTEXT_TEST(test_skips), CONTEXT_TEST(test_weights_of_wgan_gp)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
