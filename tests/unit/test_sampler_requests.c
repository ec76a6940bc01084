/* Requests of a sampler: pixels, latents, labels, and everything that is wrong; hostile files. */
#include "samplers.h"

#include "io/safetensors.h"
#include "sampler/sampler.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SIDE = 16, RGBA = 4 };

typedef struct fixture {
    gan_sampler *s; /* SIDE x SIDE x 4 */
    float *images;  /* of seeds 3, 4, 5 */
} fixture;

static fixture make(gan_context *ctx) {
    fixture f;
    /* an untrained generator is grey: a large last kernel spreads it over all levels */
    const gan_trainer_opts o = model_opts(GAN_SYSTEM_DCGAN, SIDE, 4, 8);
    gan_trainer *t = NULL;
    assert_ok(ctx, gan_trainer_create(ctx, &o, NULL, &t));
    gan_module *averaged = gan_trainer_averaged(t);
    gan_module *g = averaged ? averaged : gan_trainer_generator(t);
    for (size_t i = 0; i < gan_module_parameter_count(g); i++) {
        gan_tensor *w = gan_module_parameter(g, i);
        const int64_t n = gan_tensor_size(w);
        if (gan_tensor_rank(w) != 4) continue;
        float *values = malloc((size_t)n * sizeof *values);
        assert_ok(ctx, gan_tensor_read(w, values, n));
        for (int64_t k = 0; k < n; k++) values[k] *= 20;
        assert_ok(ctx, gan_tensor_write(w, values, n));
        free(values);
    }
    assert_ok(ctx, gan_trainer_save_model(t, temp_file("model")));
    gan_trainer_unref(t);
    f.s = sampler_with(temp_file("model"), 1, 2);
    f.images = sampled(f.s, 3, 3);
    return f;
}

static void unmake(fixture *f) {
    free(f->images);
    gan_sampler_free(f->s);
}

static int byte_of(float number) {
    const double level = ((double)number + 1) / 2 * 255;
    return level <= 0 ? 0 : level >= 255 ? 255 : (int)(level + 0.5);
}

/* Channel c of pixel (y, x) of image i as straight RGBA. */
static int wanted(const fixture *f, int i, int y, int x, int c) {
    const float *pixel = f->images + ((i * SIDE + y) * SIDE + x) * RGBA;
    return byte_of(pixel[3]) ? byte_of(pixel[c]) : 0;
}

/* ---- pixels ---------------------------------------------------------------------------------- */

enum { COLUMNS = 2, SCALE = 3, MARGIN = 5, CELL = SIDE * SCALE };
enum { WIDTH = COLUMNS * CELL + MARGIN, HEIGHT = 2 * CELL + 1, PITCH = WIDTH * RGBA + 12 };

/* Three images in two columns with margins: only their pixels are written. */
static void test_grid(void **state) {
    fixture f = make(*state);
    static uint8_t picture[HEIGHT * PITCH + 64];
    memset(picture, 0xa5, sizeof picture);
    gan_sampler_request o;
    gan_sampler_request_init(&o, sizeof o);
    o.columns = COLUMNS;
    o.scale = SCALE;
    assert_sampler_ok(f.s,
                      gan_sampler_sample_rgba8(f.s, 3, NULL, 3, &o, picture, WIDTH, HEIGHT, PITCH));
    for (int at = 0; at < (int)sizeof picture; at++) {
        const int y = at / PITCH, x = at % PITCH / RGBA, cell = y / CELL * COLUMNS + x / CELL;
        const int inside = y < 2 * CELL && x < COLUMNS * CELL && at % PITCH < WIDTH * RGBA;
        const int byte = inside && cell < 3 ? wanted(&f, cell, y % CELL / SCALE, x % CELL / SCALE,
                                                     at % PITCH % RGBA)
                                            : 0xa5;
        assert_int_equal(picture[at], byte);
    }
    unmake(&f);
}

