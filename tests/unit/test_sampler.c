/* The sampler: what it computes, its bits, what it takes from the host. */
#include "samplers.h"

#include "core/context.h"
#include "core/tensor.h"
#include "train/networks.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#if defined(__SSE2__)
#include <xmmintrin.h>
#endif

/* ---- what the program asks the C library for (linked with --wrap) -----------------------------
 */

static atomic_int allocations, threads_started;

void *__real_malloc(size_t bytes);
void *__real_calloc(size_t count, size_t bytes);
void *__real_realloc(void *block, size_t bytes);
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*fn)(void *),
                          void *arg);
void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes);
void *__wrap_realloc(void *block, size_t bytes);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*fn)(void *),
                          void *arg);

void *__wrap_malloc(size_t bytes) {
    atomic_fetch_add(&allocations, 1);
    return __real_malloc(bytes);
}
void *__wrap_calloc(size_t count, size_t bytes) {
    atomic_fetch_add(&allocations, 1);
    return __real_calloc(count, bytes);
}
void *__wrap_realloc(void *block, size_t bytes) {
    atomic_fetch_add(&allocations, 1);
    return __real_realloc(block, bytes);
}
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*fn)(void *),
                          void *arg) {
    atomic_fetch_add(&threads_started, 1);
    return __real_pthread_create(thread, attr, fn, arg);
}

/* ---- agreement with the network that was saved ----------------------------------------------- */

enum { N = 3 };

static const int32_t labels[N] = {2, 0, 1};

/* Reference images of the network in evaluation mode. */
static gan_tensor *reference(gan_context *ctx, gan_trainer *t, const float *input,
                             const gan_sampler_info *info) {
    const gan_trainer_opts *o = gan_trainer_options(t);
    gan_module *averaged = gan_trainer_averaged(t), *g = gan_trainer_generator(t);
    if (averaged) g = averaged;
    gan_module_train(g, 0);
    gan_tensor *x = info->latent ? gan_from_floats(ctx, input, SHAPE(N, info->latent))
                                 : gan_from_floats(ctx, input,
                                                   SHAPE(N, info->input_height, info->input_width,
                                                         info->input_channels));
    if (info->classes)
        x = gan_concat((gan_tensor *[]){x, gan_one_hot(ctx, labels, N, info->classes)}, 2, 1);
    return network_generate(network_find(o), g, x);
}

static void compare(gan_context *ctx, gan_trainer *t, gan_sampler *s) {
    const gan_sampler_info info = info_of(s);
    const int64_t size = image_size(s);
    const int64_t row = info.latent
                            ? info.latent
                            : (int64_t)info.input_height * info.input_width * info.input_channels;
    float *input = malloc((size_t)(N * row) * sizeof *input);
    float *got = malloc((size_t)(N * size) * sizeof *got);
    float *wanted = malloc((size_t)(N * size) * sizeof *wanted);
    for (int64_t i = 0; i < N * row; i++) input[i] = (float)(i * 37 % 101) / 50 - 1;
    gan_sampler_request r;
    gan_sampler_request_init(&r, sizeof r);
    r.n = N;
    r.input = input;
    r.labels = info.classes ? labels : NULL;
    r.floats = got;
    assert_sampler_ok(s, gan_sampler_run(s, &r));
    gan_tensor *images = reference(ctx, t, input, &info);
    assert_made(ctx, images);
    assert_ok(ctx, gan_tensor_read(images, wanted, N * size));
    double most = 0, off = 0;
    for (int64_t i = 0; i < N * size; i++) {
        most = fmax(most, fabs((double)wanted[i]));
        off = fmax(off, fabs((double)wanted[i] - (double)got[i]));
    }
    assert_true(most > 0);
    if (!(off <= 1e-4 * most)) fail_msg("off by %g of %g", off, most);
    free(input);
    free(got);
    free(wanted);
}

