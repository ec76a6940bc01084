/* Differentiable augmentation: what it may do to an image, and that each sample has its own. */
#include "support.h"

#include <math.h>

static gan_augment_opts with(uint32_t policy) {
    gan_augment_opts o;
    gan_augment_opts_init(&o, sizeof o);
    o.policy = policy;
    return o;
}

enum { SIDE = 8, SAMPLES = 200, PIXELS = SIDE * SIDE };

/* Images whose pixel number i has the value i + 1, in each of `channels`. */
static gan_tensor *numbered(gan_context *ctx, int64_t channels) {
    static double values[PIXELS];
    for (int i = 0; i < PIXELS; i++) values[i] = i + 1;
    gan_tensor *one = gan_from_doubles(ctx, values, SHAPE(1, SIDE, SIDE, 1));
    return gan_broadcast(one, SHAPE(SAMPLES, SIDE, SIDE, channels));
}

/* Each sample is the image moved as a whole by -1, 0 or 1 on each axis, all nine being met. */
static void test_translation(void **state) {
    gan_context *ctx = *state;
    gan_augment_opts o = with(GAN_AUGMENT_TRANSLATION); /* an eighth of 8 pixels: 1 */
    gan_tensor *y = gan_augment(numbered(ctx, 1), &o);
    assert_made(ctx, y);
    int met[9] = {0};
    for (int64_t n = 0; n < SAMPLES; n++) {
        int found = -1;
        for (int shift = 0; shift < 9; shift++) {
            int64_t dy = shift / 3 - 1, dx = shift % 3 - 1, wrong = 0;
            for (int64_t i = 0; i < PIXELS; i++) {
                int64_t row = i / SIDE - dy, column = i % SIDE - dx;
                int within = row >= 0 && row < SIDE && column >= 0 && column < SIDE;
                double expected = within ? (double)(row * SIDE + column + 1) : 0;
                wrong += element(y, n * PIXELS + i) != expected;
            }
            if (!wrong) found = shift;
        }
        assert_in_range(found, 0, 8);
        met[found]++;
    }
    for (int shift = 0; shift < 9; shift++) assert_in_range(met[shift], 5, 50);
}

/* Zeros in a rectangle of 4 x 4 that may reach over the border, the rest as it was; every pixel is
 * cut out in some sample and left in another. */
static void test_cutout(void **state) {
    gan_context *ctx = *state;
    gan_augment_opts o = with(GAN_AUGMENT_CUTOUT);
    gan_tensor *y = gan_augment(numbered(ctx, 2), &o);
    assert_made(ctx, y);
    int cut[PIXELS] = {0};
    for (int64_t n = 0; n < SAMPLES; n++) {
        int64_t top = SIDE, bottom = -1, left = SIDE, right = -1, holes = 0;
        for (int64_t i = 0; i < PIXELS; i++) {
            double a = element(y, (n * PIXELS + i) * 2), b = element(y, (n * PIXELS + i) * 2 + 1);
            assert_near(a, b, 0);
            if (a != 0) {
                assert_near(a, (double)(i + 1), 0);
                continue;
            }
            int64_t row = i / SIDE, column = i % SIDE;
            if (row < top) top = row;
            if (row > bottom) bottom = row;
            if (column < left) left = column;
            if (column > right) right = column;
            holes++;
            cut[i]++;
        }
        int64_t height = bottom - top + 1, width = right - left + 1;
        assert_int_equal(holes, height * width);
        assert_in_range(height, 2, 4);
        assert_in_range(width, 2, 4);
    }
    for (int i = 0; i < PIXELS; i++) assert_in_range(cut[i], 1, SAMPLES - 1);
}

/* x + b with one b of [-0.5, 0.5) a sample; saturation and contrast by 1. */
static void test_brightness(void **state) {
    gan_context *ctx = *state;
    gan_augment_opts o = with(GAN_AUGMENT_COLOR);
    o.saturation = o.contrast = 0;
    gan_tensor *x = gan_randn(ctx, SHAPE(300, 3, 2, 3));
    gan_tensor *added = gan_reshape(gan_sub(gan_augment(x, &o), x), SHAPE(300, 18));
    gan_tensor *b = gan_mean(added, AXES(1), 1);
    assert_near(item(gan_max(gan_abs(gan_sub(added, b)), NULL, 0, 0)), 0, 1e-5);
    assert_near(item(gan_max(gan_abs(b), NULL, 0, 0)), 0.49, 0.0101);
    assert_near(item(gan_mean_all(b)), 0, 0.06);
    assert_near(item(gan_std(b, NULL, 0, 0, 0)), 1 / sqrt(12), 0.03);
}

