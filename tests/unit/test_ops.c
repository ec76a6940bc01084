/* Values of the operators on small cases worked out elsewhere, and what they refuse. */
#include "support.h"

#include <math.h>

static void test_arithmetic(void **state) {
    gan_context *ctx = *state;
    gan_tensor *a = VALUES(ctx, SHAPE(2, 2), 1, 2, 3, 4), *b = VALUES(ctx, SHAPE(2), 10, -2);
    assert_values(gan_add(a, b), SHAPE(2, 2), 11, 0, 13, 2);
    assert_values(gan_sub(b, a), SHAPE(2, 2), 9, -4, 7, -6);
    assert_values(gan_mul(a, b), SHAPE(2, 2), 10, -4, 30, -8);
    assert_values(gan_div(b, a), SHAPE(2, 2), 10, -1, 3.3333333, -0.5);
    assert_values(gan_maximum(a, b), SHAPE(2, 2), 10, 2, 10, 4);
    assert_values(gan_minimum(a, b), SHAPE(2, 2), 1, -2, 3, -2);
    gan_tensor *row = VALUES(ctx, SHAPE(1, 3), 1, 2, 3), *column = VALUES(ctx, SHAPE(2, 1), 10, 20);
    assert_values(gan_add(row, column), SHAPE(2, 3), 11, 12, 13, 21, 22, 23);
    assert_values(gan_mul(gan_scalar(ctx, 2), row), SHAPE(1, 3), 2, 4, 6);
    assert_refused(ctx, gan_add(a, row), GAN_EINVAL, "gan_add", "(2, 2)", "(1, 3)", "broadcast");
}

static void test_one_operand(void **state) {
    gan_context *ctx = *state;
    gan_tensor *x = VALUES(ctx, SHAPE(5), -2, -0.5, 0, 1, 3), *p = VALUES(ctx, SHAPE(2), 4, 9);
    assert_values(gan_neg(x), SHAPE(5), 2, 0.5, 0, -1, -3);
    assert_values(gan_scale(x, -3), SHAPE(5), 6, 1.5, 0, -3, -9);
    assert_values(gan_add_scalar(x, 0.5), SHAPE(5), -1.5, 0, 0.5, 1.5, 3.5);
    assert_values(gan_square(x), SHAPE(5), 4, 0.25, 0, 1, 9);
    assert_values(gan_exp(x), SHAPE(5), 0.13533528, 0.60653067, 1, 2.7182817, 20.085537);
    assert_values(gan_log(p), SHAPE(2), 1.3862944, 2.1972246);
    if (gan_element_size() == sizeof(float)) { /* a denormal is a zero to every operator */
        gan_tensor *tiny = VALUES(ctx, SHAPE(1), 1e-40);
        assert_true(isinf(item(gan_log(tiny))));
        assert_near(item(gan_pow(tiny, 0.3)), 0, 0);
    }
    assert_values(gan_sqrt(p), SHAPE(2), 2, 3);
    assert_values(gan_pow(p, 1.5), SHAPE(2), 8, 27);
    assert_values(gan_abs(x), SHAPE(5), 2, 0.5, 0, 1, 3);
    assert_values(gan_clamp(x, -1, 1), SHAPE(5), -1, -0.5, 0, 1, 1);
    assert_values(gan_relu(x), SHAPE(5), 0, 0, 0, 1, 3);
    assert_values(gan_leaky_relu(x, 0.2), SHAPE(5), -0.4, -0.1, 0, 1, 3);
    assert_values(gan_leaky_relu(x, -1), SHAPE(5), 2, 0.5, 0, 1, 3);
    assert_values(gan_elu(x, 1), SHAPE(5), -0.86466473, -0.39346933, 0, 1, 3);
    assert_values(gan_tanh(x), SHAPE(5), -0.96402758, -0.46211717, 0, 0.76159418, 0.99505478);
    assert_values(gan_sigmoid(x), SHAPE(5), 0.11920292, 0.37754068, 0.5, 0.7310586, 0.95257413);
    assert_values(gan_softplus(x), SHAPE(5), 0.126928, 0.47407699, 0.69314718, 1.3132616,
                  3.0485874);
    assert_refused(ctx, gan_clamp(x, 2, 1), GAN_EINVAL, "gan_clamp", "2", "1");
}