static const struct {
    int32_t system, side, width;
} systems[] = {
    {GAN_SYSTEM_GAN, 8, 30},      {GAN_SYSTEM_DCGAN, 28, 8},    {GAN_SYSTEM_DCGAN, 64, 32},
    {GAN_SYSTEM_CGAN, 16, 16},    {GAN_SYSTEM_PIX2PIX, 32, 16}, {GAN_SYSTEM_WGAN, 32, 4},
    {GAN_SYSTEM_WGAN_GP, 28, 16}, {GAN_SYSTEM_DRAGAN, 16, 8},   {GAN_SYSTEM_BEGAN, 32, 32},
};

static void test_agrees_on_every_system(void **state) {
    gan_context *ctx = *state;
    for (int i = 0; i < COUNT_OF(systems); i++) {
        const gan_trainer_opts o =
            model_opts(systems[i].system, systems[i].side, 3, systems[i].width);
        const char *path = temp_file("model");
        gan_trainer *t = NULL;
        assert_ok(ctx, gan_trainer_create(ctx, &o, NULL, &t));
        assert_ok(ctx, gan_trainer_save_model(t, path));
        gan_sampler *s = sampler_with(path, 2, 8);
        const int64_t mark = gan_scope_begin(ctx);
        compare(ctx, t, s);
        gan_scope_end(ctx, mark);
        gan_sampler_free(s);
        gan_trainer_unref(t);
    }
}

/* The module, which takes 5 numbers, against a sampler of what it was traced to: 4 images, of which
 * the sampler takes `together` at once. */
static void compare_module(gan_context *ctx, gan_module *m, int32_t together, double tolerance) {
    const char *path = temp_file("model");
    gan_module_train(m, 0);
    const int64_t mark = gan_scope_begin(ctx);
    gan_tensor *z = gan_track(gan_randn(ctx, SHAPE(4, 5)));
    gan_tensor *y = gan_forward(m, z);
    assert_made(ctx, y);
    assert_ok(ctx, gan_module_save_traced(m, path, z, y, ""));
    gan_sampler *s = sampler_with(path, 2, together);
    const int64_t size = image_size(s);
    float *input = malloc((size_t)gan_tensor_size(z) * sizeof *input);
    float *got = malloc((size_t)(4 * size) * sizeof *got);
    assert_ok(ctx, gan_tensor_read(z, input, gan_tensor_size(z)));
    gan_sampler_request r;
    gan_sampler_request_init(&r, sizeof r);
    r.n = 4;
    r.input = input;
    r.floats = got;
    assert_sampler_ok(s, gan_sampler_run(s, &r));
    assert_int_equal(gan_tensor_size(y), 4 * size);
    for (int64_t i = 0; i < 4 * size; i++) assert_near(got[i], element(y, i), tolerance);
    free(input);
    free(got);
    gan_sampler_free(s);
    gan_scope_end(ctx, mark);
    gan_module_unref(m);
}

/* A batch of the trace's, layer norm, an odd convolution, a residual: not only the presets. */
static void test_agrees_on_a_network_of_a_hosts(void **state) {
    gan_context *ctx = *state;
    gan_module *m = NULL;
    assert_ok(ctx, gan_sequential_create(ctx, &m));
    gan_conv2d_opts odd;
    gan_conv2d_opts_init(&odd, sizeof odd);
    odd.stride_h = 3;
    odd.stride_w = 2;
    odd.pad_top = odd.pad_left = 1;
    gan_add_dense(m, NULL, 5, 6 * 7 * 9, 1);
    gan_add_unflatten(m, NULL, 9, 6, 7);
    gan_add_layer_norm(m, NULL, SHAPE(6, 7, 9), NULL);
    gan_add_elu(m, NULL, 0.5);
    gan_add_conv_transpose2d(m, NULL, 9, 12, 5, &odd);
    gan_add_batch_norm(m, NULL, 12, NULL);
    gan_add_sigmoid(m, NULL);
    assert_made(ctx, gan_add_conv2d(m, NULL, 12, 3, 3, NULL));
    gan_module_spectral_norm(m);
    compare_module(ctx, m, 3, 1e-5);
}

