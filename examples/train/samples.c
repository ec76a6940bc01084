/* SPDX-License-Identifier: MIT */
#include "train/samples.h"

#include "common/files.h"
#include "common/gallery.h"

#include <stdlib.h>
#include <string.h>

enum {
    COLUMNS = 8,
    ROWS = 8,
    MOST_COLUMNS = 16, /* of classes, one a column */
    TRIPLES = 3,       /* a row                    */
    TRIPLE_ROWS = 5,
    GAP = 2
};

/* ---- what is shown --------------------------------------------------------------------------- */

/* Class c in column c, or all of them in turn. */
static int32_t choose_labels(samples *s, int32_t classes) {
    s->columns = classes <= MOST_COLUMNS ? classes : COLUMNS;
    s->count = (int64_t)s->columns * ROWS;
    s->labels = malloc((size_t)s->count * sizeof *s->labels);
    if (!s->labels) return GAN_ENOMEM;
    for (int64_t i = 0; i < s->count; i++) s->labels[i] = (int32_t)(i % classes);
    return GAN_OK;
}

static float level(uint8_t byte) { return (float)byte / 127.5F - 1; }

/* Given images from all over the data. */
static gan_tensor *choose_given(samples *s, gan_context *ctx) {
    int64_t all = gan_dataset_size(s->data), shape[4];
    for (int i = 0; i < 4; i++) shape[i] = gan_dataset_shape(s->data)[i];
    s->columns = 3 * TRIPLES;
    shape[0] = s->count = all < TRIPLES * TRIPLE_ROWS ? all : TRIPLES * TRIPLE_ROWS;
    int64_t pixels = shape[1] * shape[2] * shape[3];
    float *given = malloc((size_t)(s->count * pixels) * sizeof *given);
    s->shown = malloc((size_t)s->count * sizeof *s->shown);
    gan_tensor *images = NULL;
    for (int64_t i = 0; given && s->shown && i < s->count; i++) {
        s->shown[i] = i * all / s->count;
        const uint8_t *from = gan_dataset_pixels(s->data) + s->shown[i] * pixels;
        for (int64_t p = 0; p < pixels; p++) given[i * pixels + p] = level(from[p]);
    }
    if (given && s->shown) images = gan_from_floats(ctx, given, shape, 4);
    free(given);
    return images;
}

int32_t samples_begin(samples *s, gan_context *ctx, gan_trainer *t, gan_dataset *data) {
    const gan_trainer_opts *o = gan_trainer_options(t);
    int32_t status = GAN_OK;
    *s = (samples){.data = data, .count = COLUMNS * ROWS, .columns = COLUMNS};
    if (o->condition) status = choose_labels(s, o->classes);
    if (status < 0) return status;
    int64_t scope = gan_scope_begin(ctx);
    gan_tensor *input = o->latent ? gan_trainer_latents(t, s->count) : choose_given(s, ctx);
    status = input ? gan_tensor_take(input, &s->input) : GAN_ENOMEM;
    gan_scope_end(ctx, scope);
    return status;
}

void samples_end(samples *s) {
    gan_tensor_unref(s->input);
    free(s->labels);
    free(s->shown);
}

const char *samples_about(const samples *s) {
    if (s->shown) return "given, generated, target; side by side";
    return s->labels ? "a class a column; the same latents each time"
                     : "the same latents each time";
}

/* ---- pictures -------------------------------------------------------------------------------- */

/* A pixel in `channels`: a grey one is repeated, alpha is opaque where there was none. */
static void put_pixel(float *to, int64_t channels, const uint8_t *from, int64_t theirs) {
    for (int64_t c = 0; c < channels; c++) {
        if (c < theirs)
            to[c] = level(from[c]);
        else
            to[c] = c == 3 ? 1 : level(from[0]);
    }
}

/* Image i of the data as a cell (side, side, channels). */
static void put_image(float *cell, int64_t pixels, int64_t channels, const gan_dataset *d,
                      int64_t i) {
    int64_t theirs = gan_dataset_shape(d)[3];
    const uint8_t *from = gan_dataset_pixels(d) + i * pixels * theirs;
    for (int64_t p = 0; p < pixels; p++)
        put_pixel(cell + p * channels, channels, from + p * theirs, theirs);
}

/* (3 n, s, s, c) of generated images (n, s, s, c). */
static gan_tensor *triples(const samples *s, gan_tensor *generated) {
    if (!generated) return NULL;
    int64_t shape[4];
    for (int i = 0; i < 4; i++) shape[i] = gan_tensor_dim(generated, i);
    int64_t pixels = shape[1] * shape[2], cell = pixels * shape[3];
    float *cells = malloc((size_t)(3 * s->count * cell) * sizeof *cells);
    const float *from = gan_tensor_data(generated);
    gan_tensor *grid = NULL;
    for (int64_t i = 0; cells && from && i < s->count; i++) {
        float *to = cells + 3 * i * cell;
        put_image(to, pixels, shape[3], s->data, s->shown[i]);
        for (int64_t p = 0; p < cell; p++) to[cell + p] = from[i * cell + p];
        put_image(to + 2 * cell, pixels, shape[3], gan_dataset_pair(s->data), s->shown[i]);
    }
    shape[0] *= 3;
    if (cells && from) grid = gan_from_floats(gan_tensor_context(generated), cells, shape, 4);
    free(cells);
    return grid;
}