static void sample_one(const fixture *f, const gan_sampler_request *o, uint8_t *picture) {
    assert_sampler_ok(
        f->s, gan_sampler_sample_rgba8(f->s, 3, NULL, 1, o, picture, SIDE, SIDE, SIDE * RGBA));
}

static void test_formats(void **state) {
    fixture f = make(*state);
    uint8_t plain[SIDE * SIDE * RGBA], other[SIDE * SIDE * RGBA];
    gan_sampler_request o;
    gan_sampler_request_init(&o, sizeof o);
    sample_one(&f, &o, plain);
    o.flags = GAN_PIXELS_BGRA;
    sample_one(&f, &o, other);
    for (int i = 0; i < SIDE * SIDE * RGBA; i++)
        assert_int_equal(other[i], plain[i % RGBA == 3 ? i : i - i % RGBA + 2 - i % RGBA]);
    o.flags = GAN_PIXELS_PREMULTIPLY;
    sample_one(&f, &o, other);
    for (int i = 0; i < SIDE * SIDE * RGBA; i++) {
        const int alpha = plain[i | 3];
        assert_int_equal(other[i], i % RGBA == 3 ? alpha : (plain[i] * alpha + 127) / 255);
    }
    o.flags = GAN_PIXELS_OPAQUE;
    sample_one(&f, &o, other);
    for (int i = 0; i < SIDE * SIDE * RGBA; i++)
        assert_int_equal(other[i], i % RGBA == 3 ? 255 : byte_of(f.images[i]));
    o.flags = 0;
    o.alpha_threshold = 128;
    sample_one(&f, &o, other);
    int cut = 0;
    for (int i = 0; i < SIDE * SIDE * RGBA; i++) {
        const int kept = plain[i | 3] >= 128;
        cut += !kept;
        assert_int_equal(other[i], !kept ? 0 : i % RGBA == 3 ? 255 : plain[i]);
    }
    assert_true(cut > 0 && cut < SIDE * SIDE * RGBA);
    unmake(&f);
}

static int count_colors(const uint8_t *rgba) {
    int colors = 0;
    for (int i = 0; i < SIDE * SIDE; i++) {
        int seen = rgba[RGBA * i + 3] == 0;
        for (int k = 0; k < i && !seen; k++)
            seen = rgba[RGBA * k + 3] && memcmp(rgba + RGBA * k, rgba + RGBA * i, 3) == 0;
        colors += !seen;
    }
    return colors;
}

static int64_t squared_error(const uint8_t *a, const uint8_t *b) {
    int64_t sum = 0;
    for (int i = 0; i < SIDE * SIDE * RGBA; i++) sum += (a[i] - b[i]) * (a[i] - b[i]);
    return sum;
}

static void test_palette(void **state) {
    fixture f = make(*state);
    uint8_t plain[SIDE * SIDE * RGBA], few[SIDE * SIDE * RGBA];
    gan_sampler_request o;
    gan_sampler_request_init(&o, sizeof o);
    sample_one(&f, &o, plain);
    assert_true(count_colors(plain) > 64);
    int64_t before = INT64_MAX;
    for (o.colors = 2; o.colors <= 256; o.colors *= 2) {
        sample_one(&f, &o, few);
        assert_true(count_colors(few) <= o.colors);
        assert_true(count_colors(few) > o.colors / 2 || o.colors > 64);
        assert_true(before == 0 || squared_error(plain, few) < before);
        before = squared_error(plain, few);
        for (int i = 3; i < SIDE * SIDE * RGBA; i += RGBA) assert_int_equal(few[i], plain[i]);
    }
    unmake(&f);
}

/* So many pixels that products of their sums go beyond 64 bits. */
static void test_palette_of_a_large_picture(void **state) {
    (void)state;
    enum { PIXELS = 3800 * 3800 };
    uint8_t *rgba = malloc((size_t)PIXELS * RGBA);
    int32_t *groups = malloc((size_t)PIXELS * sizeof *groups);
    assert_true(rgba && groups);
    memset(rgba, 255, (size_t)PIXELS * RGBA);
    for (int64_t i = 0; i < PIXELS / 2; i++) memset(rgba + i * RGBA, 0, 3);
    palette_reduce(rgba, PIXELS, 2, groups);
    for (int c = 0; c < RGBA; c++) {
        assert_int_equal(rgba[c], c == 3 ? 255 : 0);
        assert_int_equal(rgba[(PIXELS - 1) * RGBA + c], 255);
    }
    free(groups);
    free(rgba);
}

