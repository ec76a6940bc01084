/* Luminance, in one place for all who make grey of colours. */
#ifndef GAN_IO_COLOUR_H
#define GAN_IO_COLOUR_H

#include <stdint.h>

/* A thousand times the luma of ITU-R BT.601, 0 to 255000. */
static inline int32_t colour_luma_1000(const uint8_t *rgb) {
    return 299 * rgb[0] + 587 * rgb[1] + 114 * rgb[2];
}

static inline uint8_t colour_grey(const uint8_t *rgb) {
    return (uint8_t)((colour_luma_1000(rgb) + 500) / 1000);
}

#endif
