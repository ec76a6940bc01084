/* Operators of two broadcast operands. The engine sums gradients back to each operand's shape. */
#include "ops/table.h"

#include "core/error.h"

/* ---- shape rule ------------------------------------------------------------------------------ */

static gan_tensor *binary(int32_t op, const char *function, gan_tensor *a, gan_tensor *b) {
    if (!OP_READY(function, a, b)) return NULL;
    shape out;
    if (!shape_broadcast(tensor_shape(a), tensor_shape(b), &out)) {
        char ta[SHAPE_TEXT], tb[SHAPE_TEXT];
        error_set(tensor_context(a), GAN_EINVAL, "%s: shapes %s and %s do not broadcast", function,
                  shape_text(tensor_shape(a), ta), shape_text(tensor_shape(b), tb));
        return NULL;
    }
    return op_apply_2(op, a, b, NULL, &out);
}

gan_tensor *op_add(gan_tensor *a, gan_tensor *b) { return binary(OP_add, "gan_add", a, b); }
gan_tensor *op_sub(gan_tensor *a, gan_tensor *b) { return binary(OP_sub, "gan_sub", a, b); }
gan_tensor *op_mul(gan_tensor *a, gan_tensor *b) { return binary(OP_mul, "gan_mul", a, b); }
gan_tensor *op_div(gan_tensor *a, gan_tensor *b) { return binary(OP_div, "gan_div", a, b); }
gan_tensor *op_maximum(gan_tensor *a, gan_tensor *b) {
    return binary(OP_maximum, "gan_maximum", a, b);
}
gan_tensor *op_minimum(gan_tensor *a, gan_tensor *b) {
    return binary(OP_minimum, "gan_minimum", a, b);
}

void op_add_into(gan_tensor *sum, gan_tensor *g) {
    update_add(tensor_context(sum), tensor_size(sum), tensor_values(g), tensor_data(sum));
}

/* ---- forward --------------------------------------------------------------------------------- */

/* Elements to step over per axis of the output: 0 where the operand repeats. */
static void operand_strides(const shape *in, const shape *out, int64_t *stride) {
    shape x = shape_lead(in, out->rank);
    int64_t step = 1;
    for (int32_t i = out->rank; i-- > 0;) {
        stride[i] = x.dim[i] == 1 ? 0 : step;
        step *= x.dim[i];
    }
}

static bcast broadcast_of(const op_call *c) {
    bcast s = {.rank = c->out_shape.rank};
    for (int32_t i = 0; i < s.rank; i++) s.dim[i] = c->out_shape.dim[i];
    operand_strides(c->in_shape[0], &c->out_shape, s.stride_a);
    operand_strides(c->in_shape[1], &c->out_shape, s.stride_b);
    return s;
}

typedef void (*binary_kernel)(gan_context *, const bcast *, const real *, const real *, real *);

static int32_t run(const op_call *c, binary_kernel kernel) {
    bcast s = broadcast_of(c);
    kernel(c->ctx, &s, c->in[0], c->in[1], c->out);
    return GAN_OK;
}

int32_t forward_add(const op_call *c) { return run(c, eltwise_add); }
int32_t forward_sub(const op_call *c) { return run(c, eltwise_sub); }
int32_t forward_mul(const op_call *c) { return run(c, eltwise_mul); }
int32_t forward_div(const op_call *c) { return run(c, eltwise_div); }
int32_t forward_maximum(const op_call *c) { return run(c, eltwise_max); }
int32_t forward_minimum(const op_call *c) { return run(c, eltwise_min); }

/* ---- derivatives ----------------------------------------------------------------------------- */

gan_tensor *vjp_add(const op_record *r, gan_tensor *g, int32_t i) {
    (void)r;
    (void)i;
    return g;
}

gan_tensor *vjp_sub(const op_record *r, gan_tensor *g, int32_t i) {
    (void)r;
    return i == 0 ? g : op_affine(g, -1, 0);
}