static void test_extremes(void **state) {
    gan_context *ctx = *state;
    gan_tensor *x = VALUES(ctx, SHAPE(4), -1000, -100, 100, 1000);
    assert_values(gan_sigmoid(x), SHAPE(4), 0, 0, 1, 1);
    assert_values(gan_tanh(x), SHAPE(4), -1, -1, 1, 1);
    assert_values(gan_softplus(x), SHAPE(4), 0, 0, 100, 1000);
    assert_values(gan_elu(x, 1), SHAPE(4), -1, -1, 100, 1000);
    assert_values(gan_elu(x, -0.5), SHAPE(4), 0.5, 0.5, 100, 1000);
    assert_values(gan_softmax(x), SHAPE(4), 0, 0, 0, 1);
    assert_values(gan_log_softmax(x), SHAPE(4), -2000, -1100, -900, 0);
    gan_tensor *odd = VALUES(ctx, SHAPE(3), (double)NAN, (double)INFINITY, (double)-INFINITY);
    assert_values(gan_relu(odd), SHAPE(3), (double)NAN, (double)INFINITY, 0);
    assert_values(gan_abs(odd), SHAPE(3), (double)NAN, (double)INFINITY, (double)INFINITY);
    assert_values(gan_clamp(odd, -1, 1), SHAPE(3), (double)NAN, 1, -1);
    assert_values(gan_max(odd, AXES(0), 0), SCALAR, (double)NAN);
    assert_values(gan_l2_norm(VALUES(ctx, SHAPE(1, 2), 3e25, 4e25)), SHAPE(1), 5e25);
}

/* At the points where the derivative jumps it has the documented value. */
static void test_derivatives_at_kinks(void **state) {
    gan_context *ctx = *state;
    gan_tensor *zero = gan_track(gan_zeros(ctx, SHAPE(1)));
    const struct {
        gan_tensor *y;
        double expected;
    } cases[] = {
        {gan_relu(zero), 0},
        {gan_leaky_relu(zero, 0.3), 0.3},
        {gan_abs(zero), 0},
        {gan_clamp(zero, 0, 1), 1},
        {gan_clamp(zero, -1, 0), 1},
        {gan_maximum(zero, gan_zeros(ctx, SHAPE(1))), 0.5},
        {gan_minimum(zero, gan_zeros(ctx, SHAPE(1))), 0.5},
        {gan_l2_norm(zero), 0},
        {gan_pow(zero, 1), 1},
        {gan_pow(zero, 0), 0},
    };
    for (int i = 0; i < COUNT_OF(cases); i++) {
        gan_tensor *first = gan_grad_of(gan_sum_all(cases[i].y), zero, GAN_GRAD_CREATE_GRAPH);
        assert_made(ctx, first);
        if (fabs(item(first) - cases[i].expected) > 1e-6) print_error("case %d\n", i);
        assert_near(item(first), cases[i].expected, 1e-6);
        gan_tensor *second = gan_grad_of(gan_sum_all(first), zero, 0);
        if (item(second) != 0) print_error("case %d, second order\n", i);
        assert_near(item(second), 0, 0);
    }
    /* Of equal elements the first gets the gradient. */
    gan_tensor *x = gan_track(VALUES(ctx, SHAPE(3), 1, 5, 5));
    assert_values(gan_grad_of(gan_max(x, AXES(0), 0), x, 0), SHAPE(3), 0, 1, 0);
    assert_values(gan_grad_of(gan_std(gan_scale(x, 0), AXES(0), 0, 1), x, 0), SHAPE(3), 0, 0, 0);
}

static void test_matmul(void **state) {
    gan_context *ctx = *state;
    gan_tensor *a = VALUES(ctx, SHAPE(2, 3), 1, 2, 3, 4, 5, 6);
    gan_tensor *b = VALUES(ctx, SHAPE(3, 2), 1, 0, 0, 1, 2, -1);
    assert_values(gan_matmul(a, b, 0, 0), SHAPE(2, 2), 7, -1, 16, -1);
    assert_values(gan_matmul(b, a, 1, 1), SHAPE(2, 2), 7, 16, -1, -1);
    assert_values(gan_matmul(a, a, 0, 1), SHAPE(2, 2), 14, 32, 32, 77);
    assert_values(gan_matmul(b, b, 1, 0), SHAPE(2, 2), 5, -2, -2, 2);
    assert_refused(ctx, gan_matmul(a, a, 0, 0), GAN_EINVAL, "gan_matmul", "(2, 3)");
    assert_refused(ctx, gan_matmul(a, gan_zeros(ctx, SHAPE(3)), 0, 0), GAN_EINVAL, "gan_matmul",
                   "(3)");
}

