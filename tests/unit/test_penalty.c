/* The gradient penalty: exact for a linear critic, finite for a constant one, and refused where
 * samples mix. */
#include "support.h"

#include <math.h>

static gan_penalty_opts penalty_opts(double lambda, double target, int32_t one_sided) {
    gan_penalty_opts o;
    gan_penalty_opts_init(&o, sizeof o);
    o.lambda = lambda;
    o.target = target;
    o.one_sided = one_sided;
    return o;
}

/* f(x) = <w, x>: its gradient is w everywhere, so the penalty is lambda (|w| - target)^2. */
static void linear_critic(gan_context *ctx, const int64_t *shape, int32_t rank) {
    gan_tensor *x = gan_track(gan_randn(ctx, shape, rank)),
               *w = gan_randn(ctx, shape + 1, rank - 1);
    double norm = sqrt(item(gan_sum_all(gan_square(w))));
    gan_tensor *product = gan_reshape(gan_mul(x, w), (const int64_t[]){shape[0], -1}, 2);
    gan_tensor *scores = gan_sum(product, AXES(1), 0);
    double expected = 10 * (norm - 1) * (norm - 1);
    gan_tensor *p = gan_penalty(scores, x, NULL);
    assert_made(ctx, p);
    assert_near(item(p), expected, 1e-5 * (1 + expected));
    assert_int_equal(gan_tensor_rank(p), 0);

    gan_penalty_opts o = penalty_opts(3, norm + 1, 0);
    assert_near(item(gan_penalty(scores, x, &o)), 3, 1e-4);
    o.one_sided = 1; /* below the target nothing counts */
    assert_near(item(gan_penalty(scores, x, &o)), 0, 0);
    o.target = norm - 1;
    assert_near(item(gan_penalty(scores, x, &o)), 3, 1e-4);
}

static void test_linear_critics(void **state) {
    gan_context *ctx = *state;
    linear_critic(ctx, SHAPE(5, 7));
    linear_critic(ctx, SHAPE(1, 3));
    linear_critic(ctx, SHAPE(4, 8, 8, 3));
    linear_critic(ctx, SHAPE(3, 2, 5));
    linear_critic(ctx, SHAPE(64, 28, 28, 1));
}

static gan_module *sequential(gan_context *ctx) {
    gan_module *m = NULL;
    assert_ok(ctx, gan_sequential_create(ctx, &m));
    return m;
}

/* A critic that is 0 everywhere: the penalty is lambda, its gradients finite. */
static void test_zero_critic(void **state) {
    gan_context *ctx = *state;
    gan_module *m = sequential(ctx);
    gan_add_dense(m, NULL, 6, 4, 1);
    gan_add_leaky_relu(m, NULL, 0.2);
    gan_add_dense(m, NULL, 4, 1, 1);
    gan_tensor *wrt[4], *g[4];
    for (size_t i = 0; i < 4; i++) {
        wrt[i] = gan_module_parameter(m, i);
        gan_tensor *zeros = gan_zeros(ctx, gan_tensor_shape(wrt[i]), gan_tensor_rank(wrt[i]));
        assert_ok(ctx, gan_tensor_write(wrt[i], gan_tensor_data(zeros), gan_tensor_size(wrt[i])));
    }
    gan_tensor *p = gan_penalty_of(m, gan_randn(ctx, SHAPE(5, 6)), NULL);
    assert_made(ctx, p);
    assert_near(item(p), 10, 0);
    assert_ok(ctx, gan_grad(p, wrt, 4, 0, g));
    for (size_t i = 0; i < 4; i++) {
        assert_near(item(gan_sum_all(gan_abs(g[i]))), 0, 0);
        gan_tensor_unref(g[i]);
    }
    gan_module_unref(m);
}

