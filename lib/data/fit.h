/* What the options make of one picture on its way into a data set. */
#ifndef GAN_DATA_FIT_H
#define GAN_DATA_FIT_H

#include "gan/data.h"

/* The options, checked, and the public function they were given to, for texts. */
typedef struct data_plan {
    const char *function;
    gan_data_opts opts;
} data_plan;

/* Bytes (height, width, channels), channels 1, 3 or 4; every size at least 1. */
typedef struct picture {
    const char *name; /* where it came from, for texts */
    const uint8_t *pixels;
    int64_t height, width;
    int32_t channels;
} picture;

/* The image that a picture becomes. The picture itself, resampled to inner_height x inner_width,
 * lies in the middle. */
typedef struct fitting {
    int64_t height, width;
    int32_t channels;
    int64_t inner_height, inner_width;
} fitting;

/* GAN_EINVAL, and the text names the picture, if it does not fit. */
int32_t fit_measure(gan_context *ctx, const data_plan *plan, const picture *p, fitting *out);

/* Draws the image: (f->height, f->width, f->channels) bytes. */
int32_t fit_draw(gan_context *ctx, const data_plan *plan, const picture *p, const fitting *f,
                 uint8_t *to);

#endif