/* ---- convolution ----------------------------------------------------------------------------- */

static gan_conv2d_opts conv_opts(void) {
    gan_conv2d_opts o;
    gan_conv2d_opts_init(&o, sizeof o);
    return o;
}

static void test_convolution(void **state) {
    gan_context *ctx = *state;
    gan_tensor *x = VALUES(ctx, SHAPE(1, 3, 3, 1), 0, 1, 2, 3, 4, 5, 6, 7, 8);
    gan_tensor *w = VALUES(ctx, SHAPE(1, 2, 2, 1), 1, 2, 3, 4);
    assert_values(gan_conv2d(x, w, NULL), SHAPE(1, 2, 2, 1), 27, 37, 57, 67);
    gan_conv2d_opts o = conv_opts();
    o.stride_h = o.stride_w = 2;
    o.pad_top = o.pad_bottom = o.pad_left = o.pad_right = 1;
    assert_values(gan_conv2d(x, w, &o), SHAPE(1, 2, 2, 1), 0, 11, 30, 67);
    o = conv_opts();
    o.dilation_h = o.dilation_w = 2;
    o.pad_left = 1;
    o.pad_bottom = 2;
    assert_values(gan_conv2d(x, w, &o), SHAPE(1, 3, 2, 1), 30, 54, 8, 13, 14, 22);
    /* Channels: the last axis of image and kernel, the first of the kernel. */
    gan_tensor *pixel = VALUES(ctx, SHAPE(1, 1, 1, 2), 2, 3);
    gan_tensor *mix = VALUES(ctx, SHAPE(3, 1, 1, 2), 1, 0, 0, 1, 10, 100);
    assert_values(gan_conv2d(pixel, mix, NULL), SHAPE(1, 1, 1, 3), 2, 3, 320);
}

static void test_transposed_convolution(void **state) {
    gan_context *ctx = *state;
    gan_tensor *x = VALUES(ctx, SHAPE(1, 2, 2, 1), 1, 2, 3, 4), *w = x;
    gan_conv2d_opts o = conv_opts();
    o.stride_h = o.stride_w = 2;
    assert_values(gan_conv_transpose2d(x, w, &o), SHAPE(1, 4, 4, 1), 1, 2, 2, 4, 3, 4, 6, 8, 3, 6,
                  4, 8, 9, 12, 12, 16);
    o.pad_top = o.pad_bottom = o.pad_left = o.pad_right = 1;
    o.output_pad_h = o.output_pad_w = 1;
    assert_values(gan_conv_transpose2d(x, w, &o), SHAPE(1, 3, 3, 1), 4, 6, 8, 6, 4, 8, 12, 12, 16);
}

static void test_convolutions_refusals(void **state) {
    gan_context *ctx = *state;
    gan_tensor *x = gan_zeros(ctx, SHAPE(2, 5, 5, 3)), *w = gan_zeros(ctx, SHAPE(4, 3, 3, 3));
    gan_tensor *flat = gan_zeros(ctx, SHAPE(2, 75));
    assert_refused(ctx, gan_conv2d(flat, w, NULL), GAN_EINVAL, "gan_conv2d", "(2, 75)");
    assert_refused(ctx, gan_conv2d(x, gan_zeros(ctx, SHAPE(4, 3, 3, 2)), NULL), GAN_EINVAL,
                   "gan_conv2d", "(2, 5, 5, 3)", "(4, 3, 3, 2)", "channels");
    assert_refused(ctx, gan_conv2d(x, gan_zeros(ctx, SHAPE(4, 6, 6, 3)), NULL), GAN_EINVAL,
                   "gan_conv2d", "larger");
    gan_conv2d_opts o = conv_opts();
    o.stride_w = 0;
    assert_refused(ctx, gan_conv2d(x, w, &o), GAN_EINVAL, "gan_conv2d", "stride_w is 0");
    o = conv_opts();
    o.pad_top = -1;
    assert_refused(ctx, gan_conv2d(x, w, &o), GAN_EINVAL, "pad_top is -1");
    o = conv_opts();
    o.dilation_h = INT32_MAX;
    assert_refused(ctx, gan_conv2d(x, w, &o), GAN_EINVAL, "dilation_h");
    o = conv_opts();
    o.output_pad_h = 1;
    assert_refused(ctx, gan_conv_transpose2d(gan_zeros(ctx, SHAPE(1, 2, 2, 4)), w, &o), GAN_EINVAL,
                   "gan_conv_transpose2d", "output_pad");
    assert_refused(ctx, gan_conv_transpose2d(x, w, NULL), GAN_EINVAL, "gan_conv_transpose2d",
                   "channels");
    assert_refused(ctx, gan_conv2d_data_grad(x, w, 9, 9, NULL), GAN_EINVAL, "gan_conv2d_data_grad");
    assert_refused(ctx, gan_conv2d_weight_grad(x, x, 3, 3, NULL), GAN_EINVAL,
                   "gan_conv2d_weight_grad");
}

