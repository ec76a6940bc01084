#include "ops/table.h"

#define OUT OP_READS_OUTPUT
#define CONV_INTS "n h w c o kh kw ho wo sh sw dh dw pt pl"
#define POOL_INTS "n h w c ho wo kh kw sh sw pt pl"
#define NORM_INTS "a r1 b r2"
#define BEFORE_GRAD NULL
#define BEFORE_ACTIVATED through_activation
#define GRADIENTS_GRAD(name) NULL
#define GRADIENTS_ACTIVATED(name) gradients_##name
/* Operators whose result shares its input's elements have no forward. */
#define forward_reshape NULL

static gan_tensor *through_activation(const op_record *r, gan_tensor *g) {
    activation act = activation_of(record_attr(r));
    if (act.kind == ACTIVATION_NONE) return g;
    gan_tensor *y = record_output(r);
    if (act.kind == ACTIVATION_ELU) return op_elu_gate(g, y, act.number);
    return op_gate(g, y, 0, act.number, act.number, 1);
}

static const op_def table[OP_COUNT] = {
#define OP(name, derivative, rows, reads, flat, ints, floats)                                      \
    {#name,                                                                                        \
     forward_##name,                                                                               \
     vjp_##name,                                                                                   \
     BEFORE_##derivative,                                                                          \
     GRADIENTS_##derivative(name),                                                                 \
     rows,                                                                                         \
     reads,                                                                                        \
     flat,                                                                                         \
     ints,                                                                                         \
     floats},
#include "ops/ops.def"
#undef OP
};

const op_def *op_find(int32_t op) { return op >= 0 && op < OP_COUNT ? &table[op] : NULL; }

gan_tensor *op_apply_1(int32_t op, gan_tensor *x, const op_attr *attr, const shape *out) {
    return op_apply(op, 1, &x, attr, NULL, out);
}

gan_tensor *op_apply_2(int32_t op, gan_tensor *a, gan_tensor *b, const op_attr *attr,
                       const shape *out) {
    return op_apply(op, 2, (gan_tensor *[]){a, b}, attr, NULL, out);
}

int32_t gradients_room(const op_record *r, const gan_tensor *g, uint32_t wanted, gan_tensor **out) {
    for (int32_t i = 0; wanted >> i; i++) {
        if (!(wanted >> i & 1)) continue;
        out[i] = tensor_new(tensor_context(g), record_input_shape(r, i));
        if (!out[i]) return GAN_ENOMEM;
    }
    return GAN_OK;
}

/* ---- rules about samples --------------------------------------------------------------------- */

/* Axis 0 goes through: elementwise operators, reductions and windows over other axes. */
int rows_aligned(const op_record *r, int32_t i, int64_t samples) {
    const shape *in = record_input_shape(r, i), *out = record_output_shape(r);
    if (samples == 1) return 1;
    if (in->rank == 0 || out->rank == 0) return 0;
    /* The norm of each sample is (N,...) to (N); all others line up at the last axis, so that the
     * first one is the samples' only if no axis is lost. */
    int lined_up = in->rank == out->rank || r->op == OP_row_norm;
    return lined_up && in->dim[0] == out->dim[0];
}

/* Row-major memory cut into `samples` equal blocks stays so cut. */
int rows_blocks(const op_record *r, int32_t i, int64_t samples) {
    const shape *in = record_input_shape(r, i), *out = record_output_shape(r);
    if (samples == 1) return 1;
    return in->rank > 0 && out->rank > 0 && in->dim[0] % samples == 0 && out->dim[0] % samples == 0;
}

int rows_first_input(const op_record *r, int32_t i, int64_t samples) {
    return samples == 1 || (i == 0 && rows_aligned(r, i, samples));
}

int rows_none(const op_record *r, int32_t i, int64_t samples) {
    (void)r;
    (void)i;
    return samples == 1;
}
