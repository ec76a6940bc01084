/* The penalty's gradient in the parameters of real modules, against differences of whole runs. */
#include "support.h"

#include <math.h>
#include <stdlib.h>

enum { SAMPLES = 3, PARAMETERS = 16 };

typedef gan_module *(*build)(gan_context *ctx);

static gan_module *dense_critic(gan_context *ctx) {
    gan_module *m = NULL;
    assert_ok(ctx, gan_sequential_create(ctx, &m));
    gan_add_flatten(m, NULL);
    gan_add_dense(m, NULL, 128, 6, 1);
    gan_add_leaky_relu(m, NULL, 0.2);
    assert_made(ctx, gan_add_dense(m, NULL, 6, 1, 1));
    return m;
}

static void add_conv(gan_module *m, int64_t in, int64_t out) {
    gan_conv2d_opts o;
    gan_conv2d_opts_init(&o, sizeof o);
    o.stride_h = o.stride_w = 2;
    o.pad_top = o.pad_bottom = o.pad_left = o.pad_right = 1;
    gan_add_conv2d(m, NULL, in, out, 4, &o);
}

static gan_module *conv_critic(gan_context *ctx) {
    gan_module *m = NULL;
    assert_ok(ctx, gan_sequential_create(ctx, &m));
    add_conv(m, 2, 3);
    gan_add_leaky_relu(m, NULL, 0.2);
    add_conv(m, 3, 4);
    gan_add_instance_norm(m, NULL, 4, NULL);
    gan_add_leaky_relu(m, NULL, 0.2);
    gan_add_flatten(m, NULL);
    assert_made(ctx, gan_add_dense(m, NULL, 16, 1, 1));
    return m;
}

static gan_module *layer_norm_critic(gan_context *ctx) {
    gan_module *m = NULL;
    assert_ok(ctx, gan_sequential_create(ctx, &m));
    add_conv(m, 2, 3);
    gan_add_layer_norm(m, NULL, (const int64_t[]){4, 4, 3}, 3, NULL);
    gan_add_elu(m, NULL, 1);
    gan_add_flatten(m, NULL);
    gan_add_maxout(m, NULL, 48, 4, 3);
    assert_made(ctx, gan_add_dense(m, NULL, 4, 1, 1));
    return m;
}

/* sigma = u^T W v, u and v standing still. */
static gan_module *spectral_critic(gan_context *ctx) {
    gan_module *m = conv_critic(ctx);
    assert_ok(ctx, gan_module_spectral_norm(m));
    assert_ok(ctx, gan_module_train(m, 0));
    return m;
}

/* The penalty at the same points; in `value`, and its gradients if `grads`. */
static double penalty(gan_module *m, gan_tensor *points, gan_tensor **grads) {
    gan_context *ctx = gan_tensor_context(points);
    int64_t mark = gan_scope_begin(ctx);
    gan_tensor *loss = gan_penalty_of(m, points, NULL);
    assert_made(ctx, loss);
    double value = item(loss);
    gan_tensor *wrt[PARAMETERS];
    size_t n = gan_module_parameter_count(m);
    for (size_t i = 0; i < n; i++) wrt[i] = gan_module_parameter(m, i);
    if (grads) assert_ok(ctx, gan_grad(loss, wrt, n, 0, grads));
    gan_scope_end(ctx, mark);
    return value;
}

/* parameter += step * direction. */
static void move(gan_tensor *parameter, gan_tensor *direction, double step) {
    int64_t n = gan_tensor_size(parameter);
    double *w = malloc((size_t)n * sizeof *w), *d = malloc((size_t)n * sizeof *d);
    assert_int_equal(gan_tensor_read_doubles(parameter, w, n), GAN_OK);
    assert_int_equal(gan_tensor_read_doubles(direction, d, n), GAN_OK);
    for (int64_t i = 0; i < n; i++) w[i] += step * d[i];
    assert_int_equal(gan_tensor_write_doubles(parameter, w, n), GAN_OK);
    free(w);
    free(d);
}

static void check_critic(gan_context *ctx, build make) {
    gan_module *m = make(ctx);
    gan_tensor *points = gan_randn(ctx, SHAPE(SAMPLES, 8, 8, 2)), *g[PARAMETERS];
    size_t n = gan_module_parameter_count(m);
    assert_in_range(n, 1, PARAMETERS);
    penalty(m, points, g);
    for (size_t i = 0; i < n; i++) {
        gan_tensor *p = gan_module_parameter(m, i);
        gan_tensor *v = gan_randn(ctx, gan_tensor_shape(p), gan_tensor_rank(p));
        double step = 1e-5, tape = item(gan_sum_all(gan_mul(g[i], v)));
        move(p, v, step);
        double above = penalty(m, points, NULL);
        move(p, v, -2 * step);
        double below = penalty(m, points, NULL);
        move(p, v, step);
        double numeric = (above - below) / (2 * step);
        if (!(fabs(numeric - tape) <= 1e-6 * (1 + fabs(numeric)))) {
            print_error("%s: %.12g by differences, %.12g by the tape\n",
                        gan_module_parameter_name(m, i), numeric, tape);
            fail();
        }
        gan_tensor_unref(g[i]);
    }
    gan_module_unref(m);
}

static void test_dense_critic(void **state) { check_critic(*state, dense_critic); }
static void test_conv_critic(void **state) { check_critic(*state, conv_critic); }
static void test_layer_norm_critic(void **state) { check_critic(*state, layer_norm_critic); }
static void test_spectral_critic(void **state) { check_critic(*state, spectral_critic); }

int main(void) {
    const struct CMUnitTest tests[] = {
        CONTEXT_TEST(test_dense_critic),
        CONTEXT_TEST(test_conv_critic),
        CONTEXT_TEST(test_layer_norm_critic),
        CONTEXT_TEST(test_spectral_critic),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