static void test_interpolation(void **state) {
    gan_context *ctx = *state;
    gan_tensor *real = gan_full(ctx, SHAPE(200, 2, 3), 5),
               *fake = gan_full(ctx, SHAPE(200, 2, 3), 1);
    gan_tensor *x = gan_interpolate(gan_track(real), fake);
    assert_made(ctx, x);
    assert_true(gan_tensor_is_tracked(x));
    gan_tensor *rows = gan_reshape(x, SHAPE(200, 6));
    gan_tensor *mean = gan_mean(rows, AXES(1), 1);
    assert_near(item(gan_max(gan_abs(gan_sub(rows, mean)), NULL, 0, 0)), 0, 1e-5); /* one e each */
    assert_near(item(gan_mean_all(x)), 3, 0.4);
    assert_near(item(gan_std(mean, NULL, 0, 0, 0)), 4 / sqrt(12), 0.2);
    /* Cut from both graphs. */
    gan_tensor *a = gan_track(real);
    gan_tensor *cut = gan_grad_of(gan_sum_all(gan_interpolate(a, fake)), a, 0);
    assert_near(item(gan_sum_all(cut)), 0, 0);
    assert_refused(ctx, gan_interpolate(real, gan_zeros(ctx, SHAPE(200, 3, 2))), GAN_EINVAL,
                   "gan_interpolate", "(200, 2, 3)", "(200, 3, 2)");
}

/* ---- mixing ---------------------------------------------------------------------------------- */

static gan_module *critic_with(gan_context *ctx, gan_module *(*add)(gan_module *m)) {
    gan_module *m = sequential(ctx);
    gan_add_conv2d(m, NULL, 2, 4, 3, NULL);
    if (add) assert_made(ctx, add(m));
    gan_add_leaky_relu(m, NULL, 0.2);
    gan_add_flatten(m, NULL);
    assert_made(ctx, gan_add_dense(m, NULL, 16, 1, 1));
    return m;
}

static gan_module *batch_norm(gan_module *m) { return gan_add_batch_norm(m, NULL, 4, NULL); }
static gan_module *instance_norm(gan_module *m) { return gan_add_instance_norm(m, NULL, 4, NULL); }
static gan_module *group_norm(gan_module *m) { return gan_add_group_norm(m, NULL, 2, 4, NULL); }
static gan_module *layer_norm(gan_module *m) {
    return gan_add_layer_norm(m, NULL, (const int64_t[]){2, 2, 4}, 3, NULL);
}

static void test_batch_norm_is_refused(void **state) {
    gan_context *ctx = *state;
    gan_module *m = critic_with(ctx, batch_norm);
    gan_tensor *points = gan_randn(ctx, SHAPE(3, 4, 4, 2));
    assert_refused(ctx, gan_penalty_of(m, points, NULL), GAN_EMIXED, "gan_penalty", "batch norm");
    gan_penalty_opts o = penalty_opts(10, 1, 0);
    o.allow_mixing = 1;
    assert_made(ctx, gan_penalty_of(m, points, &o));
    /* In evaluation mode its statistics are constants: nothing mixes. */
    assert_ok(ctx, gan_module_train(m, 0));
    assert_made(ctx, gan_penalty_of(m, points, NULL));
    gan_module_unref(m);
}

static void test_norms_per_sample_are_allowed(void **state) {
    gan_context *ctx = *state;
    gan_module *(*const kinds[])(gan_module *) = {NULL, instance_norm, group_norm, layer_norm};
    for (int i = 0; i < COUNT_OF(kinds); i++) {
        gan_module *m = critic_with(ctx, kinds[i]);
        assert_made(ctx, gan_penalty_of(m, gan_randn(ctx, SHAPE(3, 4, 4, 2)), NULL));
        gan_module_unref(m);
    }
}

