/* Operators that give all their gradients at once (op_def.gradients): the same numbers as their
 * derivatives one by one, whichever of them are wanted. With float and with double elements. */
#include "support.h"

#include "check.h"

#include "core/real.h"
#include "core/scope.h"
#include "ops/table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- both ways ------------------------------------------------------------------------------- */

static double largest(const double *value, int64_t n) {
    double most = 0;
    for (int64_t i = 0; i < n; i++) most = fmax(most, fabs(value[i]));
    return most;
}

/* The largest difference, relative to the largest element. */
static double difference(gan_tensor *a, gan_tensor *b) {
    int64_t n = gan_tensor_size(a);
    assert_int_equal(n, gan_tensor_size(b));
    double *left = calloc((size_t)n + 1, sizeof *left),
           *right = calloc((size_t)n + 1, sizeof *right);
    assert_int_equal(gan_tensor_read_doubles(a, left, n), 0);
    assert_int_equal(gan_tensor_read_doubles(b, right, n), 0);
    double scale = fmax(largest(left, n), 1e-3);
    for (int64_t i = 0; i < n; i++) left[i] = left[i] == right[i] ? 0 : left[i] - right[i];
    double most = largest(left, n) / scale;
    free(left);
    free(right);
    return most;
}

/* The gradients of <u, y> in the inputs of x that `subset` names, recorded and not. */
static int agree(gan_context *ctx, gan_tensor *y, gan_tensor *u, gan_tensor *const *x, int32_t n,
                 uint32_t subset) {
    gan_tensor *wrt[SAMPLE_INPUTS], *recorded[SAMPLE_INPUTS], *at_once[SAMPLE_INPUTS];
    size_t count = 0;
    for (int32_t i = 0; i < n; i++)
        if (subset >> i & 1) wrt[count++] = x[i];
    assert_ok(ctx, gan_vjp(y, u, wrt, count, GAN_GRAD_CREATE_GRAPH, recorded));
    assert_ok(ctx, gan_vjp(y, u, wrt, count, GAN_GRAD_RETAIN, at_once));
    int right = 1;
    for (size_t i = 0; i < count; i++) {
        double off = difference(recorded[i], at_once[i]);
        right &= off <= (sizeof(real) == sizeof(double) ? 1e-12 : 1e-5);
        gan_tensor_unref(recorded[i]);
        gan_tensor_unref(at_once[i]);
    }
    return right;
}

/* How many subsets of inputs disagree. */
static int disagreements(gan_context *ctx, const sample *s) {
    int64_t mark = gan_scope_begin(ctx);
    int32_t n = sample_inputs(s);
    gan_tensor *x[SAMPLE_INPUTS];
    sample_draw(ctx, s, x);
    gan_tensor *y = s->build(x, s->p);
    assert_made(ctx, y);
    gan_tensor *u = gan_randn(ctx, gan_tensor_shape(y), gan_tensor_rank(y));
    int wrong = 0;
    for (uint32_t subset = 1; subset < 1u << n; subset++) wrong += !agree(ctx, y, u, x, n, subset);
    gan_scope_end(ctx, mark);
    return wrong;
}

/* ---- rows ------------------------------------------------------------------------------------ */

static int gives_all_at_once(const char *name) {
    for (int32_t op = 0; op < OP_COUNT; op++)
        if (strcmp(op_find(op)->name, name) == 0) return op_find(op)->gradients != NULL;
    return 0;
}

static void test_samples(void **state) {
    int seen = 0;
    for (int32_t i = 0; i < op_sample_count; i++) {
        if (!gives_all_at_once(op_samples[i].name)) continue;
        seen++;
        int wrong = disagreements(*state, &op_samples[i]);
        if (wrong) print_error("row %d: '%s', %d subsets\n", i, op_samples[i].name, wrong);
        assert_int_equal(wrong, 0);
    }
    assert_true(seen > 0);
}

/* p: activation, number; then for norms a, r1, b, r2. */
static activation act_of(const double *p) { return (activation){(int32_t)p[0], p[1]}; }

BUILD(biased, op_bias_act(x[0], x[1], act_of(p)))

static gan_tensor *normed(gan_tensor *const *x, const double *p) {
    norm_geom m = {(int64_t)p[2], (int64_t)p[3], (int64_t)p[4], (int64_t)p[5]};
    return op_norm_affine(x[0], x[1], x[2], &m, 1e-3, act_of(p), NULL);
}

#define LEAKY ACTIVATION_LEAKY_RELU, 0.2
#define ELU ACTIVATION_ELU, 0.9
#define NORMED(act, a, r1, b, r2)                                                                  \
    {                                                                                              \
        "norm_affine", normed, 1, {act, a, r1, b, r2}, { X(a, r1, b *r2), X(b *r2), X(b *r2) }     \
    }

/* Several blocks of columns, several parts of rows, short rows that are taken together, rests. */
static const sample large[] = {
    {"bias_act", biased, 1, {LEAKY}, {X(5003, 3), POSITIVE(3)}},
    {"bias_act", biased, 1, {ELU}, {X(700, 131), POSITIVE(131)}},
    {"bias_act", biased, 1, {LEAKY}, {X(67, 601), POSITIVE(601)}},
    {"bias_act", biased, 1, {ACTIVATION_NONE}, {X(99, 17), X(17)}},
    NORMED(LEAKY, 1, 3001, 37, 1),
    NORMED(ELU, 1, 515, 300, 1),
    NORMED(LEAKY, 1, 70001, 1, 1),
    NORMED(LEAKY, 3, 1025, 19, 1),
    NORMED(ELU, 5, 1, 1, 2500),
    NORMED(LEAKY, 7, 1, 3, 700),
    NORMED(LEAKY, 3, 401, 4, 9),
};

static void test_large(void **state) {
    for (int32_t i = 0; i < COUNT_OF(large); i++) {
        int wrong = disagreements(*state, &large[i]);
        if (wrong) print_error("large row %d: %d subsets\n", i, wrong);
        assert_int_equal(wrong, 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CONTEXT_TEST(test_samples),
        CONTEXT_TEST(test_large),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
