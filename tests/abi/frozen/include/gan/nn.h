/* Modules: named trees of parameters and children.
 *
 * A tree is built from a root that the caller owns; every layer is added to a parent, which owns it
 * (the returned handle is borrowed). A sequential runs its children in order; a bare tree has no
 * forward of its own: a host composes one from the children, with gan_forward on each.
 *
 *     gan_module *G = NULL;
 *     gan_module_create(ctx, &G);
 *     gan_module *main = gan_add_sequential(G, "main");
 *     gan_add_dense(main, NULL, 128, 1024, 1);            // parameters main.0.weight, main.0.bias
 *     gan_add_relu(main, NULL);
 *     if (gan_error_code(ctx)) fputs(gan_last_error(ctx), stderr);
 *
 * Names: NULL takes the number of children so far, as PyTorch's Sequential does, so activations
 * consume a number too. A NULL parent gives NULL and the first error stays pending, so a whole
 * network is checked once, with gan_error_code at its end. Parameters are named tensors, tracked
 * unless frozen, in PyTorch's names; in memory kernels are (O,KH,KW,C) (convolution: O outputs, C
 * inputs; transposed: O inputs, C outputs), dense weights (out, in). Files use PyTorch's layouts
 * (io.h).
 *
 * SPDX-License-Identifier: MIT */
#ifndef GAN_NN_H
#define GAN_NN_H

#include "gan/base.h"
#include "gan/ops.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- trees ----------------------------------------------------------------------------------- */

/* A root: a bare tree, or a sequential. *out is the caller's. */
GAN_API int32_t gan_module_create(gan_context *ctx, gan_module **out);
GAN_API int32_t gan_sequential_create(gan_context *ctx, gan_module **out);

/* From any thread; NULL is allowed. A child handle must not be given here: its parent owns it. */
GAN_API void gan_module_unref(gan_module *m);

/* Children of `parent`. */
GAN_API gan_module *gan_add_module(gan_module *parent, const char *name);
GAN_API gan_module *gan_add_sequential(gan_module *parent, const char *name);

/* A parameter or a buffer (state that is saved but not trained) of a host's own module; copies the
 * values of `value`. Borrowed from the module. */
GAN_API gan_tensor *gan_add_parameter(gan_module *parent, const char *name, gan_tensor *value);
GAN_API gan_tensor *gan_add_buffer(gan_module *parent, const char *name, gan_tensor *value);

/* The descendant at a dotted path ("main.0"), or NULL (no error) if there is none. */
GAN_API gan_module *gan_module_child(gan_module *m, const char *path);

/* ---- layers ---------------------------------------------------------------------------------- */

/* Initial weights default to PyTorch's for dense and convolutions (uniform +-1/sqrt(fan_in)), 1 and
 * 0 for norms, standard normal for embeddings; gan_module_init changes them. */

/* y = x W^T + b: x (N,in), W (out,in). bias 0: none. */
GAN_API gan_module *gan_add_dense(gan_module *parent, const char *name, int64_t in, int64_t out,
                                  int32_t bias);

/* k x k kernels; opts NULL: stride 1, no padding, bias. */
GAN_API gan_module *gan_add_conv2d(gan_module *parent, const char *name, int64_t in, int64_t out,
                                   int32_t k, const gan_conv2d_opts *opts);
GAN_API gan_module *gan_add_conv_transpose2d(gan_module *parent, const char *name, int64_t in,
                                             int64_t out, int32_t k, const gan_conv2d_opts *opts);

/* What all norms take. */
typedef struct gan_norm_opts {
    uint32_t struct_size;
    int32_t affine;  /* has a gain and a shift; 1 */
    double eps;      /* 1e-5; 1.2e-38 or more */
    double momentum; /* of batch norm's running statistics; 0.1 */
} gan_norm_opts;
GAN_API void gan_norm_opts_init(gan_norm_opts *opts, size_t size);

/* Batch norm (Ioffe & Szegedy 2015) over the last axis: features (N,C) or images. In training mode
 * it uses the batch's statistics and moves the running ones (unbiased variance) once per forward,
 * never with non-finite values; in evaluation mode it uses the running ones. */
