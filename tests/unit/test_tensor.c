/* Making tensors, reading and writing them, owning them. */
#include "core/context.h"
#include "support.h"

#include <pthread.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void test_making(void **state) {
    gan_context *ctx = *state;
    assert_values(gan_zeros(ctx, SHAPE(2, 2)), SHAPE(2, 2), 0, 0, 0, 0);
    assert_values(gan_full(ctx, SHAPE(3), 1.5), SHAPE(3), 1.5, 1.5, 1.5);
    assert_values(gan_scalar(ctx, -2), SCALAR, -2);
    assert_values(gan_from_floats(ctx, (const float[]){1, 2, 3}, SHAPE(3, 1)), SHAPE(3, 1), 1, 2,
                  3);
    assert_refused(ctx, gan_from_floats(ctx, NULL, SHAPE(2)), GAN_EINVAL, "gan_from_floats",
                   "NULL");
}

static void test_looking(void **state) {
    gan_context *ctx = *state;
    gan_tensor *t = gan_zeros(ctx, SHAPE(2, 3, 4));
    assert_int_equal(gan_tensor_rank(t), 3);
    assert_int_equal(gan_tensor_dim(t, 0), 2);
    assert_int_equal(gan_tensor_dim(t, -1), 4);
    assert_int_equal(gan_tensor_dim(t, 3), 0);
    assert_int_equal(gan_tensor_shape(t)[1], 3);
    assert_int_equal(gan_tensor_size(t), 24);
    assert_ptr_equal(gan_tensor_context(t), ctx);
    assert_false(gan_tensor_is_tracked(t));
    assert_true(gan_tensor_is_tracked(gan_track(t)));
}

static void test_reading_and_writing(void **state) {
    gan_context *ctx = *state;
    gan_tensor *t = VALUES(ctx, SHAPE(2, 2), 1, 2, 3, 4);
    assert_near(gan_tensor_data(t)[3], 4, 0);
    float f[4];
    double d[4];
    assert_ok(ctx, gan_tensor_read(t, f, 4));
    assert_ok(ctx, gan_tensor_read_doubles(t, d, 4));
    assert_true(f[1] == 2 && d[2] == 3);
    assert_status(ctx, gan_tensor_read(t, f, 3), GAN_EINVAL, "gan_tensor_read", "3", "4");
    assert_status(ctx, gan_tensor_read(t, NULL, 4), GAN_EINVAL, "gan_tensor_read", "NULL");
    assert_ok(ctx, gan_tensor_write(t, (const float[]){5, 6, 7, 8}, 4));
    assert_values(t, SHAPE(2, 2), 5, 6, 7, 8);
    assert_ok(ctx, gan_tensor_write_doubles(t, (const double[]){1, 2, 3, 4}, 4));
    assert_values(t, SHAPE(2, 2), 1, 2, 3, 4);
    assert_status(ctx, gan_tensor_write(t, f, 5), GAN_EINVAL, "gan_tensor_write");
    double value = 77;
    assert_status(ctx, gan_tensor_item(t, &value), GAN_EINVAL, "gan_tensor_item", "(2, 2)");
    assert_near(value, 77, 0);
    assert_near(item(gan_full(ctx, SHAPE(1, 1), 3)), 3, 0);
}

static void test_results_cannot_be_written(void **state) {
    gan_context *ctx = *state;
    gan_tensor *x = gan_track(gan_zeros(ctx, SHAPE(2)));
    const float data[2] = {1, 2};
    assert_status(ctx, gan_tensor_write(gan_exp(x), data, 2), GAN_ESTATE, "gan_tensor_write",
                  "recorded");
    assert_ok(ctx, gan_tensor_write(x, data, 2)); /* a leaf can */
}

/* ---- owning ---------------------------------------------------------------------------------- */

static void test_taken_tensors_outlive_their_scope(void **state) {
    gan_context *ctx = *state;
    int64_t mark = gan_scope_begin(ctx);
    gan_tensor *t = VALUES(ctx, SHAPE(2), 1, 2), *mine = NULL;
    assert_ok(ctx, gan_tensor_take(t, &mine));
    assert_ok(ctx, gan_scope_end(ctx, mark));
    assert_values(mine, SHAPE(2), 1, 2);
    assert_ptr_equal(gan_tensor_ref(mine), mine);
    gan_tensor_unref(mine);
    assert_values(mine, SHAPE(2), 1, 2);
    gan_tensor *again = NULL;
    assert_ok(ctx, gan_tensor_take(mine, &again)); /* owned already: one reference more */
    gan_tensor_unref(again);
    gan_tensor_unref(mine);
    assert_int_equal(stats_of(ctx).live_tensors, 0);
    assert_status(ctx, gan_tensor_take(gan_zeros(ctx, NULL, 0), NULL), GAN_EINVAL,
                  "gan_tensor_take");
}

static void *unref_from_here(void *t) {
    gan_tensor_unref(t);
    return NULL;
}

static gan_tensor *owned(gan_context *ctx, double value) {
    gan_tensor *mine = NULL;
    int64_t mark = gan_scope_begin(ctx);
    assert_ok(ctx, gan_tensor_take(gan_full(ctx, SHAPE(100), value), &mine));
    assert_ok(ctx, gan_scope_end(ctx, mark));
    return mine;
}

