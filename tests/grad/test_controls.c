/* Negative controls: the checker must see a wrong derivative, at the order where it is wrong. */
#include "support.h"

#include "check.h"

/* tanh and its first two derivatives from y = tanh(x), cut from the graph. */
static gan_tensor *frozen_tanh(gan_tensor *x, int order) {
    gan_tensor *y = gan_tanh(gan_detach(x));
    gan_tensor *slope = gan_add_scalar(gan_neg(gan_square(y)), 1);
    if (order == 0) return y;
    return order == 1 ? slope : gan_scale(gan_mul(y, slope), -2);
}

/* Taylor's series about x itself: the values are tanh's, the derivatives recorded are right up to
 * the last term kept and zero beyond, which is what a vjp does that reads a saved constant where it
 * should have read the graph. p[0]: terms; p[1]: factor of the linear one. */
static gan_tensor *series(gan_tensor *const *x, const double *p) {
    gan_tensor *d = gan_sub(x[0], gan_detach(x[0]));
    gan_tensor *y = frozen_tanh(x[0], 0);
    if (p[0] >= 1) y = gan_add(y, gan_scale(gan_mul(d, frozen_tanh(x[0], 1)), p[1]));
    if (p[0] >= 2) y = gan_add(y, gan_scale(gan_mul(gan_square(d), frozen_tanh(x[0], 2)), 0.5));
    return y;
}

/* A product whose second factor has dropped out of the graph. */
BUILD(half_product, gan_mul(x[0], gan_detach(x[1])))

/* A normalisation that treats the deviation as a constant. */
static gan_tensor *normalise_by_constant(gan_tensor *const *x, const double *p) {
    (void)p;
    gan_tensor *centred = gan_sub(x[0], gan_mean(x[0], AXES(1), 1));
    gan_tensor *deviation = gan_std(x[0], AXES(1), 1, 0);
    return gan_div(centred, gan_detach(deviation));
}

BUILD(fails, gan_matmul(x[0], x[0], 0, 0))

static const struct {
    sample s;
    int32_t wrong_at;
} controls[] = {
    {{"no gradient at all", series, 2, {0, 1}, {X(3, 4)}}, 1},
    {{"a scaled gradient", series, 2, {1, 1.001}, {X(3, 4)}}, 1},
    {{"a gradient of the wrong sign", series, 2, {1, -1}, {X(3, 4)}}, 1},
    {{"a constant slope", series, 3, {1, 1}, {X(3, 4)}}, 2},
    {{"a constant curvature", series, 3, {2, 1}, {X(3, 4)}}, 3},
    {{"a lost factor", half_product, 2, {0}, {X(3, 4), X(3, 4)}}, 1},
    {{"a constant deviation", normalise_by_constant, 2, {0}, {X(3, 5)}}, 1},
    {{"an error of the library", fails, 2, {0}, {X(3, 4)}}, -1},
};

static void test_checker_sees_wrong_derivatives(void **state) {
    gan_context *ctx = *state;
    for (int32_t i = 0; i < COUNT_OF(controls); i++) {
        char text[CHECK_TEXT];
        int32_t at = check_sample(ctx, &controls[i].s, text);
        if (at != controls[i].wrong_at)
            print_error("'%s' was seen at order %d: %s\n", controls[i].s.name, at, text);
        assert_int_equal(at, controls[i].wrong_at);
        assert_true(text[0]);
    }
}

/* The control of the controls: the same function, kept on the graph. */
BUILD_1(whole_tanh, gan_tanh)

static void test_checker_passes_the_right_one(void **state) {
    const sample s = {"tanh", whole_tanh, 4, {0}, {X(3, 4)}};
    char text[CHECK_TEXT];
    assert_int_equal(check_sample(*state, &s, text), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CONTEXT_TEST(test_checker_sees_wrong_derivatives),
        CONTEXT_TEST(test_checker_passes_the_right_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
