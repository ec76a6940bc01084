/* The algorithms behind conv_forward, conv_data_grad and conv_weight_grad (conv.c chooses). */
#ifndef GAN_KERNELS_CONV_ALGORITHMS_H
#define GAN_KERNELS_CONV_ALGORITHMS_H

#include "kernels/conv_window.h"

/* forward: y from x; otherwise dx from g. In both, `in` is the source and `out` the result. */
typedef struct conv_pass {
    const conv_geom *geom;
    int forward;
    const real *in, *w;
    real *out;
} conv_pass;

static inline int64_t conv_pass_phases(const conv_pass *pass) {
    return pass->forward ? 1 : window_phases(pass->geom);
}

static inline window conv_pass_window(const conv_pass *pass, int64_t phase) {
    return pass->forward ? window_forward(pass->geom) : window_data_grad(pass->geom, phase);
}

/* Channels of the result. */
static inline int64_t conv_pass_channels(const conv_pass *pass) {
    return pass->forward ? pass->geom->o : pass->geom->c;
}

/* Implicit GEMM: unfold the source a block at a time, multiply by the kernel. */
int32_t conv_unfolded(gan_context *ctx, const conv_pass *pass);

/* For results of few channels: multiply every source pixel by every tap, then add up where the
 * products meet. Reads the source once instead of once per tap. */
int32_t conv_folded(gan_context *ctx, const conv_pass *pass);

/* matrix (planes, taps * win->c) = plain^T * unfolded source, plain being (rows, planes). */
int32_t conv_correlate(gan_context *ctx, const window *win, const real *source, const real *plain,
                       int64_t planes, real *matrix);

#endif
