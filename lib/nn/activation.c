/* Activations: layers without parameters, one number at most. */
#include "nn/layers.h"

#include "ops/op.h"

static gan_tensor *relu(gan_module *m, gan_tensor *x) {
    (void)m;
    return op_leaky_relu(x, 0);
}

static gan_tensor *leaky_relu(gan_module *m, gan_tensor *x) {
    return op_leaky_relu(x, m->number[0]);
}

static gan_tensor *elu(gan_module *m, gan_tensor *x) { return op_elu(x, m->number[0]); }

static gan_tensor *hyperbolic_tangent(gan_module *m, gan_tensor *x) {
    (void)m;
    return op_tanh(x);
}

static gan_tensor *sigmoid(gan_module *m, gan_tensor *x) {
    (void)m;
    return op_sigmoid(x);
}

static gan_tensor *softplus(gan_module *m, gan_tensor *x) {
    (void)m;
    return op_softplus(x);
}

const module_class module_relu = {.name = "relu", .forward = relu};
const module_class module_leaky_relu = {.name = "leaky_relu", .forward = leaky_relu};
const module_class module_elu = {.name = "elu", .forward = elu};
const module_class module_tanh = {.name = "tanh", .forward = hyperbolic_tangent};
const module_class module_sigmoid = {.name = "sigmoid", .forward = sigmoid};
const module_class module_softplus = {.name = "softplus", .forward = softplus};

activation activation_of_module(const gan_module *m) {
    activation act = {ACTIVATION_NONE, m->number[0]};
    if (m->class == &module_relu) return (activation){ACTIVATION_LEAKY_RELU, 0};
    if (!(act.number >= 0)) return act;
    if (m->class == &module_leaky_relu) act.kind = ACTIVATION_LEAKY_RELU;
    if (m->class == &module_elu) act.kind = ACTIVATION_ELU;
    return act;
}

gan_module *activation_add(gan_module *parent, const char *name, const module_class *class,
                           double number) {
    gan_module *m = module_new(parent->base.ctx, class, parent, name);
    if (m) m->number[0] = number;
    return module_attach(parent, m, GAN_OK);
}
