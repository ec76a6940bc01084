/* PNG pictures of 8 bits a channel. Without libpng (GAN_PNG not defined as 1) both functions return
 * GAN_ENOTSUP. Values are taken as they stand in the file: no gamma or colour profile is applied.
 */
#ifndef GAN_IO_PNG_H
#define GAN_IO_PNG_H

#include "gan/base.h"

#include <stdint.h>

enum { PNG_MAX_SIDE = 16384 }; /* pixels of a side, of what is read and written */

/* Rows from top to bottom, channels interleaved. */
typedef struct png_pixels {
    uint8_t *data; /* a block of the arena, the owner's */
    int64_t height, width;
    int32_t channels;
} png_pixels;

/* Reads a picture as grey (channels 1), RGB (3) or RGBA (4); a missing alpha is opaque, an unwanted
 * one is dropped, colour becomes grey by the weights of ITU-R BT.601. channels 0: as the file has
 * it, RGBA where there is any transparency. */
int32_t png_read(gan_context *ctx, const char *path, int32_t channels, png_pixels *out);

/* Writes (height, width, channels) bytes, whole or not at all. */
int32_t png_write(gan_context *ctx, const char *path, const uint8_t *pixels, int64_t height,
                  int64_t width, int32_t channels);

#endif