GAN_API gan_module *gan_add_batch_norm(gan_module *parent, const char *name, int64_t channels,
                                       const gan_norm_opts *opts);
/* Per image and channel. */
GAN_API gan_module *gan_add_instance_norm(gan_module *parent, const char *name, int64_t channels,
                                          const gan_norm_opts *opts);
/* Per sample; gain and shift have the sample's shape, given as the sizes of all axes but the first:
 * (features) or (h, w, c). */
GAN_API gan_module *gan_add_layer_norm(gan_module *parent, const char *name, const int64_t *shape,
                                       int32_t rank, const gan_norm_opts *opts);
/* Per sample and group of channels; `groups` divides `channels`, of which gain and shift have one
 * number each. */
GAN_API gan_module *gan_add_group_norm(gan_module *parent, const char *name, int32_t groups,
                                       int64_t channels, const gan_norm_opts *opts);

/* The activations of ops.h as layers, without parameters. */
GAN_API gan_module *gan_add_relu(gan_module *parent, const char *name);
GAN_API gan_module *gan_add_leaky_relu(gan_module *parent, const char *name, double slope);
GAN_API gan_module *gan_add_elu(gan_module *parent, const char *name, double alpha);
GAN_API gan_module *gan_add_tanh(gan_module *parent, const char *name);
GAN_API gan_module *gan_add_sigmoid(gan_module *parent, const char *name);
GAN_API gan_module *gan_add_softplus(gan_module *parent, const char *name);

/* The largest of `pieces` affine maps per unit (Goodfellow et al. 2013): W (out*pieces, in). */
GAN_API gan_module *gan_add_maxout(gan_module *parent, const char *name, int64_t in, int64_t out,
                                   int32_t pieces);

/* Rows of a (classes, width) table; its forward is gan_forward_labels. */
GAN_API gan_module *gan_add_embedding(gan_module *parent, const char *name, int64_t classes,
                                      int64_t width);

/* The identity in evaluation mode. */
GAN_API gan_module *gan_add_dropout(gan_module *parent, const char *name, double p);
/* gan_minibatch_std as a layer. */
GAN_API gan_module *gan_add_minibatch_std(gan_module *parent, const char *name, int64_t group);

/* gan_flatten, gan_unflatten and gan_upsample_nearest (factor 1 to 1024) as layers. */
GAN_API gan_module *gan_add_flatten(gan_module *parent, const char *name);
GAN_API gan_module *gan_add_unflatten(gan_module *parent, const char *name, int64_t c, int64_t h,
                                      int64_t w);
GAN_API gan_module *gan_add_upsample(gan_module *parent, const char *name, int32_t factor);

/* ---- forward --------------------------------------------------------------------------------- */

/* Runs in a scope of its own, from which only the result (with its graph) escapes. */
GAN_API gan_tensor *gan_forward(gan_module *m, gan_tensor *x);
/* For modules that take labels (embedding). */
GAN_API gan_tensor *gan_forward_labels(gan_module *m, const int32_t *labels, int64_t n);

/* Training (1, the initial state) or evaluation (0) mode of the whole tree. */
GAN_API int32_t gan_module_train(gan_module *m, int32_t on);

/* Frozen parameters are not tracked: no gradient is computed for them. */
GAN_API int32_t gan_module_freeze(gan_module *m, int32_t frozen);

/* ---- parameters ------------------------------------------------------------------------------ */

/* In the order in which they were added, depth first. Names are dotted paths, borrowed. */
GAN_API size_t gan_module_parameter_count(const gan_module *m);
GAN_API gan_tensor *gan_module_parameter(const gan_module *m, size_t i);
GAN_API const char *gan_module_parameter_name(const gan_module *m, size_t i);
/* Parameters and buffers, in the same order: what files keep. */
GAN_API size_t gan_module_state_count(const gan_module *m);
GAN_API gan_tensor *gan_module_state(const gan_module *m, size_t i);
GAN_API const char *gan_module_state_name(const gan_module *m, size_t i);
/* Parameters and buffers by dotted name; NULL (no error) if there is none. */
GAN_API gan_tensor *gan_module_find(const gan_module *m, const char *name);

