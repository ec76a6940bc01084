/* SPDX-License-Identifier: MIT */
#include "common/gallery.h"

#include <stdlib.h>
#include <string.h>

enum {
    RGB = 3,
    RGBA = 4,
    LEAST_SIDE = 64, /* of an image in the picture          */
    SQUARE = 8,      /* of the checkerboard                 */
    GAP = 4,         /* between images                      */
    BLOCK = 1000     /* images that are compared with at once */
};

static const float LIGHT = 0.8F, DARK = 0.5F; /* squares, in [-1, 1] */

/* ---- grids ----------------------------------------------------------------------------------- */

/* Pixel (y, x) of the enlarged picture. */
static void draw_pixel(const float *from, int64_t channels, int64_t y, int64_t x, float *to) {
    if (channels != RGBA) {
        memcpy(to, from, (size_t)channels * sizeof *to);
        return;
    }
    float alpha = (from[3] + 1) / 2, square = (y / SQUARE + x / SQUARE) % 2 ? DARK : LIGHT;
    for (int c = 0; c < RGB; c++) to[c] = square + alpha * (from[c] - square);
}

/* One image, every pixel scale x scale times. Returns the place behind it. */
static float *draw(const float *image, const int64_t shape[4], int64_t scale, int64_t channels,
                   float *to) {
    for (int64_t y = 0; y < shape[1] * scale; y++)
        for (int64_t x = 0; x < shape[2] * scale; x++, to += channels)
            draw_pixel(image + (y / scale * shape[2] + x / scale) * shape[3], shape[3], y, x, to);
    return to;
}

int32_t gallery_write(gan_context *ctx, const float *images, const int64_t shape[4],
                      int32_t columns, const char *path) {
    int64_t scale = (LEAST_SIDE + shape[1] - 1) / shape[1], size = shape[1] * shape[2] * shape[3];
    int64_t shown = shape[3] == RGBA ? RGB : shape[3];
    const int64_t cells[] = {shape[0], shape[1] * scale, shape[2] * scale, shown};
    float *pixels = malloc((size_t)(cells[0] * cells[1] * cells[2] * cells[3]) * sizeof *pixels);
    if (!pixels) return GAN_ENOMEM;
    float *to = pixels;
    for (int64_t i = 0; i < shape[0]; i++) to = draw(images + i * size, shape, scale, shown, to);
    int64_t scope = gan_scope_begin(ctx);
    gan_tensor *grid = gan_from_floats(ctx, pixels, cells, 4);
    int32_t status =
        grid ? gan_png_write_grid(grid, path, columns, GAP, -1, 1) : gan_error_code(ctx);
    gan_scope_end(ctx, scope);
    free(pixels);
    return status;
}

/* ---- neighbours ------------------------------------------------------------------------------ */

/* Colours times alpha, as a loader's premultiply makes them. */
static void premultiply(float *pixels, int64_t count) {
    for (int64_t i = 0; i < count; i++, pixels += RGBA)
        for (int c = 0; c < RGB; c++) pixels[c] = (pixels[c] + 1) * (pixels[3] + 1) / 2 - 1;
}

/* Takes over what is nearer to the rows among images `first` and on, which are premultiplied as the
 * rows are. */
static int32_t compare(gan_tensor *block, int64_t first, const float *rows, int64_t n,
                       int64_t *nearest, double *distances) {
    int64_t index[BLOCK], count = block ? gan_tensor_dim(block, 0) : 0;
    double distance[BLOCK];
    if (!block) return GAN_ENOMEM;
    int32_t status =
        gan_nearest_neighbours(gan_tensor_context(block), gan_tensor_data(block), count, rows, n,
                               gan_tensor_size(block) / count, index, distance);
    for (int64_t i = 0; i < n && status == GAN_OK; i++)
        if (first == 0 || distance[i] < distances[i]) {
            nearest[i] = first + index[i];
            distances[i] = distance[i];
        }
    return status;
}

static int32_t find(gan_context *ctx, gan_dataset *data, const float *rows, int64_t n,
                    int64_t *nearest, double *distances) {
    gan_loader_opts opts;
    gan_loader *blocks = NULL;
    gan_loader_opts_init(&opts, sizeof opts);
    opts.batch = BLOCK;
    opts.shuffle = 0;
    opts.remainder = GAN_REMAINDER_KEEP;
    opts.premultiply = 1;
    int32_t status = gan_loader_create(data, &opts, &blocks);
    for (int64_t i = 0; i < gan_dataset_size(data) && status == GAN_OK; i += BLOCK) {
        int64_t scope = gan_scope_begin(ctx);
        status = compare(gan_loader_next(blocks), i, rows, n, nearest, distances);
        gan_scope_end(ctx, scope);
    }
    gan_loader_unref(blocks);
    return status;
}

void gallery_read(const gan_dataset *data, int64_t first, int64_t count, float lo, float *images) {
    const int64_t *shape = gan_dataset_shape(data), size = shape[1] * shape[2] * shape[3];
    const uint8_t *bytes = gan_dataset_pixels(data) + first * size;
    for (int64_t i = 0; i < count * size; i++) images[i] = lo + (1 - lo) * (float)bytes[i] / 255;
}

int32_t gallery_write_nearest(gan_context *ctx, gan_dataset *data, const float *images, int64_t n,
                              int32_t columns, const char *path, double *mean) {
    int64_t nearest[GALLERY_PAIRS], shape[4];
    double distances[GALLERY_PAIRS];
    memcpy(shape, gan_dataset_shape(data), sizeof shape);
    int64_t size = shape[1] * shape[2] * shape[3];
    if (n > GALLERY_PAIRS) n = GALLERY_PAIRS;
    shape[0] = 2 * n;
    float *pairs = malloc((size_t)(2 * n * size) * sizeof *pairs); /* first the rows, then pairs */
    if (!pairs) return GAN_ENOMEM;
    memcpy(pairs, images, (size_t)(n * size) * sizeof *pairs);
    if (shape[3] == RGBA) premultiply(pairs, n * shape[1] * shape[2]);
    int32_t status = find(ctx, data, pairs, n, nearest, distances);
    *mean = 0;
    for (int64_t i = 0; i < n && status == GAN_OK; i++) {
        memcpy(pairs + 2 * i * size, images + i * size, (size_t)size * sizeof *pairs);
        gallery_read(data, nearest[i], 1, -1, pairs + (2 * i + 1) * size);
        *mean += distances[i] / (double)n;
    }
    if (status == GAN_OK) status = gallery_write(ctx, pairs, shape, columns, path);
    free(pairs);
    return status;
}
