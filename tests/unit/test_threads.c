/* Threads: the same bits whatever their number, contexts that do not notice each other, and a
 * host's floating-point mode that is neither used nor changed. */
#include "support.h"

#include "training.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__SSE2__)
#include <xmmintrin.h>
#endif

enum { STEPS = 4, SAMPLES = 16, IMAGE = SAMPLES * 8 * 8, MOST = 200000 };

/* Everything that a short training leaves: samples, then all parameters. */
typedef struct outcome {
    int32_t code;
    size_t count;
    float *numbers;
    uint64_t worker_chunks;
} outcome;

static int32_t collect(training *t, outcome *out) {
    int64_t mark = gan_scope_begin(t->ctx);
    gan_tensor *images = training_sample(t, SAMPLES);
    int32_t code = gan_tensor_read(images, out->numbers, IMAGE);
    out->count = IMAGE;
    gan_module *trees[2] = {t->generator, t->critic};
    for (int k = 0; k < 2; k++)
        for (size_t i = 0; i < gan_module_parameter_count(trees[k]) && !code; i++) {
            gan_tensor *p = gan_module_parameter(trees[k], i);
            code = gan_tensor_read(p, out->numbers + out->count, gan_tensor_size(p));
            out->count += (size_t)gan_tensor_size(p);
        }
    gan_scope_end(t->ctx, mark);
    return code;
}

static outcome train(int32_t threads, uint64_t seed) {
    outcome out = {.numbers = calloc(MOST, sizeof(float))};
    gan_context_opts opts;
    gan_context_opts_init(&opts, sizeof opts);
    opts.threads = threads;
    opts.seed = seed;
    gan_context *ctx = NULL;
    training t;
    out.code = gan_context_create(&opts, &ctx);
    if (!out.code) out.code = training_create(&t, ctx, 64);
    for (int i = 0; i < STEPS && !out.code; i++) {
        out.code = training_critic_step(&t);
        if (!out.code) out.code = training_generator_step(&t);
    }
    if (!out.code) {
        out.code = collect(&t, &out);
        gan_stats stats = {.struct_size = sizeof stats};
        gan_context_stats(ctx, &stats);
        out.worker_chunks = stats.worker_chunks;
        training_release(&t);
    }
    gan_context_destroy(ctx);
    return out;
}

static void same_outcome(const outcome *a, const outcome *b) {
    assert_int_equal(a->code, GAN_OK);
    assert_int_equal(b->code, GAN_OK);
    assert_in_range(a->count, IMAGE + 1, MOST);
    assert_int_equal(a->count, b->count);
    assert_memory_equal(a->numbers, b->numbers, a->count * sizeof(float));
}

static void test_thread_count_does_not_matter(void **state) {
    (void)state;
    outcome one = train(1, 5);
    assert_int_equal(one.worker_chunks, 0);
    for (int32_t threads = 2; threads <= 3; threads++) {
        /* On a busy machine the caller may be done before a worker runs: until one has worked. */
        uint64_t worker_chunks = 0;
        for (int i = 0; i < 100 && !worker_chunks; i++) {
            outcome more = train(threads, 5);
            same_outcome(&one, &more);
            worker_chunks = more.worker_chunks;
            free(more.numbers);
        }
        assert_true(worker_chunks > 0);
    }
    outcome other_seed = train(1, 6);
    assert_memory_not_equal(one.numbers, other_seed.numbers, one.count * sizeof(float));
    free(other_seed.numbers);
    free(one.numbers);
}

/* ---- operators ----------------------------------------------------------------------------------
 */