/* ---- latents and labels ---------------------------------------------------------------------- */

static void test_latents(void **state) {
    fixture f = make(*state);
    const gan_sampler_info info = info_of(f.s);
    assert_int_equal(info.latent, 100);
    float z[100], near[100], between[100];
    assert_sampler_ok(f.s, gan_sampler_latent(f.s, 3, 0, z));
    gan_sampler_request r;
    gan_sampler_request_init(&r, sizeof r);
    float image[SIDE * SIDE * RGBA];
    r.input = z;
    r.floats = image;
    assert_sampler_ok(f.s, gan_sampler_run(f.s, &r));
    assert_memory_equal(image, f.images, sizeof image);

    double most = 0;
    assert_sampler_ok(f.s, gan_sampler_latent(f.s, 3, 0.5, near));
    for (int i = 0; i < 100; i++) most = fmax(most, fabs((double)near[i]));
    assert_true(most <= 0.5 && most > 0.3);
    r.input = NULL;
    r.seed = 3;
    r.truncation = 0.5;
    assert_sampler_ok(f.s, gan_sampler_run(f.s, &r));
    assert_memory_not_equal(image, f.images, sizeof image);
    assert_sampler_refused(f.s, gan_sampler_latent(f.s, 3, -1, z), GAN_EINVAL, "truncation");

    const float x[2] = {3, 0}, y[2] = {0, 3}, back[2] = {-3, 0};
    assert_int_equal(gan_latent_slerp(x, y, 2, 1.0 / 3, between), GAN_OK);
    assert_near(between[0], 3 * cos(3.14159265358979 / 6), 1e-6);
    assert_near(between[1], 1.5, 1e-6);
    assert_int_equal(gan_latent_slerp(x, back, 2, 0.25, between), GAN_OK); /* no arc: straight */
    assert_near(between[0], 1.5, 1e-6);
    assert_int_equal(gan_latent_slerp(x, y, 2, 1.5, between), GAN_EINVAL);
    assert_int_equal(gan_latent_slerp(x, y, 0, 0, between), GAN_EINVAL);
    unmake(&f);
}

static void test_labels(void **state) {
    gan_context *ctx = *state;
    const gan_trainer_opts o = model_opts(GAN_SYSTEM_CGAN, SIDE, 1, 8);
    gan_sampler *s = sampler_of(ctx, &o, 1, 4);
    assert_int_equal(info_of(s).classes, 3);
    assert_int_equal(info_of(s).latent, 100);
    enum { COUNT = 20, PIXELS = SIDE * SIDE };
    static float one[PIXELS], drawn[COUNT * PIXELS];
    assert_sampler_ok(s, gan_sampler_sample_float(s, 0, NULL, COUNT, drawn));
    int seen[3] = {0};
    for (int32_t i = 0; i < COUNT; i++) {
        int found = 0;
        for (int32_t label = 0; label < 3; label++) {
            assert_sampler_ok(s, gan_sampler_sample_float(s, (uint64_t)i, &label, 1, one));
            const int same = memcmp(one, drawn + i * PIXELS, sizeof one) == 0;
            seen[label] += same;
            found += same;
        }
        assert_int_equal(found, 1);
    }
    assert_true(seen[0] && seen[1] && seen[2]);
    const int32_t wrong = 3;
    assert_sampler_refused(s, gan_sampler_sample_float(s, 0, &wrong, 1, one), GAN_EINVAL,
                           "label 0 is 3, there are 3 classes");
    gan_sampler_free(s);
}

