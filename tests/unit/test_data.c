/* Data sets from memory: what the options make of images, and what is refused. */
#include "datasets.h"

#include <math.h>
#include <string.h>

/* ---- one image -------------------------------------------------------------------- */

/* One image from memory through the options. */
static gan_dataset *through(gan_context *ctx, const gan_data_opts *o, int64_t h, int64_t w,
                            int64_t c, const uint8_t *bytes) {
    gan_dataset *d = NULL;
    assert_ok(ctx, gan_dataset_from_bytes(ctx, bytes, (int64_t[]){1, h, w, c}, NULL, o, &d));
    return d;
}
#define THROUGH(ctx, o, h, w, c, ...) through(ctx, o, h, w, c, (const uint8_t[]){__VA_ARGS__})

/* The same, refused. */
static int32_t refused(gan_context *ctx, const gan_data_opts *o, int64_t h, int64_t w, int64_t c) {
    static const uint8_t bytes[256];
    gan_dataset *d = NULL;
    int32_t code = gan_dataset_from_bytes(ctx, bytes, (int64_t[]){1, h, w, c}, NULL, o, &d);
    assert_null(d);
    return code;
}

/* ---- arrays ---------------------------------------------------------------------------------- */

static void test_bytes(void **state) {
    gan_context *ctx = *state;
    uint8_t bytes[] = {0, 255, 51, 102};
    const int32_t labels[] = {3, 0};
    gan_dataset *d = NULL;
    assert_ok(ctx, gan_dataset_from_bytes(ctx, bytes, (int64_t[]){2, 1, 2, 1}, labels, NULL, &d));
    memset(bytes, 9, sizeof bytes); /* it is a copy */
    assert_data_shape(d, 2, 1, 2, 1);
    assert_pixels(d, 0, 255, 51, 102);
    assert_memory_equal(gan_dataset_labels(d), labels, sizeof labels);
    assert_int_equal(gan_dataset_class_count(d), 4);
    assert_null(gan_dataset_class_name(d, 0));
    assert_null(gan_dataset_pair(d));
    assert_int_equal(gan_dataset_skipped(d), 0);
    assert_values(gan_dataset_image(d, 0), SHAPE(1, 1, 2, 1), -1, 1);
    assert_values(gan_dataset_image(d, 1), SHAPE(1, 1, 2, 1), -0.6, -0.2);
    assert_refused(ctx, gan_dataset_image(d, 2), GAN_EINVAL, "gan_dataset_image", "2 of 2");
    assert_refused(ctx, gan_dataset_image(d, -1), GAN_EINVAL, "gan_dataset_image", "-1");
    gan_dataset_unref(d);
}

static void test_floats(void **state) {
    gan_context *ctx = *state;
    const float values[] = {-1, 1, 0, -0.6f, 0.9999f, -0.999f};
    gan_dataset *d = NULL;
    assert_ok(ctx, gan_dataset_from_floats(ctx, values, (int64_t[]){2, 1, 1, 3}, NULL, NULL, &d));
    assert_pixels(d, 0, 255, 128, 51, 255, 0);
    assert_null(gan_dataset_labels(d));
    assert_int_equal(gan_dataset_class_count(d), 0);
    gan_dataset_unref(d);
    d = NULL;
    static const float wrong[] = {1.5f, -1.01f, NAN, INFINITY};
    for (int i = 0; i < COUNT_OF(wrong); i++) {
        const float two[] = {0, wrong[i]};
        assert_status(ctx,
                      gan_dataset_from_floats(ctx, two, (int64_t[]){2, 1, 1, 1}, NULL, NULL, &d),
                      GAN_EINVAL, "gan_dataset_from_floats", "number 1", "-1 to 1");
    }
    assert_null(d);
}

