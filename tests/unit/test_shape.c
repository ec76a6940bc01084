/* Shapes: NumPy's broadcasting, axes, limits. */
#include "support.h"

#include "core/shape.h"

static void test_sizes(void **state) {
    (void)state;
    shape s = shape_of(3, (const int64_t[]){2, 3, 4}), none = shape_scalar();
    assert_int_equal(shape_size(&s), 24);
    assert_int_equal(shape_size(&none), 1);
    shape empty = shape_2(0, 5);
    assert_int_equal(shape_size(&empty), 0);
    assert_true(shape_equal(&s, &s));
    assert_false(shape_equal(&s, &empty));
}

static void broadcasts(shape a, shape b, int possible, shape expected) {
    shape out;
    assert_int_equal(shape_broadcast(&a, &b, &out), possible);
    if (possible) assert_true(shape_equal(&out, &expected));
    assert_int_equal(shape_broadcast(&b, &a, &out), possible);
}

static void test_broadcast(void **state) {
    (void)state;
    broadcasts(shape_2(3, 4), shape_1(4), 1, shape_2(3, 4));
    broadcasts(shape_2(3, 1), shape_2(1, 4), 1, shape_2(3, 4));
    broadcasts(shape_scalar(), shape_2(3, 4), 1, shape_2(3, 4));
    broadcasts(shape_4(2, 1, 3, 1), shape_2(3, 5), 1, shape_4(2, 1, 3, 5));
    broadcasts(shape_2(0, 4), shape_2(1, 4), 1, shape_2(0, 4));
    broadcasts(shape_2(3, 4), shape_1(3), 0, shape_scalar());
    broadcasts(shape_2(0, 4), shape_2(2, 4), 0, shape_scalar());
}

static void test_axes(void **state) {
    (void)state;
    shape s = shape_4(1, 2, 3, 4);
    assert_int_equal(shape_axis(&s, 0), 0);
    assert_int_equal(shape_axis(&s, -1), 3);
    assert_int_equal(shape_axis(&s, -4), 0);
    assert_int_equal(shape_axis(&s, 4), -1);
    assert_int_equal(shape_axis(&s, -5), -1);
    assert_int_equal(shape_axis(&s, INT32_MIN), -1);
}

static void test_text(void **state) {
    (void)state;
    char text[SHAPE_TEXT];
    shape s = shape_2(2, 3), none = shape_scalar();
    assert_string_equal(shape_text(&s, text), "(2, 3)");
    assert_string_equal(shape_text(&none, text), "()");
    shape long_one = shape_of(
        6, (const int64_t[]){INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX});
    assert_non_null(shape_text(&long_one, text));
}

static void test_hosts_shapes_are_checked(void **state) {
    gan_context *ctx = *state;
    assert_refused(ctx, gan_zeros(ctx, (const int64_t[]){1, 1, 1, 1, 1, 1, 1}, 7), GAN_EINVAL,
                   "gan_full", "rank");
    assert_refused(ctx, gan_zeros(ctx, NULL, -1), GAN_EINVAL, "rank");
    assert_refused(ctx, gan_zeros(ctx, NULL, 2), GAN_EINVAL, "gan_full");
    assert_refused(ctx, gan_zeros(ctx, SHAPE(3, -2)), GAN_EINVAL, "-2");
    assert_null(gan_zeros(ctx, SHAPE(INT64_MAX, INT64_MAX)));
    assert_true(gan_error_code(ctx) < 0);
    assert_null(gan_zeros(ctx, SHAPE(INT64_MAX)));
    assert_true(gan_error_code(ctx) < 0);
}

static void test_empty_tensors(void **state) {
    gan_context *ctx = *state;
    gan_tensor *x = gan_zeros(ctx, SHAPE(0, 3));
    assert_made(ctx, x);
    assert_int_equal(gan_tensor_size(gan_add(x, x)), 0);
    assert_near(item(gan_sum_all(x)), 0, 0);
    assert_values(gan_sum(x, AXES(0), 0), SHAPE(3), 0, 0, 0);
    assert_values(gan_matmul(gan_transpose(x, (const int32_t[]){1, 0}), x, 0, 0), SHAPE(3, 3), 0, 0,
                  0, 0, 0, 0, 0, 0, 0);
    assert_refused(ctx, gan_mean_all(x), GAN_EINVAL, "gan_mean_all", "(0, 3)");
}

/* Operands that have no elements, of which a result would have too many. */
static void test_results_that_are_too_large(void **state) {
    gan_context *ctx = *state;
    const int64_t most = 1 << 30;
    gan_tensor *tall = gan_zeros(ctx, SHAPE(most, 0)), *wide = gan_zeros(ctx, SHAPE(0, most));
    assert_refused(ctx, gan_matmul(tall, wide, 0, 0), GAN_EINVAL, "too many elements");
    gan_tensor *a = gan_zeros(ctx, SHAPE(most, 1, 0)), *b = gan_zeros(ctx, SHAPE(1, most, 0));
    assert_refused(ctx, gan_add(a, b), GAN_EINVAL, "too many elements");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_broadcast),
        cmocka_unit_test(test_axes),
        cmocka_unit_test(test_text),
        CONTEXT_TEST(test_hosts_shapes_are_checked),
        CONTEXT_TEST(test_empty_tensors),
        CONTEXT_TEST(test_results_that_are_too_large),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
