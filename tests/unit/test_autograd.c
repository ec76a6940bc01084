/* What is recorded, how long a graph lives, what gan_grad returns. */
#include "support.h"

#include <pthread.h>

static gan_tensor *leaf(gan_context *ctx, double a, double b) {
    return gan_track(VALUES(ctx, SHAPE(2), a, b));
}

/* sum x^2. */
static gan_tensor *energy(gan_tensor *x) { return gan_sum_all(gan_square(x)); }

static void test_gradients(void **state) {
    gan_context *ctx = *state;
    gan_tensor *x = leaf(ctx, 1, 2), *w = leaf(ctx, 3, 4), *g[2] = {NULL, NULL};
    assert_ok(ctx, gan_grad(gan_sum_all(gan_mul(x, w)), (gan_tensor *[]){x, w}, 2, 0, g));
    assert_values(g[0], SHAPE(2), 3, 4);
    assert_values(g[1], SHAPE(2), 1, 2);
    assert_false(gan_tensor_is_tracked(g[0]));
    gan_tensor_unref(g[0]);
    gan_tensor_unref(g[1]);

    assert_ok(ctx, gan_vjp(gan_exp(x), VALUES(ctx, SHAPE(2), 1, 0), &x, 1, 0, g));
    assert_values(g[0], SHAPE(2), 2.7182818, 0);
    gan_tensor_unref(g[0]);
}

/* A tensor used often: its gradients are added up in place, so there are never more than the sum,
 * the next term and what the term is made of. */
static void test_sums_of_gradients(void **state) {
    enum { USES = 5, SIZE = 1 << 16 };
    gan_context *ctx = *state;
    gan_tensor *x = gan_track(gan_full(ctx, SHAPE(SIZE), 2)), *y = NULL, *g = NULL;
    for (int i = 1; i <= USES; i++) {
        gan_tensor *term = gan_mul(x, gan_full(ctx, SHAPE(SIZE), i));
        y = y ? gan_add(y, term) : term;
    }
    y = gan_sum_all(y);
    gan_context_reset_peak(ctx);
    uint64_t before = stats_of(ctx).peak_bytes;
    assert_ok(ctx, gan_grad(y, &x, 1, 0, &g));
    const double arrays = (double)(stats_of(ctx).peak_bytes - before) / (SIZE * sizeof(float));
    assert_true(arrays < 3.5);
    assert_near(item(gan_mean_all(g)), 1 + 2 + 3 + 4 + 5, 1e-5);
    gan_tensor_unref(g);

    /* The same array twice is not added to itself. */
    assert_ok(ctx, gan_grad(gan_sum_all(gan_add(gan_add(x, x), gan_add(x, x))), &x, 1, 0, &g));
    assert_near(item(gan_mean_all(g)), 4, 1e-6);
    gan_tensor_unref(g);
}

static void test_what_is_recorded(void **state) {
    gan_context *ctx = *state;
    gan_tensor *x = leaf(ctx, 1, 2), *c = VALUES(ctx, SHAPE(2), 5, 6);
    assert_true(gan_tensor_is_tracked(gan_exp(x)));
    assert_true(gan_tensor_is_tracked(gan_add(c, gan_exp(x))));
    assert_false(gan_tensor_is_tracked(gan_exp(c)));
    assert_false(gan_tensor_is_tracked(gan_detach(gan_exp(x))));
    assert_int_equal(gan_recording(ctx, 0), 1);
    uint64_t nodes = stats_of(ctx).live_nodes;
    assert_false(gan_tensor_is_tracked(gan_exp(x)));
    assert_int_equal(stats_of(ctx).live_nodes, nodes);
    assert_int_equal(gan_recording(ctx, 1), 0);
}

static void test_a_sweep_consumes_the_graph(void **state) {
    gan_context *ctx = *state;
    gan_tensor *x = leaf(ctx, 1, 2), *y = energy(x), *g = NULL, *none = NULL;
    assert_ok(ctx, gan_grad(y, &x, 1, 0, &g));
    assert_status(ctx, gan_grad(y, &x, 1, 0, &none), GAN_ESTATE, "consumed");
    assert_null(none);
    gan_tensor_unref(g);
    /* Another graph over the same leaf is not touched. */
    assert_ok(ctx, gan_grad(energy(x), &x, 1, 0, &g));
    gan_tensor_unref(g);
}

