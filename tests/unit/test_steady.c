/* The steady state: after a few steps training neither grows nor allocates. */
#include "support.h"

#include "training.h"

enum { STEPS = 2000 };

static void step(training *t) {
    assert_ok(t->ctx, training_critic_step(t));
    assert_ok(t->ctx, training_generator_step(t));
}

static void steady(gan_context *ctx, int64_t width, int steps) {
    training t;
    assert_ok(ctx, training_create(&t, ctx, width));
    for (int i = 0; i < 10; i++) step(&t);
    gan_stats start = stats_of(t.ctx);
    for (int i = 10; i < steps; i++) {
        step(&t);
        gan_stats now = stats_of(t.ctx);
        assert_int_equal(now.live_bytes, start.live_bytes);
        assert_int_equal(now.peak_bytes, start.peak_bytes);
        assert_int_equal(now.cached_bytes, start.cached_bytes);
        assert_int_equal(now.host_allocs, start.host_allocs);
        assert_int_equal(now.live_tensors, start.live_tensors);
        assert_int_equal(now.live_nodes, start.live_nodes);
    }
    training_release(&t);
    gan_stats end = stats_of(ctx);
    assert_int_equal(end.live_tensors, 0);
    assert_int_equal(end.live_nodes, 0);
}

static void test_training_reaches_a_steady_state(void **state) { steady(*state, 4, STEPS); }

/* Wide enough that the second thread takes part. */
static void test_with_two_threads(void **state) {
    (void)state;
    gan_context *ctx = context_with(2);
    steady(ctx, 64, 100);
    assert_true(stats_of(ctx).worker_chunks > 0);
    gan_context_destroy(ctx);
}

/* An error in the middle of a step leaves nothing behind. */
static void test_failed_steps_leave_nothing(void **state) {
    gan_context *ctx = *state;
    training t;
    assert_ok(ctx, training_create(&t, ctx, 4));
    for (int i = 0; i < 10; i++) step(&t);
    gan_stats start = stats_of(ctx);
    for (int i = 0; i < 100; i++) {
        int64_t mark = gan_scope_begin(ctx);
        gan_tensor *points = gan_interpolate(t.real, t.real);
        gan_tensor *scores = gan_forward(t.critic, points);
        gan_tensor *wrong = gan_add(gan_penalty(scores, points, NULL), gan_zeros(ctx, SHAPE(3)));
        assert_int_equal(gan_optimizer_minimize(t.of_critic, gan_matmul(wrong, wrong, 0, 0)),
                         GAN_EINVAL);
        assert_ok(ctx, gan_scope_end(ctx, mark));
        gan_stats now = stats_of(ctx);
        assert_int_equal(now.live_bytes, start.live_bytes);
        assert_int_equal(now.live_nodes, start.live_nodes);
        assert_int_equal(now.live_tensors, start.live_tensors);
    }
    training_release(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CONTEXT_TEST(test_training_reaches_a_steady_state),
        cmocka_unit_test(test_with_two_threads),
        CONTEXT_TEST(test_failed_steps_leave_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
