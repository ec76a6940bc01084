/* How options and result structs grow, and what their fields may be. */
#include "support.h"

#include "core/options.h"

#include <string.h>

static gan_module *dense_tree(gan_context *ctx) {
    gan_module *m = NULL;
    assert_ok(ctx, gan_sequential_create(ctx, &m));
    gan_add_dense(m, NULL, 3, 2, 1);
    return m;
}

/* A struct that has grown: its first release ended behind `first`. */
typedef struct grown {
    uint32_t struct_size;
    int32_t first;
    double second;
} grown;
enum { FIRST_RELEASE = V1_SIZE(grown, first) };

static const grown grown_defaults = {sizeof(grown), 1, 2.5};

static int32_t load(gan_context *ctx, grown *into, const void *src) {
    *into = grown_defaults;
    return options_load(ctx, "gan_grown", into, sizeof *into, FIRST_RELEASE, src);
}

static void test_structs_from_the_past(void **state) {
    gan_context *ctx = *state;
    grown into;
    const struct {
        uint32_t struct_size;
        int32_t first;
    } old = {FIRST_RELEASE, 7};
    assert_int_equal(load(ctx, &into, &old), GAN_OK);
    assert_int_equal(into.first, 7);
    assert_near(into.second, 2.5, 0); /* what the old header did not have keeps its default */
    assert_int_equal(load(ctx, &into, NULL), GAN_OK);
    assert_int_equal(into.first, 1);

    const struct {
        grown base;
        uint64_t third;
    } unused = {{sizeof unused, 3, 4}, 0}, used = {{sizeof used, 3, 4}, 1};
    assert_int_equal(load(ctx, &into, &unused), GAN_OK);
    assert_near(into.second, 4, 0);
    assert_int_equal(load(ctx, &into, &used), GAN_EABI);
    assert_status(ctx, gan_error_code(ctx), GAN_EABI, "gan_grown", "does not know");
    assert_int_equal(load(NULL, &into, &used), GAN_EABI); /* before there is a context */
}

static void test_stats_of_another_version(void **state) {
    struct {
        gan_stats base;
        uint64_t later;
    } stats = {.base = {.struct_size = sizeof stats}, .later = 77};
    assert_int_equal(gan_context_stats(*state, &stats.base), GAN_OK);
    assert_int_equal(stats.base.threads, 1);
    stats.base.struct_size = 8;
    assert_int_equal(gan_context_stats(*state, &stats.base), GAN_EINVAL);
}

static void test_results_for_the_past(void **state) {
    (void)state;
    const grown result = {sizeof result, 3, 4.5};
    grown out = {FIRST_RELEASE, 0, 7};
    result_give(&out, &result, sizeof result);
    assert_int_equal(out.struct_size, FIRST_RELEASE);
    assert_int_equal(out.first, 3);
    assert_near(out.second, 7, 0); /* an old header's struct ends before */
}

static void test_texts(void **state) {
    gan_context *ctx = *state;
    gan_module *m = dense_tree(ctx);
    gan_optimizer *o = NULL;
    gan_adam_opts opts;
    gan_adam_opts_init(&opts, sizeof opts);
    opts.struct_size = 7;
    assert_status(ctx, gan_adam_create(m, &opts, &o), GAN_EINVAL, "gan_adam_create",
                  "struct_size 7");
    gan_module_unref(m);
}

static void test_wrong_values(void **state) {
    gan_context *ctx = *state;
    gan_context *none = NULL;
    gan_context_opts c;
    gan_context_opts_init(&c, sizeof c);
    c.alloc = heap_alloc; /* without free */
    assert_int_equal(gan_context_create(&c, &none), GAN_EINVAL);
    gan_context_opts_init(&c, sizeof c);
    c.threads = -1;
    assert_int_equal(gan_context_create(&c, &none), GAN_EINVAL);
    gan_context_opts_init(&c, sizeof c);
    c.flags = 0x80;
    assert_int_equal(gan_context_create(&c, &none), GAN_EINVAL);

    gan_module *m = dense_tree(ctx);
    gan_optimizer *o = NULL;
    gan_adam_opts a;
    gan_adam_opts_init(&a, sizeof a);
    a.beta2 = 1;
    assert_status(ctx, gan_adam_create(m, &a, &o), GAN_EINVAL, "gan_adam_create", "beta2");
    gan_adam_opts_init(&a, sizeof a);
    a.lr = -1;
    assert_status(ctx, gan_adam_create(m, &a, &o), GAN_EINVAL, "gan_adam_create", "lr");
    assert_null(o);
    gan_module_unref(m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CONTEXT_TEST(test_structs_from_the_past), CONTEXT_TEST(test_stats_of_another_version),
        CONTEXT_TEST(test_results_for_the_past),  CONTEXT_TEST(test_texts),
        CONTEXT_TEST(test_wrong_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