/* Labels that the host overwrites while their request is on its way are refused, not followed. */
static void test_labels_that_change(void **state) {
    gan_context *ctx = *state;
    const gan_trainer_opts o = model_opts(GAN_SYSTEM_CGAN, SIDE, 1, 8);
    gan_sampler *s = sampler_of(ctx, &o, 1, 1);
    float images[2 * SIDE * SIDE];
    gan_sampler_request r;
    gan_sampler_request_init(&r, sizeof r);
    r.n = 2;
    r.floats = images;
    static const int32_t wrong[] = {3, -1, INT32_MIN, INT32_MAX};
    for (int i = 0; i < COUNT_OF(wrong); i++) {
        int32_t labels[2] = {0, 1};
        r.labels = labels;
        assert_sampler_ok(s, gan_sampler_begin(s, &r));
        labels[1] = wrong[i];
        int32_t code = 0;
        while (code == 0) code = gan_sampler_step(s, 0);
        assert_sampler_refused(s, code, GAN_EINVAL, "label 1 is");
        assert_sampler_refused(s, gan_sampler_step(s, 0), GAN_ESTATE, "no request");
    }
    r.labels = NULL;
    assert_sampler_ok(s, gan_sampler_run(s, &r));
    gan_sampler_free(s);
}

static void test_translates(void **state) {
    gan_context *ctx = *state;
    const gan_trainer_opts o = model_opts(GAN_SYSTEM_PIX2PIX, SIDE, 3, 4);
    gan_sampler *s = sampler_of(ctx, &o, 1, 4);
    enum { SOURCE_PITCH = SIDE * RGBA + 8 };
    uint8_t source[SIDE * SOURCE_PITCH], got[SIDE * SIDE * RGBA];
    float input[SIDE * SIDE * 3], floats[SIDE * SIDE * 3];
    for (int i = 0; i < (int)sizeof source; i++) source[i] = (uint8_t)(i * 29);
    for (int i = 0; i < SIDE * SIDE * 3; i++) {
        const int y = i / (SIDE * 3), x = i / 3 % SIDE;
        input[i] = (float)(source[y * SOURCE_PITCH + x * RGBA + i % 3] / 127.5 - 1);
    }
    assert_sampler_ok(s, gan_sampler_translate_rgba8(s, source, SOURCE_PITCH, NULL, got, SIDE, SIDE,
                                                     SIDE * RGBA));
    static const size_t wrong[] = {SIDE * RGBA - 1, (size_t)0 - SIDE * RGBA};
    for (int i = 0; i < COUNT_OF(wrong); i++)
        assert_sampler_refused(
            s, gan_sampler_translate_rgba8(s, source, wrong[i], NULL, got, SIDE, SIDE, SIDE * RGBA),
            GAN_EINVAL, "source rows");
    gan_sampler_request r;
    gan_sampler_request_init(&r, sizeof r);
    r.floats = floats;
    assert_sampler_refused(s, gan_sampler_run(s, &r), GAN_EINVAL, "needs images");
    r.input = input;
    assert_sampler_ok(s, gan_sampler_run(s, &r));
    for (int i = 0; i < SIDE * SIDE; i++)
        for (int c = 0; c < RGBA; c++)
            assert_true(abs(got[RGBA * i + c] - (c == 3 ? 255 : byte_of(floats[3 * i + c]))) <= 1);
    gan_sampler_free(s);
}

/* What is not seen of a picture does not matter, as in training. */
static void test_translates_what_is_seen(void **state) {
    gan_context *ctx = *state;
    gan_trainer_opts o = model_opts(GAN_SYSTEM_PIX2PIX, SIDE, 4, 4);
    o.input_channels = 4;
    gan_sampler *s = sampler_of(ctx, &o, 1, 1);
    enum { BYTES = SIDE * SIDE * RGBA };
    uint8_t source[BYTES], got[3][BYTES];
    for (int k = 0; k < 3; k++) { /* hidden colours: none, some; seen ones */
        for (int i = 0; i < BYTES; i++) {
            const int seen = i / RGBA % 2;
            source[i] = (uint8_t)(seen ? i * 29 : i % RGBA == 3 ? (k == 2) : k ? i * 7 : 0);
        }
        assert_sampler_ok(s, gan_sampler_translate_rgba8(s, source, SIDE * RGBA, NULL, got[k], SIDE,
                                                         SIDE, SIDE * RGBA));
    }
    assert_memory_equal(got[0], got[1], BYTES);
    assert_memory_not_equal(got[1], got[2], BYTES);
    gan_sampler_free(s);
}

