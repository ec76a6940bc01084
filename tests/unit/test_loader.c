/* Loaders: the order of epochs, their state, what a batch holds; labels drawn at random. */
#include "support.h"

#include <string.h>

enum { IMAGES = 11 };

/* Image i is the two pixels 10 i and 10 i + 1, its label i % 3. */
static gan_dataset *numbered(gan_context *ctx) {
    uint8_t bytes[2 * IMAGES];
    int32_t labels[IMAGES];
    for (int i = 0; i < IMAGES; i++) {
        bytes[2 * i] = (uint8_t)(10 * i);
        bytes[2 * i + 1] = (uint8_t)(10 * i + 1);
        labels[i] = i % 3;
    }
    gan_dataset *d = NULL;
    assert_ok(ctx,
              gan_dataset_from_bytes(ctx, bytes, (int64_t[]){IMAGES, 1, 2, 1}, labels, NULL, &d));
    return d;
}

/* Batches of `batch`, as bytes. */
static gan_loader_opts options(int32_t batch) {
    gan_loader_opts o;
    gan_loader_opts_init(&o, sizeof o);
    o.batch = batch;
    o.lo = 0;
    o.hi = 255;
    return o;
}

static gan_loader *loader_of(gan_context *ctx, gan_dataset *d, const gan_loader_opts *o) {
    gan_loader *l = NULL;
    assert_ok(ctx, gan_loader_create(d, o, &l));
    return l;
}

/* Takes a batch: the numbers of its images, -1 - number for a mirrored one. Gives how many. */
static int64_t next_numbers(gan_context *ctx, gan_loader *l, int32_t *numbers) {
    int64_t mark = gan_scope_begin(ctx);
    gan_tensor *batch = gan_loader_next(l);
    assert_made(ctx, batch);
    const float *x = gan_tensor_data(batch);
    int64_t n = gan_tensor_dim(batch, 0);
    assert_int_equal(gan_tensor_size(batch), 2 * n);
    for (int64_t k = 0; k < n; k++) {
        int32_t first = (int32_t)x[2 * k], second = (int32_t)x[2 * k + 1];
        int32_t number = first / 10;
        assert_int_equal(first + second, 20 * number + 1);
        numbers[k] = first < second ? number : -1 - number;
        if (gan_loader_labels(l)) assert_int_equal(gan_loader_labels(l)[k], number % 3);
    }
    gan_scope_end(ctx, mark);
    return n;
}

static void expect_state(gan_loader *l, int64_t epoch, int64_t position) {
    int64_t e = -1, p = -1;
    assert_int_equal(gan_loader_tell(l, &e, &p), GAN_OK);
    assert_int_equal(e, epoch);
    assert_int_equal(p, position);
    assert_int_equal(gan_loader_tell(l, NULL, NULL), GAN_OK);
}

static void expect_numbers(gan_context *ctx, gan_loader *l, const int32_t *wanted, int64_t count) {
    int32_t numbers[4 * IMAGES];
    assert_int_equal(next_numbers(ctx, l, numbers), count);
    assert_memory_equal(numbers, wanted, (size_t)count * sizeof *numbers);
}
#define EXPECT_NUMBERS(ctx, l, ...)                                                                \
    expect_numbers(ctx, l, (const int32_t[]){__VA_ARGS__}, COUNT_OF(((int32_t[]){__VA_ARGS__})))

/* ---- order ----------------------------------------------------------------------------------- */