/* Layers of many channels, which go to Winograd's points: kernels of 3 to 5 taps, of which some
 * phases have fewer, strides 1 and 2, both directions, a depth of several parts, and sides that are
 * no multiple of a tile. */
static void test_agrees_on_wide_layers(void **state) {
    gan_context *ctx = *state;
    gan_module *m = NULL;
    assert_ok(ctx, gan_sequential_create(ctx, &m));
    gan_conv2d_opts two;
    gan_conv2d_opts_init(&two, sizeof two);
    two.stride_h = two.stride_w = 2;
    two.pad_top = two.pad_left = two.pad_bottom = two.pad_right = 1;
    gan_add_dense(m, NULL, 5, 7 * 9 * 96, 1);
    gan_add_unflatten(m, NULL, 96, 7, 9);
    gan_add_conv_transpose2d(m, NULL, 96, 72, 3, &two);
    gan_add_elu(m, NULL, 1);
    gan_add_conv2d(m, NULL, 72, 160, 3, NULL);
    gan_add_leaky_relu(m, NULL, 0.2);
    gan_add_conv2d(m, NULL, 160, 96, 3, &two);
    gan_add_conv_transpose2d(m, NULL, 96, 64, 4, &two);
    gan_add_conv2d(m, NULL, 64, 64, 4, &two);
    gan_add_conv_transpose2d(m, NULL, 64, 40, 5, &two);
    gan_add_conv2d(m, NULL, 40, 64, 5, &two);
    assert_made(ctx, gan_add_conv2d(m, NULL, 64, 3, 3, NULL));
    compare_module(ctx, m, 4, 1e-5);
}

/* ---- bits ------------------------------------------------------------------------------------ */

static void assert_same_floats(const float *a, const float *b, int64_t n) {
    assert_memory_equal(a, b, (size_t)n * sizeof *a);
}

/* In slices as small as can be. */
static float *stepped(gan_sampler *s, uint64_t seed, int64_t n) {
    float *images = malloc((size_t)(n * image_size(s)) * sizeof *images);
    gan_sampler_request r;
    gan_sampler_request_init(&r, sizeof r);
    r.n = n;
    r.seed = seed;
    r.floats = images;
    assert_sampler_ok(s, gan_sampler_begin(s, &r));
    int steps = 1;
    int32_t code;
    double before = 0;
    while ((code = gan_sampler_step(s, 0)) == 0) {
        assert_true(gan_sampler_progress(s) >= before);
        before = gan_sampler_progress(s);
        steps++;
    }
    assert_int_equal(code, 1);
    assert_true(gan_sampler_progress(s) == 1);
    assert_true(steps > 20);
    return images;
}

static void check_bits(const char *path) {
    enum { COUNT = 11 };
    gan_sampler *s = sampler_with(path, 1, 8);
    const int64_t size = image_size(s);
    float *all = sampled(s, 40, COUNT);
    for (int64_t i = 0; i < COUNT; i++) {
        float *one = sampled(s, 40 + (uint64_t)i, 1);
        assert_same_floats(one, all + i * size, size);
        free(one);
    }
    for (int32_t threads = 1; threads <= 3; threads++)
        for (int32_t images = 1; images <= 16; images += 5) {
            gan_sampler *other = sampler_with(path, threads, images);
            float *again = sampled(other, 40, COUNT), *slices = stepped(other, 40, COUNT);
            assert_same_floats(again, all, COUNT * size);
            assert_same_floats(slices, all, COUNT * size);
            free(again);
            free(slices);
            gan_sampler_free(other);
        }
    free(all);
    gan_sampler_free(s);
}

static void test_bits_are_the_seeds(void **state) {
    gan_context *ctx = *state;
    const gan_trainer_opts dcgan = model_opts(GAN_SYSTEM_DCGAN, 32, 3, 32);
    const gan_trainer_opts cgan = model_opts(GAN_SYSTEM_CGAN, 16, 1, 8);
    const gan_trainer_opts began = model_opts(GAN_SYSTEM_BEGAN, 32, 3, 32);
    write_model(ctx, &dcgan, temp_file("dcgan"));
    write_model(ctx, &cgan, temp_file("cgan"));
    write_model(ctx, &began, temp_file("began"));
    check_bits(temp_file("dcgan"));
    check_bits(temp_file("cgan"));
    check_bits(temp_file("began"));
}

