/* Threads: the same bits whatever their number, contexts that do not notice each other, and a
 * host's floating-point mode that is neither used nor changed. */
#include "support.h"

#include "training.h"

#include <pthread.h>
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
        outcome more = train(threads, 5);
        same_outcome(&one, &more);
        assert_true(more.worker_chunks > 0); /* the others really worked */
        free(more.numbers);
    }
    outcome other_seed = train(1, 6);
    assert_memory_not_equal(one.numbers, other_seed.numbers, one.count * sizeof(float));
    free(other_seed.numbers);
    free(one.numbers);
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
        cmocka_unit_test(test_two_contexts_at_once),
        cmocka_unit_test(test_a_context_may_change_threads),
        cmocka_unit_test(test_floating_point_mode),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
