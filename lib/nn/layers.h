/* The layers: each function adds one to `parent` and returns it, or NULL with the error set and the
 * parent as it was. The numbers have been checked (api/nn.c). */
#ifndef GAN_NN_LAYERS_H
#define GAN_NN_LAYERS_H

#include "core/error.h"
#include "nn/module.h"

/* dense.c */
gan_module *dense_add(gan_module *parent, const char *name, int64_t in, int64_t out, int32_t bias);
gan_module *maxout_add(gan_module *parent, const char *name, int64_t in, int64_t out,
                       int32_t pieces);

/* conv.c */
gan_module *conv2d_add(gan_module *parent, const char *name, int64_t in, int64_t out, int32_t k,
                       const gan_conv2d_opts *opts);
gan_module *conv_transpose2d_add(gan_module *parent, const char *name, int64_t in, int64_t out,
                                 int32_t k, const gan_conv2d_opts *opts);

/* norm.c */
gan_module *batch_norm_add(gan_module *parent, const char *name, int64_t channels,
                           const gan_norm_opts *opts);
gan_module *instance_norm_add(gan_module *parent, const char *name, int64_t channels,
                              const gan_norm_opts *opts);
gan_module *layer_norm_add(gan_module *parent, const char *name, const shape *sample,
                           const gan_norm_opts *opts);
gan_module *group_norm_add(gan_module *parent, const char *name, int32_t groups, int64_t channels,
                           const gan_norm_opts *opts);

/* activation.c: the slope of leaky_relu, the alpha of elu; the others ignore the number. */
extern const module_class module_relu, module_leaky_relu, module_elu, module_tanh, module_sigmoid,
    module_softplus;
gan_module *activation_add(gan_module *parent, const char *name, const module_class *class,
                           double number);

/* spectral.c: divides the weight of every layer of the tree that has one by its largest singular
 * value from now on. */
int32_t module_spectral_norm(gan_module *m);

/* other.c */
gan_module *minibatch_std_add(gan_module *parent, const char *name, int64_t group);
gan_module *embedding_add(gan_module *parent, const char *name, int64_t classes, int64_t width);
gan_module *dropout_add(gan_module *parent, const char *name, double p);
gan_module *flatten_add(gan_module *parent, const char *name);
gan_module *unflatten_add(gan_module *parent, const char *name, int64_t c, int64_t h, int64_t w);
gan_module *upsample_add(gan_module *parent, const char *name, int32_t factor);

/* ---- shared by them -------------------------------------------------------------------------- */

/* Sets "main.3 (conv2d): input is (64, 28, 28, 3), must be (N, H, W, 1)", from a format for what it
 * must be. Returns NULL. */
gan_tensor *layer_refuse(const gan_module *m, gan_tensor *x, const char *must, ...)
    PRINTF_LIKE(3, 4);

/* The parameters of y = W x + b: "weight" of shape `weight` and, with outputs > 0, "bias" of that
 * size, both drawn from U(+-1/sqrt(fan_in)), PyTorch's default. 0, or a code with the error set. */
int32_t affine_parameters(gan_module *m, const shape *weight, int32_t layout, int64_t outputs);

/* What of an affine layer is trained: "weight", or under spectral norm "weight_orig". */
gan_tensor *affine_kernel(const gan_module *m);

/* What it multiplies its input x with: the kernel, or that over its largest singular value. */
gan_tensor *affine_weight(gan_module *m, gan_tensor *x);

/* act(y + the bias along the last axis, if the layer has one). */
gan_tensor *affine_shift(const gan_module *m, gan_tensor *y, activation act);

/* The activation that m is, where it can be fused into the layer before; else none. */
activation activation_of_module(const gan_module *m);

#endif