static void test_retain(void **state) {
    gan_context *ctx = *state;
    gan_tensor *x = leaf(ctx, 1, 2), *y = energy(x), *g = NULL;
    for (int i = 0; i < 3; i++) {
        assert_ok(ctx, gan_grad(y, &x, 1, i < 2 ? GAN_GRAD_RETAIN : 0, &g));
        assert_values(g, SHAPE(2), 2, 4);
        gan_tensor_unref(g);
    }
    assert_int_equal(gan_grad(y, &x, 1, 0, &g), GAN_ESTATE);
}

static void test_create_graph(void **state) {
    gan_context *ctx = *state;
    gan_tensor *x = leaf(ctx, 1, 2), *y = gan_sum_all(gan_pow(x, 4));
    static const double expected[4][2] = {{4, 32}, {12, 48}, {24, 48}, {24, 24}};
    for (int order = 0; order < 4; order++) {
        gan_tensor *g = gan_grad_of(y, x, GAN_GRAD_CREATE_GRAPH);
        assert_made(ctx, g);
        assert_values(g, SHAPE(2), expected[order][0], expected[order][1]);
        y = gan_sum_all(g);
    }
    assert_false(gan_tensor_is_tracked(gan_grad_of(energy(x), x, 0)));
    /* Recording is as it was before the sweep, also after one that did not record. */
    assert_int_equal(gan_recording(ctx, 1), 1);
}

static void test_unreached(void **state) {
    gan_context *ctx = *state;
    gan_tensor *x = leaf(ctx, 1, 2), *apart = leaf(ctx, 3, 4), *g[2] = {NULL, NULL};
    gan_tensor *wrt[2] = {x, apart}, *constant = VALUES(ctx, SHAPE(2), 1, 1);
    assert_ok(ctx, gan_grad(energy(x), wrt, 2, 0, g));
    assert_values(g[1], SHAPE(2), 0, 0);
    gan_tensor_unref(g[0]);
    gan_tensor_unref(g[1]);
    g[0] = g[1] = NULL;
    assert_status(ctx, gan_grad(energy(x), wrt, 2, GAN_GRAD_STRICT, g), GAN_EUNREACHED, "gan_grad",
                  "wrt[1]");
    assert_null(g[0]);
    assert_null(g[1]);
    wrt[1] = constant;
    assert_status(ctx, gan_grad(energy(x), wrt, 2, GAN_GRAD_STRICT, g), GAN_EUNREACHED, "wrt[1]");
    /* A result that depends on nothing. */
    assert_ok(ctx, gan_grad(gan_sum_all(constant), &x, 1, 0, g));
    assert_values(g[0], SHAPE(2), 0, 0);
    gan_tensor_unref(g[0]);
}

static void test_detach(void **state) {
    gan_context *ctx = *state;
    gan_tensor *x = leaf(ctx, 3, 4), *g = NULL;
    assert_ok(ctx, gan_grad(gan_sum_all(gan_mul(x, gan_detach(x))), &x, 1, 0, &g));
    assert_values(g, SHAPE(2), 3, 4);
    gan_tensor_unref(g);
}

static void test_the_same_tensor_twice(void **state) {
    gan_context *ctx = *state;
    gan_tensor *x = leaf(ctx, 3, 4), *g[2] = {NULL, NULL};
    assert_ok(ctx, gan_grad(energy(x), (gan_tensor *[]){x, x}, 2, 0, g));
    assert_values(g[0], SHAPE(2), 6, 8);
    assert_values(g[1], SHAPE(2), 6, 8);
    gan_tensor_unref(g[0]);
    gan_tensor_unref(g[1]);
}

static void test_with_respect_to_results(void **state) {
    gan_context *ctx = *state;
    gan_tensor *x = leaf(ctx, 3, 4), *h = gan_scale(x, 2), *y = energy(h), *g[3];
    assert_ok(ctx, gan_grad(y, (gan_tensor *[]){h, x, y}, 3, 0, g));
    assert_values(g[0], SHAPE(2), 12, 16);
    assert_values(g[1], SHAPE(2), 24, 32);
    assert_values(g[2], SCALAR, 1);
    for (int i = 0; i < 3; i++) gan_tensor_unref(g[i]);

    /* A leaf with respect to itself. */
    gan_tensor *one = gan_track(gan_scalar(ctx, 5));
    assert_ok(ctx, gan_grad(one, &one, 1, 0, g));
    assert_values(g[0], SCALAR, 1);
    gan_tensor_unref(g[0]);
}

