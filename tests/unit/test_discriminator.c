/* Packs, the batch's deviation, labels. */
#include "support.h"

#include <math.h>

static void test_pack(void **state) {
    gan_context *ctx = *state;
    gan_tensor *rows = VALUES(ctx, SHAPE(4, 2), 1, 2, 3, 4, 5, 6, 7, 8);
    assert_values(gan_pack(rows, 2), SHAPE(2, 4), 1, 2, 3, 4, 5, 6, 7, 8);
    /* Two images of 1 x 2 pixels and 2 channels: the pixels' channels come side by side. */
    gan_tensor *images = VALUES(ctx, SHAPE(2, 1, 2, 2), 1, 2, 3, 4, 5, 6, 7, 8);
    assert_values(gan_pack(images, 2), SHAPE(1, 1, 2, 4), 1, 2, 5, 6, 3, 4, 7, 8);
    assert_same_bits(gan_pack(images, 1), images);
}

static void test_minibatch_std(void **state) {
    gan_context *ctx = *state;
    /* Subsets {0, 2} and {1, 3}: deviations (1, 3) and (0, 4), their means 2 and 2; all: other. */
    gan_tensor *x = VALUES(ctx, SHAPE(4, 2), 1, 2, 5, 0, 3, 8, 5, 4);
    double none = sqrt(1e-8); /* of samples that are equal */
    gan_tensor *y = gan_minibatch_std(x, 2);
    assert_values(y, SHAPE(4, 3), 1, 2, 2, 5, 0, (none + 2) / 2, 3, 8, 2, 5, 4, (none + 2) / 2);
    gan_tensor *all = gan_minibatch_std(x, 0);
    double expected = (sqrt((2.5 * 2.5 + 1.5 * 1.5 + 0.5 * 0.5 + 1.5 * 1.5) / 4) +
                       sqrt((1.5 * 1.5 + 3.5 * 3.5 + 4.5 * 4.5 + 0.5 * 0.5) / 4)) /
                      2;
    for (int64_t i = 0; i < 4; i++) assert_near(element(all, 3 * i + 2), expected, 1e-5);
    assert_values(gan_minibatch_std(gan_full(ctx, SHAPE(3, 1, 2, 1), 7), 3), SHAPE(3, 1, 2, 2), 7,
                  none, 7, none, 7, none, 7, none, 7, none, 7, none);
    /* The derivative where all samples are equal is finite. */
    gan_tensor *equal = gan_track(gan_full(ctx, SHAPE(3, 2), 1));
    gan_tensor *g = gan_grad_of(gan_sum_all(gan_minibatch_std(equal, 0)), equal, 0);
    assert_values(g, SHAPE(3, 2), 1, 1, 1, 1, 1, 1);
}

static void test_minibatch_std_layer(void **state) {
    gan_context *ctx = *state;
    gan_module *m = NULL;
    assert_ok(ctx, gan_sequential_create(ctx, &m));
    assert_made(ctx, gan_add_minibatch_std(m, NULL, 2));
    gan_tensor *x = gan_randn(ctx, SHAPE(4, 3, 2, 5));
    assert_same_bits(gan_forward(m, x), gan_minibatch_std(x, 2));
    assert_refused(ctx, gan_add_minibatch_std(m, NULL, -1), GAN_EINVAL, "gan_add_minibatch_std",
                   "-1");
    gan_module_unref(m);
}

static void test_labels(void **state) {
    gan_context *ctx = *state;
    const int32_t labels[3] = {2, 0, 2};
    gan_tensor *rows = gan_one_hot(ctx, labels, 3, 3);
    assert_values(rows, SHAPE(3, 3), 0, 0, 1, 1, 0, 0, 0, 0, 1);
    gan_tensor *two = VALUES(ctx, SHAPE(2, 2), 1, 2, 3, 4);
    assert_values(gan_label_maps(two, 1, 2), SHAPE(2, 1, 2, 2), 1, 2, 1, 2, 3, 4, 3, 4);
    assert_values(gan_projection(two, VALUES(ctx, SHAPE(2, 2), 5, 6, 7, 8)), SHAPE(2, 1), 17, 53);
    assert_int_equal(gan_tensor_size(gan_one_hot(ctx, NULL, 0, 3)), 0);
}

/* A projection discriminator on label maps is differentiated in its table, and again. */
static void test_conditional_scores(void **state) {
    gan_context *ctx = *state;
    const int32_t labels[3] = {1, 0, 1};
    gan_tensor *table = gan_track(VALUES(ctx, SHAPE(2, 2), 1, 2, 3, 4));
    gan_tensor *features = VALUES(ctx, SHAPE(3, 2), 1, 1, 2, 2, 3, 3);
    gan_tensor *scores = gan_projection(features, gan_embedding(table, labels, 3));
    assert_values(scores, SHAPE(3, 1), 7, 6, 21);
    assert_values(gan_grad_of(gan_sum_all(scores), table, 0), SHAPE(2, 2), 2, 2, 4, 4);
}

static void test_refusals(void **state) {
    gan_context *ctx = *state;
    gan_tensor *x = gan_zeros(ctx, SHAPE(6, 2)), *cube = gan_zeros(ctx, SHAPE(6, 2, 2));
    assert_refused(ctx, gan_pack(x, 4), GAN_EINVAL, "gan_pack", "4", "6");
    assert_refused(ctx, gan_pack(x, 0), GAN_EINVAL, "gan_pack", "m is 0");
    assert_refused(ctx, gan_pack(cube, 2), GAN_EINVAL, "gan_pack", "(6, 2, 2)");
    assert_refused(ctx, gan_minibatch_std(x, 4), GAN_EINVAL, "gan_minibatch_std", "group is 4");
    assert_refused(ctx, gan_minibatch_std(x, -2), GAN_EINVAL, "gan_minibatch_std", "-2");
    assert_refused(ctx, gan_minibatch_std(gan_zeros(ctx, SHAPE(0, 2)), 0), GAN_EINVAL,
                   "gan_minibatch_std");
    assert_refused(ctx, gan_projection(x, gan_zeros(ctx, SHAPE(6, 3))), GAN_EINVAL,
                   "gan_projection", "(6, 3)");
    assert_refused(ctx, gan_label_maps(cube, 2, 2), GAN_EINVAL, "gan_label_maps", "(6, 2, 2)");
    assert_refused(ctx, gan_label_maps(x, -1, 2), GAN_EINVAL, "gan_label_maps");
    const int32_t labels[2] = {0, 3};
    assert_refused(ctx, gan_one_hot(ctx, labels, 2, 3), GAN_EINVAL, "gan_one_hot", "label 1 is 3");
    assert_refused(ctx, gan_one_hot(ctx, NULL, 2, 3), GAN_EINVAL, "gan_one_hot", "NULL");
    assert_null(gan_pack(NULL, 2));
    assert_null(gan_label_maps(NULL, 2, 2));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CONTEXT_TEST(test_pack),
        CONTEXT_TEST(test_minibatch_std),
        CONTEXT_TEST(test_minibatch_std_layer),
        CONTEXT_TEST(test_labels),
        CONTEXT_TEST(test_conditional_scores),
        CONTEXT_TEST(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