/* ---- what it takes from the host ------------------------------------------------------------- */

static void test_calls_allocate_nothing(void **state) {
    gan_context *ctx = *state;
    static const int32_t of[] = {GAN_SYSTEM_DCGAN, GAN_SYSTEM_CGAN, GAN_SYSTEM_BEGAN,
                                 GAN_SYSTEM_PIX2PIX};
    for (int i = 0; i < COUNT_OF(of); i++) {
        const gan_trainer_opts o = model_opts(of[i], 32, 3, 16);
        const char *path = temp_file("model");
        write_model(ctx, &o, path);
        gan_sampler *s = sampler_with(path, 2, 4);
        float *images = malloc((size_t)(9 * image_size(s)) * sizeof *images);
        float *input = calloc(9 * 32 * 32 * 3, sizeof *input);
        gan_sampler_request r;
        gan_sampler_request_init(&r, sizeof r);
        r.floats = images;
        r.input = info_of(s).latent ? NULL : input;
        const uint64_t held = info_of(s).bytes, allocs = info_of(s).allocs;
        atomic_store(&allocations, 0);
        atomic_store(&threads_started, 0);
        for (r.n = 1; r.n <= 9; r.n += 4) {
            assert_int_equal(gan_sampler_run(s, &r), GAN_OK);
            assert_int_equal(gan_sampler_begin(s, &r), GAN_OK);
            while (gan_sampler_step(s, 100) == 0) {
            }
            assert_int_equal(gan_sampler_start(s, &r), GAN_OK);
            assert_int_equal(gan_sampler_wait(s), 1);
        }
        assert_int_equal(atomic_load(&allocations), 0);
        assert_int_equal(atomic_load(&threads_started), 0);
        assert_true(info_of(s).bytes == held && info_of(s).allocs == allocs);
        free(images);
        free(input);
        gan_sampler_free(s);
    }
}

static void test_loads_leak_nothing(void **state) {
    gan_context *ctx = *state;
    const gan_trainer_opts o = model_opts(GAN_SYSTEM_CGAN, 16, 3, 4);
    write_model(ctx, &o, temp_file("model"));
    heap h = {0};
    gan_sampler_opts opts;
    gan_sampler_opts_init(&opts, sizeof opts);
    opts.threads = 2;
    opts.background = 1;
    opts.alloc = heap_alloc;
    opts.free = heap_free;
    opts.user = &h;
    for (int i = 0; i < 100; i++) {
        gan_sampler *s = NULL;
        assert_int_equal(gan_sampler_load(temp_file("model"), &opts, &s), GAN_OK);
        assert_true(h.blocks > 0);
        gan_sampler_free(s);
        assert_int_equal(h.blocks, 0);
    }
}

/* The k-th allocation fails, for every k. */
static void test_loads_survive_refusals(void **state) {
    gan_context *ctx = *state;
    const gan_trainer_opts o = model_opts(GAN_SYSTEM_BEGAN, 8, 3, 4);
    write_model(ctx, &o, temp_file("model"));
    int32_t code = GAN_ENOMEM;
    for (int64_t k = 1; code; k++) {
        heap h = {.refuse_from = k, .refuse_to = INT64_MAX};
        gan_sampler_opts opts;
        gan_sampler_opts_init(&opts, sizeof opts);
        opts.threads = 1;
        opts.background = 1;
        opts.alloc = heap_alloc;
        opts.free = heap_free;
        opts.user = &h;
        gan_sampler *s = NULL;
        code = gan_sampler_load(temp_file("model"), &opts, &s);
        assert_true((code == GAN_OK) == (s != NULL));
        if (code) assert_int_equal(code, GAN_ENOMEM);
        gan_sampler_free(s);
        assert_int_equal(h.blocks, 0);
        assert_true(k < 1000);
    }
}