/* Spectral norm (Miyato et al. 2018): from now on every dense (maxout) and convolution layer of the
 * tree works with its weight over its largest singular value, W / sigma, sigma = u^T W v, u and v
 * being constants for derivatives. In training mode each forward first makes one step of the power
 * iteration, v = W^T u / |.|, u = W v / |.|; in evaluation mode u and v stay.
 *
 * Names are those of PyTorch's torch.nn.utils.spectral_norm: "weight" becomes the parameter
 * "weight_orig", beside the buffers "weight_u" and "weight_v" (in PyTorch's order), so files go
 * both ways; names that were asked for before are no longer valid. u and v begin with 15 steps from
 * a random u; after gan_module_init some forwards in training mode find them again. Layers that
 * have it already are left as they are; a failed call changes no layer by half and may be repeated.
 */
GAN_API int32_t gan_module_spectral_norm(gan_module *m);

/* Copies all parameters and buffers from a tree of the same names and shapes, which may belong to
 * another context. Nothing is copied unless all fit. */
GAN_API int32_t gan_module_copy(gan_module *to, const gan_module *from);

/* Averaged weights (Yazici et al. 2019): average = decay * average + (1 - decay) * m for all
 * parameters and batch norm's running statistics; other buffers are copied. The trees have the same
 * names and shapes; `average` is one that was built like m, in evaluation mode (gan_module_train(
 * average, 0)) where it is shown. Nothing is changed unless all fit.
 *
 * Averaged statistics belong to no single network: exact ones come from
 * gan_module_average_statistics afterwards. */
GAN_API int32_t gan_module_average(gan_module *average, const gan_module *m, double decay);

/* on 1: batch norms of the tree forget their running statistics, and collect plain means over the
 * forwards (in training mode) that follow, as the parameters now are; on 0: their momentum again.
 *
 *     gan_module_train(average, 1);
 *     gan_module_average_statistics(average, 1);
 *     for (int i = 0; i < 100; i++) gan_forward(average, latents(i));   // recording off
 *     gan_module_average_statistics(average, 0);
 *     gan_module_train(average, 0);
 */
GAN_API int32_t gan_module_average_statistics(gan_module *m, int32_t on);

/* Clamps parameters to [-bound, bound] (WGAN, Algorithm 1, line 7). weights_only 1: not those named
 * bias, nor gains and shifts of norms. */
GAN_API int32_t gan_module_clip(gan_module *m, double bound, int32_t weights_only);

/* ---- initialisers ---------------------------------------------------------------------------- */

/* Methods of gan_module_init; `a` is its argument. */
enum {
    GAN_INIT_NORMAL = 1,         /* N(0, a)                                                   */
    GAN_INIT_UNIFORM = 2,        /* U(-a, a)                                                  */
    GAN_INIT_XAVIER_UNIFORM = 3, /* gain a: U(+-a sqrt(6 / (fan_in + fan_out)))               */
    GAN_INIT_XAVIER_NORMAL = 4,  /* gain a: N(0, a sqrt(2 / (fan_in + fan_out)))              */
    GAN_INIT_HE_UNIFORM = 5,     /* gain a: U(+-a sqrt(3 / fan_in)); a = sqrt 2 for relu      */
    GAN_INIT_HE_NORMAL = 6,      /* gain a: N(0, a / sqrt(fan_in))                            */
    GAN_INIT_ORTHOGONAL = 7      /* gain a: rows (or columns) orthonormal, times a            */
};

/* Draws every dense and convolution weight of the tree anew and zeroes their biases; norms and
 * embeddings keep theirs. DCGAN's: (GAN_INIT_NORMAL, 0.02). */
GAN_API int32_t gan_module_init(gan_module *m, int32_t method, double a);

/* The same for one tensor, which has rank >= 2; fans are counted in PyTorch's way. */
GAN_API int32_t gan_init(gan_tensor *t, int32_t method, double a);

#ifdef __cplusplus
}
#endif

#endif
