/* Every operator of ops.def and every composed public function, to second order and more. */
#include "support.h"

#include "check.h"

#include "autograd/grad.h"
#include "core/alloc.h"
#include "ops/table.h"

#include <string.h>

static const char *const operators[] = {
#define OP(name, derivative, rows, reads, flat, ints, floats) #name,
#include "ops/ops.def"
#undef OP
};

/* Whether the operator is on the tape of what the row builds: a row must test what it is named. */
static int builds_operator(gan_context *ctx, const sample *s) {
    int64_t mark = gan_scope_begin(ctx);
    gan_tensor *x[SAMPLE_INPUTS];
    sample_draw(ctx, s, x);
    gan_tensor *y = s->build(x, s->p);
    assert_made(ctx, y);
    size_t count = 0;
    struct node **list = autograd_collect(y, &count);
    int found = 0;
    for (size_t i = 0; i < count; i++)
        if (list[i]->op != NODE_LEAF && strcmp(op_find(list[i]->op)->name, s->name) == 0) found = 1;
    arena_free(ctx, list);
    gan_scope_end(ctx, mark);
    return found;
}

static int check_table(gan_context *ctx, const sample *table, int32_t count) {
    int failures = 0;
    for (int32_t i = 0; i < count; i++) {
        char text[CHECK_TEXT];
        if (!check_sample(ctx, &table[i], text)) continue;
        print_error("row %d: %s\n", i, text);
        failures++;
    }
    return failures;
}

static void test_every_operator_has_a_row(void **state) {
    gan_context *ctx = *state;
    int failures = 0;
    for (int32_t o = 0; o < COUNT_OF(operators); o++) {
        int rows = 0;
        for (int32_t i = 0; i < op_sample_count; i++) {
            const sample *s = &op_samples[i];
            if (strcmp(s->name, operators[o]) != 0) continue;
            rows++;
            if (builds_operator(ctx, s) && s->order >= 2) continue;
            print_error("row %d does not test '%s'\n", i, s->name);
            failures++;
        }
        if (rows) continue;
        print_error("operator '%s' has no row in op_samples\n", operators[o]);
        failures++;
    }
    assert_int_equal(failures, 0);
}

static void test_operators(void **state) {
    assert_int_equal(check_table(*state, op_samples, op_sample_count), 0);
}

static void test_compositions(void **state) {
    assert_int_equal(check_table(*state, api_samples, api_sample_count), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CONTEXT_TEST(test_every_operator_has_a_row),
        CONTEXT_TEST(test_operators),
        CONTEXT_TEST(test_compositions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