static void test_in_order(void **state) {
    gan_context *ctx = *state;
    gan_dataset *d = numbered(ctx);
    gan_loader_opts o = options(4);
    o.shuffle = 0;
    gan_loader *l = loader_of(ctx, d, &o); /* drops three */
    assert_null(gan_loader_labels(l));
    for (int epoch = 0; epoch < 3; epoch++) {
        expect_state(l, epoch, 0);
        EXPECT_NUMBERS(ctx, l, 0, 1, 2, 3);
        expect_state(l, epoch, 4);
        EXPECT_NUMBERS(ctx, l, 4, 5, 6, 7);
    }
    gan_loader_unref(l);

    o.remainder = GAN_REMAINDER_KEEP;
    l = loader_of(ctx, d, &o);
    for (int epoch = 0; epoch < 2; epoch++) {
        EXPECT_NUMBERS(ctx, l, 0, 1, 2, 3);
        EXPECT_NUMBERS(ctx, l, 4, 5, 6, 7);
        EXPECT_NUMBERS(ctx, l, 8, 9, 10);
        expect_state(l, epoch + 1, 0);
    }
    gan_loader_unref(l);

    o.remainder = GAN_REMAINDER_WRAP;
    l = loader_of(ctx, d, &o);
    EXPECT_NUMBERS(ctx, l, 0, 1, 2, 3);
    EXPECT_NUMBERS(ctx, l, 4, 5, 6, 7);
    EXPECT_NUMBERS(ctx, l, 8, 9, 10, 0);
    expect_state(l, 1, 1);
    gan_loader_unref(l);
    gan_dataset_unref(d);
}

static void test_fewer_images_than_a_batch(void **state) {
    gan_context *ctx = *state;
    gan_dataset *d = numbered(ctx);
    gan_loader_opts o = options(25);
    gan_loader *l = NULL;
    assert_status(ctx, gan_loader_create(d, &o, &l), GAN_EINVAL, "gan_loader_create", "11 images",
                  "batch of 25");
    assert_null(l);
    o.remainder = GAN_REMAINDER_WRAP;
    l = loader_of(ctx, d, &o);
    int32_t numbers[25], seen[IMAGES] = {0};
    assert_int_equal(next_numbers(ctx, l, numbers), 25);
    for (int k = 0; k < 22; k++) seen[numbers[k]]++;
    for (int i = 0; i < IMAGES; i++) assert_int_equal(seen[i], 2);
    expect_state(l, 2, 3);
    gan_loader_unref(l);
    o.remainder = GAN_REMAINDER_KEEP;
    l = loader_of(ctx, d, &o);
    assert_int_equal(next_numbers(ctx, l, numbers), IMAGES);
    gan_loader_unref(l);
    o.batch = 1 << 28; /* all of them, in the memory that they need */
    uint64_t before = stats_of(ctx).live_bytes;
    l = loader_of(ctx, d, &o);
    assert_true(stats_of(ctx).live_bytes - before < 1 << 20);
    assert_int_equal(next_numbers(ctx, l, numbers), IMAGES);
    gan_loader_unref(l);
    gan_dataset_unref(d);
}

/* An epoch is a permutation, another one each time and for each seed. */
static void test_shuffling(void **state) {
    gan_context *ctx = *state;
    gan_dataset *d = numbered(ctx);
    gan_loader_opts o = options(IMAGES);
    int32_t orders[6][IMAGES];
    for (int i = 0; i < 6; i++) {
        o.seed = (uint64_t)(i / 3);
        gan_loader *l = loader_of(ctx, d, &o);
        assert_ok(ctx, gan_loader_seek(l, i % 3, 0));
        next_numbers(ctx, l, orders[i]);
        int32_t again[IMAGES], seen[IMAGES] = {0};
        assert_ok(ctx, gan_loader_seek(l, i % 3, 0));
        next_numbers(ctx, l, again);
        assert_memory_equal(orders[i], again, sizeof again);
        for (int k = 0; k < IMAGES; k++) seen[orders[i][k]]++;
        for (int k = 0; k < IMAGES; k++) assert_int_equal(seen[k], 1);
        for (int j = 0; j < i; j++)
            assert_int_not_equal(memcmp(orders[i], orders[j], sizeof orders[i]), 0);
        gan_loader_unref(l);
    }
    gan_dataset_unref(d);
}

/* Every image comes to every place equally often: a chi-squared of 10 degrees of freedom a place,
 * of which one in a million is above 46. */
