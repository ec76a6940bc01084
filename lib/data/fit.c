#include "data/fit.h"

#include "core/alloc.h"
#include "core/error.h"
#include "data/resample.h"
#include "io/colour.h"

#include <string.h>

/* ---- sizes ----------------------------------------------------------------------------------- */

static int32_t too_large(gan_context *ctx, const picture *p, int64_t height, int64_t width,
                         const char *option, int32_t side) {
    return error_set(ctx, GAN_EINVAL, "%s: %lld x %lld pixels do not fit into %s %d", p->name,
                     (long long)width, (long long)height, option, (int)side);
}

/* The shorter side when the longer one becomes `size`, rounded. */
static int64_t in_proportion(int64_t shorter, int64_t longer, int64_t size) {
    int64_t side = (2 * shorter * size + longer) / (2 * longer);
    return side < 1 ? 1 : side;
}

static void measure_inner(const gan_data_opts *o, const picture *p, fitting *f) {
    f->inner_height = p->height;
    f->inner_width = p->width;
    if (o->size == 0 || o->fit == GAN_FIT_PAD) return;
    f->inner_height = f->inner_width = o->size;
    if (o->fit == GAN_FIT_STRETCH) return;
    if (p->height < p->width)
        f->inner_height = in_proportion(p->height, p->width, o->size);
    else
        f->inner_width = in_proportion(p->width, p->height, o->size);
}

int32_t fit_measure(gan_context *ctx, const data_plan *plan, const picture *p, fitting *out) {
    const gan_data_opts *o = &plan->opts;
    fitting f = {.channels = o->channels ? o->channels : p->channels};
    measure_inner(o, p, &f);
    f.height = o->size ? o->size : f.inner_height;
    f.width = o->size ? o->size : f.inner_width;
    if (f.inner_height > f.height || f.inner_width > f.width)
        return too_large(ctx, p, f.inner_height, f.inner_width, "size", o->size);
    if (o->pad_to && (f.height > o->pad_to || f.width > o->pad_to))
        return too_large(ctx, p, f.height, f.width, "pad_to", o->pad_to);
    if (o->pad_to) f.height = f.width = o->pad_to;
    *out = f;
    return GAN_OK;
}

/* ---- colours --------------------------------------------------------------------------------- */

static void colour_bytes(uint32_t colour, uint8_t rgb[3]) {
    rgb[0] = (uint8_t)(colour >> 16);
    rgb[1] = (uint8_t)(colour >> 8);
    rgb[2] = (uint8_t)colour;
}

static void get_pixel(const uint8_t *from, int32_t channels, uint8_t rgba[4]) {
    for (int32_t c = 0; c < 3; c++) rgba[c] = from[channels == 1 ? 0 : c];
    rgba[3] = channels == 4 ? from[3] : 255;
}

/* Alpha a over the background b: (a x + (255 - a) b) / 255, rounded. */
static void compose(uint8_t rgba[4], const uint8_t background[3]) {
    int32_t alpha = rgba[3];
    for (int32_t c = 0; c < 3; c++)
        rgba[c] = (uint8_t)((alpha * rgba[c] + (255 - alpha) * background[c] + 127) / 255);
}

static void put_pixel(uint8_t rgba[4], const uint8_t background[3], int32_t channels, uint8_t *to) {
    if (channels == 4) {
        memcpy(to, rgba, 4);
        if (rgba[3] == 0) memset(to, 0, 4);
        return;
    }
    compose(rgba, background);
    if (channels == 3)
        memcpy(to, rgba, 3);
    else
        *to = colour_grey(rgba);
}

/* `count` pixels of other channels. */
static void convert(const uint8_t *from, int32_t channels, int64_t count,
                    const uint8_t background[3], int32_t new_channels, uint8_t *to) {
    if (channels == new_channels && channels != 4) {
        memcpy(to, from, (size_t)(count * channels));
        return;
    }
    for (int64_t i = 0; i < count; i++) {
        uint8_t rgba[4];
        get_pixel(from + i * channels, channels, rgba);
        put_pixel(rgba, background, new_channels, to + i * new_channels);
    }
}

/* ---- drawing --------------------------------------------------------------------------------- */

/* Everything transparent, or of the background's colour. */
static void clear(const fitting *f, const uint8_t background[3], uint8_t *to) {
    static const uint8_t transparent[4] = {0};
    int64_t count = f->height * f->width;
    for (int64_t i = 0; i < count; i++)
        convert(transparent, 4, 1, background, f->channels, to + i * f->channels);
}

static void place(const fitting *f, const uint8_t *inner, int32_t channels,
                  const uint8_t background[3], uint8_t *to) {
    int64_t top = (f->height - f->inner_height) / 2, left = (f->width - f->inner_width) / 2;
    for (int64_t y = 0; y < f->inner_height; y++)
        convert(inner + y * f->inner_width * channels, channels, f->inner_width, background,
                f->channels, to + ((top + y) * f->width + left) * f->channels);
}

int32_t fit_draw(gan_context *ctx, const data_plan *plan, const picture *p, const fitting *f,
                 uint8_t *to) {
    uint8_t background[3];
    colour_bytes(plan->opts.background, background);
    if (f->inner_height < f->height || f->inner_width < f->width) clear(f, background, to);
    if (f->inner_height == p->height && f->inner_width == p->width) {
        place(f, p->pixels, p->channels, background, to);
        return GAN_OK;
    }
    uint8_t *inner =
        arena_alloc_array(ctx, (size_t)(f->inner_height * f->inner_width), (size_t)p->channels);
    if (!inner) return GAN_ENOMEM;
    int32_t code = resample(ctx, p->pixels, p->height, p->width, p->channels, f->inner_height,
                            f->inner_width, inner);
    if (!code) place(f, inner, p->channels, background, to);
    arena_free(ctx, inner);
    return code;
}