/* Each on an image large enough to be cut into chunks. */
static gan_tensor *elementwise(gan_tensor *x) {
    return gan_mul(gan_tanh(x), gan_leaky_relu(gan_sub(x, gan_mean(x, AXES(0), 1)), 0.2));
}
static gan_tensor *sums(gan_tensor *x) { return gan_sum(x, AXES(0, 1, 2), 0); }
static gan_tensor *inner_sums(gan_tensor *x) { return gan_sum(x, AXES(1, 3), 1); }
static gan_tensor *whole_sum(gan_tensor *x) { return gan_sum_all(x); }
static gan_tensor *largest(gan_tensor *x) { return gan_max(x, AXES(1, 2), 0); }
static gan_tensor *deviation(gan_tensor *x) { return gan_std(x, AXES(0), 0, 1); }
static gan_tensor *product(gan_tensor *x) {
    gan_tensor *rows = gan_reshape(x, SHAPE(-1, 96));
    return gan_matmul(rows, rows, 1, 0);
}
static gan_tensor *moved(gan_tensor *x) {
    return gan_flatten(gan_transpose(x, (const int32_t[]){0, 2, 1, 3}));
}
static gan_tensor *pooled(gan_tensor *x) {
    return gan_upsample_nearest(gan_max_pool2d(gan_avg_pool2d(x, 3, 1, 1), 2, 2, 0), 2);
}
static gan_tensor *rows_picked(gan_tensor *x) {
    return gan_gather(x, (const int32_t[]){3, 1, 3, 0, 7, 3}, 6);
}
static gan_tensor *normalised(gan_tensor *x) {
    gan_tensor *y = gan_add(gan_batch_normalize(x, 1e-5), gan_instance_normalize(x, 1e-5));
    return gan_add(gan_add(y, gan_layer_normalize(x, 1e-5)), gan_group_normalize(x, 4, 1e-5));
}
static gan_tensor *probabilities(gan_tensor *x) { return gan_softmax(x); }
static gan_tensor *dropped(gan_tensor *x) { return gan_dropout(x, 0.5); }

static gan_tensor *convolved_by(gan_tensor *x, int64_t out, int32_t k, int32_t stride) {
    gan_conv2d_opts o;
    gan_conv2d_opts_init(&o, sizeof o);
    o.stride_h = o.stride_w = stride;
    o.pad_top = o.pad_bottom = o.pad_left = o.pad_right = k / 2;
    gan_context *ctx = gan_tensor_context(x);
    gan_tensor *w = gan_randn(ctx, SHAPE(out, k, k, gan_tensor_dim(x, 3)));
    gan_tensor *y = gan_conv2d(x, w, &o);
    /* The weight's gradient too, beside the image's. */
    return gan_add(gan_sum_all(gan_conv2d_weight_grad(x, y, k, k, &o)), gan_tanh(y));
}
static gan_tensor *convolved_3(gan_tensor *x) { return convolved_by(x, 40, 3, 1); }
static gan_tensor *convolved_4(gan_tensor *x) { return convolved_by(x, 64, 4, 2); }
static gan_tensor *convolved_5(gan_tensor *x) { return convolved_by(x, 16, 5, 2); }
static gan_tensor *convolved_1(gan_tensor *x) { return convolved_by(x, 1, 1, 1); }

static gan_tensor *(*const expressions[])(gan_tensor *x) = {
    elementwise, sums,        inner_sums,  whole_sum,   largest,    deviation,
    product,     moved,       pooled,      rows_picked, normalised, probabilities,
    dropped,     convolved_1, convolved_3, convolved_4, convolved_5};

/* The expression's value and the gradient of its square. */
static void evaluate(gan_context *ctx, int i, gan_tensor *of[2]) {
    assert_ok(ctx, gan_context_seed(ctx, 3));
    gan_tensor *x = gan_track(gan_randn(ctx, SHAPE(8, 32, 32, 24)));
    of[0] = expressions[i](x);
    assert_made(ctx, of[0]);
    of[1] = gan_grad_of(gan_mean_all(gan_square(of[0])), x, 0);
    assert_made(ctx, of[1]);
}

static void test_operators_have_the_same_bits(void **state) {
    (void)state;
    gan_context *one = context_with(1), *others[2] = {context_with(2), context_with(3)};
    for (int i = 0; i < COUNT_OF(expressions); i++) {
        int64_t mark = gan_scope_begin(one);
        gan_tensor *expected[2], *found[2];
        evaluate(one, i, expected);
        for (int k = 0; k < 2; k++) {
            int64_t inner = gan_scope_begin(others[k]);
            evaluate(others[k], i, found);
            assert_same_bits(found[0], expected[0]);
            assert_same_bits(found[1], expected[1]);
            gan_scope_end(others[k], inner);
        }
        gan_scope_end(one, mark);
    }
    for (int k = 0; k < 2; k++) {
        assert_true(stats_of(others[k]).worker_chunks > 0);
        gan_context_destroy(others[k]);
    }
    gan_context_destroy(one);
}

/* ---- two contexts at once -------------------------------------------------------------------- */

typedef struct job {
    uint64_t seed;
    outcome out;
} job;