/* A sweep to an intermediate result consumes what lies between, and another goes on from there. */
static void test_a_sweep_in_two_parts(void **state) {
    gan_context *ctx = *state;
    gan_tensor *x = gan_track(VALUES(ctx, SHAPE(2), 1, 2)), *h = gan_square(x), *g = NULL;
    gan_tensor *y = gan_sum_all(gan_square(h)), *gx = NULL;
    assert_ok(ctx, gan_grad(y, &h, 1, 0, &g));
    assert_values(g, SHAPE(2), 2, 8);
    assert_status(ctx, gan_grad(y, &h, 1, 0, &gx), GAN_ESTATE, "consumed");
    assert_ok(ctx, gan_vjp(h, g, &x, 1, 0, &gx));
    assert_values(gx, SHAPE(2), 4, 32);
    gan_tensor_unref(g);
    gan_tensor_unref(gx);
}

/* A call that reaches nothing consumes nothing. */
static void test_an_unreached_sweep_can_be_corrected(void **state) {
    gan_context *ctx = *state;
    gan_tensor *x = gan_track(VALUES(ctx, SHAPE(2), 1, 2)), *g = NULL;
    gan_tensor *other = gan_track(gan_zeros(ctx, SHAPE(2))), *y = gan_sum_all(gan_square(x));
    assert_status(ctx, gan_grad(y, &other, 1, GAN_GRAD_STRICT, &g), GAN_EUNREACHED, "wrt[0]");
    assert_ok(ctx, gan_grad(y, &x, 1, GAN_GRAD_STRICT, &g));
    assert_values(g, SHAPE(2), 2, 4);
    gan_tensor_unref(g);
}

/* A sum gives its operands one gradient, a leaf the cotangent itself: what is handed out may be
 * written one by one. */
static void test_gradients_are_apart(void **state) {
    gan_context *ctx = *state;
    gan_tensor *a = gan_track(gan_full(ctx, SHAPE(1), 3)), *b = gan_track(gan_scalar(ctx, 2));
    gan_tensor *wrt[] = {a, b, a}, *g[3];
    assert_ok(ctx, gan_grad(gan_sum_all(gan_scale(gan_add(a, b), 5)), wrt, 3, 0, g));
    const float other = 7;
    assert_ok(ctx, gan_tensor_write(g[0], &other, 1));
    assert_values(g[1], SCALAR, 5);
    assert_values(g[2], SHAPE(1), 5);
    for (int i = 0; i < 3; i++) gan_tensor_unref(g[i]);

    /* Recorded, all can still be differentiated. */
    gan_tensor *c = gan_track(gan_scalar(ctx, 2)), *y = gan_sum_all(gan_mul(gan_add(a, b), c));
    assert_ok(ctx, gan_grad(y, wrt, 3, GAN_GRAD_CREATE_GRAPH, g));
    for (int i = 0; i < 3; i++) {
        assert_near(item(gan_grad_of(gan_sum_all(gan_square(g[i])), c, GAN_GRAD_RETAIN)), 4, 0);
        gan_tensor_unref(g[i]);
    }

    gan_tensor *cotangent = gan_full(ctx, SHAPE(1), 5);
    assert_ok(ctx, gan_vjp(a, cotangent, &a, 1, 0, g));
    assert_ok(ctx, gan_tensor_write(g[0], &other, 1));
    assert_values(cotangent, SHAPE(1), 5);
    gan_tensor_unref(g[0]);
}

/* x is used along three ways; their gradients add up. */
static void test_fan_out(void **state) {
    gan_context *ctx = *state;
    gan_tensor *x = leaf(ctx, 1, 2), *g = NULL;
    gan_tensor *y = gan_add(gan_add(energy(x), gan_sum_all(x)), gan_sum_all(gan_scale(x, 3)));
    assert_ok(ctx, gan_grad(y, &x, 1, 0, &g));
    assert_values(g, SHAPE(2), 6, 8);
    gan_tensor_unref(g);
}

static void test_stale_values(void **state) {
    gan_context *ctx = *state;
    gan_tensor *x = leaf(ctx, 1, 2), *g = NULL;
    const float data[2] = {5, 6};
    gan_tensor *squares = energy(x), *sum = gan_sum_all(gan_scale(x, 2));
    assert_ok(ctx, gan_tensor_write(x, data, 2));
    assert_status(ctx, gan_grad(squares, &x, 1, 0, &g), GAN_ESTATE, "stale");
    assert_null(g);
    /* A derivative that reads nothing saved does not mind. */
    assert_ok(ctx, gan_grad(sum, &x, 1, 0, &g));
    assert_values(g, SHAPE(2), 2, 2);
    gan_tensor_unref(g);
    /* Nor does a graph made of the new values. */
    assert_ok(ctx, gan_grad(energy(x), &x, 1, 0, &g));
    assert_values(g, SHAPE(2), 10, 12);
    gan_tensor_unref(g);
}

