/* Optimizers: first steps worked out by hand, skipping, clipping, refusing. */
#include "support.h"

#include <math.h>

/* A tree of two parameters, a (2) = (1, -2) and b () = 3. */
static gan_module *tree(gan_context *ctx) {
    gan_module *m = NULL;
    assert_ok(ctx, gan_module_create(ctx, &m));
    gan_add_parameter(m, "a", VALUES(ctx, SHAPE(2), 1, -2));
    assert_made(ctx, gan_add_parameter(m, "b", gan_scalar(ctx, 3)));
    return m;
}

static void expect(gan_module *m, double a0, double a1, double b) {
    assert_values(gan_module_find(m, "a"), SHAPE(2), a0, a1);
    assert_values(gan_module_find(m, "b"), SCALAR, b);
}

/* One step with the gradients (0.1, -4) and 2. */
static void step(gan_context *ctx, gan_optimizer *o) {
    int64_t mark = gan_scope_begin(ctx);
    gan_tensor *g[2] = {VALUES(ctx, SHAPE(2), 0.1, -4), gan_scalar(ctx, 2)};
    assert_ok(ctx, gan_optimizer_step(o, g, 2));
    gan_scope_end(ctx, mark);
}

static void finish(gan_module *m, gan_optimizer *o) {
    gan_optimizer_unref(o);
    gan_module_unref(m);
}

static gan_optimizer *sgd(gan_context *ctx, gan_module *m, double lr, double momentum, double decay,
                          int32_t nesterov, double max_norm) {
    gan_sgd_opts opts;
    gan_sgd_opts_init(&opts, sizeof opts);
    opts.lr = lr;
    opts.momentum = momentum;
    opts.weight_decay = decay;
    opts.nesterov = nesterov;
    opts.max_grad_norm = max_norm;
    gan_optimizer *o = NULL;
    assert_ok(ctx, gan_sgd_create(m, &opts, &o));
    return o;
}

static void test_sgd(void **state) {
    gan_context *ctx = *state;
    gan_module *m = tree(ctx);
    gan_optimizer *o = sgd(ctx, m, 0.1, 0, 0, 0, 0);
    step(ctx, o);
    expect(m, 0.99, -1.6, 2.8);
    finish(m, o);

    m = tree(ctx); /* v = g, then 0.5 v + g */
    o = sgd(ctx, m, 0.1, 0.5, 0, 0, 0);
    step(ctx, o);
    step(ctx, o);
    expect(m, 1 - 0.01 - 0.015, -2 + 0.4 + 0.6, 3 - 0.2 - 0.3);
    finish(m, o);

    m = tree(ctx); /* g + 0.5 v */
    o = sgd(ctx, m, 0.1, 0.5, 0, 1, 0);
    step(ctx, o);
    expect(m, 1 - 0.015, -2 + 0.6, 3 - 0.3);
    finish(m, o);

    m = tree(ctx); /* g + 0.1 w */
    o = sgd(ctx, m, 0.1, 0, 0.1, 0, 0);
    step(ctx, o);
    expect(m, 1 - 0.02, -2 + 0.42, 3 - 0.23);
    finish(m, o);
}

static void test_adam(void **state) {
    gan_context *ctx = *state;
    gan_module *m = tree(ctx);
    gan_adam_opts opts;
    gan_adam_opts_init(&opts, sizeof opts);
    assert_near(opts.lr, 1e-3, 0);
    opts.lr = 0.1;
    gan_optimizer *o = NULL;
    assert_ok(ctx, gan_adam_create(m, &opts, &o));
    step(ctx, o); /* with bias correction the first step is lr * sign(g) */
    expect(m, 0.9, -1.9, 2.9);
    step(ctx, o); /* and so is the second with the same gradient */
    expect(m, 0.8, -1.8, 2.8);
    assert_near(gan_optimizer_grad_norm(o), sqrt(0.01 + 16 + 4), 1e-6);
    finish(m, o);
}

static void test_rmsprop(void **state) {
    gan_context *ctx = *state;
    const double g[3] = {0.1, -4, 2}, start[3] = {1, -2, 3};
    for (int32_t tf1 = 0; tf1 <= 1; tf1++) {
        gan_module *m = tree(ctx);
        gan_rmsprop_opts opts;
        gan_rmsprop_opts_init(&opts, sizeof opts);
        opts.lr = 0.1;
        opts.alpha = 0.9;
        opts.eps = 1e-3;
        opts.tf1 = tf1;
        gan_optimizer *o = NULL;
        assert_ok(ctx, gan_rmsprop_create(m, &opts, &o));
        step(ctx, o);
        double after[3];
        for (int i = 0; i < 3; i++) {
            double v = 0.9 * tf1 + 0.1 * g[i] * g[i];
            after[i] = start[i] - 0.1 * g[i] / (tf1 ? sqrt(v + 1e-3) : sqrt(v) + 1e-3);
        }
        expect(m, after[0], after[1], after[2]);
        finish(m, o);
    }
}