/* Tensors without elements may have any sides; what is worked out from them stays in range. */
static void test_convolutions_of_huge_sides(void **state) {
    gan_context *ctx = *state;
    const int64_t huge = (int64_t)1 << 50;
    gan_tensor *one = gan_zeros(ctx, SHAPE(1, 1, 1, 1)), *none = gan_zeros(ctx, SHAPE(1, 1, 1, 0));
    gan_tensor *high = gan_zeros(ctx, SHAPE(0, huge, 1, 1));
    gan_tensor *kernel = gan_zeros(ctx, SHAPE(1, huge, 1, 0));
    gan_conv2d_opts o = conv_opts();
    o.stride_h = o.dilation_h = 1 << 20;
    assert_refused(ctx, gan_conv2d(high, one, &o), GAN_EINVAL, "gan_conv2d", "2^31");
    assert_refused(ctx, gan_conv2d(none, kernel, &o), GAN_EINVAL, "gan_conv2d", "2^31");
    assert_refused(ctx, gan_conv_transpose2d(high, one, &o), GAN_EINVAL, "gan_conv_transpose2d",
                   "2^31");
    assert_refused(ctx, gan_conv2d_data_grad(gan_zeros(ctx, SHAPE(0, 1, 1, 1)), one, huge, 1, &o),
                   GAN_EINVAL, "gan_conv2d_data_grad", "2^31");
    assert_refused(ctx, gan_conv2d_weight_grad(none, one, huge, 1, &o), GAN_EINVAL,
                   "gan_conv2d_weight_grad", "2^31");
}

/* As long as BLAS counts in ints. */
static void test_products_of_huge_sides(void **state) {
    gan_context *ctx = *state;
    const int64_t many = (int64_t)1 << 31;
    gan_tensor *row = gan_zeros(ctx, SHAPE(0, many)), *column = gan_zeros(ctx, SHAPE(many, 0));
    assert_refused(ctx, gan_matmul(row, column, 0, 0), GAN_EINVAL, "gan_matmul", "2^31");
    gan_tensor *images = gan_zeros(ctx, SHAPE(0, 1 << 16, 1 << 15, 1));
    gan_tensor *one = gan_zeros(ctx, SHAPE(1, 1, 1, 1));
    assert_refused(ctx, gan_conv2d(images, one, NULL), GAN_EINVAL, "gan_conv2d", "2^31");
}

/* Groups without elements, differentiated twice. */
static void test_norms_of_nothing(void **state) {
    gan_context *ctx = *state;
    gan_tensor *x = gan_track(gan_zeros(ctx, SHAPE(5000, 0))), *g = NULL;
    gan_tensor *y = gan_sum_all(gan_square(gan_layer_normalize(x, 1e-5)));
    assert_ok(ctx, gan_grad(y, &x, 1, GAN_GRAD_CREATE_GRAPH, &g));
    gan_tensor *second = gan_grad_of(gan_sum_all(gan_square(g)), x, 0);
    assert_int_equal(gan_tensor_size(second), 0);
    gan_tensor_unref(g);
}

/* ---- reductions and layout ------------------------------------------------------------------- */

