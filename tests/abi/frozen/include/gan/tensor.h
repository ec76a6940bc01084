/* Tensors: contiguous float32 arrays, row-major. Images are N,H,W,C, as PNG, RGBA8 textures and
 * NumPy images are. Labels and indices are plain `const int32_t *`.
 *
 * Functions that make a tensor return it borrowed from the current scope; NULL means an error
 * (base.h). A shape is an array of `rank` sizes, each >= 0, rank <= GAN_MAX_RANK; rank 0 is one
 * number.
 *
 * SPDX-License-Identifier: MIT */
#ifndef GAN_TENSOR_H
#define GAN_TENSOR_H

#include "gan/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- making ---------------------------------------------------------------------------------- */

/* Filled with 0, or with `value`. */
GAN_API gan_tensor *gan_zeros(gan_context *ctx, const int64_t *shape, int32_t rank);
GAN_API gan_tensor *gan_full(gan_context *ctx, const int64_t *shape, int32_t rank, double value);

/* Rank 0. */
GAN_API gan_tensor *gan_scalar(gan_context *ctx, double value);

/* Copies of the caller's array, which holds as many elements as the shape says. */
GAN_API gan_tensor *gan_from_floats(gan_context *ctx, const float *data, const int64_t *shape,
                                    int32_t rank);
GAN_API gan_tensor *gan_from_doubles(gan_context *ctx, const double *data, const int64_t *shape,
                                     int32_t rank);

/* (n, classes): row i is 1 at labels[i], 0 elsewhere. */
GAN_API gan_tensor *gan_one_hot(gan_context *ctx, const int32_t *labels, int64_t n,
                                int64_t classes);

/* Random numbers from the context's seed, the same bits for any thread count (Philox 4x32-10,
 * Salmon et al. 2011). Uniform in [lo, hi), both within float. */
GAN_API gan_tensor *gan_rand(gan_context *ctx, const int64_t *shape, int32_t rank, double lo,
                             double hi);
/* Standard normal. */
GAN_API gan_tensor *gan_randn(gan_context *ctx, const int64_t *shape, int32_t rank);
/* Normal, redrawn outside mean +- bound * std (by inversion). bound > 0. */
GAN_API gan_tensor *gan_rand_truncated(gan_context *ctx, const int64_t *shape, int32_t rank,
                                       double mean, double std, double bound);

/* ---- lifetime -------------------------------------------------------------------------------- */

/* Moves a result out of its scope: *out is the caller's. t stays usable under either name. */
GAN_API int32_t gan_tensor_take(gan_tensor *t, gan_tensor **out);

/* Another owned reference. Returns t. NULL is allowed. */
GAN_API gan_tensor *gan_tensor_ref(gan_tensor *t);

/* Gives an owned reference back; from any thread, also after the context's destruction. NULL is
 * allowed. */
GAN_API void gan_tensor_unref(gan_tensor *t);

/* ---- looking --------------------------------------------------------------------------------- */

/* These read only the handle. NULL: 0, or NULL. */
GAN_API int32_t gan_tensor_rank(const gan_tensor *t);
GAN_API int64_t gan_tensor_dim(const gan_tensor *t,
                               int32_t axis);                 /* axis < 0 counts from the end */
GAN_API const int64_t *gan_tensor_shape(const gan_tensor *t); /* valid as long as t */
GAN_API int64_t gan_tensor_size(const gan_tensor *t);         /* elements */
GAN_API int32_t gan_tensor_is_tracked(const gan_tensor *t);
GAN_API gan_context *gan_tensor_context(const gan_tensor *t);

/* The elements themselves; read only, where they are as long as t is (also after its context's
 * destruction, where the caller owns t). An update of t shows in them. NULL in the float64 build,
 * with GAN_ENOTSUP: read with the functions below. */
GAN_API const float *gan_tensor_data(const gan_tensor *t);

/* Copies exactly `count` = gan_tensor_size(t) elements out. */
GAN_API int32_t gan_tensor_read(const gan_tensor *t, float *data, int64_t count);
GAN_API int32_t gan_tensor_read_doubles(const gan_tensor *t, double *data, int64_t count);

/* The value of a tensor of one element. */
GAN_API int32_t gan_tensor_item(const gan_tensor *t, double *value);

/* Overwrites the elements (a parameter's new weights, a batch into a kept tensor). Refused on the
 * result of a recorded operation. A graph that had saved the old values becomes unusable, which
 * gan_grad reports as GAN_ESTATE. */
GAN_API int32_t gan_tensor_write(gan_tensor *t, const float *data, int64_t count);
GAN_API int32_t gan_tensor_write_doubles(gan_tensor *t, const double *data, int64_t count);

#ifdef __cplusplus
}
#endif

#endif
