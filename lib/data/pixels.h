/* Bytes of pixels and the numbers they stand for: 0..255 is lo..hi. */
#ifndef GAN_DATA_PIXELS_H
#define GAN_DATA_PIXELS_H

#include "core/real.h"
#include "gan/base.h"

#include <stdint.h>

/* Whether images may have so many channels: 1 (grey), 3 (RGB) or 4 (RGBA). */
int pixels_are_channels(int64_t c);

/* The numbers of the 256 bytes. */
typedef struct pixel_levels {
    real of[256];
} pixel_levels;
pixel_levels pixels_levels(double lo, double hi);

/* Whether lo..hi is a range; GAN_EINVAL with a text if not. */
int32_t pixels_check_range(gan_context *ctx, const char *function, double lo, double hi);

void pixels_to_reals(const pixel_levels *levels, const uint8_t *from, int64_t n, real *to);

/* The same for a row of `width` pixels of `channels` that is mirrored on the way. */
void pixels_mirrored(const pixel_levels *levels, const uint8_t *from, int64_t width,
                     int64_t channels, real *to);

/* The least value of the range of pixels, whose largest is 1. */
static inline double pixels_lowest(int32_t unit_range) { return unit_range ? 0 : -1; }

/* Colours of `count` pixels of RGBA, values in lo..hi with lo for none, multiplied by alpha; and
 * divided by it, at most hi, and lo where the alpha's byte is 0. In place. */
void pixels_premultiply(real *rgba, int64_t count, double lo, double hi);
void pixels_straighten(real *rgba, int64_t count, double lo, double hi);

/* The nearest byte; values outside are clamped, NaN is 0. */
uint8_t pixels_byte(double value, double lo, double hi);

#endif
