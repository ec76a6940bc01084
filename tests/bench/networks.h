/* The networks that are measured, and what their derivatives have to keep.
 *
 * SPDX-License-Identifier: MIT */
#ifndef GAN_BENCH_NETWORKS_H
#define GAN_BENCH_NETWORKS_H

#include <gan.h>

enum { LATENT = 100, BEGAN_LATENT = 64, BEGAN_FILTERS = 64 };

enum { NO_NORM, BATCH_NORM, INSTANCE_NORM };

/* A sequential under construction. The counts are elements a sample. Each tensor is counted once
 * when a derivative reads it: the input of a convolution, dense layer or norm, the result of an
 * activation. The network's own input is not among them: it belongs to who made it. */
typedef struct network {
    gan_module *module;
    int copies; /* arrays of the parameters' size: values and, if it is trained, gradients, moments
                 */
    int64_t side, channels; /* of the result so far: (N, side, side, channels) */
    int counted;            /* the result is among `kept` */
    int64_t kept;
    int64_t work;       /* operations of one pass forward in products, a sample */
    int64_t cotangents; /* what the gradient's own derivative reads besides: the output gradients of
                           convolutions, dense layers and norms */
} network;

/* These end the program with the error's text if the module was not built. */

/* DCGAN's generator for 64 x 64 RGB, `width` channels in its last hidden layer but one: (N,1,1,100)
 * to (N,64,64,3). */
network dcgan_generator(gan_context *ctx, int64_t width);

/* Its discriminator or critic: (N,64,64,3) to (N,1,1,1). */
network dcgan_critic(gan_context *ctx, int64_t width, int norm);

/* Dense layers of sizes[0] ... sizes[count - 1], leaky-relu between them. */
network mlp(gan_context *ctx, const int64_t *sizes, int count, int tanh_last);

/* BEGAN's decoder, which is its generator too: (N,64) to (N,64,64,3); and its autoencoder. */
network began_generator(gan_context *ctx);
network began_autoencoder(gan_context *ctx);

/* DCGAN for images of 28 x 28 x 1: (N,1,1,100) to (N,28,28,1), and the other way. */
network small_generator(gan_context *ctx);
network small_critic(gan_context *ctx);

#endif