static void test_unref_from_other_threads(void **state) {
    gan_context *ctx = *state;
    enum { THREADS = 8, ROUNDS = 50 };
    for (int round = 0; round < ROUNDS; round++) {
        pthread_t threads[THREADS];
        for (int i = 0; i < THREADS; i++)
            assert_int_equal(pthread_create(&threads[i], NULL, unref_from_here, owned(ctx, i)), 0);
        for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    }
    assert_int_equal(stats_of(ctx).live_tensors, 0);
}

static void test_handles_after_the_contexts_end(void **state) {
    (void)state;
    heap h = {0};
    const gan_context_opts opts = heap_opts(&h);
    gan_context *ctx = context_of(&opts);
    gan_tensor *a = owned(ctx, 1), *b = owned(ctx, 2), *taken = a;
    gan_context_destroy(ctx);
    assert_true(h.blocks > 0); /* the handles hold the context's memory */

    float data[100];
    assert_null(gan_add(a, b));
    assert_int_equal(gan_tensor_read(a, data, 100), GAN_ESTATE);
    assert_int_equal(gan_tensor_write(a, data, 100), GAN_ESTATE);
    assert_int_equal(gan_tensor_take(a, &taken), GAN_ESTATE);
    assert_int_equal(gan_tensor_rank(a), 1);
    gan_tensor_unref(a);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, unref_from_here, b), 0);
    pthread_join(thread, NULL);
    assert_int_equal(h.blocks, 0);
}

static void test_modules_after_the_contexts_end(void **state) {
    (void)state;
    gan_context *ctx = context_with(2);
    gan_module *m = NULL;
    gan_optimizer *o = NULL;
    assert_ok(ctx, gan_sequential_create(ctx, &m));
    assert_made(ctx, gan_add_dense(m, NULL, 2, 2, 1));
    assert_ok(ctx, gan_adam_create(m, NULL, &o));
    gan_tensor *w = gan_tensor_ref(gan_module_parameter(m, 0)), *g[2] = {w, NULL};
    gan_context_destroy(ctx);
    assert_null(gan_forward(m, w));
    assert_null(gan_add_relu(m, NULL));
    assert_int_equal(gan_module_train(m, 0), GAN_ESTATE);
    assert_int_equal(gan_module_save(m, "/tmp/none"), GAN_ESTATE);
    assert_int_equal(gan_optimizer_step(o, g, 2), GAN_ESTATE);
    assert_int_equal(gan_module_parameter_count(m), 2);
    gan_module_unref(m);
    assert_int_equal(gan_tensor_size(w), 4); /* the optimizer and w hold on */
    gan_optimizer_unref(o);
    gan_tensor_unref(w);
}

/* In a forked child every call is GAN_ESTATE; the child may still destroy and leave. Its parent had
 * worker threads, which the child has not. */
static void test_fork(void **state) {
    (void)state;
    gan_context *ctx = context_with(2);
    gan_tensor *t = gan_full(ctx, SHAPE(4), 3);
    for (int i = 0; i < 1000 && !stats_of(ctx).worker_chunks; i++) { /* until one has worked */
        int64_t mark = gan_scope_begin(ctx);
        assert_made(ctx, gan_randn(ctx, SHAPE(100000)));
        gan_scope_end(ctx, mark);
    }
    pid_t child = fork();
    if (child == 0) {
        double value;
        int right = !gan_add(t, t) && gan_error_code(ctx) == GAN_ESTATE;
        right = right && strstr(gan_last_error(ctx), "fork");
        right = right && gan_tensor_item(t, &value) == GAN_ESTATE;
        right = right && gan_scope_begin(ctx) == GAN_ESTATE;
        gan_context *own = NULL;
        right = right && gan_context_create(NULL, &own) == GAN_OK && gan_scalar(own, 1);
        gan_context_destroy(own);
        gan_context_destroy(ctx);
        _exit(right ? 0 : 1);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_values(t, SHAPE(4), 3, 3, 3, 3);
    assert_true(stats_of(ctx).worker_chunks > 0);
    gan_context_destroy(ctx);
}

/* At the fork another thread of the parent may be giving a handle back. */
static void test_fork_while_a_lock_is_held(void **state) {
    (void)state;
    gan_context *ctx = context_with(1);
    gan_tensor *t = NULL;
    assert_ok(ctx, gan_tensor_take(gan_full(ctx, SHAPE(4), 3), &t));
    pthread_mutex_lock(&ctx->lock);
    pid_t child = fork();
    if (child == 0) {
        alarm(10);
        gan_tensor_unref(t);
        gan_context_destroy(ctx);
        _exit(0);
    }
    pthread_mutex_unlock(&ctx->lock);
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    gan_tensor_unref(t);
    gan_context_destroy(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CONTEXT_TEST(test_making),
        CONTEXT_TEST(test_looking),
        CONTEXT_TEST(test_reading_and_writing),
        CONTEXT_TEST(test_results_cannot_be_written),
        CONTEXT_TEST(test_taken_tensors_outlive_their_scope),
        CONTEXT_TEST(test_unref_from_other_threads),
        cmocka_unit_test(test_handles_after_the_contexts_end),
        cmocka_unit_test(test_modules_after_the_contexts_end),
        cmocka_unit_test(test_fork),
        cmocka_unit_test(test_fork_while_a_lock_is_held),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
