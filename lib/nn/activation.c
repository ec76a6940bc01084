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

static gan_tensor *elu(gan_module *m, gan_tensor *x) { return op_elu(x, m->number[0], 0); }

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

int activation_fuses(const gan_module *m, double *slope) {
    if (m->class != &module_relu && m->class != &module_leaky_relu) return 0;
    *slope = m->class == &module_relu ? 0 : m->number[0];
    return *slope >= 0;
}

gan_module *activation_add(gan_module *parent, const char *name, const module_class *class,
                           double number) {
    gan_module *m = module_new(parent->base.ctx, class, parent, name);
    if (m) m->number[0] = number;
    return module_attach(parent, m, GAN_OK);
}