static void test_mixing_in_composed_critics(void **state) {
    gan_context *ctx = *state;
    gan_tensor *x = gan_track(gan_randn(ctx, SHAPE(4, 6))), *w = gan_randn(ctx, SHAPE(6, 1));
    gan_tensor *plain = gan_matmul(x, w, 0, 0);
    assert_made(ctx, gan_penalty(plain, x, NULL));

    /* Packing two samples into one (Lin et al. 2018). */
    gan_tensor *packed =
        gan_matmul(gan_reshape(x, SHAPE(2, 12)), gan_randn(ctx, SHAPE(12, 2)), 0, 0);
    assert_refused(ctx, gan_penalty(gan_reshape(packed, SHAPE(4)), x, NULL), GAN_EMIXED,
                   "'reshape'");
    /* The batch's mean beside each sample. */
    gan_tensor *mean = gan_mean(x, AXES(0), 1);
    assert_refused(ctx, gan_penalty(gan_matmul(gan_sub(x, mean), w, 0, 0), x, NULL), GAN_EMIXED,
                   "gan_penalty");
    /* Products of samples with each other. */
    gan_tensor *gram = gan_matmul(x, x, 0, 1);
    assert_refused(ctx, gan_penalty(gan_sum(gram, AXES(1), 0), x, NULL), GAN_EMIXED, "'matmul'");
    /* A softmax over the batch. */
    gan_tensor *across = gan_softmax(gan_transpose(plain, (const int32_t[]){1, 0}));
    assert_refused(ctx, gan_penalty(gan_reshape(across, SHAPE(4)), x, NULL), GAN_EMIXED,
                   "gan_penalty");
    /* Another sample's score. */
    gan_tensor *swapped = gan_gather(plain, (const int32_t[]){1, 0, 3, 2}, 4);
    assert_refused(ctx, gan_penalty(swapped, x, NULL), GAN_EMIXED, "'gather'");
    /* The same by cutting and joining. */
    const int64_t first[2] = {0, 0}, second[2] = {2, 0}, half[2] = {2, 1};
    gan_tensor *parts[2] = {gan_slice(plain, second, half), gan_slice(plain, first, half)};
    assert_refused(ctx, gan_penalty(gan_concat(parts, 2, 0), x, NULL), GAN_EMIXED, "gan_penalty");
    /* The points as weights of something else. */
    gan_tensor *image = gan_reshape(x, SHAPE(4, 2, 3, 1));
    gan_tensor *crossed = gan_conv2d(gan_randn(ctx, SHAPE(4, 2, 3, 1)), image, NULL);
    assert_refused(ctx, gan_penalty(crossed, x, NULL), GAN_EMIXED, "'conv'");
    /* As many features as samples: the gradient of a row is summed over the batch. */
    gan_tensor *square = gan_track(gan_randn(ctx, SHAPE(4, 4))),
               *row = gan_track(gan_randn(ctx, SHAPE(4)));
    gan_tensor *product = gan_sum_all(gan_mul(square, row));
    gan_tensor *summed = gan_grad_of(product, row, GAN_GRAD_CREATE_GRAPH);
    assert_refused(ctx, gan_penalty(summed, square, NULL), GAN_EMIXED, "'sum_to'");
    /* A maximum over the batch. */
    gan_tensor *above = gan_sub(plain, gan_max(plain, AXES(0), 1));
    assert_refused(ctx, gan_penalty(above, x, NULL), GAN_EMIXED, "gan_penalty");
    gan_tensor *spread = gan_add(plain, gan_mean(gan_std(x, AXES(0), 1, 0), NULL, 0, 0));
    assert_refused(ctx, gan_penalty(spread, x, NULL), GAN_EMIXED, "gan_penalty");
    /* A reshape that keeps samples apart, and several scores a sample (patches). */
    gan_tensor *split = gan_sum(gan_reshape(x, SHAPE(4, 2, 3)), AXES(2), 0);
    assert_made(ctx, gan_penalty(split, x, NULL));
}