/* ---- what is wrong --------------------------------------------------------------------------- */

#define REFUSED(field, value, text)                                                                \
    do {                                                                                           \
        gan_sampler_request wrong = r;                                                             \
        wrong.field = value;                                                                       \
        assert_sampler_refused(f.s, gan_sampler_run(f.s, &wrong), GAN_EINVAL, text);               \
    } while (0)

static void test_refuses(void **state) {
    fixture f = make(*state);
    uint8_t picture[SIDE * SIDE * RGBA];
    gan_sampler_request r;
    gan_sampler_request_init(&r, sizeof r);
    r.rgba = picture;
    r.width = r.height = SIDE;
    r.pitch = SIDE * RGBA;
    assert_sampler_ok(f.s, gan_sampler_run(f.s, &r));
    REFUSED(n, 0, "n is 0");
    REFUSED(n, 2, "do not fit");
    REFUSED(width, SIDE - 1, "do not fit");
    REFUSED(height, SIDE - 1, "do not fit");
    REFUSED(pitch, SIDE * RGBA - 1, "do not fit");
    REFUSED(pitch, (size_t)0 - SIDE * RGBA, "do not fit"); /* rows from the bottom */
    REFUSED(pitch, (size_t)PTRDIFF_MAX / SIDE + 1, "do not fit");
    REFUSED(scale, 2, "do not fit");
    REFUSED(scale, 0, "scale is 0");
    REFUSED(flags, 8, "flags are 8");
    REFUSED(colors, 1, "colors 1");
    REFUSED(alpha_threshold, 256, "alpha_threshold is 256");
    REFUSED(truncation, NAN, "truncation");
    REFUSED(rgba, NULL, "no place");
    REFUSED(labels, (const int32_t[]){0}, "there are 0 classes");
    REFUSED(struct_size, 3, "struct_size");
    assert_int_equal(gan_sampler_run(f.s, NULL), GAN_EINVAL);
    assert_int_equal(gan_sampler_run(NULL, &r), GAN_EINVAL);
    gan_sampler_free(NULL);

    gan_sampler_opts o;
    char text[100];
    gan_sampler_opts_init(&o, sizeof o);
    o.error = text;
    o.error_bytes = sizeof text;
    gan_sampler *none = NULL;
    o.images = 65;
    assert_int_equal(gan_sampler_load(temp_file("model"), &o, &none), GAN_EINVAL);
    assert_non_null(strstr(text, "images is 65"));
    o.images = 1;
    o.nice = 20;
    assert_int_equal(gan_sampler_load(temp_file("model"), &o, &none), GAN_EINVAL);
    assert_non_null(strstr(text, "nice is 20"));
    o.nice = 0;
    assert_int_equal(gan_sampler_load(temp_file("absent"), &o, &none), GAN_EIO);
    assert_non_null(strstr(text, "absent"));
    o.byte_limit = 1 << 16;
    assert_int_equal(gan_sampler_load(temp_file("model"), &o, &none), GAN_ENOMEM);
    assert_null(none);
    o.byte_limit = 0;
    o.nice = 19;
    o.cpus = 1;
    o.threads = 2;
    o.background = 1;
    assert_int_equal(gan_sampler_load(temp_file("model"), &o, &none), GAN_OK);
    gan_sampler_free(none);
    unmake(&f);
}

/* ---- hostile files --------------------------------------------------------------------------- */

static uint32_t next_random(uint32_t *x) { return *x = *x * 1664525u + 1013904223u; }

