/* Operators: functions of tensors whose results can be differentiated, and whose derivatives can
 * be differentiated again.
 *
 * Every operator returns a tensor borrowed from the current scope, or NULL with an error pending
 * (base.h); NULL inputs give NULL. All inputs belong to one context. Axes may be negative, counting
 * from the end. "Broadcast" is NumPy's rule: shapes are aligned at their last axis, and a size of 1
 * (or a missing axis) repeats.
 *
 * SPDX-License-Identifier: MIT */
#ifndef GAN_OPS_H
#define GAN_OPS_H

#include "gan/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- arithmetic, with broadcasting ----------------------------------------------------------- */

GAN_API gan_tensor *gan_add(gan_tensor *a, gan_tensor *b); /* a + b */
GAN_API gan_tensor *gan_sub(gan_tensor *a, gan_tensor *b); /* a - b */
GAN_API gan_tensor *gan_mul(gan_tensor *a, gan_tensor *b); /* a b */
GAN_API gan_tensor *gan_div(gan_tensor *a, gan_tensor *b); /* a / b */
/* Where equal, half of the gradient goes to each operand, as in PyTorch. */
GAN_API gan_tensor *gan_maximum(gan_tensor *a, gan_tensor *b);
GAN_API gan_tensor *gan_minimum(gan_tensor *a, gan_tensor *b);

/* ---- one operand ----------------------------------------------------------------------------- */

GAN_API gan_tensor *gan_neg(gan_tensor *x);                      /* -x */
GAN_API gan_tensor *gan_scale(gan_tensor *x, double factor);     /* factor x */
GAN_API gan_tensor *gan_add_scalar(gan_tensor *x, double value); /* x + value */
GAN_API gan_tensor *gan_square(gan_tensor *x);                   /* x^2 */
GAN_API gan_tensor *gan_exp(gan_tensor *x);                      /* e^x */
GAN_API gan_tensor *gan_log(gan_tensor *x);                      /* the natural logarithm */
GAN_API gan_tensor *gan_sqrt(gan_tensor *x); /* derivative infinite at 0: see gan_l2_norm */
GAN_API gan_tensor *gan_pow(gan_tensor *x, double exponent);        /* x^exponent */
GAN_API gan_tensor *gan_abs(gan_tensor *x);                         /* |x|; derivative 0 at 0 */
GAN_API gan_tensor *gan_clamp(gan_tensor *x, double lo, double hi); /* derivative 1 at both ends */

/* Activations. relu and leaky_relu have the derivative 0 and `slope` at 0. */
GAN_API gan_tensor *gan_relu(gan_tensor *x);                     /* max(x, 0) */
GAN_API gan_tensor *gan_leaky_relu(gan_tensor *x, double slope); /* x > 0 ? x : slope x */
GAN_API gan_tensor *gan_elu(gan_tensor *x, double alpha);        /* x > 0 ? x : alpha (e^x - 1) */
GAN_API gan_tensor *gan_tanh(gan_tensor *x);
GAN_API gan_tensor *gan_sigmoid(gan_tensor *x);  /* 1 / (1 + e^-x) */
GAN_API gan_tensor *gan_softplus(gan_tensor *x); /* log(1 + e^x), stable */

/* ---- products -------------------------------------------------------------------------------- */

/* op(a) op(b) with a (m,k) or, transposed, (k,m); b (k,n) or (n,k). Rank 2. */
GAN_API gan_tensor *gan_matmul(gan_tensor *a, gan_tensor *b, int32_t transpose_a,
                               int32_t transpose_b);

/* Stride, dilation (1 = dense) and zero padding of a 2-D convolution. */
typedef struct gan_conv2d_opts {
    uint32_t struct_size;
    int32_t stride_h, stride_w;
    int32_t dilation_h, dilation_w;
    int32_t pad_top, pad_bottom, pad_left, pad_right;
    int32_t output_pad_h, output_pad_w; /* of transposed ones: extra rows below, columns right */
    int32_t bias;                       /* layers only: 1 = has one (the default) */
} gan_conv2d_opts;
/* Stride 1, dilation 1, no padding, bias. */
GAN_API void gan_conv2d_opts_init(gan_conv2d_opts *opts, size_t size);

/* Cross-correlation (PyTorch's conv2d). x (N,H,W,C), w (O,KH,KW,C); the result is (N,H',W',O),
 * H' = floor((H + pads - dilation (KH - 1) - 1) / stride) + 1. opts NULL: the defaults. */
