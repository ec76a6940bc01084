/* The arena: what is freed is handed out again, limits hold, counters tell the truth. */
#include "support.h"

#include "core/alloc.h"

#include <string.h>

/* A context over a counting allocator. */
static gan_context *counted(heap *h, uint32_t flags, uint64_t byte_limit) {
    gan_context_opts opts = heap_opts(h);
    opts.threads = 1;
    opts.flags = flags;
    opts.byte_limit = byte_limit;
    return context_of(&opts);
}

static void test_blocks_are_reused(void **state) {
    (void)state;
    heap h = {0};
    gan_context *ctx = counted(&h, 0, 0);
    void *first = arena_alloc(ctx, 1000);
    arena_free(ctx, first);
    int64_t calls = h.calls;
    assert_ptr_equal(arena_alloc(ctx, 990), first);
    assert_int_equal(h.calls, calls);
    void *second = arena_alloc(ctx, 1000);
    assert_ptr_not_equal(second, first);
    assert_int_equal(h.calls, calls + 1);
    arena_free(ctx, first);
    arena_free(ctx, second);
    gan_context_destroy(ctx);
    assert_int_equal(h.blocks, 0);
}

/* Large blocks are parts of one region: neighbours that are free serve a larger one, and the rest
 * of one serves a smaller. */
static void test_large_blocks_share_a_region(void **state) {
    (void)state;
    enum { SIZE = 100000 };
    heap h = {0};
    gan_context *ctx = counted(&h, 0, 0);
    uint64_t live = stats_of(ctx).live_bytes;
    int64_t blocks = h.blocks;
    char *part[5];
    for (int i = 0; i < 5; i++) part[i] = arena_alloc(ctx, SIZE);
    assert_int_equal(h.blocks, blocks + 1);
    for (int i = 1; i < 5; i++) assert_true(part[i] >= part[i - 1] + SIZE);
    assert_in_range(stats_of(ctx).live_bytes - live, 5 * SIZE, 5 * (SIZE + 192));

    /* The middle joins what is below and above it. */
    arena_free(ctx, part[1]);
    arena_free(ctx, part[3]);
    arena_free(ctx, part[2]);
    char *joined = arena_alloc(ctx, 3 * SIZE);
    assert_ptr_equal(joined, part[1]);
    arena_free(ctx, joined);
    char *first = arena_alloc(ctx, SIZE), *rest = arena_alloc(ctx, 2 * SIZE);
    assert_ptr_equal(first, part[1]);
    assert_true(rest >= first + SIZE && rest + 2 * SIZE <= part[4]);
    assert_int_equal(h.blocks, blocks + 1);

    /* A region of which a part is in use stays. */
    arena_free(ctx, first);
    arena_free(ctx, rest);
    arena_free(ctx, part[0]);
    gan_context_trim(ctx);
    assert_int_equal(h.blocks, blocks + 1);
    arena_free(ctx, part[4]);
    gan_context_trim(ctx);
    assert_int_equal(h.blocks, blocks);
    assert_int_equal(stats_of(ctx).cached_bytes, 0);
    gan_context_destroy(ctx);
    assert_int_equal(h.blocks, 0);
}

/* Random sizes and lifetimes: nobody writes on another's block, and all comes back. */
static void test_random_lifetimes(void **state) {
    (void)state;
    enum { SLOTS = 40, TURNS = 4000 };
    heap h = {0};
    gan_context *ctx = counted(&h, 0, 0);
    unsigned char *block[SLOTS] = {0};
    size_t bytes[SLOTS];
    uint32_t random = 1;
    for (int turn = 0; turn < TURNS; turn++) {
        random = random * 1664525u + 1013904223u;
        int i = (int)(random >> 8) % SLOTS;
        if (block[i]) {
            assert_int_equal(block[i][0], i);
            assert_int_equal(block[i][bytes[i] - 1], i);
            arena_free(ctx, block[i]);
            block[i] = NULL;
        } else {
            bytes[i] = 1 + (random >> 4) % 300000;
            block[i] = arena_alloc(ctx, bytes[i]);
            block[i][0] = block[i][bytes[i] - 1] = (unsigned char)i;
        }
    }
    for (int i = 0; i < SLOTS; i++) arena_free(ctx, block[i]);
    gan_context_trim(ctx);
    assert_int_equal(stats_of(ctx).cached_bytes, 0);
    gan_context_destroy(ctx);
    assert_int_equal(h.blocks, 0);
}

static void test_blocks_are_aligned_and_apart(void **state) {
    (void)state;
    heap h = {0};
    gan_context *ctx = counted(&h, 0, 0);
    static const size_t sizes[] = {0, 1, 63, 64, 65, 128, 1000, 4096, 5000, 100000};
    unsigned char *blocks[COUNT_OF(sizes)];
    for (int i = 0; i < COUNT_OF(sizes); i++) {
        blocks[i] = arena_alloc(ctx, sizes[i]);
        assert_non_null(blocks[i]);
        assert_int_equal((uintptr_t)blocks[i] % 64, 0);
        memset(blocks[i], i, sizes[i]);
    }
    for (int i = 0; i < COUNT_OF(sizes); i++) {
        for (size_t k = 0; k < sizes[i]; k++) assert_int_equal(blocks[i][k], i);
        arena_free(ctx, blocks[i]);
    }
    gan_context_destroy(ctx);
    assert_int_equal(h.blocks, 0);
}