static void test_shuffling_is_uniform(void **state) {
    gan_context *ctx = *state;
    enum { EPOCHS = 11000 };
    gan_dataset *d = numbered(ctx);
    gan_loader_opts o = options(IMAGES);
    gan_loader *l = loader_of(ctx, d, &o);
    static int32_t count[IMAGES][IMAGES];
    for (int e = 0; e < EPOCHS; e++) {
        int32_t numbers[IMAGES];
        next_numbers(ctx, l, numbers);
        for (int k = 0; k < IMAGES; k++) count[k][numbers[k]]++;
    }
    for (int k = 0; k < IMAGES; k++) {
        double expected = (double)EPOCHS / IMAGES, chi = 0;
        for (int i = 0; i < IMAGES; i++)
            chi += (count[k][i] - expected) * (count[k][i] - expected) / expected;
        assert_true(chi < 46);
    }
    gan_loader_unref(l);
    gan_dataset_unref(d);
}

/* ---- state ----------------------------------------------------------------------------------- */

static void test_going_on_from_a_state(void **state) {
    gan_context *ctx = *state;
    gan_dataset *d = numbered(ctx);
    for (int32_t remainder = 0; remainder <= GAN_REMAINDER_WRAP; remainder++) {
        gan_loader_opts o = options(3);
        o.seed = 7;
        o.flip = 1;
        o.remainder = remainder;
        gan_loader *a = loader_of(ctx, d, &o);
        for (int step = 0; step < 12; step++) {
            int64_t epoch, position;
            int32_t numbers[3];
            assert_ok(ctx, gan_loader_tell(a, &epoch, &position));
            gan_loader *b = loader_of(ctx, d, &o);
            assert_ok(ctx, gan_loader_seek(b, epoch, position));
            int64_t n = next_numbers(ctx, a, numbers);
            expect_numbers(ctx, b, numbers, n);
            gan_loader_unref(b);
        }
        gan_loader_unref(a);
    }
    gan_dataset_unref(d);
}

static void test_seeking(void **state) {
    gan_context *ctx = *state;
    gan_dataset *d = numbered(ctx);
    gan_loader_opts o = options(4);
    gan_loader *l = loader_of(ctx, d, &o);
    assert_ok(ctx, gan_loader_seek(l, 5, 7));
    expect_state(l, 5, 7);
    assert_ok(ctx, gan_loader_seek(l, 5, 8)); /* three are left, which are no batch */
    expect_state(l, 6, 0);
    assert_ok(ctx, gan_loader_seek(l, 0, IMAGES));
    expect_state(l, 1, 0);
    assert_status(ctx, gan_loader_seek(l, -1, 0), GAN_EINVAL, "gan_loader_seek", "epoch is -1");
    assert_status(ctx, gan_loader_seek(l, 0, IMAGES + 1), GAN_EINVAL, "gan_loader_seek",
                  "position is 12", "0 to 11");
    expect_state(l, 1, 0);
    gan_loader_unref(l);
    gan_dataset_unref(d);
}

/* ---- contents -------------------------------------------------------------------------------- */

static void test_flips(void **state) {
    gan_context *ctx = *state;
    enum { EPOCHS = 200 };
    gan_dataset *d = numbered(ctx);
    gan_loader_opts o = options(IMAGES);
    o.flip = 1;
    gan_loader *l = loader_of(ctx, d, &o);
    o.flip = 0;
    gan_loader *plain = loader_of(ctx, d, &o);
    int32_t flipped = 0;
    for (int e = 0; e < EPOCHS; e++) {
        int32_t a[IMAGES], b[IMAGES];
        next_numbers(ctx, l, a);
        next_numbers(ctx, plain, b);
        for (int k = 0; k < IMAGES; k++) {
            assert_int_equal(a[k] < 0 ? -1 - a[k] : a[k], b[k]); /* the order is the same */
            flipped += a[k] < 0;
        }
    }
    /* 2200 coins: five deviations are 117. */
    assert_in_range(flipped, EPOCHS * IMAGES / 2 - 117, EPOCHS * IMAGES / 2 + 117);
    gan_loader_unref(l);
    gan_loader_unref(plain);
    gan_dataset_unref(d);
}

