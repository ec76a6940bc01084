/* Pictures on disk and data sets made of them, for the tests of data sets. */
#ifndef TESTS_DATASETS_H
#define TESTS_DATASETS_H

#include "support.h"

/* Whether the build has no PNG: tests of PNG files are then empty. */
int without_png(void);

/* The defaults. */
gan_data_opts data_options(void);

/* Writes a PNG (h,w,c) of the bytes; a grey one of one pixel. */
void write_png(gan_context *ctx, const char *path, int64_t h, int64_t w, int64_t c,
               const uint8_t *bytes);
void write_dot(gan_context *ctx, const char *path, uint8_t value);

void make_folder(const char *path);

/* The data set has this shape. */
void assert_data_shape(const gan_dataset *d, int64_t n, int64_t h, int64_t w, int64_t c);

/* The data set holds exactly these bytes. */
void pixels_at(const gan_dataset *d, const uint8_t *bytes, size_t count, const char *file,
               int line);
#define assert_pixels(d, ...)                                                                      \
    pixels_at(d, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}), __FILE__, \
              __LINE__)

#endif
