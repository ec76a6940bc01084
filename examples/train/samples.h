/* Pictures of the same latents, labels or given images over the training.
 *
 * SPDX-License-Identifier: MIT */
#ifndef TRAIN_SAMPLES_H
#define TRAIN_SAMPLES_H

#include <gan.h>

typedef struct samples {
    gan_tensor *input; /* latents (n, latent), or given images (n,s,s,c) */
    gan_dataset *data; /* borrowed                                       */
    int32_t *labels;   /* n, or NULL                                     */
    int64_t *shown;    /* pix2pix: the images' places in the data        */
    int64_t count;
    int32_t columns; /* of the grid */
} samples;

/* Draws latents from the context's random numbers: the same for the same seed, if nothing else has
 * drawn but the making of the trainer. */
int32_t samples_begin(samples *s, gan_context *ctx, gan_trainer *t, gan_dataset *data);
void samples_end(samples *s);

/* Writes the grid: of samples, or with pix2pix of the given image, what is generated from it, and
 * its target, side by side. */
int32_t samples_write(const samples *s, gan_trainer *t, const char *path);

/* The pictures of samples_write_gallery: all but pix2pix have them. */
#define SAMPLES_GALLERY "gallery.png"
#define SAMPLES_WAYS "interpolation.png"
int samples_have_gallery(const samples *s);

/* Writes the first samples and the nearest training images beside them, and the ways from the
 * latents of some to those of others, into the folder: great arcs of normal latents (Shoemake
 * 1985), straight lines of uniform ones. */
int32_t samples_write_gallery(const samples *s, gan_trainer *t, const char *folder);

/* What the grid shows, in words. */
const char *samples_about(const samples *s);

#endif