gan_tensor *vjp_mul(const op_record *r, gan_tensor *g, int32_t i) {
    return op_mul(g, record_input(r, 1 - i));
}

/* d(a/b)/da = 1/b; d(a/b)/db = -a / b^2. */
gan_tensor *vjp_div(const op_record *r, gan_tensor *g, int32_t i) {
    gan_tensor *b = record_input(r, 1);
    gan_tensor *over_b = op_div(g, b);
    if (i == 0) return over_b;
    return op_affine(op_mul(over_b, op_div(record_input(r, 0), b)), -1, 0);
}

/* The share of the gradient that operand i gets: all where it won, half where equal. */
static gan_tensor *vjp_winner(const op_record *r, gan_tensor *g, int32_t i, double if_greater) {
    gan_tensor *margin = op_sub(record_input(r, i), record_input(r, 1 - i));
    return op_gate(g, margin, 0, 1 - if_greater, 0.5, if_greater);
}

gan_tensor *vjp_maximum(const op_record *r, gan_tensor *g, int32_t i) {
    return vjp_winner(r, g, i, 1);
}

gan_tensor *vjp_minimum(const op_record *r, gan_tensor *g, int32_t i) {
    return vjp_winner(r, g, i, 0);
}

/* ---- bias and activation in one pass --------------------------------------------------------- */

gan_tensor *op_bias_act(gan_tensor *x, gan_tensor *bias, activation act) {
    if (!OP_READY("bias", x, bias)) return NULL;
    const shape *s = tensor_shape(x), *b = tensor_shape(bias);
    if (s->rank < 1 || b->rank != 1 || b->dim[0] != s->dim[s->rank - 1]) {
        char tx[SHAPE_TEXT], tb[SHAPE_TEXT];
        error_set(tensor_context(x), GAN_EINVAL, "bias %s does not go along the last axis of %s",
                  shape_text(b, tb), shape_text(s, tx));
        return NULL;
    }
    return op_apply_2(OP_bias_act, x, bias, &(op_attr){.f = {act.kind, act.number}}, s);
}

int32_t forward_bias_act(const op_call *c) {
    int64_t cols = c->in_shape[1]->dim[0];
    bias_act(c->ctx, cols ? shape_size(&c->out_shape) / cols : 0, cols, activation_of(c->attr),
             c->in[0], c->in[1], c->out);
    return GAN_OK;
}

gan_tensor *vjp_bias_act(const op_record *r, gan_tensor *g, int32_t i) {
    (void)r;
    (void)i;
    return g;
}

gan_tensor *bias_act_gradients(const op_record *r, gan_tensor *g, gan_tensor **bias) {
    activation act = activation_of(record_attr(r));
    shape s = shape_1(tensor_shape(g)->dim[tensor_shape(g)->rank - 1]);
    if (act.kind == ACTIVATION_NONE) {
        if (bias) *bias = op_sum_to(g, &s);
        return bias && !*bias ? NULL : g;
    }
    gan_context *ctx = tensor_context(g);
    gan_tensor *y = record_output(r), *dx = tensor_new(ctx, tensor_shape(g));
    if (bias) *bias = tensor_new(ctx, &s);
    if (!y || !dx || (bias && !*bias)) return NULL;
    int64_t cols = s.dim[0], rows = cols ? tensor_size(g) / cols : 0;
    int32_t code = bias_act_grad(ctx, rows, cols, act, tensor_values(g), tensor_values(y),
                                 tensor_data(dx), bias ? tensor_data(*bias) : NULL);
    return code ? NULL : dx;
}

int32_t gradients_bias_act(const op_record *r, gan_tensor *g, uint32_t wanted, gan_tensor **out) {
    out[0] = bias_act_gradients(r, g, wanted & 2 ? &out[1] : NULL);
    return out[0] ? GAN_OK : GAN_ENOMEM;
}
