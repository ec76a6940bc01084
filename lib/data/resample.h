/* Pictures in another size. */
#ifndef GAN_DATA_RESAMPLE_H
#define GAN_DATA_RESAMPLE_H

#include "gan/base.h"

/* (height, width, channels) bytes to (new_height, new_width, channels): each axis by area averaging
 * where it shrinks, bilinearly where it grows. With 4 channels the last is alpha, by which colours
 * are weighted; a pixel that comes out fully transparent is all 0. Every size is at least 1. */
int32_t resample(gan_context *ctx, const uint8_t *from, int64_t height, int64_t width,
                 int32_t channels, int64_t new_height, int64_t new_width, uint8_t *to);

#endif