static void test_reductions(void **state) {
    gan_context *ctx = *state;
    gan_tensor *x = VALUES(ctx, SHAPE(2, 3), 1, 2, 4, 0, -1, 7);
    assert_values(gan_sum(x, AXES(0), 0), SHAPE(3), 1, 1, 11);
    assert_values(gan_sum(x, AXES(-1), 1), SHAPE(2, 1), 7, 6);
    assert_values(gan_sum(x, NULL, 0, 0), SCALAR, 13);
    assert_values(gan_mean(x, AXES(1), 0), SHAPE(2), 2.3333333, 2);
    assert_values(gan_max(x, AXES(0), 0), SHAPE(3), 1, 2, 7);
    assert_values(gan_max(x, AXES(0, 1), 1), SHAPE(1, 1), 7);
    assert_values(gan_std(x, AXES(1), 0, 1), SHAPE(2), 1.5275252, 4.3588991);
    assert_values(gan_std(x, AXES(1), 0, 0), SHAPE(2), 1.2472191, 3.559026);
    assert_values(gan_sum_all(x), SCALAR, 13);
    assert_values(gan_mean_all(x), SCALAR, 2.1666667);
    assert_values(gan_l2_norm(x), SHAPE(2), 4.5825757, 7.0710678);
    assert_refused(ctx, gan_sum(x, AXES(2), 0), GAN_EINVAL, "gan_sum", "axis 2");
    assert_refused(ctx, gan_mean(x, AXES(0, -2), 0), GAN_EINVAL, "gan_mean", "twice");
    assert_refused(ctx, gan_l2_norm(gan_scalar(ctx, 1)), GAN_EINVAL, "gan_l2_norm");
    assert_refused(ctx, gan_std(x, AXES(0), 0, 2), GAN_EINVAL, "gan_std");
}

static void test_reshape_and_transpose(void **state) {
    gan_context *ctx = *state;
    gan_tensor *x = VALUES(ctx, SHAPE(2, 3), 1, 2, 3, 4, 5, 6);
    assert_values(gan_reshape(x, SHAPE(3, 2)), SHAPE(3, 2), 1, 2, 3, 4, 5, 6);
    assert_values(gan_reshape(x, SHAPE(-1)), SHAPE(6), 1, 2, 3, 4, 5, 6);
    assert_values(gan_transpose(x, (const int32_t[]){1, 0}), SHAPE(3, 2), 1, 4, 2, 5, 3, 6);
    assert_values(gan_broadcast(VALUES(ctx, SHAPE(2, 1), 1, 2), SHAPE(2, 2, 2)), SHAPE(2, 2, 2), 1,
                  1, 2, 2, 1, 1, 2, 2);
    assert_refused(ctx, gan_reshape(x, SHAPE(4, 2)), GAN_EINVAL, "gan_reshape", "(2, 3)", "(4, 2)");
    assert_refused(ctx, gan_reshape(x, SHAPE(-1, -1)), GAN_EINVAL, "gan_reshape", "-1");
    assert_refused(ctx, gan_reshape(x, SHAPE(4, -1)), GAN_EINVAL, "gan_reshape");
    assert_refused(ctx, gan_transpose(x, (const int32_t[]){0, 0}), GAN_EINVAL, "gan_transpose");
    assert_refused(ctx, gan_broadcast(x, SHAPE(3, 2)), GAN_EINVAL, "gan_broadcast");
}

/* Features of an image are in C,H,W order. */
static void test_flatten(void **state) {
    gan_context *ctx = *state;
    gan_tensor *x = VALUES(ctx, SHAPE(1, 2, 2, 2), 1, 10, 2, 20, 3, 30, 4, 40);
    gan_tensor *flat = gan_flatten(x);
    assert_values(flat, SHAPE(1, 8), 1, 2, 3, 4, 10, 20, 30, 40);
    assert_same_bits(gan_unflatten(flat, 2, 2, 2), x);
    assert_refused(ctx, gan_unflatten(flat, 3, 2, 2), GAN_EINVAL, "gan_unflatten", "(1, 8)");
    assert_refused(ctx, gan_flatten(gan_zeros(ctx, SHAPE(1, 2, 2))), GAN_EINVAL, "gan_flatten");
}

