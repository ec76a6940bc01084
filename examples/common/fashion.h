/* What the programs around Fashion-MNIST share: its files, and two networks.
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

/* The training images in a folder, plain or .gz, with their labels if `labelled`: (N,28,28,1)
 * unless `opts` (NULL is allowed) asks for more. MNIST's files have the same names. Errors: those
 * of gan_dataset_from_idx. */
int32_t fashion_open(gan_context *ctx, const char *folder, int labelled, const gan_data_opts *opts,
                     gan_dataset **out);

/* Whether the file of the training images is in the folder. */
int fashion_is_there(const char *folder);

/* Whether those are images of the networks' size, and labels of no more classes. */
int fashion_fits(const gan_dataset *d);

/* Batches in random order, one epoch after the other; few images fill a batch several times. */
int32_t fashion_loader(gan_dataset *d, int64_t batch, int64_t seed, gan_loader **out);

/* (N, inputs) to images (N,28,28,1) in (-1,1): DCGAN's kind, with batch norm. */
int32_t fashion_generator(gan_context *ctx, int64_t inputs, gan_module **out);

/* Images (N,28,28,channels) to scores (N,1). Without batch norm nothing in it mixes samples, as a
 * gradient penalty asks. */
int32_t fashion_critic(gan_context *ctx, int64_t channels, int batch_norm, gan_module **out);

#endif
