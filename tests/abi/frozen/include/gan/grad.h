/* Differentiation. Gradients are made by recorded operators, so with GAN_GRAD_CREATE_GRAPH they
 * can be differentiated again, to any order.
 *
 * SPDX-License-Identifier: MIT */
#ifndef GAN_GRAD_H
#define GAN_GRAD_H

#include "gan/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Flags of a sweep. */
enum {
    GAN_GRAD_RETAIN = 1,       /* keep the graph for another sweep                         */
    GAN_GRAD_CREATE_GRAPH = 2, /* record the sweep itself; implies RETAIN                   */
    GAN_GRAD_STRICT = 4        /* an unreached tensor is GAN_EUNREACHED instead of zeros   */
};

/* d y / d wrt[i] for a y of one element. grads[0..n) are the caller's to unref and are written on
 * success only; one may be written without changing another. A sweep consumes the graph behind it:
 * another over it is GAN_ESTATE, unless a flag keeps it. Only what leads to wrt is computed. */
GAN_API int32_t gan_grad(gan_tensor *y, gan_tensor *const *wrt, size_t n, uint32_t flags,
                         gan_tensor **grads);

/* The same for a y of any shape and a cotangent of y's shape: sum over y's elements of cotangent *
 * d y / d wrt[i]. */
GAN_API int32_t gan_vjp(gan_tensor *y, gan_tensor *cotangent, gan_tensor *const *wrt, size_t n,
                        uint32_t flags, gan_tensor **grads);

/* gan_grad for one tensor, returned borrowed from the scope: for use inside expressions. */
GAN_API gan_tensor *gan_grad_of(gan_tensor *y, gan_tensor *wrt, uint32_t flags);

#ifdef __cplusplus
}
#endif

#endif