static void test_wrong_arrays(void **state) {
    gan_context *ctx = *state;
    const uint8_t bytes[16] = {0};
    const int32_t labels[] = {0, -1};
    gan_dataset *d = NULL;
    const char *name = "gan_dataset_from_bytes";
#define FROM(...) gan_dataset_from_bytes(ctx, bytes, (int64_t[]){__VA_ARGS__}, NULL, NULL, &d)
    assert_status(ctx, FROM(1, 2, 2, 2), GAN_EINVAL, name, "2 channels");
    assert_status(ctx, FROM(0, 2, 2, 1), GAN_EINVAL, name, "0 images");
    assert_status(ctx, FROM(1, 0, 2, 1), GAN_EINVAL, name, "2 x 0");
    assert_status(ctx, FROM(-1, 2, 2, 1), GAN_EINVAL, name);
    assert_status(ctx, FROM((int64_t)1 << 40, (int64_t)1 << 40, 1, 1), GAN_EINVAL, name);
#undef FROM
    assert_status(ctx,
                  gan_dataset_from_bytes(ctx, bytes, (int64_t[]){2, 1, 1, 1}, labels, NULL, &d),
                  GAN_EINVAL, name, "label 1 is -1");
    assert_status(ctx, gan_dataset_from_bytes(ctx, NULL, (int64_t[]){1, 1, 1, 1}, NULL, NULL, &d),
                  GAN_EINVAL, name, "NULL");
    assert_null(d);
}

/* ---- options --------------------------------------------------------------------------------- */

static void test_wrong_options(void **state) {
    gan_context *ctx = *state;
    gan_data_opts o;
    const char *name = "gan_dataset_from_bytes";
#define SET(field, value) (o = data_options(), o.field = value, refused(ctx, &o, 2, 2, 1))
    assert_status(ctx, SET(size, -1), GAN_EINVAL, name, "size is -1");
    assert_status(ctx, SET(size, 16385), GAN_EINVAL, name, "size is 16385");
    assert_status(ctx, SET(fit, 3), GAN_EINVAL, name, "fit is 3");
    assert_status(ctx, SET(channels, 2), GAN_EINVAL, name, "channels is 2");
    assert_status(ctx, SET(pad_to, -1), GAN_EINVAL, name, "pad_to is -1");
    assert_status(ctx, SET(background, 0x1000000), GAN_EINVAL, name, "background");
    assert_status(ctx, SET(limit, -1), GAN_EINVAL, name, "limit is -1");
    assert_status(ctx, SET(size, 1), GAN_EINVAL, name, "2 x 2", "size 1");
    assert_status(ctx, SET(pad_to, 1), GAN_EINVAL, name, "2 x 2", "pad_to 1");
    assert_status(ctx, SET(byte_limit, 3), GAN_ENOMEM, name, "byte_limit 3", "1 images");
#undef SET
    o = data_options();
    o.byte_limit = 4; /* exactly enough */
    gan_dataset_unref(THROUGH(ctx, &o, 2, 2, 1, 1, 2, 3, 4));
    o.byte_limit = 0;
    gan_dataset_unref(THROUGH(ctx, &o, 2, 2, 1, 1, 2, 3, 4));
}