/* Loads bytes; whatever they hold there is a code and nothing stays. */
static int32_t try_load(const uint8_t *bytes, size_t count) {
    heap h = {0};
    gan_sampler_opts o;
    gan_sampler_opts_init(&o, sizeof o);
    o.threads = 1;
    o.alloc = heap_alloc;
    o.free = heap_free;
    o.user = &h;
    o.byte_limit = 64 << 20;
    gan_sampler *s = NULL;
    const int32_t code = gan_sampler_load_memory(bytes, count, &o, &s);
    assert_true((code == GAN_OK) == (s != NULL));
    gan_sampler_free(s);
    assert_int_equal(h.blocks, 0);
    return code;
}

/* A text of the header with another of the same length in its place, if it is there. */
static int32_t with_change(const uint8_t *file, size_t count, const char *from, const char *to) {
    uint8_t *copy = malloc(count);
    memcpy(copy, file, count);
    int found = 0;
    for (size_t i = 0; i + strlen(from) < count && !found; i++) {
        found = memcmp(copy + i, from, strlen(from)) == 0;
        if (found) memcpy(copy + i, to, strlen(to));
    }
    const int32_t code = try_load(copy, count);
    free(copy);
    assert_true(found);
    return code;
}

static void test_hostile_files(void **state) {
    gan_context *ctx = *state;
    static const int32_t of[] = {GAN_SYSTEM_CGAN, GAN_SYSTEM_PIX2PIX, GAN_SYSTEM_BEGAN};
    uint32_t random = 1;
    for (int i = 0; i < COUNT_OF(of); i++) {
        const gan_trainer_opts o = model_opts(of[i], 8, 3, 2);
        write_model(ctx, &o, temp_file("model"));
        size_t count;
        uint8_t *file = read_file(temp_file("model"), &count);
        assert_non_null(file);
        assert_int_equal(try_load(file, count), GAN_OK);
        const size_t header = 8 + (size_t)file[0] + ((size_t)file[1] << 8);
        assert_true(header < count);
        for (int k = 0; k < 60; k++)
            assert_true(try_load(file, header * (size_t)k / 60) < 0); /* cut off */
        uint8_t *copy = malloc(count);
        for (int k = 0; k < 1500; k++) { /* digits and letters changed */
            memcpy(copy, file, count);
            for (int c = 0; c <= k % 3; c++) {
                uint8_t *at = copy + 8 + next_random(&random) / 7 % (header - 8);
                const uint32_t r = next_random(&random) >> 8;
                *at = *at >= '0' && *at <= '9' ? (uint8_t)('0' + r % 10) : *at ^ (uint8_t)(r & 31);
            }
            try_load(copy, count);
        }
        free(copy);
        free(file);
    }
}

static void test_wrong_descriptions(void **state) {
    gan_context *ctx = *state;
    const gan_trainer_opts o = model_opts(GAN_SYSTEM_CGAN, 8, 3, 2);
    write_model(ctx, &o, temp_file("model"));
    size_t count;
    uint8_t *file = read_file(temp_file("model"), &count);
    assert_int_equal(with_change(file, count, "conv_data_grad", "conv_data_grav"), GAN_ENOTSUP);
    assert_int_equal(with_change(file, count, "\\\"kh\\\":4", "\\\"kh\\\":5"), GAN_EFORMAT);
    assert_int_equal(with_change(file, count, "\\\"tanh\\\"", "\\\"tank\\\""), GAN_ENOTSUP);
    assert_int_equal(with_change(file, count, "\\\"version\\\":1", "\\\"version\\\":2"),
                     GAN_ENOTSUP);
    assert_int_equal(with_change(file, count, "gan.graph", "gan.grape"), GAN_EFORMAT);
    assert_int_equal(with_change(file, count, "\\\"sh\\\":2", "\\\"sh\\\":0"), GAN_EFORMAT);
    uint8_t *nan = malloc(count);
    memcpy(nan, file, count);
    memset(nan + count - 4, 0xff, 4);
    assert_int_equal(try_load(nan, count), GAN_EFORMAT);
    free(nan);
    free(file);
}

