/* The N-th allocation fails, N = 1 ... 500 and then by growing strides, until a run asks for fewer:
 * each run returns GAN_ENOMEM, leaves out-parameters untouched, and leaks nothing. */
#include "support.h"

#include "scenarios.h"

/* One run with the calls from `from` to `to` refused. Returns 1 when none was. */
static int run(const scenario *s, int64_t from, int64_t to) {
    heap h = {.refuse_from = from, .refuse_to = to};
    gan_context_opts opts = heap_opts(&h);
    opts.threads = 1;
    opts.flags = GAN_CONTEXT_NO_CACHE;
    gan_context *ctx = POISON;
    int32_t code = gan_context_create(&opts, &ctx);
    if (code) {
        assert_ptr_equal(ctx, POISON);
    } else {
        code = s->run(ctx);
        int32_t pending = gan_error_code(ctx);
        if (pending) print_error("%s: left pending: %s\n", s->name, gan_last_error(ctx));
        assert_int_equal(pending, GAN_OK);
        if (code && code != GAN_ENOMEM) print_error("%s: %s\n", s->name, gan_last_error(ctx));
        gan_context_destroy(ctx);
    }
    int32_t expected = h.refused ? GAN_ENOMEM : GAN_OK;
    if (code != expected || h.blocks)
        print_error("%s, allocation %lld: %s, %lld blocks left\n", s->name, (long long)from,
                    gan_status_name(code), (long long)h.blocks);
    assert_int_equal(code, expected);
    assert_int_equal(h.blocks, 0);
    return !h.refused;
}

/* All scenarios, with the first refusal at each allocation in turn, alone or for good. */
static void refuse(int lasting) {
    const scenario_list *const lists[] = {&core_scenarios, &system_scenarios};
    for (int k = 0; k < COUNT_OF(lists); k++)
        for (int32_t i = 0; i < lists[k]->count; i++)
            for (int64_t n = 1; !run(&lists[k]->all[i], n, lasting ? INT64_MAX : n);
                 n += n < 500 ? 1 : n / 20)
                continue;
}

static void test_single_refusals(void **state) {
    (void)state;
    refuse(0);
}

/* Memory that has run out stays so. */
static void test_lasting_refusals(void **state) {
    (void)state;
    refuse(1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        FOLDER_TEST(test_single_refusals),
        FOLDER_TEST(test_lasting_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