int32_t samples_write(const samples *s, gan_trainer *t, const char *path) {
    gan_context *ctx = gan_tensor_context(s->input);
    double lo = gan_trainer_options(t)->unit_range ? 0 : -1;
    int64_t scope = gan_scope_begin(ctx);
    gan_tensor *images = gan_trainer_sample(t, s->input, s->labels);
    if (s->shown) images = triples(s, images);
    int32_t status =
        images ? gan_png_write_grid(images, path, s->columns, GAP, lo, 1) : gan_error_code(ctx);
    gan_scope_end(ctx, scope);
    return status < 0 || images ? status : GAN_ENOMEM;
}

/* ---- the gallery ----------------------------------------------------------------------------- */

enum { PAIR_COLUMNS = 4, WAYS = 8, WAY_STEPS = 10 };

/* Samples as floats in [-1, 1], to free; NULL on failure. */
static float *sample_floats(gan_trainer *t, gan_tensor *z, const int32_t *labels) {
    gan_tensor *images = gan_trainer_sample(t, z, labels);
    if (gan_trainer_options(t)->unit_range) images = gan_add_scalar(gan_scale(images, 2), -1);
    int64_t size = images ? gan_tensor_size(images) : 0;
    float *floats = images ? malloc((size_t)size * sizeof *floats) : NULL;
    if (floats) memcpy(floats, gan_tensor_data(images), (size_t)size * sizeof *floats);
    return floats;
}

static int32_t write_nearest(const samples *s, gan_trainer *t, const char *path) {
    double mean;
    float *images = sample_floats(t, s->input, s->labels);
    int32_t status = images ? gallery_write_nearest(gan_tensor_context(s->input), s->data, images,
                                                    s->count / 2, 2 * PAIR_COLUMNS, path, &mean)
                            : GAN_ENOMEM;
    free(images);
    return status;
}

/* Latents (ways * WAY_STEPS, latent): row r leads from sample 2 r to sample 2 r + 1. */
static gan_tensor *ways_of(const samples *s, const gan_trainer_opts *o, int64_t ways) {
    int64_t n = o->latent;
    const float *z = gan_tensor_data(s->input);
    float *points = malloc((size_t)(ways * WAY_STEPS * n) * sizeof *points), *to = points;
    for (int64_t i = 0; points && i < ways * WAY_STEPS; i++, to += n) {
        const float *a = z + i / WAY_STEPS * 2 * n, *b = a + n;
        double at = (double)(i % WAY_STEPS) / (WAY_STEPS - 1);
        if (o->latent_kind == GAN_LATENT_NORMAL)
            gan_latent_slerp(a, b, n, at, to);
        else
            for (int64_t k = 0; k < n; k++) to[k] = a[k] + (float)at * (b[k] - a[k]);
    }
    gan_tensor *latents = points ? gan_from_floats(gan_tensor_context(s->input), points,
                                                   (int64_t[]){ways * WAY_STEPS, n}, 2)
                                 : NULL;
    free(points);
    return latents;
}

/* A way keeps the label that it begins with. */
static int32_t write_ways(const samples *s, gan_trainer *t, const char *path) {
    const gan_trainer_opts *o = gan_trainer_options(t);
    int32_t labels[WAYS * WAY_STEPS];
    int64_t ways = s->count / 2 < WAYS ? s->count / 2 : WAYS;
    for (int64_t i = 0; s->labels && i < ways * WAY_STEPS; i++)
        labels[i] = s->labels[2 * (i / WAY_STEPS)];
    float *images = sample_floats(t, ways_of(s, o, ways), s->labels ? labels : NULL);
    const int64_t shape[] = {ways * WAY_STEPS, o->side, o->side, o->channels};
    int32_t status =
        images ? gallery_write(gan_tensor_context(s->input), images, shape, WAY_STEPS, path)
               : GAN_ENOMEM;
    free(images);
    return status;
}

int samples_have_gallery(const samples *s) { return !s->shown; }

int32_t samples_write_gallery(const samples *s, gan_trainer *t, const char *folder) {
    char path[PATH_BYTES];
    gan_context *ctx = gan_tensor_context(s->input);
    int64_t scope = gan_scope_begin(ctx);
    int32_t status = write_nearest(s, t, join_path(path, folder, SAMPLES_GALLERY));
    if (status == GAN_OK) status = write_ways(s, t, join_path(path, folder, SAMPLES_WAYS));
    gan_scope_end(ctx, scope);
    return status;
}
