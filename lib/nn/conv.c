/* Convolutions and transposed convolutions. */
#include "nn/layers.h"

#include "ops/op.h"

/* Kernel axis `axis` of m counts the channels that x must have. */
static int fits(const gan_module *m, gan_tensor *x, int32_t axis) {
    int64_t channels = tensor_shape(affine_kernel(m))->dim[axis];
    const shape *s = tensor_shape(x);
    if (s->rank == 4 && s->dim[3] == channels) return 1;
    layer_refuse(m, x, "(N, H, W, %lld)", (long long)channels);
    return 0;
}

/* (N,H,W,C) to (N,H',W',O) with W (O,KH,KW,C). */
static gan_tensor *conv2d_forward(gan_module *m, gan_tensor *x, activation act) {
    if (!fits(m, x, 3)) return NULL;
    gan_tensor *w = affine_weight(m, x), *bias = module_own(m, "bias");
    if (bias) return op_conv2d_bias_act(x, w, bias, &m->conv, act, m->label);
    return op_activate(op_conv2d(x, w, &m->conv, m->label), act);
}

/* (N,H,W,C) to (N,H',W',O) with W (C,KH,KW,O). */
static gan_tensor *conv_transpose2d_forward(gan_module *m, gan_tensor *x, activation act) {
    if (!fits(m, x, 0)) return NULL;
    return affine_shift(m, op_conv_transpose2d(x, affine_weight(m, x), &m->conv, m->label), act);
}

static const module_class module_conv2d = {.name = "conv2d", .forward_activated = conv2d_forward};
static const module_class module_conv_transpose2d = {
    .name = "conv_transpose2d", .outputs_last = 1, .forward_activated = conv_transpose2d_forward};

static gan_module *add(gan_module *parent, const char *name, const module_class *class,
                       const shape *kernel, int64_t out, const gan_conv2d_opts *opts) {
    gan_module *m = module_new(parent->base.ctx, class, parent, name);
    if (!m) return NULL;
    m->conv = *opts;
    int32_t code = affine_parameters(m, kernel, LAYOUT_KERNEL, opts->bias ? out : 0);
    return module_attach(parent, m, code);
}

gan_module *conv2d_add(gan_module *parent, const char *name, int64_t in, int64_t out, int32_t k,
                       const gan_conv2d_opts *opts) {
    shape kernel = shape_4(out, k, k, in);
    return add(parent, name, &module_conv2d, &kernel, out, opts);
}

gan_module *conv_transpose2d_add(gan_module *parent, const char *name, int64_t in, int64_t out,
                                 int32_t k, const gan_conv2d_opts *opts) {
    shape kernel = shape_4(in, k, k, out);
    return add(parent, name, &module_conv_transpose2d, &kernel, out, opts);
}
