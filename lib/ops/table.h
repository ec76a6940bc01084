/* The operators as numbers, and the declarations that ops.def implies. For ops/, and the sampler,
 * which runs them without tensors. */
#ifndef GAN_OPS_TABLE_H
#define GAN_OPS_TABLE_H

#include "autograd/opdef.h"
#include "ops/op.h"

enum {
#define OP(name, derivative, rows, reads, flat, ints, floats) OP_##name,
#include "ops/ops.def"
#undef OP
    OP_COUNT
};

#define VJP_GRAD(name) gan_tensor *vjp_##name(const op_record *r, gan_tensor *g, int32_t i);
#define VJP_ACTIVATED(name)                                                                        \
    VJP_GRAD(name)                                                                                 \
    int32_t gradients_##name(const op_record *r, gan_tensor *g, uint32_t wanted, gan_tensor **out);
#define OP(name, derivative, rows, reads, flat, ints, floats)                                      \
    int32_t forward_##name(const op_call *c);                                                      \
    VJP_##derivative(name) int rows(const op_record *r, int32_t i, int64_t samples);
#include "ops/ops.def"
#undef OP
#undef VJP_GRAD
#undef VJP_ACTIVATED

/* Runs an operator of one or two inputs without index. */
gan_tensor *op_apply_1(int32_t op, gan_tensor *x, const op_attr *attr, const shape *out);
gan_tensor *op_apply_2(int32_t op, gan_tensor *a, gan_tensor *b, const op_attr *attr,
                       const shape *out);

/* For gradients_name: out[i] = a tensor of input i's shape where it is wanted. */
int32_t gradients_room(const op_record *r, const gan_tensor *g, uint32_t wanted, gan_tensor **out);

/* The gradient g through the activation that r ends with; and the bias's, if that is asked for. */
gan_tensor *bias_act_gradients(const op_record *r, gan_tensor *g, gan_tensor **bias);

/* op_ready for a list of tensors. */
#define OP_READY(function, ...)                                                                    \
    op_ready(function, (int32_t)(sizeof((gan_tensor *[]){__VA_ARGS__}) / sizeof(gan_tensor *)),    \
             (gan_tensor *[]){__VA_ARGS__})

#endif
