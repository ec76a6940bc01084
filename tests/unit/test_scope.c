/* Scopes: results live in them, an inner one ends with the outer, the outermost cuts the tape. */
#include "support.h"

static void test_results_end_with_their_scope(void **state) {
    gan_context *ctx = *state;
    uint64_t before = stats_of(ctx).live_tensors;
    int64_t mark = gan_scope_begin(ctx);
    assert_true(mark > 0);
    gan_exp(gan_zeros(ctx, SHAPE(3)));
    assert_int_equal(stats_of(ctx).live_tensors, before + 2);
    assert_ok(ctx, gan_scope_end(ctx, mark));
    assert_int_equal(stats_of(ctx).live_tensors, before);
}

static void test_without_a_scope_they_live_on(void **state) {
    gan_context *ctx = *state;
    gan_tensor *t = gan_full(ctx, SHAPE(2), 4);
    int64_t mark = gan_scope_begin(ctx);
    assert_ok(ctx, gan_scope_end(ctx, mark));
    assert_values(t, SHAPE(2), 4, 4);
}

static void test_ending_an_outer_scope_ends_the_inner_ones(void **state) {
    gan_context *ctx = *state;
    int64_t outer = gan_scope_begin(ctx);
    gan_zeros(ctx, SHAPE(3));
    int64_t middle = gan_scope_begin(ctx);
    gan_zeros(ctx, SHAPE(3));
    int64_t inner = gan_scope_begin(ctx);
    gan_zeros(ctx, SHAPE(3));
    assert_true(outer < middle && middle < inner);
    assert_ok(ctx, gan_scope_end(ctx, outer));
    assert_int_equal(stats_of(ctx).live_tensors, 0);
    assert_status(ctx, gan_scope_end(ctx, inner), GAN_ESTATE, "gan_scope_end");
    assert_status(ctx, gan_scope_end(ctx, 0), GAN_ESTATE, "gan_scope_end");
    assert_status(ctx, gan_scope_end(ctx, -5), GAN_ESTATE, "gan_scope_end");
}

static void test_the_outermost_end_cuts_the_tape(void **state) {
    gan_context *ctx = *state;
    int64_t outer = gan_scope_begin(ctx);
    gan_tensor *x = gan_track(gan_full(ctx, SHAPE(2), 3)), *y = NULL, *g = NULL;
    int64_t inner = gan_scope_begin(ctx);
    assert_ok(ctx, gan_tensor_take(gan_sum_all(gan_square(x)), &y));
    assert_ok(ctx, gan_scope_end(ctx, inner)); /* an inner end does not */
    assert_ok(ctx, gan_grad(y, &x, 1, GAN_GRAD_RETAIN, &g));
    assert_values(g, SHAPE(2), 6, 6);
    gan_tensor_unref(g);
    g = NULL;
    gan_tensor *kept_x = NULL;
    assert_ok(ctx, gan_tensor_take(x, &kept_x));
    assert_ok(ctx, gan_scope_end(ctx, outer));

    /* The value stays; as a result it is a constant now. */
    assert_near(item(y), 18, 1e-6);
    assert_false(gan_tensor_is_tracked(y));
    assert_status(ctx, gan_grad(y, &kept_x, 1, 0, &g), GAN_ESTATE, "gan_grad", "has ended");
    assert_null(g);
    outer = gan_scope_begin(ctx);
    assert_ok(ctx, gan_grad(gan_sum_all(gan_mul(y, kept_x)), &kept_x, 1, 0, &g));
    assert_values(g, SHAPE(2), 18, 18);
    gan_tensor_unref(g);
    assert_ok(ctx, gan_tensor_write(y, (const float[]){5}, 1));
    gan_tensor *leaf = gan_track(y);
    assert_ok(ctx, gan_grad(gan_sum_all(gan_mul(leaf, kept_x)), &leaf, 1, 0, &g));
    assert_near(item(g), 6, 1e-6);
    gan_tensor_unref(g);
    assert_ok(ctx, gan_scope_end(ctx, outer));
    gan_tensor_unref(kept_x);
    gan_tensor_unref(y);
    gan_stats end = stats_of(ctx);
    assert_int_equal(end.live_tensors, 0);
    assert_int_equal(end.live_nodes, 0);
}

static void test_leaves_survive_the_cut(void **state) {
    gan_context *ctx = *state;
    gan_tensor *x = NULL, *g = NULL;
    int64_t mark = gan_scope_begin(ctx);
    assert_ok(ctx, gan_tensor_take(gan_track(gan_full(ctx, SHAPE(2), 3)), &x));
    assert_ok(ctx, gan_scope_end(ctx, mark));
    assert_true(gan_tensor_is_tracked(x));
    mark = gan_scope_begin(ctx);
    assert_ok(ctx, gan_grad(gan_sum_all(gan_square(x)), &x, 1, 0, &g));
    assert_values(g, SHAPE(2), 6, 6);
    assert_ok(ctx, gan_scope_end(ctx, mark));
    gan_tensor_unref(g);
    gan_tensor_unref(x);
}