/* What conditional and patch critics do with each sample by itself. */
static void test_per_sample_compositions_are_allowed(void **state) {
    gan_context *ctx = *state;
    gan_tensor *x = gan_track(gan_randn(ctx, SHAPE(4, 6, 6, 2)));
    const int32_t labels[4] = {1, 0, 1, 2};
    gan_tensor *table = gan_track(gan_randn(ctx, SHAPE(3, 72)));
    gan_tensor *condition = gan_embedding(table, labels, 4);
    gan_tensor *joined = gan_concat((gan_tensor *[]){gan_flatten(x), condition}, 2, 1);
    gan_tensor *w = gan_track(gan_randn(ctx, SHAPE(144, 1)));
    assert_made(ctx, gan_penalty(gan_matmul(joined, w, 0, 0), x, NULL));
    gan_tensor *projection = gan_sum(gan_mul(gan_flatten(x), condition), AXES(1), 0);
    assert_made(ctx, gan_penalty(projection, x, NULL));

    gan_tensor *pooled = gan_max_pool2d(gan_avg_pool2d(x, 3, 1, 1), 2, 2, 0);
    const int64_t none[4] = {0, 0, 0, 0}, frame[4] = {0, 1, 1, 0}, size[4] = {4, 3, 3, 2};
    gan_tensor *moved =
        gan_slice(gan_pad(gan_upsample_nearest(pooled, 2), frame, frame), none, size);
    gan_tensor *patches =
        gan_reshape(gan_softmax(gan_transpose(moved, (const int32_t[]){0, 3, 1, 2})), SHAPE(4, -1));
    assert_made(ctx, gan_penalty(patches, x, NULL)); /* eighteen scores a sample */
    gan_tensor *largest = gan_max(gan_dropout(moved, 0.5), AXES(1, 2, 3), 0);
    assert_made(ctx, gan_penalty(largest, x, NULL));
}

/* R1: gamma / 2 |w|^2 for f(x) = <w, x>; for f(x) = |x|^2 / 2 it is gamma / 2 mean |x|^2, whose
 * derivative gamma x / N is right at 0 too. */
static void test_zero_penalty(void **state) {
    gan_context *ctx = *state;
    gan_tensor *x = gan_track(gan_randn(ctx, SHAPE(5, 4, 4, 3))),
               *w = gan_randn(ctx, SHAPE(4, 4, 3));
    gan_tensor *linear = gan_sum(gan_mul(x, w), AXES(1, 2, 3), 0);
    double squares = item(gan_sum_all(gan_square(w)));
    assert_near(item(gan_zero_penalty(linear, x, 10, 0)), 5 * squares, 1e-5 * squares);

    gan_tensor *points = gan_track(VALUES(ctx, SHAPE(2, 2), 0, 0, 3, -4));
    gan_tensor *scores = gan_scale(gan_sum(gan_square(points), AXES(1), 0), 0.5);
    gan_tensor *penalty = gan_zero_penalty(scores, points, 6, 0);
    assert_values(penalty, SCALAR, 6 / 2.0 * 25 / 2);
    gan_tensor *g = gan_grad_of(penalty, points, GAN_GRAD_CREATE_GRAPH);
    assert_values(g, SHAPE(2, 2), 0, 0, 9, -12);
    assert_values(gan_grad_of(gan_sum_all(g), points, 0), SHAPE(2, 2), 3, 3, 3, 3);
}

static void test_zero_penalty_refusals(void **state) {
    gan_context *ctx = *state;
    gan_module *m = critic_with(ctx, batch_norm);
    gan_tensor *x = gan_randn(ctx, SHAPE(3, 4, 4, 2)), *points = gan_track(x);
    assert_refused(ctx, gan_zero_penalty_of(m, x, 1, 0), GAN_EMIXED, "gan_zero_penalty",
                   "batch norm");
    assert_made(ctx, gan_zero_penalty_of(m, x, 1, 1));
    gan_tensor *scores = gan_sum(points, AXES(1, 2, 3), 0);
    assert_refused(ctx, gan_zero_penalty(scores, points, (double)NAN, 0), GAN_EINVAL,
                   "gan_zero_penalty", "gamma");
    assert_refused(ctx, gan_zero_penalty(scores, x, 1, 0), GAN_EINVAL, "gan_zero_penalty",
                   "tracked");
    assert_refused(ctx, gan_zero_penalty_of(NULL, x, 1, 0), GAN_EINVAL, "gan_zero_penalty_of",
                   "critic");
    gan_module_unref(m);
}