static void test_counters(void **state) {
    (void)state;
    heap h = {0};
    gan_context *ctx = counted(&h, 0, 0);
    gan_stats before = stats_of(ctx);
    void *block = arena_alloc(ctx, 10000);
    gan_stats during = stats_of(ctx);
    assert_in_range(during.live_bytes - before.live_bytes, 10000, 14000);
    assert_int_equal(during.host_allocs, before.host_allocs + 1);
    arena_free(ctx, block);
    gan_stats after = stats_of(ctx);
    assert_int_equal(after.live_bytes, before.live_bytes);
    assert_int_equal(after.peak_bytes, during.live_bytes);
    assert_int_equal(after.cached_bytes - before.cached_bytes,
                     during.live_bytes - before.live_bytes);
    gan_context_reset_peak(ctx);
    assert_int_equal(stats_of(ctx).peak_bytes, after.live_bytes);
    block = arena_alloc(ctx, 100);
    assert_int_equal(stats_of(ctx).peak_bytes, stats_of(ctx).live_bytes);
    assert_in_range(stats_of(ctx).peak_bytes, after.live_bytes + 100, during.live_bytes - 1);
    arena_free(ctx, block);
    gan_context_destroy(ctx);
}

static void test_trim_gives_the_cache_back(void **state) {
    (void)state;
    heap h = {0};
    gan_context *ctx = counted(&h, 0, 0);
    int64_t blocks = h.blocks;
    arena_free(ctx, arena_alloc(ctx, 100));
    arena_free(ctx, arena_alloc(ctx, 100000));
    assert_int_equal(h.blocks, blocks + 2);
    gan_context_trim(ctx);
    assert_int_equal(h.blocks, blocks);
    assert_int_equal(stats_of(ctx).cached_bytes, 0);
    gan_context_destroy(ctx);
}

static void test_no_cache(void **state) {
    (void)state;
    heap h = {0};
    gan_context *ctx = counted(&h, GAN_CONTEXT_NO_CACHE, 0);
    int64_t blocks = h.blocks;
    arena_free(ctx, arena_alloc(ctx, 100));
    assert_int_equal(h.blocks, blocks);
    gan_context_destroy(ctx);
    assert_int_equal(h.blocks, 0);
}

static void test_byte_limit(void **state) {
    (void)state;
    heap h = {0};
    gan_context *ctx = counted(&h, 0, 1 << 20);
    /* Cached blocks make room for one of another size. */
    for (size_t bytes = 100; bytes < 800000; bytes *= 2) arena_free(ctx, arena_alloc(ctx, bytes));
    assert_null(arena_alloc(ctx, 1 << 20));
    assert_status(ctx, gan_error_code(ctx), GAN_ENOMEM, "out of memory");
    assert_in_range(stats_of(ctx).live_bytes + stats_of(ctx).cached_bytes, 0, 1 << 20);

    /* A tensor that does not fit is an error; one that does is none. */
    int64_t mark = gan_scope_begin(ctx);
    assert_refused(ctx, gan_zeros(ctx, SHAPE(1024, 1024)), GAN_ENOMEM, "out of memory");
    assert_made(ctx, gan_zeros(ctx, SHAPE(64, 64)));
    gan_scope_end(ctx, mark);
    gan_context_destroy(ctx);
    assert_int_equal(h.blocks, 0);

    gan_context_opts opts;
    gan_context_opts_init(&opts, sizeof opts);
    opts.byte_limit = 10;
    gan_context *none = (gan_context *)&h;
    assert_int_equal(gan_context_create(&opts, &none), GAN_ENOMEM);
    assert_ptr_equal(none, &h);
}

static void test_refusals_are_survived(void **state) {
    (void)state;
    heap h = {0};
    gan_context *ctx = counted(&h, 0, 0);
    arena_free(ctx, arena_alloc(ctx, 500));
    /* One refusal empties the cache and tries again. */
    h.refuse_from = h.refuse_to = h.calls + 1;
    void *block = arena_alloc(ctx, 100000);
    assert_non_null(block);
    assert_int_equal(stats_of(ctx).cached_bytes, 0);
    arena_free(ctx, block);
    /* Lasting refusal is an error. */
    h.refuse_from = h.calls + 1;
    h.refuse_to = INT64_MAX;
    assert_null(arena_alloc(ctx, 1000000));
    assert_int_equal(gan_error_code(ctx), GAN_ENOMEM);
    gan_context_destroy(ctx);
    assert_int_equal(h.blocks, 0);
}

static void test_overflows(void **state) {
    gan_context *ctx = *state;
    assert_null(arena_alloc(ctx, SIZE_MAX));
    assert_int_equal(gan_error_code(ctx), GAN_ENOMEM);
    assert_null(arena_alloc(ctx, SIZE_MAX / 2));
    assert_int_equal(gan_error_code(ctx), GAN_ENOMEM);
    assert_null(arena_alloc_array(ctx, SIZE_MAX / 8, 16));
    assert_int_equal(gan_error_code(ctx), GAN_ENOMEM);
}

static void test_grow_and_strdup(void **state) {
    gan_context *ctx = *state;
    char *text = arena_strdup(ctx, "critic");
    assert_string_equal(text, "critic");
    text = arena_grow(ctx, text, 7, 5000);
    assert_string_equal(text, "critic");
    arena_free(ctx, text);
    arena_free(ctx, NULL);
    unsigned char *cleared = arena_calloc(ctx, 300);
    for (int i = 0; i < 300; i++) assert_int_equal(cleared[i], 0);
    arena_free(ctx, cleared);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blocks_are_reused),
        cmocka_unit_test(test_large_blocks_share_a_region),
        cmocka_unit_test(test_random_lifetimes),
        cmocka_unit_test(test_blocks_are_aligned_and_apart),
        cmocka_unit_test(test_counters),
        cmocka_unit_test(test_trim_gives_the_cache_back),
        cmocka_unit_test(test_no_cache),
        cmocka_unit_test(test_byte_limit),
        cmocka_unit_test(test_refusals_are_survived),
        CONTEXT_TEST(test_overflows),
        CONTEXT_TEST(test_grow_and_strdup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