static void test_padding(void **state) {
    gan_context *ctx = *state;
    gan_data_opts o = data_options();
    o.size = 3;
    gan_dataset *d = THROUGH(ctx, &o, 1, 2, 1, 7, 9); /* centred, the odd pixel to the right */
    assert_data_shape(d, 1, 3, 3, 1);
    assert_pixels(d, 0, 0, 0, 7, 9, 0, 0, 0, 0);
    gan_dataset_unref(d);

    o = data_options();
    o.pad_to = 4;
    d = THROUGH(ctx, &o, 2, 2, 1, 1, 2, 3, 4);
    assert_pixels(d, 0, 0, 0, 0, 0, 1, 2, 0, 0, 3, 4, 0, 0, 0, 0, 0);
    gan_dataset_unref(d);

    o.pad_to =
        2; /* with alpha the padding is transparent, without it has the background's colour */
    o.background = 0x102030;
    d = THROUGH(ctx, &o, 1, 1, 4, 1, 2, 3, 255);
    assert_pixels(d, 1, 2, 3, 255, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    gan_dataset_unref(d);
    d = THROUGH(ctx, &o, 1, 1, 3, 1, 2, 3);
    assert_pixels(d, 1, 2, 3, 16, 32, 48, 16, 32, 48, 16, 32, 48);
    gan_dataset_unref(d);
}

static void test_resizing(void **state) {
    gan_context *ctx = *state;
    gan_data_opts o = data_options();
    o.size = 2;
    o.fit = GAN_FIT_RESIZE;
    /* Whole blocks, then fractions of pixels: of three, the middle one half to each side. */
    gan_dataset *d =
        THROUGH(ctx, &o, 4, 4, 1, 0, 4, 10, 10, 8, 8, 10, 10, 0, 0, 255, 255, 0, 0, 255, 254);
    assert_pixels(d, 5, 10, 0, 255);
    gan_dataset_unref(d);
    d = THROUGH(ctx, &o, 3, 3, 1, 0, 90, 180, 0, 90, 180, 0, 90, 180);
    assert_pixels(d, 30, 150, 30, 150);
    gan_dataset_unref(d);

    /* Bilinear: the new centres lie a quarter pixel from the old ones. */
    o.size = 4;
    d = THROUGH(ctx, &o, 2, 2, 1, 0, 100, 0, 100);
    assert_pixels(d, 0, 25, 75, 100, 0, 25, 75, 100, 0, 25, 75, 100, 0, 25, 75, 100);
    gan_dataset_unref(d);
    o.size = 2;
    d = THROUGH(ctx, &o, 1, 1, 3, 5, 6, 7); /* one pixel is all there is */
    assert_pixels(d, 5, 6, 7, 5, 6, 7, 5, 6, 7, 5, 6, 7);
    gan_dataset_unref(d);

    /* The longer side counts, the rest is padding; or both are stretched. */
    d = THROUGH(ctx, &o, 2, 4, 1, 8, 8, 4, 4, 8, 8, 4, 4);
    assert_pixels(d, 8, 4, 0, 0);
    gan_dataset_unref(d);
    o.fit = GAN_FIT_STRETCH;
    d = THROUGH(ctx, &o, 2, 4, 1, 8, 8, 4, 4, 8, 8, 4, 4);
    assert_pixels(d, 8, 4, 8, 4);
    gan_dataset_unref(d);
    o.fit = GAN_FIT_RESIZE; /* a side never vanishes */
    d = THROUGH(ctx, &o, 1, 8, 1, 9, 9, 9, 9, 9, 9, 9, 9);
    assert_pixels(d, 9, 9, 0, 0);
    gan_dataset_unref(d);
    o.pad_to = 3;
    d = THROUGH(ctx, &o, 1, 1, 1, 6);
    assert_pixels(d, 6, 6, 0, 6, 6, 0, 0, 0, 0);
    gan_dataset_unref(d);
}

/* A constant stays one in any size: the weights of each place sum to 1. */
static void test_resizing_constants(void **state) {
    gan_context *ctx = *state;
    uint8_t bytes[23 * 23];
    memset(bytes, 201, sizeof bytes);
    gan_data_opts o = data_options();
    o.fit = GAN_FIT_STRETCH;
    for (int32_t from = 1; from <= 23; from++) {
        for (o.size = 1; o.size <= 23; o.size++) {
            gan_dataset *d = through(ctx, &o, from, 24 - from, 1, bytes);
            for (int32_t i = 0; i < o.size * o.size; i++)
                assert_int_equal(gan_dataset_pixels(d)[i], 201);
            gan_dataset_unref(d);
        }
    }
}

/* Hidden colours must not come through. */
static void test_resizing_with_alpha(void **state) {
    gan_context *ctx = *state;
    gan_data_opts o = data_options();
    o.size = 1;
    o.fit = GAN_FIT_RESIZE;
    gan_dataset *d =
        THROUGH(ctx, &o, 2, 2, 4, 200, 0, 0, 255, 0, 255, 0, 0, 0, 255, 0, 0, 100, 0, 0, 255);
    assert_pixels(d, 150, 0, 0, 128);
    gan_dataset_unref(d);
    d = THROUGH(ctx, &o, 1, 2, 4, 9, 9, 9, 0, 9, 9, 9, 0);
    assert_pixels(d, 0, 0, 0, 0);
    gan_dataset_unref(d);
}

static void test_channels(void **state) {
    gan_context *ctx = *state;
    gan_data_opts o = data_options();
    o.background = 0xff8000;
    static const uint8_t grey[] = {77}, rgb[] = {200, 100, 50}, rgba[] = {200, 100, 50, 51},
                         hidden[] = {200, 100, 50, 0}, half[] = {201, 0, 0, 128};
#define EXPECT(from, count, wanted, ...)                                                           \
    o.channels = wanted;                                                                           \
    d = through(ctx, &o, 1, 1, count, from);                                                       \
    assert_pixels(d, __VA_ARGS__);                                                                 \
    gan_dataset_unref(d)
    gan_dataset *d;
    EXPECT(grey, 1, 0, 77);
    EXPECT(grey, 1, 3, 77, 77, 77);
    EXPECT(grey, 1, 4, 77, 77, 77, 255);
    EXPECT(rgb, 3, 1, 124); /* 59.8 + 58.7 + 5.7 = 124.2 */
    EXPECT(rgb, 3, 3, 200, 100, 50);
    EXPECT(rgb, 3, 4, 200, 100, 50, 255);
    EXPECT(rgba, 4, 0, 200, 100, 50, 51);
    EXPECT(rgba, 4, 3, 244, 122, 10); /* a fifth of it, four fifths of (255, 128, 0) */
    EXPECT(rgba, 4, 1, 146);          /* 72.956 + 71.614 + 1.14 = 145.71 */
    EXPECT(hidden, 4, 4, 0, 0, 0, 0);
    EXPECT(hidden, 4, 3, 255, 128, 0);
    EXPECT(half, 4, 3, 228, 64, 0); /* 227.9, 63.7, 0 */
#undef EXPECT
}

static void test_limit(void **state) {
    gan_context *ctx = *state;
    const uint8_t bytes[] = {1, 2, 3};
    const int32_t labels[] = {0, 1, 2};
    gan_data_opts o = data_options();
    gan_dataset *d = NULL;
    o.limit = 2;
    assert_ok(ctx, gan_dataset_from_bytes(ctx, bytes, (int64_t[]){3, 1, 1, 1}, labels, &o, &d));
    assert_pixels(d, 1, 2);
    assert_int_equal(gan_dataset_class_count(d), 2);
    gan_dataset_unref(d);
    o.limit = 9; /* more than there are */
    assert_ok(ctx, gan_dataset_from_bytes(ctx, bytes, (int64_t[]){3, 1, 1, 1}, labels, &o, &d));
    assert_int_equal(gan_dataset_size(d), 3);
    gan_dataset_unref(d);
}

/* ---- outlines -------------------------------------------------------------------------------- */

static void test_outlines(void **state) {
    gan_context *ctx = *state;
    /* A step of 102 / 255 = 0.4 between the second and the third column. */
    const uint8_t step[] = {0, 0, 102, 102, 0, 0, 102, 102};
    const int32_t labels[] = {5};
    gan_dataset *d = NULL, *o = NULL;
    assert_ok(ctx, gan_dataset_from_bytes(ctx, step, (int64_t[]){1, 2, 4, 1}, labels, NULL, &d));
    assert_ok(ctx, gan_dataset_outlines(d, 0.4, &o));
    assert_pixels(o, 0, 255, 255, 0, 0, 255, 255, 0);
    assert_ptr_equal(gan_dataset_pair(o), d);
    assert_int_equal(gan_dataset_labels(o)[0], 5);
    assert_int_equal(gan_dataset_class_count(o), 6);
    gan_dataset_unref(o);
    assert_ok(ctx, gan_dataset_outlines(d, 0.401, &o));
    assert_pixels(o, 0, 0, 0, 0, 0, 0, 0, 0);
    gan_dataset_unref(d); /* the outlines keep it */
    assert_int_equal(gan_dataset_size(gan_dataset_pair(o)), 1);
    gan_dataset_unref(o);

    /* Black on nothing: seen by its alpha only. Hidden colours are not seen. */
    d = THROUGH(ctx, NULL, 1, 4, 4, 0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0, 0, 255, 255, 255, 0);
    assert_ok(ctx, gan_dataset_outlines(d, 0.9, &o));
    assert_data_shape(o, 1, 1, 4, 1);
    assert_pixels(o, 0, 255, 255, 0);
    gan_dataset_unref(o);
    o = NULL;
    assert_status(ctx, gan_dataset_outlines(d, 0, &o), GAN_EINVAL, "gan_dataset_outlines",
                  "threshold is 0");
    assert_status(ctx, gan_dataset_outlines(d, (double)NAN, &o), GAN_EINVAL, "threshold");
    assert_status(ctx, gan_dataset_outlines(d, 1, NULL), GAN_EINVAL, "NULL");
    assert_null(o);
    gan_dataset_unref(d);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CONTEXT_TEST(test_bytes),
        CONTEXT_TEST(test_floats),
        CONTEXT_TEST(test_wrong_arrays),
        CONTEXT_TEST(test_wrong_options),
        CONTEXT_TEST(test_padding),
        CONTEXT_TEST(test_resizing),
        CONTEXT_TEST(test_resizing_constants),
        CONTEXT_TEST(test_resizing_with_alpha),
        CONTEXT_TEST(test_channels),
        CONTEXT_TEST(test_limit),
        CONTEXT_TEST(test_outlines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