static void test_wrong_arguments(void **state) {
    gan_context *ctx = *state, *other = context_with(1);
    gan_tensor *x = leaf(ctx, 1, 2), *g = NULL, *foreign = gan_zeros(other, SHAPE(2));
    assert_status(ctx, gan_grad(gan_exp(x), &x, 1, 0, &g), GAN_EINVAL, "gan_grad", "(2)");
    assert_status(ctx, gan_grad(energy(x), NULL, 1, 0, &g), GAN_EINVAL, "gan_grad", "wrt");
    assert_status(ctx, gan_grad(energy(x), &x, 1, 64, &g), GAN_EINVAL, "gan_grad", "flags");
    assert_status(ctx, gan_grad(energy(x), &x, 1, 0, NULL), GAN_EINVAL, "gan_grad");
    assert_status(ctx, gan_vjp(x, gan_zeros(ctx, SHAPE(3)), &x, 1, 0, &g), GAN_EINVAL, "gan_vjp",
                  "(2)", "(3)");
    assert_status(ctx, gan_grad(energy(x), &foreign, 1, 0, &g), GAN_EINVAL, "gan_grad",
                  "different contexts");
    assert_refused(ctx, gan_add(x, foreign), GAN_EINVAL, "gan_add", "different contexts");
    assert_null(g);
    assert_ok(ctx, gan_grad(energy(x), NULL, 0, 0, NULL));
    gan_context_destroy(other);
}

/* ---- long chains ----------------------------------------------------------------------------- */

/* Runs on a thread with a stack of 128 KiB: recursion over 10,000 nodes would overflow it. */
static void *long_chain(void *out) {
    gan_context *ctx = context_with(1);
    int64_t mark = gan_scope_begin(ctx);
    gan_tensor *x = gan_track(gan_scalar(ctx, 1)), *y = x, *g = NULL;
    for (int i = 0; i < 10000; i++) y = gan_add_scalar(y, 1);
    for (int order = 0; order < 2; order++) {
        if (gan_grad(gan_mul(y, y), &x, 1, order ? GAN_GRAD_CREATE_GRAPH : GAN_GRAD_RETAIN, &g))
            return NULL;
        *(double *)out = item(g);
        gan_tensor_unref(g);
    }
    gan_scope_end(ctx, mark);
    int clean = stats_of(ctx).live_nodes == 0 && stats_of(ctx).live_tensors == 0;
    gan_context_destroy(ctx);
    return clean ? out : NULL;
}

static void test_long_chains_on_a_small_stack(void **state) {
    (void)state;
    pthread_attr_t attr;
    pthread_t thread;
    double gradient = 0;
    void *result = NULL;
    pthread_attr_init(&attr);
    assert_int_equal(pthread_attr_setstacksize(&attr, 128 * 1024), 0);
    assert_int_equal(pthread_create(&thread, &attr, long_chain, &gradient), 0);
    pthread_join(thread, &result);
    pthread_attr_destroy(&attr);
    assert_ptr_equal(result, &gradient);
    assert_near(gradient, 20002, 0.01);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CONTEXT_TEST(test_gradients),
        CONTEXT_TEST(test_sums_of_gradients),
        CONTEXT_TEST(test_what_is_recorded),
        CONTEXT_TEST(test_a_sweep_consumes_the_graph),
        CONTEXT_TEST(test_retain),
        CONTEXT_TEST(test_create_graph),
        CONTEXT_TEST(test_unreached),
        CONTEXT_TEST(test_detach),
        CONTEXT_TEST(test_the_same_tensor_twice),
        CONTEXT_TEST(test_with_respect_to_results),
        CONTEXT_TEST(test_a_sweep_in_two_parts),
        CONTEXT_TEST(test_an_unreached_sweep_can_be_corrected),
        CONTEXT_TEST(test_gradients_are_apart),
        CONTEXT_TEST(test_fan_out),
        CONTEXT_TEST(test_stale_values),
        CONTEXT_TEST(test_wrong_arguments),
        cmocka_unit_test(test_long_chains_on_a_small_stack),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
