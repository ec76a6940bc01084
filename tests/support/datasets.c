#include "datasets.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int without_png(void) { return strstr(gan_build_info(), "no PNG") != NULL; }

gan_data_opts data_options(void) {
    gan_data_opts o;
    gan_data_opts_init(&o, sizeof o);
    return o;
}

void write_png(gan_context *ctx, const char *path, int64_t h, int64_t w, int64_t c,
               const uint8_t *bytes) {
    int64_t mark = gan_scope_begin(ctx), n = h * w * c;
    double *values = malloc((size_t)n * sizeof *values);
    for (int64_t i = 0; i < n; i++) values[i] = bytes[i];
    gan_tensor *t = gan_from_doubles(ctx, values, SHAPE(1, h, w, c));
    assert_ok(ctx, gan_png_write_grid(t, path, 1, 0, 0, 255));
    free(values);
    gan_scope_end(ctx, mark);
}

void write_dot(gan_context *ctx, const char *path, uint8_t value) {
    write_png(ctx, path, 1, 1, 1, &value);
}

void make_folder(const char *path) { assert_int_equal(mkdir(path, 0700), 0); }

void assert_data_shape(const gan_dataset *d, int64_t n, int64_t h, int64_t w, int64_t c) {
    const int64_t *s = gan_dataset_shape(d);
    assert_non_null(s);
    assert_int_equal(gan_dataset_size(d), n);
    assert_int_equal(s[0], n);
    assert_int_equal(s[1], h);
    assert_int_equal(s[2], w);
    assert_int_equal(s[3], c);
}

void pixels_at(const gan_dataset *d, const uint8_t *bytes, size_t count, const char *file,
               int line) {
    const int64_t *s = gan_dataset_shape(d);
    if (!s || (size_t)(s[0] * s[1] * s[2] * s[3]) != count) {
        print_error("%zu bytes are expected\n", count);
        _fail(file, line);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        if (gan_dataset_pixels(d)[i] == bytes[i]) continue;
        print_error("byte %zu is %d, not %d\n", i, gan_dataset_pixels(d)[i], bytes[i]);
        _fail(file, line);
    }
}