/* More images than random numbers are drawn together: no stretch of flips comes again. */
static void test_flips_of_many(void **state) {
    gan_context *ctx = *state;
    enum { N = 256 };
    uint8_t bytes[2 * N];
    for (int i = 0; i < 2 * N; i++) bytes[i] = (uint8_t)(i % 2);
    gan_dataset *d = NULL;
    assert_ok(ctx, gan_dataset_from_bytes(ctx, bytes, (int64_t[]){N, 1, 2, 1}, NULL, NULL, &d));
    gan_loader_opts o = options(N);
    o.flip = 1;
    gan_loader *l = loader_of(ctx, d, &o);
    int32_t numbers[N];
    assert_int_equal(next_numbers(ctx, l, numbers), N);
    for (int stretch = 16; stretch <= N / 2; stretch *= 2)
        assert_memory_not_equal(numbers, numbers + stretch, (size_t)stretch * sizeof *numbers);
    gan_loader_unref(l);
    gan_dataset_unref(d);
}

/* Pixels are mirrored, not channels; a pair is mirrored together. */
static void test_pairs(void **state) {
    gan_context *ctx = *state;
    const uint8_t bytes[] = {0, 51, 102, 255, 204, 153}; /* two pixels of RGB */
    gan_dataset *d = NULL, *outlines = NULL;
    assert_ok(ctx, gan_dataset_from_bytes(ctx, bytes, (int64_t[]){1, 1, 2, 3}, NULL, NULL, &d));
    assert_ok(ctx, gan_dataset_outlines(d, 0.1, &outlines));
    gan_loader_opts o = options(1);
    o.lo = -1;
    o.hi = 1;
    o.flip = 1;
    gan_loader *l = loader_of(ctx, outlines, &o);
    gan_dataset_unref(outlines); /* the loader keeps both */
    gan_dataset_unref(d);
    assert_refused(ctx, gan_loader_pairs(l), GAN_ESTATE, "gan_loader_pairs", "no batch");
    int mirrored = 0, epochs = 0;
    for (; epochs < 100 && (mirrored == 0 || mirrored == epochs); epochs++) {
        assert_values(gan_loader_next(l), SHAPE(1, 1, 2, 1), 1, 1);
        assert_null(gan_loader_labels(l));
        gan_tensor *pair = gan_loader_pairs(l);
        assert_made(ctx, pair);
        mirrored += element(pair, 0) > 0;
        if (element(pair, 0) > 0)
            assert_values(pair, SHAPE(1, 1, 2, 3), 1, 0.6, 0.2, -1, -0.6, -0.2);
        else
            assert_values(pair, SHAPE(1, 1, 2, 3), -1, -0.6, -0.2, 1, 0.6, 0.2);
    }
    assert_in_range(mirrored, 1, epochs - 1); /* both came */
    gan_loader_unref(l);
    d = numbered(ctx);
    o = options(2);
    l = loader_of(ctx, d, &o);
    assert_made(ctx, gan_loader_next(l));
    assert_refused(ctx, gan_loader_pairs(l), GAN_EINVAL, "gan_loader_pairs", "pairs");
    gan_loader_unref(l);
    gan_dataset_unref(d);
}

/* Large enough that both threads take part. */
static void test_threads(void **state) {
    gan_context *ctx = *state, *two = context_with(2);
    enum { N = 40, SIDE = 48 };
    static uint8_t bytes[N * SIDE * SIDE];
    for (int i = 0; i < N * SIDE * SIDE; i++) bytes[i] = (uint8_t)((uint32_t)i * 2654435761u >> 24);
    gan_context *both[2] = {ctx, two};
    gan_dataset *d[2] = {NULL, NULL};
    gan_loader *l[2];
    gan_loader_opts o = options(N);
    o.flip = 1;
    for (int i = 0; i < 2; i++) {
        assert_ok(both[i], gan_dataset_from_bytes(both[i], bytes, (int64_t[]){N, SIDE, SIDE, 1},
                                                  NULL, NULL, &d[i]));
        l[i] = loader_of(both[i], d[i], &o);
    }
    assert_same_bits(gan_loader_next(l[0]), gan_loader_next(l[1]));
    for (int i = 0; i < 2; i++) {
        gan_loader_unref(l[i]);
        gan_dataset_unref(d[i]);
    }
    gan_context_destroy(two);
}