/* A running mean of what is recorded keeps neither graphs nor memory. */
static void test_a_kept_result_keeps_no_graph(void **state) {
    gan_context *ctx = *state;
    gan_tensor *w = gan_track(gan_full(ctx, SHAPE(1), 1)), *mean = NULL;
    uint64_t nodes = 0;
    for (int step = 0; step < 20; step++) {
        int64_t mark = gan_scope_begin(ctx);
        gan_tensor *loss = gan_sum_all(gan_square(w)), *g = NULL, *next = NULL;
        assert_ok(ctx, gan_grad(loss, &w, 1, GAN_GRAD_RETAIN, &g));
        gan_tensor_unref(g);
        if (mean) loss = gan_add(gan_scale(mean, 0.5), gan_scale(loss, 0.5));
        assert_ok(ctx, gan_tensor_take(loss, &next));
        gan_tensor_unref(mean);
        mean = next;
        assert_ok(ctx, gan_scope_end(ctx, mark));
        if (step == 1) nodes = stats_of(ctx).live_nodes;
    }
    assert_int_equal(stats_of(ctx).live_nodes, nodes);
    assert_near(item(mean), 1, 1e-6);
    gan_tensor_unref(mean);
}

/* What was recorded before a scope began is not its own. */
static void test_a_scope_cuts_what_was_recorded_in_it(void **state) {
    gan_context *ctx = *state;
    gan_tensor *x = gan_track(gan_full(ctx, SHAPE(2), 3)), *g = NULL;
    gan_tensor *y = gan_sum_all(gan_square(x));
    int64_t mark = gan_scope_begin(ctx);
    assert_made(ctx, gan_square(x));
    assert_ok(ctx, gan_scope_end(ctx, mark));
    assert_ok(ctx, gan_grad(y, &x, 1, 0, &g));
    assert_values(g, SHAPE(2), 6, 6);
    gan_tensor_unref(g);
}

/* The engine's own references keep what is needed when a host drops its own. */
static void test_dropped_handles_do_not_break_the_graph(void **state) {
    gan_context *ctx = *state;
    gan_tensor *x = gan_track(VALUES(ctx, SHAPE(2), 1, 2)), *y = NULL, *g = NULL;
    int64_t outer = gan_scope_begin(ctx), inner = gan_scope_begin(ctx);
    gan_tensor *h = gan_exp(x);
    assert_ok(ctx, gan_tensor_take(gan_sum_all(gan_mul(h, h)), &y));
    assert_ok(ctx, gan_scope_end(ctx, inner)); /* h's handle is gone, its values are saved */
    assert_ok(ctx, gan_grad(y, &x, 1, 0, &g));
    assert_values(g, SHAPE(2), 14.778112, 109.196300);
    gan_tensor_unref(g);
    gan_tensor_unref(y);
    assert_ok(ctx, gan_scope_end(ctx, outer));
}

static void test_forward_leaves_only_its_result(void **state) {
    gan_context *ctx = *state;
    gan_module *m = NULL;
    assert_ok(ctx, gan_sequential_create(ctx, &m));
    gan_add_dense(m, NULL, 3, 8, 1);
    gan_add_relu(m, NULL);
    gan_add_dense(m, NULL, 8, 2, 1);
    int64_t mark = gan_scope_begin(ctx);
    gan_tensor *x = gan_zeros(ctx, SHAPE(4, 3));
    uint64_t before = stats_of(ctx).live_tensors;
    assert_made(ctx, gan_forward(m, x));
    assert_int_equal(stats_of(ctx).live_tensors, before + 1);
    assert_ok(ctx, gan_scope_end(ctx, mark));
    gan_module_unref(m);
    assert_int_equal(stats_of(ctx).live_nodes, 0);
}

/* Also without a scope, where each result is one more that the host gives back. */
static void test_compositions_leave_only_their_result(void **state) {
    gan_context *ctx = *state;
    gan_tensor *x = gan_randn(ctx, SHAPE(4, 6)), *many[40];
    for (int i = 0; i < COUNT_OF(many); i++) many[i] = x;
    const uint64_t before = stats_of(ctx).live_tensors;
    gan_tensor *results[] = {gan_concat(many, COUNT_OF(many), 1), gan_elu(x, -0.5), gan_softmax(x),
                             gan_std(x, AXES(0), 0, 1),
                             gan_minibatch_std(gan_reshape(x, SHAPE(4, 1, 2, 3)), 2)};
    assert_int_equal(stats_of(ctx).live_tensors - before, COUNT_OF(results) + 1);
    for (int i = 0; i < COUNT_OF(results); i++) assert_made(ctx, results[i]);
}

static void test_refusals_leave_nothing(void **state) {
    gan_context *ctx = *state;
    const int32_t label = 3;
    assert_refused(ctx, gan_one_hot(ctx, &label, 1, 3), GAN_EINVAL, "label 0 is 3");
    assert_refused(ctx, gan_rand_truncated(ctx, SHAPE(2), 0, -1, 1), GAN_EINVAL, "std -1");
    assert_refused(ctx, gan_from_floats(ctx, NULL, SHAPE(2)), GAN_EINVAL, "data is NULL");
    assert_refused(ctx, gan_from_doubles(ctx, NULL, SHAPE(2)), GAN_EINVAL, "data is NULL");
    assert_int_equal(stats_of(ctx).live_tensors, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CONTEXT_TEST(test_results_end_with_their_scope),
        CONTEXT_TEST(test_without_a_scope_they_live_on),
        CONTEXT_TEST(test_ending_an_outer_scope_ends_the_inner_ones),
        CONTEXT_TEST(test_the_outermost_end_cuts_the_tape),
        CONTEXT_TEST(test_a_kept_result_keeps_no_graph),
        CONTEXT_TEST(test_a_scope_cuts_what_was_recorded_in_it),
        CONTEXT_TEST(test_leaves_survive_the_cut),
        CONTEXT_TEST(test_dropped_handles_do_not_break_the_graph),
        CONTEXT_TEST(test_forward_leaves_only_its_result),
        CONTEXT_TEST(test_compositions_leave_only_their_result),
        CONTEXT_TEST(test_refusals_leave_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