static void test_mode_and_fork(void **state) {
    gan_context *ctx = *state;
    const gan_trainer_opts o = model_opts(GAN_SYSTEM_DCGAN, 16, 3, 4);
    gan_sampler *s = sampler_of(ctx, &o, 2, 2);
    float *usual = sampled(s, 1, 3);
#if defined(__SSE2__)
    const unsigned before = _mm_getcsr(), upwards = (before & ~0x6000U) | 0x4000U;
    _mm_setcsr(upwards);
    float *again = sampled(s, 1, 3);
    const unsigned after = _mm_getcsr();
    _mm_setcsr(before);
    assert_int_equal(after & 0xffc0U, upwards & 0xffc0U);
    assert_same_floats(again, usual, 3 * image_size(s));
    free(again);
#endif
    const pid_t child = fork();
    if (child == 0) {
        float image[16 * 16 * 3];
        const int32_t code = gan_sampler_sample_float(s, 0, NULL, 1, image);
        const int right = code == GAN_ESTATE && strstr(gan_sampler_error(s), "fork");
        gan_sampler_free(s);
        _exit(!right);
    }
    int status = 1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    free(usual);
    gan_sampler_free(s);
}

/* ---- budgets --------------------------------------------------------------------------------- */

/* DCGAN's generator as published. Without a budget a step is one slice: there are many more than
 * the generator has layers, and progress never falls. What a step takes is for tests/bench. */
static void test_steps_are_slices(void **state) {
    gan_context *ctx = *state;
    gan_trainer_opts o = model_opts(GAN_SYSTEM_DCGAN, 64, 3, 128);
    o.average = 0;
    gan_sampler *s = sampler_of(ctx, &o, 1, 8);
    float *image = malloc((size_t)image_size(s) * sizeof *image);
    gan_sampler_request r;
    gan_sampler_request_init(&r, sizeof r);
    r.floats = image;
    assert_sampler_ok(s, gan_sampler_begin(s, &r));
    int32_t steps = 1;
    double progress = 0;
    for (; gan_sampler_step(s, 0) == 0; steps++) {
        assert_true(gan_sampler_progress(s) >= progress);
        progress = gan_sampler_progress(s);
    }
    assert_true(progress < 1);
    assert_true(gan_sampler_progress(s) == 1);
    assert_true(steps > 8 * 5); /* layers */

    assert_sampler_ok(s, gan_sampler_begin(s, &r));
    assert_int_equal(gan_sampler_step(s, INT64_MAX), 1); /* all at once */
    free(image);
    gan_sampler_free(s);
}

static void sleep_us(long us) { nanosleep(&(struct timespec){.tv_nsec = us * 1000}, NULL); }

/* ---- background ------------------------------------------------------------------------------ */

static void test_background(void **state) {
    gan_context *ctx = *state;
    const gan_trainer_opts o = model_opts(GAN_SYSTEM_DCGAN, 32, 3, 16);
    gan_sampler *s = sampler_of(ctx, &o, 2, 4);
    enum { MANY = 400 };
    float *usual = sampled(s, 5, 6);
    float *images = malloc((size_t)(MANY * image_size(s)) * sizeof *images);
    gan_sampler_request r;
    gan_sampler_request_init(&r, sizeof r);
    r.n = 6;
    r.seed = 5;
    r.floats = images;
    assert_sampler_refused(s, gan_sampler_poll(s), GAN_ESTATE, "nothing was started");
    assert_sampler_ok(s, gan_sampler_start(s, &r));
    int32_t code;
    for (double progress = 0; (code = gan_sampler_poll(s)) == 0; sleep_us(100)) {
        assert_true(gan_sampler_progress(s) >= progress);
        progress = gan_sampler_progress(s);
    }
    assert_int_equal(code, 1);
    assert_int_equal(gan_sampler_wait(s), 1);
    assert_same_floats(images, usual, 6 * image_size(s));

    r.n = MANY;
    assert_sampler_ok(s, gan_sampler_start(s, &r));
    assert_sampler_refused(s, gan_sampler_start(s, &r), GAN_ESTATE, "job is on its way");
    assert_sampler_refused(s, gan_sampler_step(s, 10), GAN_ESTATE, "job is on its way");
    assert_sampler_refused(s, gan_sampler_run(s, &r), GAN_ESTATE, "job is on its way");
    assert_sampler_refused(s, gan_sampler_sample_float(s, 0, (int32_t[]){-1}, 1, images),
                           GAN_ESTATE, "job is on its way");
    gan_sampler_cancel(s);
    assert_true(gan_sampler_progress(s) < 1);
    assert_sampler_refused(s, gan_sampler_poll(s), GAN_ESTATE, "cancelled");

    assert_sampler_ok(s, gan_sampler_begin(s, &r));
    assert_sampler_refused(s, gan_sampler_run(s, &r), GAN_ESTATE, "on its way");
    gan_sampler_cancel(s);
    assert_sampler_refused(s, gan_sampler_step(s, 10), GAN_ESTATE, "begun");
    assert_sampler_ok(s, gan_sampler_start(s, &r)); /* free cancels */
    gan_sampler_free(s);
    free(images);
    free(usual);
}

