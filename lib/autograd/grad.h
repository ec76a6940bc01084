/* The reverse sweep. */
#ifndef GAN_AUTOGRAD_GRAD_H
#define GAN_AUTOGRAD_GRAD_H

#include "gan/grad.h"

/* sum over y of cotangent * dy / d wrt[i], left in grads[0..n) as tensors of the current scope, or
 * NULL where y does not depend on wrt[i]. y is tracked or not; the cotangent has y's shape. On an
 * error grads is untouched. */
int32_t autograd_sweep(const char *function, gan_tensor *y, gan_tensor *cotangent,
                       gan_tensor *const *wrt, size_t n, uint32_t flags, gan_tensor **grads);

/* 0 if sample n's part of y depends on other samples' parts of x through the tape; `*name` is then
 * the operator that mixes them. The parts are the `samples` equal blocks along axis 0. */
int autograd_rows_kept(gan_tensor *y, gan_tensor *x, int64_t samples, const char **name,
                       int32_t *code);

/* The recorded operations between leaves and y, in creation order, in an arena block; NULL with the
 * error set. */
struct node **autograd_collect(gan_tensor *y, size_t *count);

/* GAN_ESTATE: what an operator had saved is gone. */
int32_t autograd_refuse_spent(gan_context *ctx, const char *op);

/* Turns the recorder on or off and returns what it was. */
int autograd_recording(gan_context *ctx, int on);

#endif
