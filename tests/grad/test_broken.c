/* The library with broken derivatives: the table of samples must turn red for each. The linker puts
 * the functions here in the place of the operators' own (-Wl,--wrap=vjp_<name>). */
#include "support.h"

#include "check.h"

#include "ops/table.h"

#include <string.h>

#define BROKEN(name)                                                                               \
    gan_tensor *__real_vjp_##name(const op_record *r, gan_tensor *g, int32_t i);                   \
    gan_tensor *__wrap_vjp_##name(const op_record *r, gan_tensor *g, int32_t i);                   \
    gan_tensor *__wrap_vjp_##name(const op_record *r, gan_tensor *g, int32_t i)

/* Saved values that have dropped out of the graph: wrong from the second order on. */
BROKEN(tanh) {
    (void)i;
    gan_tensor *y = op_detach(record_output(r));
    return op_mul(g, op_affine(op_mul(y, y), -1, 1));
}

/* The incoming gradient has dropped out. */
BROKEN(log_softmax) { return __real_vjp_log_softmax(r, op_detach(g), i); }

/* One input's gradient is off by a thousandth. */
BROKEN(conv) {
    gan_tensor *right = __real_vjp_conv(r, g, i);
    return i == 1 ? op_affine(right, 1.001, 0) : right;
}

/* A gradient that is left away. */
BROKEN(gather) { return op_affine(__real_vjp_gather(r, g, i), 0, 0); }

static const struct {
    const char *name;
    int32_t order;
} broken[] = {{"tanh", 2}, {"log_softmax", 2}, {"conv", 1}, {"gather", 1}};

static void test_broken_operators_are_seen(void **state) {
    for (int32_t b = 0; b < COUNT_OF(broken); b++)
        for (int32_t i = 0; i < op_sample_count; i++) {
            if (strcmp(op_samples[i].name, broken[b].name) != 0) continue;
            char text[CHECK_TEXT];
            int32_t at = check_sample(*state, &op_samples[i], text);
            if (at != broken[b].order) print_error("row %d: '%s', %s\n", i, broken[b].name, text);
            assert_int_equal(at, broken[b].order);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {CONTEXT_TEST(test_broken_operators_are_seen)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