GAN_API gan_tensor *gan_conv2d(gan_tensor *x, gan_tensor *w, const gan_conv2d_opts *opts);

/* The adjoint of gan_conv2d in x (PyTorch's conv_transpose2d). x (N,H,W,C), w (C,KH,KW,O); the
 * result is (N,H',W',O), H' = stride (H - 1) + dilation (KH - 1) + 1 - pads + output_pad. */
GAN_API gan_tensor *gan_conv_transpose2d(gan_tensor *x, gan_tensor *w, const gan_conv2d_opts *opts);

/* The convolution's gradients as operators, g (N,H',W',O): in x, (N,h,width,C), given w
 * (O,KH,KW,C); and in w, (O,kh,kw,C), given x (N,H,W,C). */
GAN_API gan_tensor *gan_conv2d_data_grad(gan_tensor *g, gan_tensor *w, int64_t h, int64_t width,
                                         const gan_conv2d_opts *opts);
GAN_API gan_tensor *gan_conv2d_weight_grad(gan_tensor *x, gan_tensor *g, int64_t kh, int64_t kw,
                                           const gan_conv2d_opts *opts);

/* ---- reductions ------------------------------------------------------------------------------ */

/* Over the `n` listed axes (distinct); keep 1 leaves them with size 1. n 0: over all axes. */
GAN_API gan_tensor *gan_sum(gan_tensor *x, const int32_t *axes, int32_t n, int32_t keep);
GAN_API gan_tensor *gan_mean(gan_tensor *x, const int32_t *axes, int32_t n, int32_t keep);
/* The gradient goes to the first of equal elements. */
GAN_API gan_tensor *gan_max(gan_tensor *x, const int32_t *axes, int32_t n, int32_t keep);
/* sqrt(sum (x - mean)^2 / (count - correction)); the derivative is 0 where it is below 1e-12. */
GAN_API gan_tensor *gan_std(gan_tensor *x, const int32_t *axes, int32_t n, int32_t keep,
                            int32_t correction);
/* To rank 0. */
GAN_API gan_tensor *gan_sum_all(gan_tensor *x);
GAN_API gan_tensor *gan_mean_all(gan_tensor *x);

/* (N,…) to (N): the Euclidean norm of each sample over all other axes. All its derivatives are 0
 * where the norm is below 1e-12, so a penalty on a constant critic stays finite. */
GAN_API gan_tensor *gan_l2_norm(gan_tensor *x);

/* ---- layout ---------------------------------------------------------------------------------- */

/* The same memory under another shape; one size may be -1 (worked out). Between rank 4 and rank 2
 * use gan_flatten and gan_unflatten: this does not reorder channels. */
GAN_API gan_tensor *gan_reshape(gan_tensor *x, const int64_t *shape, int32_t rank);
/* Images (N,H,W,C) to features (N, C*H*W) in C,H,W order, and back: PyTorch's flatten. */
GAN_API gan_tensor *gan_flatten(gan_tensor *x);
GAN_API gan_tensor *gan_unflatten(gan_tensor *x, int64_t c, int64_t h, int64_t w);
/* Axis i of the result is axis perm[i] of x; perm has rank entries. */
GAN_API gan_tensor *gan_transpose(gan_tensor *x, const int32_t *perm);
/* x repeated to a shape that NumPy's broadcasting allows. */
GAN_API gan_tensor *gan_broadcast(gan_tensor *x, const int64_t *shape, int32_t rank);
/* n tensors, equal but along the axis, one behind the other; n >= 1. */
GAN_API gan_tensor *gan_concat(gan_tensor *const *xs, int32_t n, int32_t axis);
/* x[start, start + size) per axis; both arrays have rank entries. */
GAN_API gan_tensor *gan_slice(gan_tensor *x, const int64_t *start, const int64_t *size);
/* Zeros around x: before[i] and after[i] of them on axis i. */
GAN_API gan_tensor *gan_pad(gan_tensor *x, const int64_t *before, const int64_t *after);
/* Rows x[index[i]] of x (R,…): (n,…). The indices are copied and checked. */
GAN_API gan_tensor *gan_gather(gan_tensor *x, const int32_t *index, int64_t n);
/* Its adjoint: (rows,…) zeros to which x[i] is added at row index[i]. */
GAN_API gan_tensor *gan_scatter_add(gan_tensor *x, const int32_t *index, int64_t n, int64_t rows);
/* gan_gather under its usual name: row labels[i] of table (classes, width). */
GAN_API gan_tensor *gan_embedding(gan_tensor *table, const int32_t *labels, int64_t n);
/* The same elements, cut from the graph. Like gan_reshape this shares memory with x: what
 * gan_tensor_write or an optimizer writes into x shows here too. */
