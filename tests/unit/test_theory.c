/* What the papers prove, as numbers: the trained pieces come out where theory says. */
#include "support.h"

#include <math.h>

/* ---- the gradient penalty -------------------------------------------------------------------- */

/* A linear critic has the gradient w everywhere: lambda (||w|| - 1)^2 exactly, whatever the shape.
 */
static void test_linear_critic(void **state) {
    gan_context *ctx = *state;
    gan_module *m = NULL;
    assert_ok(ctx, gan_sequential_create(ctx, &m));
    gan_add_flatten(m, NULL);
    gan_module *dense = gan_add_dense(m, NULL, 12, 1, 1);
    gan_tensor *w = gan_module_parameter(dense, 0);
    double norm = sqrt(item(gan_sum_all(gan_square(w))));
    gan_tensor *points =
        gan_interpolate(gan_randn(ctx, SHAPE(5, 2, 2, 3)), gan_randn(ctx, SHAPE(5, 2, 2, 3)));
    double penalty = item(gan_penalty(gan_forward(m, points), points, NULL));
    assert_near(penalty, 10 * (norm - 1) * (norm - 1), 1e-5);
    gan_module_unref(m);
}

/* ---- Goodfellow et al. 2014, Proposition 1 and Theorem 1 ------------------------------------- */

enum { BATCH = 512 };

static double density(double x, double mean) {
    return exp(-(x - mean) * (x - mean) / 2) / sqrt(2 * 3.14159265358979323846);
}

/* -log 4 + 2 JSD of N(-1, 1) and N(1, 1), by the trapezoid rule. */
static double optimal_value(void) {
    double sum = 0, h = 0.01;
    for (int i = -1000; i <= 1000; i++) {
        double p = density(i * h, -1), g = density(i * h, 1);
        sum += h * (p * log(p / (p + g)) + g * log(g / (p + g)));
    }
    return sum;
}

static gan_module *small_net(gan_context *ctx, int64_t width) {
    gan_module *m = NULL;
    assert_ok(ctx, gan_sequential_create(ctx, &m));
    gan_add_dense(m, NULL, 1, width, 1);
    gan_add_leaky_relu(m, NULL, 0.2);
    gan_add_dense(m, NULL, width, width, 1);
    gan_add_leaky_relu(m, NULL, 0.2);
    gan_add_dense(m, NULL, width, 1, 1);
    return m;
}

static gan_optimizer *adam_of(gan_context *ctx, gan_module *m, double lr) {
    gan_adam_opts opts;
    gan_optimizer *o = NULL;
    gan_adam_opts_init(&opts, sizeof opts);
    opts.lr = lr;
    opts.beta1 = 0.5;
    assert_ok(ctx, gan_adam_create(m, &opts, &o));
    return o;
}

static gan_tensor *normal(gan_context *ctx, int64_t n, double mean) {
    return gan_add_scalar(gan_randn(ctx, SHAPE(n, 1)), mean);
}

/* The discriminator tends to D* = p / (p + g), and minus its loss to -log 4 + 2 JSD. */
static void test_optimal_discriminator(void **state) {
    gan_context *ctx = *state;
    gan_module *d = small_net(ctx, 32);
    gan_optimizer *adam = adam_of(ctx, d, 2e-3);
    for (int i = 0; i < 1500; i++) {
        int64_t scope = gan_scope_begin(ctx);
        if (i == 1000) assert_ok(ctx, gan_optimizer_set_lr(adam, 2e-4));
        gan_tensor *r = gan_forward(d, normal(ctx, BATCH, -1));
        gan_tensor *f = gan_forward(d, normal(ctx, BATCH, 1));
        assert_ok(ctx,
                  gan_optimizer_minimize(adam, gan_discriminator_loss(GAN_LOSS_MINIMAX, r, f)));
        gan_scope_end(ctx, scope);
    }
    gan_recording(ctx, 0);
    for (double x = -2; x <= 2; x += 0.5) {
        double best = density(x, -1) / (density(x, -1) + density(x, 1));
        gan_tensor *y = gan_sigmoid(gan_forward(d, gan_full(ctx, SHAPE(1, 1), x)));
        assert_near(element(y, 0), best, 0.04);
    }
    gan_tensor *r = gan_forward(d, normal(ctx, 100000, -1));
    gan_tensor *f = gan_forward(d, normal(ctx, 100000, 1));
    assert_near(-item(gan_discriminator_loss(GAN_LOSS_MINIMAX, r, f)), optimal_value(), 0.02);
    gan_recording(ctx, 1);
    gan_optimizer_unref(adam);
    gan_module_unref(d);
}

/* ---- Arjovsky et al. 2017; Gulrajani et al. 2017 --------------------------------------------- */

/* The Wasserstein-1 distance of N(0, 1) and N(2, 1) is 2. Of a critic of slope s the scores differ
 * by 2 s, and 2 s - lambda (s - 1)^2 is largest at s = 1 + 1 / lambda. The penalty is one-sided,
 * because on a line the two-sided one keeps a slope that begins with the wrong sign. */
static void test_wasserstein_distance(void **state) {
    gan_context *ctx = *state;
    gan_module *d = small_net(ctx, 32);
    gan_optimizer *adam = adam_of(ctx, d, 1e-3);
    gan_penalty_opts steep;
    gan_penalty_opts_init(&steep, sizeof steep);
    steep.one_sided = 1;
    steep.lambda = 50;
    for (int i = 0; i < 800; i++) {
        int64_t scope = gan_scope_begin(ctx);
        gan_tensor *x = normal(ctx, 256, 0), *y = normal(ctx, 256, 2);
        gan_tensor *points = gan_interpolate(x, y);
        gan_tensor *loss = gan_add(
            gan_discriminator_loss(GAN_LOSS_WASSERSTEIN, gan_forward(d, x), gan_forward(d, y)),
            gan_penalty_of(d, points, &steep));
        assert_ok(ctx, gan_optimizer_minimize(adam, loss));
        gan_scope_end(ctx, scope);
    }
    gan_recording(ctx, 0);
    gan_tensor *r = gan_forward(d, normal(ctx, 50000, 0)),
               *f = gan_forward(d, normal(ctx, 50000, 2));
    double distance = -item(gan_discriminator_loss(GAN_LOSS_WASSERSTEIN, r, f));
    gan_recording(ctx, 1);
    assert_near(distance, 2 * 1.02, 0.1);
    gan_optimizer_unref(adam);
    gan_module_unref(d);
}

int main(void) {
    const struct CMUnitTest tests[] = {CONTEXT_TEST(test_linear_critic),
                                       CONTEXT_TEST(test_optimal_discriminator),
                                       CONTEXT_TEST(test_wasserstein_distance)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
