/* Generated images as pictures to judge them by: RGBA over a checkerboard, small ones enlarged, and
 * beside samples the images that they might be copies of.
 *
 * Images here are rows (n,h,w,c) of floats in [-1, 1], with c 1, 3 or 4 and straight alpha.
 *
 * SPDX-License-Identifier: MIT */
#ifndef COMMON_GALLERY_H
#define COMMON_GALLERY_H

#include <gan.h>

/* count images of the data from `first` on, bytes mapped to [lo, 1]. */
void gallery_read(const gan_dataset *data, int64_t first, int64_t count, float lo, float *images);

/* Writes a PNG grid of so many columns. */
int32_t gallery_write(gan_context *ctx, const float *images, const int64_t shape[4],
                      int32_t columns, const char *path);

enum { GALLERY_PAIRS = 64 };

/* The same of the first GALLERY_PAIRS images at most, each with the nearest one of the data, whose
 * images are of the same size, to the right of it: by the Euclidean distance of pixels, their
 * colours times alpha. *mean is of these distances. */
int32_t gallery_write_nearest(gan_context *ctx, gan_dataset *data, const float *images, int64_t n,
                              int32_t columns, const char *path, double *mean);

#endif