/* poll and wait tell of what was started, and of nothing before it. */
static void test_jobs_of_before(void **state) {
    gan_context *ctx = *state;
    const gan_trainer_opts o = model_opts(GAN_SYSTEM_DCGAN, 16, 1, 4);
    gan_sampler *s = sampler_of(ctx, &o, 1, 4);
    float image[16 * 16];
    gan_sampler_request r;
    gan_sampler_request_init(&r, sizeof r);
    r.floats = image;
    assert_sampler_ok(s, gan_sampler_start(s, &r));
    assert_int_equal(gan_sampler_wait(s), 1);
    assert_sampler_ok(s, gan_sampler_begin(s, &r));
    assert_sampler_refused(s, gan_sampler_poll(s), GAN_ESTATE, "nothing was started");
    assert_sampler_refused(s, gan_sampler_wait(s), GAN_ESTATE, "nothing was started");
    assert_int_equal(gan_sampler_step(s, INT64_MAX), 1);
    assert_sampler_ok(s, gan_sampler_start(s, &r));
    assert_int_equal(gan_sampler_wait(s), 1);
    gan_sampler_cancel(s);
    assert_sampler_refused(s, gan_sampler_poll(s), GAN_ESTATE, "cancelled");
    gan_sampler_free(s);
}

/* How a job failed goes with it. It fails by a label that a careless host changes on its way: a
 * race, which the thread sanitizer would tell of. */
static void test_a_failed_job_is_cancelled(void **state) {
#ifdef __SANITIZE_THREAD__
    skip();
#endif
    gan_context *ctx = *state;
    const gan_trainer_opts o = model_opts(GAN_SYSTEM_CGAN, 16, 1, 4);
    gan_sampler *s = sampler_of(ctx, &o, 1, 1);
    enum { COUNT = 100 };
    float *images = malloc(COUNT * (size_t)image_size(s) * sizeof *images);
    int32_t asked[COUNT] = {0};
    gan_sampler_request r;
    gan_sampler_request_init(&r, sizeof r);
    r.n = COUNT;
    r.labels = asked;
    r.floats = images;
    assert_sampler_ok(s, gan_sampler_start(s, &r));
    asked[COUNT - 1] = 99;
    sleep_us(100000); /* until it has come there */
    gan_sampler_cancel(s);
    assert_sampler_refused(s, gan_sampler_step(s, 10), GAN_ESTATE, "begun");
    gan_sampler_free(s);
    free(images);
}

