/* Pairs of linear operators that are each other's adjoint: <A x, y> = <x, A^T y>. */
#include "support.h"

#include "ops/op.h"

#include <math.h>

typedef gan_tensor *(*linear)(gan_tensor *x);

static double dot(gan_tensor *a, gan_tensor *b) { return item(gan_sum_all(gan_mul(a, b))); }

static void adjoint(gan_context *ctx, const char *name, linear a, linear b, const int64_t *x_shape,
                    int32_t x_rank) {
    gan_tensor *x = gan_randn(ctx, x_shape, x_rank), *ax = a(x);
    assert_made(ctx, ax);
    gan_tensor *y = gan_randn(ctx, gan_tensor_shape(ax), gan_tensor_rank(ax)), *by = b(y);
    assert_made(ctx, by);
    double left = dot(ax, y), right = dot(x, by);
    double scale = sqrt(dot(ax, ax) * dot(y, y)) + sqrt(dot(x, x) * dot(by, by));
    if (!(fabs(left - right) <= 1e-12 * scale)) {
        print_error("%s: %.15g and %.15g\n", name, left, right);
        fail();
    }
}

static gan_tensor *to_3_1(gan_tensor *x) { return op_sum_to(x, &(shape){2, {3, 1}}); }
static gan_tensor *to_2_3_4(gan_tensor *x) { return op_broadcast_to(x, &(shape){3, {2, 3, 4}}); }

static const int64_t one_two[] = {1, 2}, zero_three[] = {0, 3}, sizes[] = {2, 3};
static gan_tensor *pad(gan_tensor *x) { return gan_pad(x, one_two, zero_three); }
static gan_tensor *cut(gan_tensor *x) { return gan_slice(x, one_two, sizes); }

static const int32_t rows[] = {2, 0, 2, 1, 2};
static gan_tensor *gather(gan_tensor *x) { return gan_gather(x, rows, 5); }
static gan_tensor *scatter(gan_tensor *x) { return gan_scatter_add(x, rows, 5, 4); }

static const pool_geom pool = {.n = 2,
                               .c = 3,
                               .h = 7,
                               .w = 6,
                               .ho = 3,
                               .wo = 3,
                               .kh = 3,
                               .kw = 2,
                               .sh = 2,
                               .sw = 2,
                               .pt = 1,
                               .pl = 0};
static gan_tensor *gather_windows(gan_tensor *x) { return op_pool_sum(x, &pool); }
static gan_tensor *spread_windows(gan_tensor *x) { return op_pool_spread(x, &pool); }

static gan_tensor *to_4_6(gan_tensor *x) { return gan_reshape(x, SHAPE(4, 6)); }
static gan_tensor *reshape_back(gan_tensor *x) { return gan_reshape(x, SHAPE(2, 3, 4)); }
static gan_tensor *turn(gan_tensor *x) { return gan_transpose(x, (const int32_t[]){2, 0, 1}); }
static gan_tensor *turn_back(gan_tensor *x) { return gan_transpose(x, (const int32_t[]){1, 2, 0}); }
static gan_tensor *drop(gan_tensor *x) { return op_dropout(x, 0.4, 11, 3); }
static gan_tensor *unflatten(gan_tensor *x) { return gan_unflatten(x, 4, 2, 3); }

static void test_pairs(void **state) {
    gan_context *ctx = *state;
    adjoint(ctx, "sum_to, broadcast_to", to_3_1, to_2_3_4, SHAPE(2, 3, 4));
    adjoint(ctx, "broadcast_to, sum_to", to_2_3_4, to_3_1, SHAPE(3, 1));
    adjoint(ctx, "pad, slice", pad, cut, SHAPE(2, 3));
    adjoint(ctx, "gather, scatter_add", gather, scatter, SHAPE(4, 3));
    adjoint(ctx, "pool_sum, pool_spread", gather_windows, spread_windows, SHAPE(2, 7, 6, 3));
    adjoint(ctx, "reshape", to_4_6, reshape_back, SHAPE(2, 3, 4));
    adjoint(ctx, "transpose", turn, turn_back, SHAPE(2, 3, 4));
    adjoint(ctx, "dropout", drop, drop, SHAPE(9, 7));
    adjoint(ctx, "flatten, unflatten", gan_flatten, unflatten, SHAPE(2, 2, 3, 4));
}

/* ---- convolution: one trilinear form --------------------------------------------------------- */

static int64_t below(gan_context *ctx, int64_t lo, int64_t hi) {
    return lo + (int64_t)(item(gan_rand(ctx, NULL, 0, 0, 1)) * (double)(hi - lo + 1));
}

/* A random geometry with at least one window; rows and columns that no window reads included. */
static conv_geom random_geometry(gan_context *ctx) {
    conv_geom m = {.n = below(ctx, 1, 3),
                   .c = below(ctx, 1, 5),
                   .o = below(ctx, 1, 5),
                   .kh = below(ctx, 1, 5),
                   .kw = below(ctx, 1, 5),
                   .sh = below(ctx, 1, 3),
                   .sw = below(ctx, 1, 3),
                   .dh = below(ctx, 1, 2),
                   .dw = below(ctx, 1, 2),
                   .pt = below(ctx, 0, 3),
                   .pl = below(ctx, 0, 3),
                   .ho = below(ctx, 1, 6),
                   .wo = below(ctx, 1, 6)};
    m.h = m.sh * (m.ho - 1) + m.dh * (m.kh - 1) + 1 - m.pt + below(ctx, -1, 2);
    m.w = m.sw * (m.wo - 1) + m.dw * (m.kw - 1) + 1 - m.pl + below(ctx, -1, 2);
    if (m.h < 1) m.h = 1;
    if (m.w < 1) m.w = 1;
    return m;
}

/* <conv(x,w), g> = <x, data_grad(g,w)> = <w, weight_grad(x,g)>. */
static void test_convolution_is_trilinear(void **state) {
    gan_context *ctx = *state;
    for (int i = 0; i < 300; i++) {
        int64_t mark = gan_scope_begin(ctx);
        conv_geom m = random_geometry(ctx);
        gan_tensor *x = gan_randn(ctx, SHAPE(m.n, m.h, m.w, m.c));
        gan_tensor *w = gan_randn(ctx, SHAPE(m.o, m.kh, m.kw, m.c));
        gan_tensor *g = gan_randn(ctx, SHAPE(m.n, m.ho, m.wo, m.o));
        gan_tensor *y = op_conv(x, w, &m);
        double in_y = dot(y, g), in_x = dot(x, op_conv_data_grad(g, w, &m));
        double in_w = dot(w, op_conv_weight_grad(x, g, &m));
        double scale = 1 + sqrt(dot(y, y) * dot(g, g));
        if (!(fabs(in_y - in_x) <= 1e-12 * scale && fabs(in_y - in_w) <= 1e-12 * scale)) {
            print_error("geometry %d: %.15g, %.15g and %.15g\n", i, in_y, in_x, in_w);
            fail();
        }
        gan_scope_end(ctx, mark);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CONTEXT_TEST(test_pairs),
        CONTEXT_TEST(test_convolution_is_trilinear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