/* Saturation keeps each pixel's mean and scales what is around it; contrast keeps the image's. */
static void test_saturation_and_contrast(void **state) {
    gan_context *ctx = *state;
    gan_augment_opts o = with(GAN_AUGMENT_COLOR);
    o.brightness = o.contrast = 0;
    gan_tensor *x = gan_randn(ctx, SHAPE(50, 3, 2, 3)), *mean = gan_mean(x, AXES(3), 1);
    gan_tensor *factor = gan_div(gan_sub(gan_augment(x, &o), mean), gan_sub(x, mean));
    gan_tensor *first =
        gan_slice(factor, (const int64_t[]){0, 0, 0, 0}, (const int64_t[]){50, 1, 1, 1});
    assert_near(item(gan_max(gan_abs(gan_sub(factor, first)), NULL, 0, 0)), 0, 1e-2);
    assert_near(item(gan_mean_all(first)), 1, 0.3); /* U[0, 2) */
    assert_near(item(gan_std(first, NULL, 0, 0, 0)), 2 / sqrt(12), 0.15);

    o.saturation = 0, o.contrast = 0.5;
    gan_tensor *centre = gan_mean(x, AXES(1, 2, 3), 1);
    factor = gan_div(gan_sub(gan_augment(x, &o), centre), gan_sub(x, centre));
    first = gan_slice(factor, (const int64_t[]){0, 0, 0, 0}, (const int64_t[]){50, 1, 1, 1});
    assert_near(item(gan_max(gan_abs(gan_sub(factor, first)), NULL, 0, 0)), 0, 1e-2);
    assert_near(item(gan_std(first, NULL, 0, 0, 0)), 1 / sqrt(12), 0.1);
}

enum { SPRITES = 40 };

/* A grid of 8 x 8 pixels of RGBA: the left half transparent, the right one of alpha 3/4. */
static gan_tensor *half_seen(gan_context *ctx) {
    static double values[PIXELS * 4];
    for (int i = 0; i < PIXELS; i++) {
        int seen = i % SIDE >= SIDE / 2;
        for (int c = 0; c < 3; c++) values[4 * i + c] = seen ? 0.1 * c + 0.01 * i : 0;
        values[4 * i + 3] = seen ? 0.75 : 0;
    }
    gan_tensor *one = gan_from_doubles(ctx, values, SHAPE(1, SIDE, SIDE, 4));
    return gan_broadcast(one, SHAPE(SPRITES, SIDE, SIDE, 4));
}

/* Colours of RGBA change as far as they are seen, and alpha does not. */
static void test_rgba_color(void **state) {
    gan_context *ctx = *state;
    gan_augment_opts o = with(GAN_AUGMENT_COLOR);
    o.unit_range = 1, o.saturation = o.contrast = 0;
    gan_tensor *x = half_seen(ctx), *added = gan_sub(gan_augment(x, &o), x);
    assert_made(ctx, added);
    double widest = 0;
    for (int64_t n = 0; n < SPRITES; n++) {
        double b = element(added, (n + 1) * PIXELS * 4 - 2);
        widest = fmax(widest, fabs(b));
        for (int64_t i = 0; i < PIXELS; i++)
            for (int64_t c = 0; c < 4; c++)
                assert_near(element(added, (n * PIXELS + i) * 4 + c),
                            i % SIDE < SIDE / 2 || c == 3 ? 0 : b, 1e-6);
    }
    assert_near(widest, 0.75 * 0.25, 0.03); /* half of half the range, three quarters seen */
    o.saturation = 1, o.contrast = 0.5;
    gan_tensor *y = gan_augment(x, &o);
    assert_true(item(gan_max(gan_abs(gan_sub(y, x)), NULL, 0, 0)) > 0.1);
    for (int64_t i = 0; i < PIXELS; i++)
        for (int64_t c = 0; c < 4; c++)
            if (i % SIDE < SIDE / 2 || c == 3)
                assert_near(element(y, 4 * i + c), element(x, 4 * i + c), 0);
}

