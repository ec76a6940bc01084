/* Spectral norm: names, the singular value, modes, files, several forwards in one graph. */
#include "support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static gan_module *sequential(gan_context *ctx) {
    gan_module *m = NULL;
    assert_ok(ctx, gan_sequential_create(ctx, &m));
    return m;
}

static gan_module *critic(gan_context *ctx) {
    gan_module *m = sequential(ctx);
    gan_conv2d_opts o;
    gan_conv2d_opts_init(&o, sizeof o);
    o.stride_h = o.stride_w = 2;
    gan_add_conv2d(m, NULL, 2, 4, 3, &o);
    gan_add_batch_norm(m, NULL, 4, NULL);
    gan_add_leaky_relu(m, NULL, 0.2);
    gan_add_conv_transpose2d(m, NULL, 4, 3, 2, &o);
    gan_add_flatten(m, NULL);
    assert_made(ctx, gan_add_dense(m, NULL, 48, 1, 1));
    return m;
}

static void test_names(void **state) {
    gan_context *ctx = *state;
    gan_module *m = critic(ctx);
    gan_tensor *w = gan_module_find(m, "0.weight");
    size_t parameters = gan_module_parameter_count(m), states = gan_module_state_count(m);
    assert_ok(ctx, gan_module_spectral_norm(m));
    assert_int_equal(gan_module_parameter_count(m), parameters);
    assert_int_equal(gan_module_state_count(m), states + 6);
    assert_null(gan_module_find(m, "0.weight"));
    assert_ptr_equal(gan_module_find(m, "0.weight_orig"), w);
    assert_string_equal(gan_module_parameter_name(m, 0), "0.weight_orig");
    assert_non_null(gan_module_find(m, "1.weight")); /* a norm's gain is no weight */
    assert_int_equal(gan_tensor_size(gan_module_find(m, "3.weight_u")), 3);
    assert_int_equal(gan_tensor_size(gan_module_find(m, "3.weight_v")), 4 * 2 * 2);
    assert_false(gan_tensor_is_tracked(gan_module_find(m, "3.weight_u")));
    /* Again: nothing more. */
    assert_ok(ctx, gan_module_spectral_norm(m));
    assert_int_equal(gan_module_state_count(m), states + 6);
    assert_made(ctx, gan_forward(m, gan_randn(ctx, SHAPE(2, 5, 5, 2))));
    gan_module_unref(m);
}

/* W = diag(3, 1) and a row more: the layer's matrix has the norm 1. */
static void test_singular_value(void **state) {
    gan_context *ctx = *state;
    gan_module *m = sequential(ctx);
    gan_add_dense(m, NULL, 2, 3, 0);
    gan_tensor *w = gan_module_find(m, "0.weight");
    assert_ok(ctx, gan_tensor_write_doubles(w, (const double[]){3, 0, 0, 1, 0, 0}, 6));
    assert_ok(ctx, gan_module_spectral_norm(m));
    gan_tensor *x = VALUES(ctx, SHAPE(2, 2), 1, 0, 0, 1);
    assert_values(gan_forward(m, x), SHAPE(2, 3), 1, 0, 0, 0, 1 / 3.0, 0);
    /* It follows the weights, a step a forward in training mode, and not in evaluation mode. */
    assert_ok(ctx, gan_tensor_write_doubles(w, (const double[]){1, 0, 0, 6, 0, 0}, 6));
    assert_ok(ctx, gan_module_train(m, 0));
    double before = element(gan_forward(m, x), 4);
    assert_near(element(gan_forward(m, x), 4), before, 0);
    assert_ok(ctx, gan_module_train(m, 1));
    for (int i = 0; i < 30; i++) gan_forward(m, x);
    assert_values(gan_forward(m, x), SHAPE(2, 3), 1 / 6.0, 0, 0, 0, 1, 0);
    /* Zeros stay zeros, and are forgotten; so are weights that went wrong. */
    assert_ok(ctx, gan_tensor_write_doubles(w, (const double[]){0, 0, 0, 0, 0, 0}, 6));
    assert_values(gan_forward(m, x), SHAPE(2, 3), 0, 0, 0, 0, 0, 0);
    assert_ok(ctx, gan_tensor_write_doubles(w, (const double[]){NAN, 0, 0, 0, 0, 0}, 6));
    gan_forward(m, x);
    assert_ok(ctx, gan_tensor_write_doubles(w, (const double[]){1, 0, 0, 6, 0, 0}, 6));
    assert_values(gan_forward(m, x), SHAPE(2, 3), 1 / 6.0, 0, 0, 0, 1, 0);
    gan_module_unref(m);
}

/* Critics see several batches before the sweep, while u and v go on. */
static void test_several_forwards(void **state) {
    gan_context *ctx = *state;
    gan_module *m = critic(ctx);
    assert_ok(ctx, gan_module_spectral_norm(m));
    gan_optimizer *o = NULL;
    assert_ok(ctx, gan_sgd_create(m, NULL, &o));
    for (int i = 0; i < 3; i++) {
        int64_t mark = gan_scope_begin(ctx);
        gan_tensor *real = gan_forward(m, gan_randn(ctx, SHAPE(2, 5, 5, 2)));
        gan_tensor *fake = gan_forward(m, gan_randn(ctx, SHAPE(2, 5, 5, 2)));
        assert_ok(ctx, gan_optimizer_minimize(o, gan_wasserstein_critic(real, fake)));
        assert_true(gan_optimizer_grad_norm(o) > 0);
        gan_scope_end(ctx, mark);
    }
    gan_optimizer_unref(o);
    gan_module_unref(m);
}

/* Saved, loaded, and traced in evaluation mode: the graph's leaves are the file's tensors. */
static void test_files(void **state) {
    gan_context *ctx = *state;
    gan_module *m = critic(ctx), *other = critic(ctx);
    assert_ok(ctx, gan_module_spectral_norm(m));
    assert_ok(ctx, gan_module_spectral_norm(other));
    gan_tensor *x = gan_track(gan_randn(ctx, SHAPE(2, 5, 5, 2)));
    gan_forward(m, x);
    assert_ok(ctx, gan_module_train(m, 0));
    assert_ok(ctx, gan_module_train(other, 0));
    gan_tensor *y = gan_forward(m, x);
    const char *path = temp_file("critic.safetensors");
    assert_ok(ctx, gan_module_save_traced(m, path, x, y, ""));
    size_t size = 0;
    unsigned char *bytes = read_file(path, &size);
    assert_non_null(bytes);
    bytes[size - 1] = 0;
    assert_non_null(strstr((char *)bytes + 8, "weight_v"));
    free(bytes);
    assert_ok(ctx, gan_module_load(other, path));
    assert_same_bits(gan_forward(other, x), y);
    gan_module_unref(m);
    gan_module_unref(other);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CONTEXT_TEST(test_names),
        CONTEXT_TEST(test_singular_value),
        CONTEXT_TEST(test_several_forwards),
        CONTEXT_TEST(test_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
