/* The first error stays until it is read; NULL in gives NULL out. */
#include "support.h"

#include "core/error.h"

#include <string.h>

static void test_first_error_stays(void **state) {
    gan_context *ctx = *state;
    gan_tensor *a = gan_zeros(ctx, SHAPE(2, 3)), *b = gan_zeros(ctx, SHAPE(4, 5));
    assert_null(gan_add(a, b));
    assert_null(gan_matmul(a, a, 0, 0));
    assert_non_null(strstr(gan_last_error(ctx), "gan_add"));
    assert_null(strstr(gan_last_error(ctx), "gan_matmul"));
    assert_int_equal(gan_error_code(ctx), GAN_EINVAL);
    assert_int_equal(gan_error_code(ctx), GAN_OK); /* reading clears the mark */
    assert_non_null(strstr(gan_last_error(ctx), "gan_add"));
    assert_null(gan_matmul(a, a, 0, 0));
    assert_refused(ctx, NULL, GAN_EINVAL, "gan_matmul");
}

static void test_null_passes_through_expressions(void **state) {
    gan_context *ctx = *state;
    gan_tensor *a = gan_zeros(ctx, SHAPE(2, 3)), *b = gan_zeros(ctx, SHAPE(4, 5));
    gan_tensor *y = gan_mean_all(gan_square(gan_tanh(gan_sub(gan_mul(a, b), a))));
    assert_refused(ctx, y, GAN_EINVAL, "gan_mul", "(2, 3)", "(4, 5)");
    assert_null(gan_tanh(NULL));
    assert_null(gan_add(NULL, NULL));
    assert_refused(ctx, gan_add(a, NULL), GAN_EINVAL, "gan_add", "NULL");
    assert_refused(ctx, gan_projection(NULL, a), GAN_EINVAL, "gan_projection", "NULL");
    assert_refused(ctx, gan_concat((gan_tensor *[]){NULL, a}, 2, 0), GAN_EINVAL, "gan_concat",
                   "NULL");
}

static void test_status_functions_given_null_return_the_pending_code(void **state) {
    gan_context *ctx = *state;
    gan_tensor *a = gan_zeros(ctx, SHAPE(2, 3)), *b = gan_zeros(ctx, SHAPE(4, 5)), *g = NULL;
    gan_tensor *x = gan_track(a);
    gan_tensor *failed = gan_add(a, b);
    assert_status(ctx, gan_grad(failed, &x, 1, 0, &g), GAN_EINVAL, "gan_add");
    assert_int_equal(gan_error_code(ctx), GAN_OK); /* it was told */
    assert_status(ctx, gan_grad(NULL, &x, 1, 0, &g), GAN_EINVAL, "gan_grad", "NULL");
    assert_null(g);
}

/* An error nobody has read does not make an unrelated call fail. */
static void test_unrelated_calls_succeed(void **state) {
    gan_context *ctx = *state;
    gan_tensor *a = gan_zeros(ctx, SHAPE(2, 3)), *b = gan_zeros(ctx, SHAPE(4, 5));
    assert_null(gan_add(a, b));
    assert_made(ctx, gan_add(a, a));
    float data[6];
    assert_int_equal(gan_tensor_read(a, data, 6), GAN_OK);
    gan_tensor *x = gan_track(a), *g = NULL;
    assert_int_equal(gan_grad(gan_sum_all(x), &x, 1, 0, &g), GAN_OK);
    gan_tensor_unref(g);
    assert_int_equal(gan_error_code(ctx), GAN_EINVAL);
}

static void test_looking_at_null(void **state) {
    (void)state;
    assert_int_equal(gan_tensor_rank(NULL), 0);
    assert_int_equal(gan_tensor_dim(NULL, 0), 0);
    assert_null(gan_tensor_shape(NULL));
    assert_int_equal(gan_tensor_size(NULL), 0);
    assert_int_equal(gan_tensor_is_tracked(NULL), 0);
    assert_null(gan_tensor_context(NULL));
    assert_null(gan_tensor_data(NULL));
    assert_null(gan_tensor_ref(NULL));
    assert_int_equal(gan_tensor_item(NULL, NULL), GAN_EINVAL);
    assert_int_equal(gan_context_create(NULL, NULL), GAN_EINVAL);
    assert_int_equal(gan_context_seed(NULL, 1), GAN_EINVAL);
    assert_true(gan_scope_begin(NULL) < 0);
    assert_string_equal(gan_last_error(NULL), "");
    gan_tensor_unref(NULL);
    gan_module_unref(NULL);
    gan_optimizer_unref(NULL);
    gan_idx_unref(NULL);
    gan_dataset_unref(gan_dataset_ref(NULL));
    gan_loader_unref(NULL);
    assert_null(gan_dataset_image(NULL, 0));
    assert_null(gan_loader_next(NULL));
    assert_int_equal(gan_loader_seek(NULL, 0, 0), GAN_EINVAL);
    gan_context_destroy(NULL);
    gan_context_trim(NULL);
    gan_context_reset_peak(NULL);
}

static void test_long_texts_are_cut(void **state) {
    gan_context *ctx = *state;
    char text[3000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = 0;
    assert_int_equal(error_set(ctx, GAN_EIO, "%s", text), GAN_EIO);
    assert_in_range(strlen(gan_last_error(ctx)), 100, 1000);
    assert_int_equal(gan_error_code(ctx), GAN_EIO);
}

/* Whatever a file calls its tensors. */
static void test_texts_are_one_line_of_utf8(void **state) {
    gan_context *ctx = *state;
    error_set(ctx, GAN_EFORMAT, "\xc3\xa9 \xe2\x82\xac \xf0\x9f\x8e\xb2");
    assert_string_equal(gan_last_error(ctx), "\xc3\xa9 \xe2\x82\xac \xf0\x9f\x8e\xb2");
    gan_error_code(ctx);
    error_set(ctx, GAN_EFORMAT,
              "a\nb\x7f"
              "c\xc3 \xff %.1s",
              "\xc3\xa9");
    assert_string_equal(gan_last_error(ctx), "a?b?c? ? ?");
    gan_error_code(ctx);
}

static void test_names(void **state) {
    (void)state;
    assert_string_equal(gan_status_name(GAN_OK), "GAN_OK");
    assert_string_equal(gan_status_name(GAN_EMIXED), "GAN_EMIXED");
    assert_string_equal(gan_status_name(GAN_EABI), "GAN_EABI");
    assert_string_equal(gan_status_name(-12), "GAN_?");
    assert_string_equal(gan_status_name(1), "GAN_?");
    assert_string_equal(gan_status_name(INT32_MIN), "GAN_?");
    assert_int_equal(gan_abi_version(), GAN_ABI_VERSION);
    assert_string_equal(gan_version(), "0.1.0");
    assert_int_equal(gan_element_size(), sizeof(float));
    assert_non_null(strstr(gan_build_info(), "0.1.0"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CONTEXT_TEST(test_first_error_stays),
        CONTEXT_TEST(test_null_passes_through_expressions),
        CONTEXT_TEST(test_status_functions_given_null_return_the_pending_code),
        CONTEXT_TEST(test_unrelated_calls_succeed),
        CONTEXT_TEST(test_looking_at_null),
        CONTEXT_TEST(test_long_texts_are_cut),
        CONTEXT_TEST(test_texts_are_one_line_of_utf8),
        CONTEXT_TEST(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