/* A child is told that it cannot have the job that its parent started. */
static void test_fork_beside_a_job(void **state) {
    gan_context *ctx = *state;
    const gan_trainer_opts o = model_opts(GAN_SYSTEM_DCGAN, 32, 3, 16);
    gan_sampler *s = sampler_of(ctx, &o, 1, 4);
    enum { MANY = 1000 };
    float *images = malloc((size_t)(MANY * image_size(s)) * sizeof *images);
    gan_sampler_request r;
    gan_sampler_request_init(&r, sizeof r);
    r.n = MANY;
    r.floats = images;
    assert_sampler_ok(s, gan_sampler_start(s, &r));
    const pid_t child = fork();
    if (child == 0) {
        int right = gan_sampler_poll(s) == GAN_ESTATE && strstr(gan_sampler_error(s), "fork");
        right &= gan_sampler_wait(s) == GAN_ESTATE && gan_sampler_start(s, &r) == GAN_ESTATE;
        gan_sampler_free(s);
        _exit(!right);
    }
    int status = 1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(gan_sampler_wait(s), 1);
    assert_int_equal(status, 0);
    free(images);
    gan_sampler_free(s);
}

/* Jobs of two samplers, and a request in steps beside them. */
static void test_samplers_at_once(void **state) {
    gan_context *ctx = *state;
    const gan_trainer_opts o = model_opts(GAN_SYSTEM_DCGAN, 32, 3, 16);
    write_model(ctx, &o, temp_file("model"));
    enum { SAMPLERS = 3, IMAGES = 24 };
    gan_sampler *s[SAMPLERS];
    float *images[SAMPLERS];
    gan_sampler_request r;
    gan_sampler_request_init(&r, sizeof r);
    r.n = IMAGES;
    for (int i = 0; i < SAMPLERS; i++) {
        s[i] = sampler_with(temp_file("model"), 2, 4);
        images[i] = malloc((size_t)(IMAGES * image_size(s[i])) * sizeof *images[i]);
        r.seed = (uint64_t)i;
        r.floats = images[i];
        const int last = i == SAMPLERS - 1;
        assert_sampler_ok(s[i], last ? gan_sampler_begin(s[i], &r) : gan_sampler_start(s[i], &r));
    }
    while (gan_sampler_step(s[SAMPLERS - 1], 100) == 0) {
    }
    for (int i = 0; i < SAMPLERS - 1; i++) assert_int_equal(gan_sampler_wait(s[i]), 1);
    for (int i = 0; i < SAMPLERS; i++) {
        float *alone = sampled(s[i], (uint64_t)i, IMAGES);
        assert_same_floats(images[i], alone, IMAGES * image_size(s[i]));
        free(alone);
        free(images[i]);
        gan_sampler_free(s[i]);
    }
}

/* Idle threads sleep. */
static void test_idle_threads_sleep(void **state) {
    gan_context *ctx = *state;
    const gan_trainer_opts o = model_opts(GAN_SYSTEM_DCGAN, 16, 3, 4);
    gan_sampler *s = sampler_of(ctx, &o, 3, 4);
    free(sampled(s, 0, 4));
    sleep_us(20000);
    struct timespec before, after;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
    sleep_us(200000);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
    const double used =
        (double)(after.tv_sec - before.tv_sec) + (double)(after.tv_nsec - before.tv_nsec) * 1e-9;
    assert_true(used < 0.01);
    gan_sampler_free(s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CONTEXT_TEST(test_agrees_on_every_system),
        CONTEXT_TEST(test_agrees_on_a_network_of_a_hosts),
        CONTEXT_TEST(test_agrees_on_wide_layers),
        CONTEXT_TEST(test_bits_are_the_seeds),
        CONTEXT_TEST(test_calls_allocate_nothing),
        CONTEXT_TEST(test_loads_leak_nothing),
        CONTEXT_TEST(test_loads_survive_refusals),
        CONTEXT_TEST(test_mode_and_fork),
        CONTEXT_TEST(test_steps_are_slices),
        CONTEXT_TEST(test_background),
        CONTEXT_TEST(test_jobs_of_before),
        CONTEXT_TEST(test_a_failed_job_is_cancelled),
        CONTEXT_TEST(test_fork_beside_a_job),
        CONTEXT_TEST(test_samplers_at_once),
        CONTEXT_TEST(test_idle_threads_sleep),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