GAN_API gan_tensor *gan_detach(gan_tensor *x);
/* A tracked leaf over the same elements: what gan_grad can differentiate with respect to. */
GAN_API gan_tensor *gan_track(gan_tensor *x);

/* ---- images ---------------------------------------------------------------------------------- */

/* (N,H,W,C) to (N,H*factor,W*factor,C), each pixel repeated; factor 1 to 1024. */
GAN_API gan_tensor *gan_upsample_nearest(gan_tensor *x, int32_t factor);
/* Windows of size x size at the stride, `pad` around. Averages count padding as zeros of the window
 * (PyTorch's count_include_pad); maxima never choose padding. */
GAN_API gan_tensor *gan_avg_pool2d(gan_tensor *x, int32_t size, int32_t stride, int32_t pad);
GAN_API gan_tensor *gan_max_pool2d(gan_tensor *x, int32_t size, int32_t stride, int32_t pad);

/* ---- for discriminators ---------------------------------------------------------------------- */

/* Packs of m consecutive samples, seen as one (Lin et al. 2018, "PacGAN"): features (N,D) become
 * (N/m, mD), images (N,H,W,C) become (N/m,H,W,mC), channel block i being the pack's sample i. m
 * divides N. For a gradient penalty pack first: gan_interpolate(gan_pack(real, m),
 * gan_pack(fake, m)). */
GAN_API gan_tensor *gan_pack(gan_tensor *x, int64_t m);

/* x with one more channel (last axis) that tells how much samples differ (Karras et al. 2018,
 * section 3; grouped as in StyleGAN2): the batch (N,D) or (N,H,W,C) is cut into N/group subsets,
 * sample n belonging to subset n mod (N/group); the channel is, for all samples and pixels of a
 * subset, mean over D (H,W,C) of sqrt(var over its samples + 1e-8), var biased. group divides N; 0:
 * the whole batch. Samples mix: gan_penalty refuses it unless allow_mixing is set. */
GAN_API gan_tensor *gan_minibatch_std(gan_tensor *x, int64_t group);

/* (N,D), (N,D) to (N,1): each sample's inner product. A projection discriminator (Miyato & Koyama
 * 2018, eq. 3) is psi(phi) + gan_projection(phi, V[label]): phi the features of the last hidden
 * layer, psi a dense layer to one score, V[label] = gan_forward_labels of an embedding of D. */
GAN_API gan_tensor *gan_projection(gan_tensor *features, gan_tensor *embedded);

/* (N,D) to (N,h,w,D): each row as D constant channels, to be concatenated with images along axis 3.
 * Rows are gan_one_hot's, or an embedding's. */
GAN_API gan_tensor *gan_label_maps(gan_tensor *rows, int64_t h, int64_t w);

/* ---- normalisation --------------------------------------------------------------------------- */

/* (x - mean) / sqrt(var + eps), var biased, without gain and shift; eps 1.2e-38 or more. Channels
 * are the last axis. Over all but the last axis (batch), H and W (instance), all but the first
 * (layer), H, W and the C/groups channels of each group (group). */
GAN_API gan_tensor *gan_batch_normalize(gan_tensor *x, double eps);
GAN_API gan_tensor *gan_instance_normalize(gan_tensor *x, double eps);
GAN_API gan_tensor *gan_layer_normalize(gan_tensor *x, double eps);
GAN_API gan_tensor *gan_group_normalize(gan_tensor *x, int32_t groups, double eps);

/* ---- probability ----------------------------------------------------------------------------- */

/* Over the last axis. */
GAN_API gan_tensor *gan_softmax(gan_tensor *x);
GAN_API gan_tensor *gan_log_softmax(gan_tensor *x);
/* Mean over samples of -log_softmax(logits)[label]: logits (N, classes), n = N labels. */
GAN_API gan_tensor *gan_cross_entropy(gan_tensor *logits, const int32_t *labels, int64_t n);
/* Each element 0 with probability p, else x / (1 - p). The mask comes from the context's random
 * numbers and is the same for every order of derivative. */
GAN_API gan_tensor *gan_dropout(gan_tensor *x, double p);

#ifdef __cplusplus
}
#endif

#endif