/* Packs are penalised as packs: one e a pack. */
static void test_packs(void **state) {
    gan_context *ctx = *state;
    gan_tensor *real = gan_randn(ctx, SHAPE(6, 2)), *fake = gan_randn(ctx, SHAPE(6, 2));
    gan_tensor *points = gan_interpolate(gan_pack(real, 3), gan_pack(fake, 3));
    gan_tensor *scores = gan_sum(points, AXES(1), 0); /* the gradient is six ones */
    double expected = 10 * (sqrt(6) - 1) * (sqrt(6) - 1);
    assert_near(item(gan_penalty(scores, points, NULL)), expected, 1e-4);
    gan_tensor *x = gan_track(real);
    assert_refused(ctx, gan_penalty(gan_sum(gan_pack(x, 3), AXES(1), 0), x, NULL), GAN_EINVAL,
                   "gan_penalty", "(2)", "(6, 2)");
    gan_tensor *mixed = gan_sum(gan_minibatch_std(x, 3), AXES(1), 0);
    assert_refused(ctx, gan_penalty(mixed, x, NULL), GAN_EMIXED, "gan_penalty");
}

/* Augmentation moves pixels within their sample only. */
static void test_augmented_points(void **state) {
    gan_context *ctx = *state;
    gan_tensor *x = gan_track(gan_randn(ctx, SHAPE(4, 8, 8, 3)));
    gan_tensor *scores = gan_sum(gan_augment(x, NULL), AXES(1, 2, 3), 0);
    assert_made(ctx, gan_penalty(scores, x, NULL));
    assert_made(ctx, gan_zero_penalty(scores, x, 1, 0));
}

static void test_refusals(void **state) {
    gan_context *ctx = *state;
    gan_tensor *x = gan_randn(ctx, SHAPE(4, 6)), *tracked = gan_track(x);
    gan_tensor *scores = gan_sum(tracked, AXES(1), 0);
    assert_refused(ctx, gan_penalty(scores, x, NULL), GAN_EINVAL, "gan_penalty", "tracked");
    assert_refused(ctx, gan_penalty(gan_sum(x, AXES(1), 0), tracked, NULL), GAN_EINVAL,
                   "gan_penalty", "depend");
    gan_tensor *three = gan_full(ctx, SHAPE(3), 1);
    assert_refused(ctx, gan_penalty(three, tracked, NULL), GAN_EINVAL, "gan_penalty", "(3)",
                   "(4, 6)");
    gan_penalty_opts o = penalty_opts((double)NAN, 1, 0);
    assert_refused(ctx, gan_penalty(scores, tracked, &o), GAN_EINVAL, "gan_penalty", "lambda");
    assert_refused(ctx, gan_penalty(NULL, tracked, NULL), GAN_EINVAL, "gan_penalty");
}

/* Runs whatever the host has set the recorder to, and leaves it so. */
static void test_recorder_is_left_alone(void **state) {
    gan_context *ctx = *state;
    gan_tensor *x = gan_track(gan_randn(ctx, SHAPE(4, 6)));
    gan_tensor *scores = gan_sum(gan_square(x), AXES(1), 0);
    assert_made(ctx, gan_penalty(scores, x, NULL));
    assert_int_equal(gan_recording(ctx, 0), 1);
    gan_interpolate(x, x);
    assert_int_equal(gan_recording(ctx, 1), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CONTEXT_TEST(test_linear_critics),
        CONTEXT_TEST(test_zero_critic),
        CONTEXT_TEST(test_interpolation),
        CONTEXT_TEST(test_batch_norm_is_refused),
        CONTEXT_TEST(test_norms_per_sample_are_allowed),
        CONTEXT_TEST(test_mixing_in_composed_critics),
        CONTEXT_TEST(test_per_sample_compositions_are_allowed),
        CONTEXT_TEST(test_zero_penalty),
        CONTEXT_TEST(test_zero_penalty_refusals),
        CONTEXT_TEST(test_packs),
        CONTEXT_TEST(test_augmented_points),
        CONTEXT_TEST(test_refusals),
        CONTEXT_TEST(test_recorder_is_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
