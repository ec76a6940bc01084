/* Tensors of random numbers from the context's stream. */
#ifndef GAN_OPS_DRAW_H
#define GAN_OPS_DRAW_H

#include "core/tensor.h"

/* Of the current scope; NULL with GAN_ENOMEM set. Uniform in [lo, hi), lo < hi; standard normal. */
gan_tensor *draw_uniform(gan_context *ctx, const shape *s, double lo, double hi);
gan_tensor *draw_normal(gan_context *ctx, const shape *s);

/* Uniform, (N,1,...,1): one number a sample, to go with samples of shape s. */
gan_tensor *draw_per_sample(gan_context *ctx, const shape *s, double lo, double hi);

#endif
