/* Affine maps: what they share with convolutions, dense layers, maxout. */
#include "nn/layers.h"

#include "nn/init.h"
#include "ops/op.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

gan_tensor *layer_refuse(const gan_module *m, gan_tensor *x, const char *must, ...) {
    char given[SHAPE_TEXT], wanted[SHAPE_TEXT];
    va_list args;
    va_start(args, must);
    vsnprintf(wanted, sizeof wanted, must, args);
    va_end(args);
    error_set(m->base.ctx, GAN_EINVAL, "%s: input is %s, must be %s", m->label,
              shape_text(tensor_shape(x), given), wanted);
    return NULL;
}

int32_t affine_parameters(gan_module *m, const shape *weight, int32_t layout, int64_t outputs) {
    double bound = 1 / sqrt(init_fan_in(weight));
    gan_tensor *w = module_add_entry(m, "weight", ROLE_WEIGHT, layout, weight);
    if (!w) return GAN_ENOMEM;
    init_uniform(w, bound);
    if (outputs == 0) return GAN_OK;
    shape s = shape_1(outputs);
    gan_tensor *b = module_add_entry(m, "bias", ROLE_BIAS, LAYOUT_SAME, &s);
    if (!b) return GAN_ENOMEM;
    init_uniform(b, bound);
    return GAN_OK;
}

gan_tensor *affine_shift(const gan_module *m, gan_tensor *y, activation act) {
    gan_tensor *b = module_own(m, "bias");
    return b ? op_bias_act(y, b, act) : op_activate(y, act);
}

/* ---- dense ----------------------------------------------------------------------------------- */

/* (N,in) to (N,out) with W (out,in). */
static gan_tensor *dense_forward(gan_module *m, gan_tensor *x, activation act) {
    int64_t in = tensor_shape(affine_kernel(m))->dim[1];
    const shape *s = tensor_shape(x);
    if (s->rank != 2 || s->dim[1] != in) return layer_refuse(m, x, "(N, %lld)", (long long)in);
    return affine_shift(m, op_matmul(x, affine_weight(m, x), 0, 1), act);
}

static const module_class module_dense = {.name = "dense", .forward_activated = dense_forward};

gan_module *dense_add(gan_module *parent, const char *name, int64_t in, int64_t out, int32_t bias) {
    gan_module *m = module_new(parent->base.ctx, &module_dense, parent, name);
    if (!m) return NULL;
    shape weight = shape_2(out, in);
    return module_attach(parent, m, affine_parameters(m, &weight, LAYOUT_SAME, bias ? out : 0));
}

/* ---- maxout ---------------------------------------------------------------------------------- */

/* size: out, pieces. The pieces of a unit are neighbours. */
static gan_tensor *maxout_forward(gan_module *m, gan_tensor *x) {
    gan_tensor *all = dense_forward(m, x, (activation){0});
    if (!all) return NULL;
    int64_t n = tensor_shape(all)->dim[0];
    shape split = shape_of(3, (int64_t[]){n, m->size.dim[0], m->size.dim[1]});
    return op_max_axes(op_reshape(all, &split), (int32_t[]){2}, 1, 0);
}

static const module_class module_maxout = {.name = "maxout", .forward = maxout_forward};

gan_module *maxout_add(gan_module *parent, const char *name, int64_t in, int64_t out,
                       int32_t pieces) {
    gan_module *m = module_new(parent->base.ctx, &module_maxout, parent, name);
    if (!m) return NULL;
    m->size = shape_2(out, pieces);
    shape weight = shape_2(out * pieces, in);
    return module_attach(parent, m, affine_parameters(m, &weight, LAYOUT_SAME, out * pieces));
}
