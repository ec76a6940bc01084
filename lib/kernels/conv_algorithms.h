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
    const conv_epilogue *epilogue; /* of the forward pass, or NULL */
} conv_pass;

/* Finishes `count` channels of a pixel of the result, the first of which is number `from` (bias.c).
 */
void epilogue_apply(const conv_epilogue *e, int64_t from, int64_t count, real *y);

/* Finishes whole pixels that follow each other. */
void epilogue_apply_pixels(const conv_epilogue *e, int64_t pixels, int64_t channels, real *y);

static inline int64_t conv_pass_phases(const conv_pass *pass) {
    return pass->forward ? 1 : window_phases(pass->geom);
}

static inline window conv_pass_window(const conv_pass *pass, int64_t phase) {
    return pass->forward ? window_forward(pass->geom) : window_data_grad(pass->geom, phase);
}

/* window_taps_before, also of the only phase of a forward pass. */
static inline int64_t conv_pass_taps_before(const conv_pass *pass, int64_t phase) {
    const conv_geom *q = pass->geom;
    return pass->forward ? phase * q->kh * q->kw : window_taps_before(q, phase);
}

/* Channels of the result. */
static inline int64_t conv_pass_channels(const conv_pass *pass) {
    return pass->forward ? pass->geom->o : pass->geom->c;
}

/* conv_implicit applies the epilogue, the next two leave it to conv.c.
 *
 * Implicit GEMM: the source is the unfolded matrix as it lies, but for the zeros around it. */
int32_t conv_implicit(gan_context *ctx, const conv_pass *pass);

/* Where the packed panels of a phase begin, or of all phases end. */
int64_t conv_pack_at(const conv_pass *pass, int64_t phase);

/* One panel of one phase's kernel: w (o, kh, kw, c) at its taps, transposed for the forward pass,
 * to its place among the phase's panels (taps * c of the source, channels of the result) at `to`.
 * pass->w is row `begin` of w, and rows up to `end` are there: all those of the panel in the
 * forward pass; otherwise any, whose part of the panel is made. */
void conv_pack_panel(const conv_pass *pass, int64_t phase, int64_t panel, int64_t begin,
                     int64_t end, real *to);

/* For narrow or few images: unfold the source a block at a time, multiply by the kernel. */
int32_t conv_unfolded(gan_context *ctx, const conv_pass *pass);

/* For results of few channels: multiply every source pixel by every tap, then add up where the
 * products meet. Reads the source once instead of once per tap. The kernel is not dilated along x,
 * and the forward pass has stride 1. */
int32_t conv_folded(gan_context *ctx, const conv_pass *pass);

/* The data gradient of few pixels and a large kernel, which is used where it lies. */
int conv_scattered_suits(const conv_geom *q);
int32_t conv_scattered(gan_context *ctx, const conv_pass *pass);

/* matrix (taps * win->c, planes) = unfolded source^T * plain, plain being (rows, planes). The
 * source is read as conv_implicit does. */
int32_t conv_correlate_implicit(gan_context *ctx, const window *win, const real *source,
                                const real *plain, int64_t planes, real *matrix);

/* matrix (planes, taps * win->c) = plain^T * unfolded source, for small images and matrices. */
int32_t conv_correlate(gan_context *ctx, const window *win, const real *source, const real *plain,
                       int64_t planes, real *matrix);

#endif
