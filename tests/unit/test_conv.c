/* Every convolution of the problem list, in every direction, against sums in double precision. Run
 * with the float and with the double library. */
#include "support.h"

#include "conv_problems.h"

#include "ops/op.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SAMPLES = 200 };

/* Multiply-adds above which a problem is only computed once. */
static const double LARGE = 2.2e9;

#ifdef GAN_FLOAT64
static const double TOLERANCE = 1e-13;
#else
static const double TOLERANCE = 1e-5;
#endif

static const char *const directions[CONV_OPERANDS] = {
    [CONV_OF_X] = "data gradient", [CONV_OF_W] = "weight gradient", [CONV_OF_G] = "convolution"};

static double *values_of(gan_context *ctx, gan_tensor *t) {
    const int64_t count = gan_tensor_size(t);
    double *values = malloc((size_t)count * sizeof *values);
    assert_non_null(values);
    assert_ok(ctx, gan_tensor_read_doubles(t, values, count));
    return values;
}

static void make_operands(gan_context *ctx, const conv_problem *p,
                          gan_tensor *tensors[CONV_OPERANDS]) {
    tensors[CONV_OF_X] = gan_randn(ctx, SHAPE(p->n, p->h, p->w, p->c));
    tensors[CONV_OF_W] = gan_randn(ctx, SHAPE(p->o, p->kh, p->kw, p->c));
    tensors[CONV_OF_G] = gan_randn(ctx, SHAPE(p->n, conv_problem_ho(p), conv_problem_wo(p), p->o));
    for (int i = 0; i < CONV_OPERANDS; i++) assert_made(ctx, tensors[i]);
}

/* Leaves NaN in the memory that a result of so many elements is likely to get. */
static void spoil(gan_context *ctx, int64_t count) {
    const int64_t scope = gan_scope_begin(ctx);
    assert_made(ctx, gan_full(ctx, SHAPE(count), NAN));
    gan_scope_end(ctx, scope);
}

static void check_problem(gan_context *ctx, const conv_problem *p) {
    const int64_t scope = gan_scope_begin(ctx);
    gan_tensor *tensors[CONV_OPERANDS];
    double *values[CONV_OPERANDS];
    make_operands(ctx, p, tensors);
    for (int i = 0; i < CONV_OPERANDS; i++) values[i] = values_of(ctx, tensors[i]);
    for (int i = 0; i < CONV_OPERANDS; i++) {
        spoil(ctx, conv_problem_size(p, i));
        gan_tensor *y = conv_problem_run(p, i, tensors);
        assert_made(ctx, y);
        double *got = values_of(ctx, y);
        const double error = conv_problem_error(p, i, (const double *const *)values, got, SAMPLES);
        if (!(error <= TOLERANCE)) {
            char name[CONV_NAME];
            print_error("%s, %s: %g\n", conv_problem_name(p, name), directions[i], error);
            fail();
        }
        free(got);
    }
    for (int i = 0; i < CONV_OPERANDS; i++) free(values[i]);
    gan_scope_end(ctx, scope);
}

/* The largest difference of two tensors' elements. */
static double difference(gan_context *ctx, gan_tensor *a, gan_tensor *b) {
    double most = -1;
    gan_tensor *off = gan_max(gan_reshape(gan_abs(gan_sub(a, b)), SHAPE(-1)), NULL, 0, 0);
    assert_made(ctx, off);
    assert_ok(ctx, gan_tensor_item(off, &most));
    return most;
}

/* Bias and activation in the pass that stores a result, whichever algorithm that is, against a pass
 * of their own. */
static void check_epilogue(gan_context *ctx, const conv_problem *p, activation act) {
    const int64_t scope = gan_scope_begin(ctx);
    gan_tensor *tensors[CONV_OPERANDS];
    make_operands(ctx, p, tensors);
    gan_tensor *x = tensors[CONV_OF_X], *w = tensors[CONV_OF_W];
    gan_tensor *bias = gan_randn(ctx, SHAPE(p->o));
    const gan_conv2d_opts opts = conv_problem_opts(p);
    gan_tensor *apart = op_bias_act(gan_conv2d(x, w, &opts), bias, act);
    spoil(ctx, conv_problem_size(p, CONV_OF_G));
    gan_tensor *fused = op_conv2d_bias_act(x, w, bias, &opts, act, "conv");
    assert_made(ctx, fused);
    if (!(difference(ctx, apart, fused) <= 1e-4)) {
        char name[CONV_NAME];
        print_error("%s, activation %d\n", conv_problem_name(p, name), (int)act.kind);
        fail();
    }
    gan_scope_end(ctx, scope);
}

static void test_epilogues(void **state) {
    (void)state;
    gan_context *ctx = context_with(2);
    for (int i = 0; i < CONV_PROBLEMS; i++) {
        if (conv_problem_work(&conv_problems[i]) > LARGE) continue;
        check_epilogue(ctx, &conv_problems[i], (activation){ACTIVATION_ELU, 0.5});
        check_epilogue(ctx, &conv_problems[i], (activation){ACTIVATION_LEAKY_RELU, 0.2});
    }
    gan_context_destroy(ctx);
}

static void test_values(void **state) {
    (void)state;
    gan_context *ctx = context_with(2);
    for (int i = 0; i < CONV_PROBLEMS; i++) check_problem(ctx, &conv_problems[i]);
    gan_context_destroy(ctx);
}

/* The result of a direction computed by so many threads, read as doubles. */
static double *run_with(const conv_problem *p, int operand, int32_t threads) {
    gan_context *ctx = context_with(threads);
    gan_tensor *tensors[CONV_OPERANDS];
    make_operands(ctx, p, tensors); /* the same for every context: one seed */
    gan_tensor *y = conv_problem_run(p, operand, tensors);
    assert_made(ctx, y);
    double *values = values_of(ctx, y);
    gan_context_destroy(ctx);
    return values;
}

static void test_threads_give_the_same_bits(void **state) {
    (void)state;
    for (int i = 0; i < CONV_PROBLEMS; i++)
        for (int operand = 0; operand < CONV_OPERANDS; operand++) {
            const conv_problem *p = &conv_problems[i];
            if (conv_problem_work(p) > LARGE) continue;
            double *one = run_with(p, operand, 1), *three = run_with(p, operand, 3);
            if (memcmp(one, three, (size_t)conv_problem_size(p, operand) * sizeof(double)) != 0) {
                char name[CONV_NAME];
                print_error("%s, %s\n", conv_problem_name(p, name), directions[operand]);
                fail();
            }
            free(one);
            free(three);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_epilogues),
        cmocka_unit_test(test_threads_give_the_same_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