/* What comes in: transparent pixels of RGBA, the middle of the range else. */
static void test_blanks(void **state) {
    gan_context *ctx = *state;
    gan_augment_opts o = with(GAN_AUGMENT_CUTOUT);
    o.cutout = 1;
    gan_tensor *x = gan_full(ctx, SHAPE(1, 1, 1, 4), 0.5);
    assert_values(gan_augment(x, &o), SHAPE(1, 1, 1, 4), -1, -1, -1, -1);
    assert_values(gan_augment(gan_full(ctx, SHAPE(1, 1, 1, 3), 1), &o), SHAPE(1, 1, 1, 3), 0, 0, 0);
    o.unit_range = 1;
    assert_values(gan_augment(x, &o), SHAPE(1, 1, 1, 4), 0, 0, 0, 0);
    assert_values(gan_augment(gan_full(ctx, SHAPE(1, 1, 1, 3), 1), &o), SHAPE(1, 1, 1, 3), 0.5, 0.5,
                  0.5);
}

static void test_draws(void **state) {
    gan_context *ctx = *state;
    gan_tensor *x = gan_randn(ctx, SHAPE(4, 6, 6, 3));
    assert_ok(ctx, gan_context_seed(ctx, 9));
    gan_tensor *first = gan_augment(x, NULL), *second = gan_augment(x, NULL);
    assert_true(item(gan_sum_all(gan_abs(gan_sub(first, second)))) > 0.1);
    assert_ok(ctx, gan_context_seed(ctx, 9));
    assert_same_bits(gan_augment(x, NULL), first);
    gan_augment_opts none = with(0);
    assert_same_bits(gan_augment(x, &none), x);
}

/* With two threads more: the batch is large enough to be cut. */
static void test_threads(void **state) {
    (void)state;
    gan_tensor *results[2];
    gan_context *contexts[2] = {context_with(1), context_with(3)};
    for (int i = 0; i < 2; i++) {
        gan_tensor *x = gan_track(gan_randn(contexts[i], SHAPE(64, 32, 32, 3)));
        gan_tensor *y = gan_augment(x, NULL);
        results[i] = gan_grad_of(gan_sum_all(gan_mul(y, gan_square(y))), x, 0);
        assert_made(contexts[i], results[i]);
    }
    assert_same_bits(results[0], results[1]);
    for (int i = 0; i < 2; i++) gan_context_destroy(contexts[i]);
}

/* The whole image cut out; one pixel; moved out of sight. */
static void test_extremes(void **state) {
    gan_context *ctx = *state;
    gan_augment_opts o = with(GAN_AUGMENT_CUTOUT | GAN_AUGMENT_TRANSLATION);
    o.cutout = 0, o.translation = 0;
    gan_tensor *x = gan_randn(ctx, SHAPE(3, 4, 5, 2));
    assert_same_bits(gan_augment(x, &o), x);
    o.cutout = 1, o.translation = 1;
    assert_made(ctx, gan_augment(x, &o));
    gan_tensor *pixel = gan_augment(gan_full(ctx, SHAPE(2, 1, 1, 1), 3), &o);
    assert_values(pixel, SHAPE(2, 1, 1, 1), 0, 0);
}

static void test_refusals(void **state) {
    gan_context *ctx = *state;
    gan_tensor *x = gan_zeros(ctx, SHAPE(2, 3, 3, 1));
    gan_augment_opts o = with(8);
    assert_refused(ctx, gan_augment(x, &o), GAN_EINVAL, "gan_augment", "policy 8");
    o = with(7);
    o.cutout = 1.5;
    assert_refused(ctx, gan_augment(x, &o), GAN_EINVAL, "gan_augment", "cutout", "1.5");
    o = with(7);
    o.contrast = (double)NAN;
    assert_refused(ctx, gan_augment(x, &o), GAN_EINVAL, "gan_augment", "contrast");
    o = with(7);
    o.brightness = -1;
    assert_refused(ctx, gan_augment(x, &o), GAN_EINVAL, "gan_augment", "brightness");
    o = with(7);
    o.unit_range = 2;
    assert_refused(ctx, gan_augment(x, &o), GAN_EINVAL, "gan_augment", "unit_range is 2");
    assert_refused(ctx, gan_augment(gan_zeros(ctx, SHAPE(2, 3)), NULL), GAN_EINVAL, "gan_augment",
                   "(2, 3)");
    assert_null(gan_augment(NULL, NULL));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CONTEXT_TEST(test_translation), CONTEXT_TEST(test_cutout),
        CONTEXT_TEST(test_brightness),  CONTEXT_TEST(test_saturation_and_contrast),
        CONTEXT_TEST(test_rgba_color),  CONTEXT_TEST(test_blanks),
        CONTEXT_TEST(test_draws),       CONTEXT_TEST(test_extremes),
        cmocka_unit_test(test_threads), CONTEXT_TEST(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