static void test_cutting_and_joining(void **state) {
    gan_context *ctx = *state;
    gan_tensor *a = VALUES(ctx, SHAPE(2, 2), 1, 2, 3, 4), *b = VALUES(ctx, SHAPE(2, 1), 5, 6);
    gan_tensor *joined = gan_concat((gan_tensor *[]){a, b, b}, 3, -1);
    assert_values(joined, SHAPE(2, 4), 1, 2, 5, 5, 3, 4, 6, 6);
    const int64_t start[2] = {1, 1}, size[2] = {1, 2}, none[2] = {0, 0}, one[2] = {1, 0};
    assert_values(gan_slice(joined, start, size), SHAPE(1, 2), 4, 6);
    assert_values(gan_pad(b, one, one), SHAPE(4, 1), 0, 5, 6, 0);
    assert_values(gan_pad(b, none, none), SHAPE(2, 1), 5, 6);
    /* More than one operation takes: forty of them. */
    gan_tensor *many[40];
    for (int i = 0; i < 40; i++) many[i] = b;
    assert_int_equal(gan_tensor_dim(gan_concat(many, 40, 1), 1), 40);
    assert_refused(ctx, gan_concat((gan_tensor *[]){a, b}, 2, 0), GAN_EINVAL, "gan_concat",
                   "(2, 2)", "(2, 1)");
    assert_refused(ctx, gan_concat((gan_tensor *[]){a, b}, 2, 2), GAN_EINVAL, "gan_concat",
                   "axis 2");
    const int64_t too_many[2] = {2, 1}, before[2] = {-1, 0};
    assert_refused(ctx, gan_slice(joined, start, too_many), GAN_EINVAL, "gan_slice", "axis 0");
    assert_refused(ctx, gan_slice(joined, before, size), GAN_EINVAL, "gan_slice", "-1");
    assert_refused(ctx, gan_slice(joined, NULL, NULL), GAN_EINVAL, "gan_slice");
    assert_refused(ctx, gan_pad(b, before, none), GAN_EINVAL, "gan_pad", "-1");
    assert_null(gan_concat(NULL, 0, 0));
}

static void test_gather_and_scatter(void **state) {
    gan_context *ctx = *state;
    gan_tensor *x = VALUES(ctx, SHAPE(3, 2), 1, 2, 3, 4, 5, 6);
    const int32_t index[] = {2, 0, 2}, bad[] = {0, 3, 1}, negative[] = {0, -1, 1};
    assert_values(gan_gather(x, index, 3), SHAPE(3, 2), 5, 6, 1, 2, 5, 6);
    assert_values(gan_embedding(x, index, 1), SHAPE(1, 2), 5, 6);
    assert_values(gan_scatter_add(x, index, 3, 4), SHAPE(4, 2), 3, 4, 0, 0, 6, 8, 0, 0);
    assert_refused(ctx, gan_gather(x, bad, 3), GAN_EINVAL, "gan_gather", "index 1 is 3", "3 rows");
    assert_refused(ctx, gan_embedding(x, negative, 3), GAN_EINVAL, "gan_embedding", "-1");
    assert_refused(ctx, gan_scatter_add(x, index, 2, 4), GAN_EINVAL, "gan_scatter_add");
    int64_t mark = gan_scope_begin(ctx); /* leaves its numbers in memory that is given out again */
    assert_made(ctx, gan_full(ctx, SHAPE(40, 50), 7));
    assert_ok(ctx, gan_scope_end(ctx, mark));
    assert_near(item(gan_sum_all(gan_scatter_add(gan_zeros(ctx, SHAPE(0, 50)), NULL, 0, 40))), 0,
                0);
    assert_refused(ctx, gan_scatter_add(x, index, 3, 2), GAN_EINVAL, "gan_scatter_add");
    assert_refused(ctx, gan_gather(x, NULL, 2), GAN_EINVAL, "gan_gather");
}

/* ---- images, norms, probability -------------------------------------------------------------- */

static void test_pooling(void **state) {
    gan_context *ctx = *state;
    gan_tensor *x = VALUES(ctx, SHAPE(1, 3, 3, 1), 0, 1, 2, 3, 4, 5, 6, 7, 8);
    gan_tensor *negative = gan_add_scalar(gan_neg(x), -1);
    assert_values(gan_avg_pool2d(x, 2, 1, 1), SHAPE(1, 4, 4, 1), 0, 0.25, 0.75, 0.5, 0.75, 2, 3,
                  1.75, 2.25, 5, 6, 3.25, 1.5, 3.25, 3.75, 2);
    assert_values(gan_max_pool2d(negative, 2, 1, 1), SHAPE(1, 4, 4, 1), -1, -1, -2, -3, -1, -1, -2,
                  -3, -4, -4, -5, -6, -7, -7, -8, -9);
    gan_tensor *small = VALUES(ctx, SHAPE(1, 1, 2, 2), 1, 2, 3, 4);
    assert_values(gan_upsample_nearest(small, 2), SHAPE(1, 2, 4, 2), 1, 2, 1, 2, 3, 4, 3, 4, 1, 2,
                  1, 2, 3, 4, 3, 4);
    assert_refused(ctx, gan_avg_pool2d(x, 4, 1, 0), GAN_EINVAL, "gan_avg_pool2d", "(1, 3, 3, 1)");
    assert_refused(ctx, gan_max_pool2d(x, 2, 0, 0), GAN_EINVAL, "gan_max_pool2d", "stride 0");
    assert_refused(ctx, gan_max_pool2d(x, 2, 1, 2), GAN_EINVAL, "gan_max_pool2d", "pad 2");
    assert_refused(ctx, gan_upsample_nearest(x, 0), GAN_EINVAL, "gan_upsample_nearest");
    /* Windows of nothing but padding have a sum, and no maximum. */
    gan_tensor *empty = gan_zeros(ctx, SHAPE(1, 0, 4, 1));
    assert_values(gan_avg_pool2d(empty, 2, 1, 1), SHAPE(1, 1, 5, 1), 0, 0, 0, 0, 0);
    assert_refused(ctx, gan_max_pool2d(empty, 2, 1, 1), GAN_EINVAL, "gan_max_pool2d", "no pixels");
    gan_tensor *huge = gan_zeros(ctx, SHAPE(0, (int64_t)1 << 40, 1, 1));
    assert_refused(ctx, gan_upsample_nearest(huge, 2), GAN_EINVAL, "gan_upsample_nearest", "2^31");
    assert_refused(ctx, gan_avg_pool2d(huge, 1, 1, 0), GAN_EINVAL, "gan_avg_pool2d", "2^31");
}

