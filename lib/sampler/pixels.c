/* From the network's numbers to the host's pixels. */
#include "sampler/sampler.h"

#include "data/pixels.h"

#include <string.h>

enum { RGBA = 4 };

typedef struct picture {
    int64_t height, width, channels;
} picture;

static picture picture_of(const gan_sampler *s) {
    const shape *v = &s->graph.values[s->graph.output].shape;
    return (picture){v->dim[1], v->dim[2], v->dim[3]};
}

/* `count` pixels of RGBA with straight alpha. */
static void to_rgba(const gan_sampler *s, int64_t count, int64_t channels, const real *from,
                    uint8_t *rgba) {
    const double lo = s->graph.lo, hi = s->graph.hi;
    for (int64_t i = 0; i < count; i++, from += channels, rgba += RGBA) {
        real pixel[RGBA] = {from[0], from[channels < 3 ? 0 : 1], from[channels < 3 ? 0 : 2],
                            (real)hi};
        if (channels == RGBA) pixel[3] = from[3];
        if (channels == RGBA && s->graph.premultiplied) pixels_straighten(pixel, 1, lo, hi);
        if (s->request.flags & GAN_PIXELS_OPAQUE) pixel[3] = (real)hi;
        for (int c = 0; c < RGBA; c++) rgba[c] = pixels_byte((double)pixel[c], lo, hi);
    }
}

static void cut_alpha(int64_t count, int32_t threshold, uint8_t *rgba) {
    for (int64_t i = 0; i < count; i++, rgba += RGBA) {
        if (threshold) rgba[3] = rgba[3] < threshold ? 0 : 255;
        if (!rgba[3]) memset(rgba, 0, RGBA);
    }
}

static void premultiply(int64_t count, uint8_t *rgba) {
    for (int64_t i = 0; i < count; i++, rgba += RGBA)
        for (int c = 0; c < 3; c++) rgba[c] = (uint8_t)((rgba[c] * rgba[3] + 127) / 255);
}

static void swap_blue(int64_t count, uint8_t *rgba) {
    for (int64_t i = 0; i < count; i++, rgba += RGBA) {
        const uint8_t red = rgba[0];
        rgba[0] = rgba[2];
        rgba[2] = red;
    }
}

/* Every pixel scale x scale times, row by row. */
static void write_cell(const gan_sampler_request *r, int64_t image, picture p,
                       const uint8_t *rgba) {
    const int64_t top = image / r->columns * p.height * r->scale;
    const int64_t left = image % r->columns * p.width * r->scale;
    for (int64_t y = 0; y < p.height * r->scale; y++) {
        uint8_t *to = r->rgba + (size_t)(top + y) * r->pitch + left * RGBA;
        const uint8_t *from = rgba + y / r->scale * p.width * RGBA;
        for (int64_t x = 0; x < p.width * r->scale; x++, to += RGBA)
            memcpy(to, from + x / r->scale * RGBA, RGBA);
    }
}

void pixels_emit(const gan_sampler *s, int64_t image, const real *from, int worker) {
    const gan_sampler_request *r = &s->request;
    const int64_t size = shape_size(&s->graph.values[s->graph.output].shape);
    if (r->floats)
        for (int64_t i = 0; i < size; i++) r->floats[image * size + i] = (float)from[i];
    if (!r->rgba) return;
    const picture p = picture_of(s);
    const int64_t count = p.height * p.width;
    uint8_t *cell = s->cell + worker * count * RGBA;
    to_rgba(s, count, p.channels, from, cell);
    cut_alpha(count, r->alpha_threshold, cell);
    if (r->colors) palette_reduce(cell, count, r->colors, s->palette + worker * count);
    if (r->flags & GAN_PIXELS_PREMULTIPLY) premultiply(count, cell);
    if (r->flags & GAN_PIXELS_BGRA) swap_blue(count, cell);
    write_cell(r, image, p, cell);
}
