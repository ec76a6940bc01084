/* The trainer's pieces: losses, points of penalties, BEGAN's control. */
#include "trainers.h"

#include <math.h>

/* ---- losses ---------------------------------------------------------------------------------- */

static double sp(double t) { return fmax(t, 0) + log1p(exp(-fabs(t))); }

/* The table at GAN_LOSS_, sample by sample. */
static void formulas(int32_t loss, double r, double f, double *real, double *fake, double *g) {
    switch (loss) {
    case GAN_LOSS_MINIMAX:
        *real = sp(-r), *fake = sp(f), *g = -sp(f);
        break;
    case GAN_LOSS_NON_SATURATING:
        *real = sp(-r), *fake = sp(f), *g = sp(-f);
        break;
    case GAN_LOSS_LSGAN:
        *real = (r - 1) * (r - 1) / 2, *fake = f * f / 2, *g = (f - 1) * (f - 1) / 2;
        break;
    case GAN_LOSS_HINGE:
        *real = fmax(0, 1 - r), *fake = fmax(0, 1 + f), *g = -f;
        break;
    case GAN_LOSS_WASSERSTEIN:
        *real = -r, *fake = f, *g = -f;
        break;
    default:
        *real = r, *fake = -f, *g = f;
    }
}

static void test_losses(void **state) {
    gan_context *ctx = *state;
    const double r[] = {2.5, -0.3, 0.4}, f[] = {-1.7, 0.6, 3};
    gan_tensor *x = VALUES(ctx, SHAPE(3, 1), 2.5, -0.3, 0.4);
    gan_tensor *y = VALUES(ctx, SHAPE(3, 1), -1.7, 0.6, 3);
    for (int32_t loss = GAN_LOSS_MINIMAX; loss <= GAN_LOSS_BEGAN; loss++) {
        double of_real = 0, of_fake = 0, of_g = 0;
        for (int i = 0; i < 3; i++) {
            double a, b, c;
            formulas(loss, r[i], f[i], &a, &b, &c);
            of_real += a / 3, of_fake += b / 3, of_g += c / 3;
        }
        assert_near(item(gan_real_loss(loss, x, 1)), of_real, 1e-6);
        assert_near(item(gan_fake_loss(loss, y)), of_fake, 1e-6);
        assert_near(item(gan_generator_loss(loss, y)), of_g, 1e-6);
        assert_near(item(gan_discriminator_loss(loss, x, y)), of_real + of_fake, 1e-6);
    }
    /* smoothed: 0.9 sp(-r) + 0.1 sp(r) */
    double smooth = 0;
    for (int i = 0; i < 3; i++) smooth += (0.9 * sp(-r[i]) + 0.1 * sp(r[i])) / 3;
    assert_near(item(gan_real_loss(GAN_LOSS_MINIMAX, x, 0.9)), smooth, 1e-6);
    assert_refused(ctx, gan_real_loss(0, x, 1), GAN_EINVAL, "gan_real_loss", "loss is 0");
    assert_refused(ctx, gan_fake_loss(7, x), GAN_EINVAL, "gan_fake_loss", "loss is 7");
    assert_refused(ctx, gan_real_loss(1, x, NAN), GAN_EINVAL, "target is nan");
    assert_null(gan_generator_loss(1, NULL));
    assert_null(gan_discriminator_loss(1, x, NULL));
}

/* ---- points and control ---------------------------------------------------------------------- */

static void test_dragan_points(void **state) {
    gan_context *ctx = *state;
    enum { N = 64, SIZE = 48 };
    gan_tensor *x = gan_rand(ctx, SHAPE(N, 4, 4, 3), -1, 1);
    double std = item(gan_std(x, AXES(0, 1, 2, 3), 0, 0));
    gan_tensor *p = gan_dragan_points(x, GAN_DRAGAN_UNIFORM, 0.5);
    assert_true(gan_tensor_is_tracked(p));
    gan_tensor *d = gan_sub(gan_detach(p), x);
    double sum = 0, widest = 0, least_width = 1;
    for (int64_t n = 0; n < N; n++) {
        double most = 0;
        for (int64_t i = 0; i < SIZE; i++) {
            double e = element(d, n * SIZE + i);
            assert_true(e > -1e-6 && e < 0.5 * std * (1 + 1e-5));
            most = fmax(most, e);
            sum += e;
        }
        widest = fmax(widest, most);
        least_width = fmin(least_width, most);
    }
    /* E[a u] = 1/4; a is of the sample: some are close to 0 as a whole, some reach the bound. */
    assert_near(sum / (N * SIZE), 0.25 * 0.5 * std, 0.02);
    assert_true(widest > 0.45 * std && least_width < 0.1 * std);

    d = gan_sub(gan_detach(gan_dragan_points(x, GAN_DRAGAN_GAUSSIAN, 0.04)), x);
    assert_near(item(gan_mean_all(d)), 0, 0.02);
    assert_near(item(gan_mean_all(gan_square(d))), 0.04, 0.004);
    assert_values(
        gan_detach(gan_dragan_points(gan_full(ctx, SHAPE(1, 2), 3), GAN_DRAGAN_UNIFORM, 0.5)),
        SHAPE(1, 2), 3, 3); /* constant images have no spread */
    assert_refused(ctx, gan_dragan_points(x, 3, 1), GAN_EINVAL, "gan_dragan_points", "mode is 3");
    assert_refused(ctx, gan_dragan_points(x, 1, -1), GAN_EINVAL, "scale -1");
}

static void test_reconstruction(void **state) {
    gan_context *ctx = *state;
    gan_tensor *x = VALUES(ctx, SHAPE(2, 1, 1, 2), 1, 2, 3, 4);
    gan_tensor *y = VALUES(ctx, SHAPE(2, 1, 1, 2), 0, 4, 3, 3);
    assert_values(gan_reconstruction_error(x, y), SHAPE(2), 1.5, 0.5);
    assert_refused(ctx, gan_reconstruction_error(x, gan_zeros(ctx, SHAPE(2, 2))), GAN_EINVAL,
                   "(2, 1, 1, 2)", "(2, 2)");
}

static void test_balance(void **state) {
    (void)state;
    double m = 0;
    /* k + lambda (gamma Lx - Lg) = 0.2 + 0.01 (0.5 * 0.8 - 0.1) = 0.203; M = 0.8 + 0.3 */
    assert_near(gan_began_balance(0.2, 0.8, 0.1, 0.5, 0.01, &m), 0.203, 1e-12);
    assert_near(m, 1.1, 1e-12);
    assert_near(gan_began_balance(0, 0.1, 0.8, 0.5, 1, NULL), 0, 0);
    assert_near(gan_began_balance(0.9, 2, 0.1, 0.5, 1, &m), 1, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CONTEXT_TEST(test_losses),
        CONTEXT_TEST(test_dragan_points),
        CONTEXT_TEST(test_reconstruction),
        cmocka_unit_test(test_balance),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