/* Each of the columns has mean 0 and variance 1. */
static void check_statistics(gan_tensor *y, double tolerance) {
    gan_tensor *mean = gan_mean(y, AXES(0), 0), *square = gan_mean(gan_square(y), AXES(0), 0);
    for (int64_t j = 0; j < gan_tensor_size(mean); j++) {
        assert_near(element(mean, j), 0, tolerance);
        assert_near(element(square, j), 1, tolerance);
    }
}

static void test_norms(void **state) {
    gan_context *ctx = *state;
    gan_tensor *x = VALUES(ctx, SHAPE(2, 3), 1, 2, 4, 0, -1, 7);
    gan_tensor *image = VALUES(ctx, SHAPE(1, 2, 2, 2), 0, 1, 2, 3, 4, 5, 6, 7);
    assert_values(gan_layer_normalize(x, 1e-5), SHAPE(2, 3), -1.0690414, -0.26726031, 1.3363018,
                  -0.56195128, -0.84292692, 1.4048781);
    assert_values(gan_batch_normalize(x, 1e-5), SHAPE(2, 3), 0.99997997, 0.99999779, -0.99999785,
                  -0.99997998, -0.99999779, 0.99999774);
    assert_values(gan_group_normalize(image, 1, 1e-5), SHAPE(1, 2, 2, 2), -1.5275238, -1.0910884,
                  -0.65465301, -0.21821764, 0.21821773, 0.65465307, 1.0910885, 1.5275239);
    assert_values(gan_instance_normalize(image, 1e-5), SHAPE(1, 2, 2, 2), -1.3416394, -1.3416394,
                  -0.44721311, -0.44721314, 0.44721317, 0.44721314, 1.3416395, 1.3416394);
    /* One element a group: zero, not NaN. */
    assert_values(gan_batch_normalize(gan_full(ctx, SHAPE(1, 2), 3), 1e-5), SHAPE(1, 2), 0, 0);
    /* A large mean does not drown the variance. */
    gan_tensor *far = VALUES(ctx, SHAPE(1, 4), 10001, 10003, 10001, 10003);
    assert_near(element(gan_layer_normalize(far, 1e-30), 1), 1, 1e-3);
    /* Nor does one far from all others, of many, spoil the statistics of the rest. */
    gan_tensor *rows = gan_add_scalar(gan_randn(ctx, SHAPE(5000, 3)), 1e4);
    check_statistics(gan_batch_normalize(rows, 1e-30), 1e-3);
    gan_tensor *outlier = gan_pad(gan_full(ctx, SHAPE(1, 3), 1e4), (const int64_t[]){0, 0},
                                  (const int64_t[]){5000, 0});
    outlier = gan_add(outlier, gan_randn(ctx, SHAPE(5001, 3)));
    check_statistics(gan_batch_normalize(outlier, 1e-30), 1e-4);
    const double bad[] = {0, -1, NAN, INFINITY};
    for (int i = 0; i < COUNT_OF(bad); i++)
        assert_refused(ctx, gan_batch_normalize(rows, bad[i]), GAN_EINVAL, "eps is");
    assert_refused(ctx, gan_instance_normalize(x, 1e-5), GAN_EINVAL, "gan_instance_normalize",
                   "(2, 3)");
    gan_tensor *three = gan_zeros(ctx, SHAPE(2, 3, 4));
    assert_refused(ctx, gan_batch_normalize(three, 1e-5), GAN_EINVAL, "gan_batch_normalize",
                   "(2, 3, 4)", "(N,H,W,C)");
    assert_refused(ctx, gan_group_normalize(three, 2, 1e-5), GAN_EINVAL, "gan_group_normalize",
                   "(2, 3, 4)", "(N,H,W,C)");
    assert_refused(ctx, gan_group_normalize(image, 3, 1e-5), GAN_EINVAL, "gan_group_normalize",
                   "2 channels in 3 groups");
}

