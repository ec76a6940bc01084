/* PNG pictures. A build without libpng (-DGAN_PNG=OFF) fails with GAN_ENOTSUP in both.
 *
 * SPDX-License-Identifier: MIT */
#ifndef GAN_IMAGE_H
#define GAN_IMAGE_H

#include "gan/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Reads a PNG of at most 16384 x 16384 as (1,H,W,channels), channels 1 (grey), 3 (RGB) or 4 (RGBA);
 * bytes are mapped from 0..255 to [lo, hi]. Colours are converted as needed; a missing alpha is
 * opaque, and alpha that is not asked for is dropped. */
GAN_API gan_tensor *gan_png_read(gan_context *ctx, const char *path, int32_t channels, double lo,
                                 double hi);

/* Writes images (N,H,W,C), C 1, 3 or 4, as one PNG grid with `columns` cells a row and `gap` pixels
 * of white between cells. lo..hi maps to 0..255; values outside are clamped, NaN is 0. The
 * file is written whole or not at all. */
GAN_API int32_t gan_png_write_grid(gan_tensor *images, const char *path, int32_t columns,
                                   int32_t gap, double lo, double hi);

#ifdef __cplusplus
}
#endif

#endif