static void *run(void *arg) {
    job *j = arg;
    j->out = train(2, j->seed);
    return NULL;
}

static void test_two_contexts_at_once(void **state) {
    (void)state;
    job jobs[2] = {{.seed = 7}, {.seed = 8}};
    pthread_t threads[2];
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, run, &jobs[i]), 0);
    for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
    for (int i = 0; i < 2; i++) {
        outcome alone = train(2, jobs[i].seed);
        same_outcome(&jobs[i].out, &alone);
        free(alone.numbers);
        free(jobs[i].out.numbers);
    }
}

/* What each has done wrong is told to itself, in its own words. */
static void *err(void *arg) {
    gan_context *ctx = context_with(2);
    const int64_t rows = *(const int64_t *)arg;
    char text[32];
    snprintf(text, sizeof text, "(%lld, 3)", (long long)rows);
    int right = 1;
    for (int i = 0; i < 200 && right; i++) {
        const int64_t mark = gan_scope_begin(ctx);
        gan_tensor *a = gan_zeros(ctx, SHAPE(rows, 3));
        right = a && !gan_matmul(a, a, 0, 0) && strstr(gan_last_error(ctx), text) &&
                gan_error_code(ctx) == GAN_EINVAL;
        gan_scope_end(ctx, mark);
    }
    gan_context_destroy(ctx);
    return right ? arg : NULL;
}

static void test_errors_of_two_contexts_at_once(void **state) {
    (void)state;
    int64_t rows[2] = {7, 8};
    pthread_t threads[2];
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, err, &rows[i]), 0);
    for (int i = 0; i < 2; i++) {
        void *result = NULL;
        pthread_join(threads[i], &result);
        assert_ptr_equal(result, &rows[i]);
    }
}

/* A context may wander from thread to thread. */
static void *continue_there(void *arg) {
    training *t = arg;
    int32_t code = training_critic_step(t);
    return code ? NULL : arg;
}

static void test_a_context_may_change_threads(void **state) {
    (void)state;
    gan_context *ctx = context_with(2);
    training t;
    assert_ok(ctx, training_create(&t, ctx, 64));
    for (int i = 0; i < 4; i++) {
        pthread_t thread;
        void *result = NULL;
        assert_int_equal(pthread_create(&thread, NULL, continue_there, &t), 0);
        pthread_join(thread, &result);
        assert_ptr_equal(result, &t);
        assert_ok(ctx, training_critic_step(&t));
    }
    training_release(&t);
    gan_context_destroy(ctx);
}

/* ---- the host's floating-point mode
 * -------------------------------------------------------------- */

#if defined(__SSE2__)
enum {
    MODE_BITS = 0xffc0, /* without the sticky flags */
    ROUNDING = 0x6000
};

/* Denormals flushed, as audio hosts set it; division by zero and invalid operations trapped, as
 * some runtimes do; rounding towards zero and down. All are left as they were, and none but the
 * rounding, in which scalars on the host's side of a region are still worked out, changes a bit. */
static void test_floating_point_mode(void **state) {
    (void)state;
    static const unsigned modes[] = {0x1f80 | 0x8040, 0x1f80 & ~0x0280u, 0x1f80 | 0x6000,
                                     0x1f80 | 0x2000};
    unsigned usual = _mm_getcsr();
    outcome expected = train(1, 5);
    assert_int_equal(_mm_getcsr() & MODE_BITS, usual & MODE_BITS);
    for (int i = 0; i < COUNT_OF(modes); i++)
        for (int32_t threads = 1; threads <= 2; threads++) {
            _mm_setcsr(modes[i]);
            outcome out = train(threads, 5);
            unsigned after = _mm_getcsr();
            _mm_setcsr(usual);
            assert_int_equal(after & MODE_BITS, modes[i] & MODE_BITS);
            assert_int_equal(out.code, GAN_OK);
            if (!(modes[i] & ROUNDING)) same_outcome(&expected, &out);
            free(out.numbers);
        }
    free(expected.numbers);
}
#else
static void test_floating_point_mode(void **state) { (void)state; }
#endif

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_thread_count_does_not_matter),
        cmocka_unit_test(test_operators_have_the_same_bits),
        cmocka_unit_test(test_two_contexts_at_once),
        cmocka_unit_test(test_errors_of_two_contexts_at_once),
        cmocka_unit_test(test_a_context_may_change_threads),
        cmocka_unit_test(test_floating_point_mode),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
