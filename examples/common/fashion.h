/* What the programs around Fashion-MNIST share: its files, and the two networks of the quickstart.
 *
 * SPDX-License-Identifier: MIT */
#ifndef COMMON_FASHION_H
#define COMMON_FASHION_H

#include <gan.h>

enum {
    FASHION_SIDE = 28,    /* pixels                                    */
    FASHION_CLASSES = 10, /* T-shirt, trouser, ..., ankle boot         */
    FASHION_LATENT = 64,  /* numbers that the generator starts from    */
    FASHION_MAX_BATCH = 1024
};

/* Opens folder/name, or folder/name.gz. Errors: those of gan_idx_open. */
int32_t fashion_open(gan_context *ctx, const char *folder, const char *name, gan_idx **out);

/* Whether a file holds images of the networks' size; and whether a file holds their labels. */
int fashion_are_images(const gan_idx *items);
int fashion_are_labels(const gan_idx *items, const gan_idx *images);

/* Draws n <= FASHION_MAX_BATCH items with replacement. */
int32_t fashion_draw(gan_context *ctx, const gan_idx *items, int64_t n, int32_t *index);

/* (N, FASHION_LATENT) standard normal to images (N,28,28,1) in (-1,1). */
int32_t fashion_generator(gan_context *ctx, gan_module **out);

/* Images (N,28,28,1) to scores (N,1). Nothing in it mixes samples, as the penalty asks. */
int32_t fashion_critic(gan_context *ctx, gan_module **out);

#endif
