/* Random numbers that go with a batch. */
#ifndef GAN_TRAIN_DRAWS_H
#define GAN_TRAIN_DRAWS_H

#include "core/tensor.h"

/* U[lo, hi) of shape s from the context's generator. */
gan_tensor *draw_uniform(gan_context *ctx, const shape *s, double lo, double hi);

/* The same of shape (N,1,...,1): one number a sample, to go with samples of shape s. */
gan_tensor *draw_per_sample(gan_context *ctx, const shape *s, double lo, double hi);

#endif