static void test_probability(void **state) {
    gan_context *ctx = *state;
    gan_tensor *x = VALUES(ctx, SHAPE(2, 3), 1, 2, 4, 0, -1, 7);
    const int32_t labels[2] = {2, 0}, bad[2] = {3, 0};
    assert_values(gan_softmax(x), SHAPE(2, 3), 0.042010065, 0.11419519, 0.8437947, 0.00091074599,
                  0.00033504472, 0.99875426);
    assert_values(gan_log_softmax(x), SHAPE(2, 3), -3.169846, -2.169846, -0.16984604, -7.0012465,
                  -8.0012465, -0.0012465096);
    assert_near(item(gan_cross_entropy(x, labels, 2)), 3.5855463, 1e-6);
    assert_refused(ctx, gan_cross_entropy(x, bad, 2), GAN_EINVAL, "gan_cross_entropy",
                   "label 0 is 3");
    assert_refused(ctx, gan_cross_entropy(x, labels, 1), GAN_EINVAL, "gan_cross_entropy");
}

static void test_losses(void **state) {
    gan_context *ctx = *state;
    gan_tensor *logits = VALUES(ctx, SHAPE(3), 0.5, -1, 2);
    assert_near(item(gan_bce_with_logits(logits, 0.9)), 0.68808889, 1e-6);
    assert_near(item(gan_bce_with_logits(VALUES(ctx, SHAPE(2), 1000, -1000), 1)), 500, 1e-3);
    gan_tensor *fake = VALUES(ctx, SHAPE(2, 1), 3, 5);
    assert_near(item(gan_wasserstein_critic(logits, fake)), 3.5, 1e-6);
    assert_near(item(gan_wasserstein_generator(fake)), -4, 0);
}

/* Where the logit is on the target's side what is left is e^-|x|, to first and second derivative.
 */
static void test_confident_logits(void **state) {
    gan_context *ctx = *state;
    const double left = exp(-18);
    for (int target = 0; target < 2; target++) {
        gan_tensor *x = gan_track(gan_full(ctx, SHAPE(1), target ? 18 : -18));
        gan_tensor *loss = gan_bce_with_logits(x, target);
        assert_near(item(loss), left, 1e-5 * left);
        gan_tensor *g = gan_grad_of(loss, x, GAN_GRAD_CREATE_GRAPH);
        assert_near(item(g), target ? -left : left, 1e-5 * left);
        assert_near(item(gan_grad_of(gan_sum_all(g), x, 0)), left, 1e-5 * left);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CONTEXT_TEST(test_arithmetic),
        CONTEXT_TEST(test_one_operand),
        CONTEXT_TEST(test_extremes),
        CONTEXT_TEST(test_derivatives_at_kinks),
        CONTEXT_TEST(test_matmul),
        CONTEXT_TEST(test_convolution),
        CONTEXT_TEST(test_transposed_convolution),
        CONTEXT_TEST(test_convolutions_refusals),
        CONTEXT_TEST(test_convolutions_of_huge_sides),
        CONTEXT_TEST(test_products_of_huge_sides),
        CONTEXT_TEST(test_norms_of_nothing),
        CONTEXT_TEST(test_reductions),
        CONTEXT_TEST(test_reshape_and_transpose),
        CONTEXT_TEST(test_flatten),
        CONTEXT_TEST(test_cutting_and_joining),
        CONTEXT_TEST(test_gather_and_scatter),
        CONTEXT_TEST(test_pooling),
        CONTEXT_TEST(test_norms),
        CONTEXT_TEST(test_probability),
        CONTEXT_TEST(test_losses),
        CONTEXT_TEST(test_confident_logits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