/* A denormal number of float counts as 0: a gradient of 0 would make NaN of the weights. */
static void test_least_eps(void **state) {
    gan_context *ctx = *state;
    gan_module *m = tree(ctx);
    gan_optimizer *o = NULL;
    gan_adam_opts adam;
    gan_adam_opts_init(&adam, sizeof adam);
    adam.eps = 1e-40;
    assert_status(ctx, gan_adam_create(m, &adam, &o), GAN_EINVAL, "gan_adam_create",
                  "eps is 1e-40");
    gan_rmsprop_opts rmsprop;
    gan_rmsprop_opts_init(&rmsprop, sizeof rmsprop);
    rmsprop.eps = 1e-40;
    assert_status(ctx, gan_rmsprop_create(m, &rmsprop, &o), GAN_EINVAL, "gan_rmsprop_create",
                  "eps is 1e-40");
    adam.eps = 1.2e-38;
    assert_ok(ctx, gan_adam_create(m, &adam, &o));
    assert_ok(ctx, gan_optimizer_step(
                       o, (gan_tensor *[]){gan_zeros(ctx, SHAPE(2)), gan_scalar(ctx, 0)}, 2));
    expect(m, 1, -2, 3);
    finish(m, o);
}

static void test_minimize(void **state) {
    gan_context *ctx = *state;
    gan_module *m = tree(ctx);
    gan_optimizer *o = sgd(ctx, m, 0.25, 0, 0, 0, 0);
    gan_tensor *a = gan_module_find(m, "a"), *b = gan_module_find(m, "b");
    int64_t mark = gan_scope_begin(ctx);
    gan_tensor *loss = gan_add(gan_sum_all(gan_square(a)), gan_square(b));
    assert_ok(ctx, gan_optimizer_minimize(o, loss));
    expect(m, 0.5, -1, 1.5);
    assert_status(ctx, gan_optimizer_minimize(o, loss), GAN_ESTATE, "consumed");
    gan_tensor *vector = gan_square(a), *nothing = gan_matmul(a, a, 0, 0);
    assert_status(ctx, gan_optimizer_minimize(o, nothing), GAN_EINVAL, "gan_matmul");
    assert_status(ctx, gan_optimizer_minimize(o, vector), GAN_EINVAL, "gan_optimizer_minimize",
                  "(2)");
    expect(m, 0.5, -1, 1.5);
    gan_scope_end(ctx, mark);
    finish(m, o);
}

/* What the loss does not reach, and what is frozen, stays as it is, moments included. */
static void test_skipping(void **state) {
    gan_context *ctx = *state;
    gan_module *m = tree(ctx);
    gan_optimizer *o = sgd(ctx, m, 0.1, 0.9, 0.5, 0, 0);
    gan_tensor *a = gan_module_find(m, "a"), *b = gan_module_find(m, "b");
    int64_t mark = gan_scope_begin(ctx);
    assert_ok(ctx, gan_optimizer_minimize(o, gan_sum_all(a)));
    assert_values(b, SCALAR, 3);
    gan_tensor *g[2] = {NULL, gan_scalar(ctx, 1)};
    double before = element(a, 0);
    assert_ok(ctx, gan_optimizer_step(o, g, 2));
    assert_near(element(a, 0), before, 0);
    assert_near(item(b), 3 - 0.1 * (1 + 0.5 * 3), 1e-6); /* its momentum begins here */
    assert_ok(ctx, gan_module_freeze(m, 1));
    g[0] = gan_zeros(ctx, SHAPE(2));
    double frozen = item(b);
    assert_ok(ctx, gan_optimizer_step(o, g, 2));
    assert_near(item(b), frozen, 0);
    gan_scope_end(ctx, mark);
    finish(m, o);
}

/* The mean of its square would be infinite for good. */
static void test_huge_gradients_change_nothing(void **state) {
    gan_context *ctx = *state;
    for (int i = 0; i < 2; i++) {
        gan_module *m = tree(ctx);
        gan_optimizer *o = NULL;
        assert_ok(ctx, i ? gan_adam_create(m, NULL, &o) : gan_rmsprop_create(m, NULL, &o));
        gan_tensor *b = gan_module_find(m, "b");
        const double before = item(b);
        gan_tensor *g[2] = {VALUES(ctx, SHAPE(2), 1, 1), gan_scalar(ctx, 1e21)};
        assert_status(ctx, gan_optimizer_step(o, g, 2), GAN_ENONFINITE, "1e+21, overflows");
        assert_near(item(b), before, 0);
        step(ctx, o);
        assert_true(item(b) != before);
        finish(m, o);
    }
}

