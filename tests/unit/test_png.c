/* Pictures: what is written is what is read; broken files are errors. */
#include "support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Skips the test's body in a build without libpng, where both functions say so. */
static int without_png(gan_context *ctx) {
    if (!strstr(gan_build_info(), "no PNG")) return 0;
    assert_refused(ctx, gan_png_read(ctx, "x.png", 1, 0, 1), GAN_ENOTSUP, "PNG");
    return 1;
}

static void test_round_trip(void **state) {
    gan_context *ctx = *state;
    if (without_png(ctx)) return;
    static const int64_t channels[] = {1, 3, 4};
    for (int i = 0; i < COUNT_OF(channels); i++) {
        const char *path = temp_file("a.png");
        gan_tensor *x = gan_rand(ctx, SHAPE(1, 5, 7, channels[i]), -1, 1);
        assert_ok(ctx, gan_png_write_grid(x, path, 1, 0, -1, 1));
        gan_tensor *y = gan_png_read(ctx, path, (int32_t)channels[i], -1, 1);
        assert_made(ctx, y);
        assert_int_equal(gan_tensor_size(y), gan_tensor_size(x));
        double off = item(gan_max(gan_abs(gan_sub(x, y)), NULL, 0, 0));
        assert_near(off, 0, 1. / 255 + 1e-6); /* half a step of 2/255 */
    }
}

/* Three images in two columns: the places between them and the empty one are background. */
static void test_grid(void **state) {
    gan_context *ctx = *state;
    if (without_png(ctx)) return;
    const char *path = temp_file("grid.png");
    gan_tensor *x = VALUES(ctx, SHAPE(3, 1, 2, 1), 0.2, 0.4, 0.6, 0.8, 1, 0.2);
    assert_ok(ctx, gan_png_write_grid(x, path, 2, 1, 0, 1));
    gan_tensor *y = gan_png_read(ctx, path, 1, 0, 1);
    assert_made(ctx, y);
    int64_t height = gan_tensor_dim(y, 1), width = gan_tensor_dim(y, 2);
    assert_true((height == 3 && width == 5) || (height == 5 && width == 7)); /* a frame or none */
    int64_t frame = width == 7;
    int64_t at = frame * width + frame;
    assert_near(element(y, at), 0.2, 1e-6);
    assert_near(element(y, at + 1), 0.4, 1e-6);
    assert_near(element(y, at + 3), 0.6, 1e-6);
    assert_near(element(y, at + 2 * width), 1, 1e-6);
}

static void test_values_are_clamped(void **state) {
    gan_context *ctx = *state;
    if (without_png(ctx)) return;
    const char *path = temp_file("clamped.png");
    gan_tensor *x =
        VALUES(ctx, SHAPE(1, 1, 5, 1), -7, 7, (double)NAN, (double)INFINITY, (double)-INFINITY);
    assert_ok(ctx, gan_png_write_grid(x, path, 1, 0, 0, 1));
    assert_values(gan_png_read(ctx, path, 1, 0, 1), SHAPE(1, 1, 5, 1), 0, 1, 0, 1, 0);
}

static void test_colours_are_converted(void **state) {
    gan_context *ctx = *state;
    if (without_png(ctx)) return;
    const char *path = temp_file("grey.png");
    assert_ok(ctx, gan_png_write_grid(VALUES(ctx, SHAPE(1, 1, 2, 1), 0, 1), path, 1, 0, 0, 1));
    assert_values(gan_png_read(ctx, path, 3, 0, 1), SHAPE(1, 1, 2, 3), 0, 0, 0, 1, 1, 1);
    assert_values(gan_png_read(ctx, path, 4, 0, 1), SHAPE(1, 1, 2, 4), 0, 0, 0, 1, 1, 1, 1, 1);
    gan_tensor *white = gan_full(ctx, SHAPE(1, 1, 1, 3), 1);
    assert_ok(ctx, gan_png_write_grid(white, path, 1, 0, 0, 1));
    assert_near(item(gan_png_read(ctx, path, 1, 0, 1)), 1, 0);
}

static void test_refusals(void **state) {
    gan_context *ctx = *state;
    if (without_png(ctx)) return;
    const char *path = temp_file("a.png");
    gan_tensor *x = gan_zeros(ctx, SHAPE(2, 3, 3, 1));
    assert_refused(ctx, gan_png_read(ctx, path, 1, 0, 1), GAN_EIO, "a.png", "No such file");
    assert_refused(ctx, gan_png_read(ctx, path, 2, 0, 1), GAN_EINVAL, "gan_png_read", "channels");
    assert_status(ctx, gan_png_write_grid(x, temp_file("no/a.png"), 1, 0, 0, 1), GAN_EIO,
                  "no/a.png");
    assert_status(ctx, gan_png_write_grid(x, path, 0, 0, 0, 1), GAN_EINVAL, "gan_png_write_grid",
                  "columns");
    assert_status(ctx, gan_png_write_grid(x, path, 1, -1, 0, 1), GAN_EINVAL, "gap");
    assert_status(ctx, gan_png_write_grid(x, path, 1, 0, 1, 1), GAN_EINVAL, "gan_png_write_grid");
    assert_status(ctx, gan_png_write_grid(gan_zeros(ctx, SHAPE(2, 3, 3)), path, 1, 0, 0, 1),
                  GAN_EINVAL, "gan_png_write_grid", "(2, 3, 3)");
    assert_status(ctx, gan_png_write_grid(gan_zeros(ctx, SHAPE(1, 3, 3, 2)), path, 1, 0, 0, 1),
                  GAN_EINVAL, "gan_png_write_grid", "(1, 3, 3, 2)");
}

static void test_broken_files(void **state) {
    gan_context *ctx = *state;
    if (without_png(ctx)) return;
    const char *path = temp_file("a.png");
    assert_ok(ctx, gan_png_write_grid(gan_rand(ctx, SHAPE(1, 6, 6, 3), 0, 1), path, 1, 0, 0, 1));
    size_t size;
    unsigned char *bytes = read_file(path, &size);
    for (size_t cut = 0; cut + 12 < size; cut++) { /* without its last chunk it is whole */
        write_file(path, bytes, cut);
        assert_refused(ctx, gan_png_read(ctx, path, 3, 0, 1), GAN_EFORMAT, "a.png");
    }
    for (size_t at = 0; at < size; at++) {
        bytes[at] ^= 0x55;
        write_file(path, bytes, size);
        gan_tensor *t = gan_png_read(ctx, path, 3, 0, 1);
        int32_t code = gan_error_code(ctx);
        assert_true(t ? code == GAN_OK : code == GAN_EFORMAT || code == GAN_ENOMEM);
        bytes[at] ^= 0x55;
    }
    write_file(path, "not a picture", 13);
    assert_refused(ctx, gan_png_read(ctx, path, 3, 0, 1), GAN_EFORMAT, "a.png");
    free(bytes);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CONTEXT_TEST(test_round_trip),         CONTEXT_TEST(test_grid),
        CONTEXT_TEST(test_values_are_clamped), CONTEXT_TEST(test_colours_are_converted),
        CONTEXT_TEST(test_refusals),           CONTEXT_TEST(test_broken_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
