#include "data/dataset.h"

#include "core/alloc.h"
#include "io/colour.h"

#include <string.h>

/* A pixel as the two values whose edges are wanted, both 0 to FULL: luminance times alpha, and
 * alpha. */
enum { FULL = 255 * 255000 };
typedef struct tone {
    int64_t of[2];
} tone;

static tone tone_of(const uint8_t *pixel, int64_t channels) {
    int64_t alpha = channels == 4 ? pixel[3] : 255;
    int64_t luma = channels == 1 ? 1000 * (int64_t)pixel[0] : colour_luma_1000(pixel);
    return (tone){{luma * alpha, 255000 * alpha}};
}

static int64_t clamp(int64_t i, int64_t n) { return i < 0 ? 0 : i >= n ? n - 1 : i; }

/* Both values' squared gradients at (y, x) by Sobel's masks; the larger. At most 32 FULL^2, so it
 * fits. Everything is integer, hence the same on every machine. */
static int64_t steepness(const gan_dataset *d, const uint8_t *image, int64_t y, int64_t x) {
    static const int64_t smooth[3] = {1, 2, 1}, slope[3] = {-1, 0, 1};
    int64_t across[2] = {0}, down[2] = {0};
    for (int i = 0; i < 3; i++) {
        for (int j = 0; j < 3; j++) {
            int64_t row = clamp(y + i - 1, d->dims[1]), column = clamp(x + j - 1, d->dims[2]);
            tone t = tone_of(image + (row * d->dims[2] + column) * d->dims[3], d->dims[3]);
            for (int v = 0; v < 2; v++) {
                across[v] += smooth[i] * slope[j] * t.of[v];
                down[v] += slope[i] * smooth[j] * t.of[v];
            }
        }
    }
    int64_t colour = across[0] * across[0] + down[0] * down[0];
    int64_t alpha = across[1] * across[1] + down[1] * down[1];
    return colour > alpha ? colour : alpha;
}

static void outline(const gan_dataset *d, const uint8_t *image, double least, uint8_t *to) {
    for (int64_t y = 0; y < d->dims[1]; y++)
        for (int64_t x = 0; x < d->dims[2]; x++)
            *to++ = (double)steepness(d, image, y, x) >= least ? 255 : 0;
}

int32_t data_outlines(gan_dataset *d, double threshold, gan_dataset **out) {
    gan_context *ctx = d->base.ctx;
    const data_plan plan = {.function = "gan_dataset_outlines"};
    gan_dataset *o = dataset_new(ctx, &plan, d->dims[0], d->labels != NULL);
    if (!o) return GAN_ENOMEM;
    object_ref(&d->base);
    o->pair = d;
    int64_t pixels = d->dims[1] * d->dims[2];
    o->pixels = arena_alloc_array(ctx, (size_t)d->dims[0], (size_t)pixels);
    if (!o->pixels) {
        object_unref(&o->base);
        return GAN_ENOMEM;
    }
    memcpy(o->dims, d->dims, sizeof o->dims);
    o->dims[3] = 1;
    o->classes = d->classes;
    if (d->labels) memcpy(o->labels, d->labels, (size_t)d->dims[0] * sizeof *o->labels);
    double step = 4 * threshold * FULL;
    for (int64_t i = 0; i < d->dims[0]; i++)
        outline(d, d->pixels + i * dataset_image_bytes(d), step * step, o->pixels + i * pixels);
    *out = o;
    return GAN_OK;
}