/* A file of one number, whose network this is: "in" (1, 1) is its input, "a" the number. */
static int32_t load_network(gan_context *ctx, const char *nodes, char text[256]) {
    char description[2048];
    snprintf(description, sizeof description,
             "{\"version\":1,\"input\":\"in\",\"shape\":[1,1],\"output\":\"y\",\"nodes\":[%s]}",
             nodes);
    const float a = 1e-9F;
    const safetensors_entry number = {.name = "a",
                                      .dtype = SAFETENSORS_F32,
                                      .rank = 4,
                                      .dims = {1, 1, 1, 1},
                                      .data = (const uint8_t *)&a,
                                      .bytes = sizeof a};
    const safetensors_pair metadata = {"gan.graph", description};
    assert_ok(ctx, safetensors_write(ctx, temp_file("model"), &number, 1, &metadata, 1));
    gan_sampler_opts o;
    gan_sampler_opts_init(&o, sizeof o);
    o.threads = 1;
    o.error = text;
    o.error_bytes = 256;
    gan_sampler *s = NULL;
    const int32_t code = gan_sampler_load(temp_file("model"), &o, &s);
    gan_sampler_free(s);
    return code;
}

/* Image and kernel k x k of one number each: of samples, or of constants that would be folded. */
static void kernel_of_side(char nodes[1024], int k, const char *image) {
    snprintf(
        nodes, 1024,
        "{\"op\":\"reshape\",\"in\":[\"in\"],\"out\":\"%%1\",\"shape\":[1,1,1,1],\"attr\":{}},"
        "{\"op\":\"broadcast_to\",\"in\":[\"%s\"],\"out\":\"%%2\",\"shape\":[1,%d,%d,1],"
        "\"attr\":{}},"
        "{\"op\":\"broadcast_to\",\"in\":[\"a\"],\"out\":\"%%3\",\"shape\":[1,%d,%d,1],"
        "\"attr\":{}},"
        "{\"op\":\"conv\",\"in\":[\"%%2\",\"%%3\"],\"out\":\"%%4\",\"shape\":[1,%d,%d,1],\"attr\":"
        "{\"n\":1,\"h\":%d,\"w\":%d,\"c\":1,\"o\":1,\"kh\":%d,\"kw\":%d,\"ho\":%d,\"wo\":%d,"
        "\"sh\":1,\"sw\":1,\"dh\":1,\"dw\":1,\"pt\":%d,\"pl\":%d}},"
        "{\"op\":\"mul\",\"in\":[\"%%1\",\"%%4\"],\"out\":\"y\",\"shape\":[1,%d,%d,1],"
        "\"attr\":{}}",
        image, k, k, k, k, k, k, k, k, k, k, k, k, k / 2, k / 2, k, k);
}

static void test_files_that_take_hours(void **state) {
    gan_context *ctx = *state;
    char nodes[1024], text[256];
    static const char *const images[] = {"%1", "a"};
    for (int i = 0; i < 2; i++) {
        kernel_of_side(nodes, 16, images[i]);
        assert_int_equal(load_network(ctx, nodes, text), GAN_OK);
        kernel_of_side(nodes, 320, images[i]);
        assert_int_equal(load_network(ctx, nodes, text), GAN_ENOTSUP);
        assert_non_null(strstr(text, "multiply-adds"));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CONTEXT_TEST(test_grid),
        CONTEXT_TEST(test_formats),
        CONTEXT_TEST(test_palette),
        CONTEXT_TEST(test_palette_of_a_large_picture),
        CONTEXT_TEST(test_latents),
        CONTEXT_TEST(test_labels),
        CONTEXT_TEST(test_labels_that_change),
        CONTEXT_TEST(test_translates),
        CONTEXT_TEST(test_translates_what_is_seen),
        CONTEXT_TEST(test_refuses),
        CONTEXT_TEST(test_hostile_files),
        CONTEXT_TEST(test_files_that_take_hours),
        CONTEXT_TEST(test_wrong_descriptions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