static void test_non_finite_gradients_change_nothing(void **state) {
    gan_context *ctx = *state;
    gan_module *m = tree(ctx), *same = tree(ctx);
    gan_optimizer *o = sgd(ctx, m, 0.1, 0.9, 0, 0, 1), *clean = sgd(ctx, same, 0.1, 0.9, 0, 0, 1);
    step(ctx, o);
    step(ctx, clean);
    const double odd[] = {(double)NAN, (double)INFINITY, (double)-INFINITY};
    for (int i = 0; i < COUNT_OF(odd); i++) {
        gan_tensor *g[2] = {VALUES(ctx, SHAPE(2), 1, 1), gan_scalar(ctx, odd[i])};
        assert_status(ctx, gan_optimizer_step(o, g, 2), GAN_ENONFINITE, "\"b\"");
        gan_tensor *b = gan_module_find(m, "b");
        gan_tensor *loss = gan_mul(b, gan_scalar(ctx, odd[i]));
        assert_status(ctx, gan_optimizer_minimize(o, loss), GAN_ENONFINITE, "\"b\"");
    }
    step(ctx, o);
    step(ctx, clean);
    assert_same_bits(gan_module_find(m, "a"), gan_module_find(same, "a"));
    assert_same_bits(gan_module_find(m, "b"), gan_module_find(same, "b"));
    finish(m, o);
    finish(same, clean);
}

static void test_clipping_by_norm(void **state) {
    gan_context *ctx = *state;
    gan_module *m = tree(ctx);
    gan_optimizer *o = sgd(ctx, m, 1, 0, 0, 0, 1);
    step(ctx, o);
    double norm = sqrt(0.01 + 16 + 4);
    expect(m, 1 - 0.1 / norm, -2 + 4 / norm, 3 - 2 / norm);
    assert_near(gan_optimizer_grad_norm(o), norm, 1e-5);
    /* A gradient whose square overflows is large, not infinite. */
    gan_tensor *g[2] = {VALUES(ctx, SHAPE(2), 3e30, 4e30), gan_scalar(ctx, 0)};
    assert_ok(ctx, gan_optimizer_step(o, g, 2));
    assert_true(isfinite(element(gan_module_find(m, "a"), 0)));
    finish(m, o);
}

static void test_looking(void **state) {
    gan_context *ctx = *state;
    gan_module *m = tree(ctx);
    gan_optimizer *o = sgd(ctx, m, 0.5, 0, 0, 0, 0);
    assert_int_equal(gan_optimizer_parameter_count(o), 2);
    assert_ptr_equal(gan_optimizer_parameter(o, 1), gan_module_find(m, "b"));
    assert_null(gan_optimizer_parameter(o, 2));
    assert_near(gan_optimizer_grad_norm(o), 0, 0);
    assert_near(gan_optimizer_lr(o), 0.5, 0);
    assert_ok(ctx, gan_optimizer_set_lr(o, 0.25));
    assert_near(gan_optimizer_lr(o), 0.25, 0);
    assert_status(ctx, gan_optimizer_set_lr(o, (double)NAN), GAN_EINVAL, "gan_optimizer_set_lr");
    gan_tensor *g[2] = {gan_zeros(ctx, SHAPE(3)), NULL};
    assert_status(ctx, gan_optimizer_step(o, g, 1), GAN_EINVAL, "gan_optimizer_step", "1", "2");
    assert_status(ctx, gan_optimizer_step(o, g, 2), GAN_EINVAL, "gan_optimizer_step", "(3)", "(2)");
    /* It keeps its parameters alive. */
    gan_module_unref(m);
    assert_values(gan_optimizer_parameter(o, 1), SCALAR, 3);
    gan_optimizer_unref(o);
    assert_int_equal(stats_of(ctx).live_nodes, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CONTEXT_TEST(test_sgd),
        CONTEXT_TEST(test_adam),
        CONTEXT_TEST(test_rmsprop),
        CONTEXT_TEST(test_least_eps),
        CONTEXT_TEST(test_minimize),
        CONTEXT_TEST(test_skipping),
        CONTEXT_TEST(test_huge_gradients_change_nothing),
        CONTEXT_TEST(test_non_finite_gradients_change_nothing),
        CONTEXT_TEST(test_clipping_by_norm),
        CONTEXT_TEST(test_looking),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