/* Batches that follow each other ask the host for nothing. */
static void test_steady(void **state) {
    gan_context *ctx = *state;
    gan_dataset *d = numbered(ctx);
    gan_loader_opts o = options(4);
    o.flip = 1;
    gan_loader *l = loader_of(ctx, d, &o);
    int32_t numbers[4];
    next_numbers(ctx, l, numbers);
    gan_stats start = stats_of(ctx);
    for (int i = 0; i < 100; i++) next_numbers(ctx, l, numbers);
    assert_int_equal(stats_of(ctx).host_allocs, start.host_allocs);
    assert_int_equal(stats_of(ctx).live_bytes, start.live_bytes);
    gan_loader_unref(l);
    gan_dataset_unref(d);
}

static void test_wrong_options(void **state) {
    gan_context *ctx = *state;
    gan_dataset *d = numbered(ctx);
    gan_loader *l = NULL;
    gan_loader_opts o;
    const char *name = "gan_loader_create";
#define SET(field, value) (o = options(4), o.field = value, gan_loader_create(d, &o, &l))
    assert_status(ctx, SET(batch, 0), GAN_EINVAL, name, "batch is 0");
    assert_status(ctx, SET(remainder, 3), GAN_EINVAL, name, "remainder is 3");
    assert_status(ctx, SET(lo, 255), GAN_EINVAL, name, "255 to 255");
    assert_int_equal(gan_loader_create(NULL, NULL, &l), GAN_EINVAL);
    assert_null(l);
#undef SET
    gan_dataset_unref(d);
}

/* ---- labels ---------------------------------------------------------------------------------- */

/* Three of four images have label 2, none has 1. */
static void test_drawn_labels(void **state) {
    gan_context *ctx = *state;
    enum { N = 10001 };
    const uint8_t bytes[4] = {0};
    const int32_t labels[] = {2, 0, 2, 2};
    static int32_t drawn[N], again[N];
    gan_dataset *d = NULL;
    assert_ok(ctx, gan_dataset_from_bytes(ctx, bytes, (int64_t[]){4, 1, 1, 1}, labels, NULL, &d));
    assert_ok(ctx, gan_context_seed(ctx, 3));
    assert_ok(ctx, gan_dataset_draw_labels(d, drawn, N));
    int32_t count[3] = {0};
    for (int i = 0; i < N; i++) count[drawn[i]]++;
    assert_int_equal(count[1], 0);
    assert_near(count[2], 0.75 * N, 5 * 43.3); /* deviation sqrt(N 3/4 1/4) */
    assert_ok(ctx, gan_dataset_draw_labels(d, again, N));
    assert_int_not_equal(memcmp(drawn, again, sizeof drawn), 0);
    assert_ok(ctx, gan_context_seed(ctx, 3));
    assert_ok(ctx, gan_dataset_draw_labels(d, again, N));
    assert_memory_equal(drawn, again, sizeof drawn);
    assert_ok(ctx, gan_dataset_draw_labels(d, NULL, 0));
    assert_status(ctx, gan_dataset_draw_labels(d, drawn, -1), GAN_EINVAL, "n is -1");
    gan_dataset_unref(d);
    assert_ok(ctx, gan_dataset_from_bytes(ctx, bytes, (int64_t[]){4, 1, 1, 1}, NULL, NULL, &d));
    assert_status(ctx, gan_dataset_draw_labels(d, drawn, 1), GAN_EINVAL, "gan_dataset_draw_labels",
                  "no labels");
    gan_dataset_unref(d);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CONTEXT_TEST(test_in_order),
        CONTEXT_TEST(test_fewer_images_than_a_batch),
        CONTEXT_TEST(test_shuffling),
        CONTEXT_TEST(test_shuffling_is_uniform),
        CONTEXT_TEST(test_going_on_from_a_state),
        CONTEXT_TEST(test_seeking),
        CONTEXT_TEST(test_flips),
        CONTEXT_TEST(test_flips_of_many),
        CONTEXT_TEST(test_pairs),
        CONTEXT_TEST(test_threads),
        CONTEXT_TEST(test_steady),
        CONTEXT_TEST(test_wrong_options),
        CONTEXT_TEST(test_drawn_labels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
