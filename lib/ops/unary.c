/* Operators of one operand, element by element. */
#include "ops/table.h"

#include "core/error.h"

#include <string.h>

/* ---- constructors ---------------------------------------------------------------------------- */

static gan_tensor *unary(int32_t op, const char *function, gan_tensor *x, const op_attr *attr) {
    if (!OP_READY(function, x)) return NULL;
    return op_apply_1(op, x, attr, tensor_shape(x));
}

gan_tensor *op_affine(gan_tensor *x, double factor, double offset) {
    return unary(OP_affine, "gan_scale", x, &(op_attr){.f = {factor, offset}});
}

gan_tensor *op_exp(gan_tensor *x) { return unary(OP_exp, "gan_exp", x, NULL); }
gan_tensor *op_log(gan_tensor *x) { return unary(OP_log, "gan_log", x, NULL); }

gan_tensor *op_sqrt(gan_tensor *x, int safe) {
    return unary(OP_sqrt, "gan_sqrt", x, &(op_attr){.i = {safe}});
}

gan_tensor *op_pow(gan_tensor *x, double exponent) {
    return unary(OP_pow, "gan_pow", x, &(op_attr){.f = {exponent}});
}

gan_tensor *op_abs(gan_tensor *x) { return unary(OP_abs, "gan_abs", x, NULL); }

gan_tensor *op_clamp(gan_tensor *x, double lo, double hi) {
    if (!OP_READY("gan_clamp", x)) return NULL;
    if (!(lo <= hi)) {
        error_set(tensor_context(x), GAN_EINVAL, "gan_clamp: lo %g must not be above hi %g", lo,
                  hi);
        return NULL;
    }
    return unary(OP_clamp, "gan_clamp", x, &(op_attr){.f = {lo, hi}});
}

/* From slope 0 on the result has x's sign, so the derivative reads the result, which the next layer
 * keeps anyway. Below, x times its own mask does. */
gan_tensor *op_leaky_relu(gan_tensor *x, double slope) {
    if (!(slope >= 0)) return op_gate(x, x, 0, slope, slope, 1);
    return unary(OP_leaky_relu, "gan_leaky_relu", x, &(op_attr){.f = {slope}});
}

/* Likewise from alpha 0 on. Below, relu(x) + alpha (e^min(x, 0) - 1). */
gan_tensor *op_elu(gan_tensor *x, double alpha) {
    if (alpha >= 0) return unary(OP_elu, "gan_elu", x, &(op_attr){.f = {alpha}});
    gan_tensor *below = op_elu(op_clamp(x, -(double)REAL_MAX, 0), 1);
    return op_add(op_leaky_relu(x, 0), op_affine(below, alpha, 0));
}

gan_tensor *op_elu_gate(gan_tensor *g, gan_tensor *y, double alpha) {
    if (!OP_READY("elu_gate", g, y)) return NULL;
    g = op_broadcast_to(g, tensor_shape(y));
    if (!g) return NULL;
    return op_apply_2(OP_elu_gate, g, y, &(op_attr){.f = {alpha}}, tensor_shape(y));
}

gan_tensor *op_activate(gan_tensor *x, activation act) {
    if (act.kind == ACTIVATION_NONE) return x;
    return act.kind == ACTIVATION_ELU ? op_elu(x, act.number) : op_leaky_relu(x, act.number);
}

gan_tensor *op_tanh(gan_tensor *x) { return unary(OP_tanh, "gan_tanh", x, NULL); }
gan_tensor *op_sigmoid(gan_tensor *x) { return unary(OP_sigmoid, "gan_sigmoid", x, NULL); }
gan_tensor *op_softplus(gan_tensor *x) { return unary(OP_softplus, "gan_softplus", x, NULL); }

gan_tensor *op_safe_reciprocal(gan_tensor *x) {
    return unary(OP_safe_reciprocal, "safe_reciprocal", x, NULL);
}

gan_tensor *op_gate(gan_tensor *g, gan_tensor *x, double t, double below, double at, double above) {
    if (!OP_READY("gate", g, x)) return NULL;
    g = op_broadcast_to(g, tensor_shape(x));
    if (!g) return NULL;
    return op_apply_2(OP_gate, g, x, &(op_attr){.f = {t, below, at, above}}, tensor_shape(x));
}

gan_tensor *op_dropout(gan_tensor *x, double p, uint64_t key, uint64_t counter) {
    if (!OP_READY("gan_dropout", x)) return NULL;
    if (!(p >= 0 && p < 1)) {
        error_set(tensor_context(x), GAN_EINVAL, "gan_dropout: p is %g, must be in [0, 1)", p);
        return NULL;
    }
    op_attr attr = {.f = {p}};
    memcpy(&attr.i[0], &key, sizeof key);
    memcpy(&attr.i[1], &counter, sizeof counter);
    return unary(OP_dropout, "gan_dropout", x, &attr);
}

/* ---- forward --------------------------------------------------------------------------------- */

static int64_t count(const op_call *c) { return shape_size(&c->out_shape); }

int32_t forward_affine(const op_call *c) {
    eltwise_affine(c->ctx, count(c), c->attr->f[0], c->attr->f[1], c->in[0], c->out);
    return GAN_OK;
}

/* Operators without attributes differ in their kernel only. */
#define FORWARD(name, kernel)                                                                      \
    int32_t forward_##name(const op_call *c) {                                                     \
        kernel(c->ctx, count(c), c->in[0], c->out);                                                \
        return GAN_OK;                                                                             \
    }
FORWARD(exp, eltwise_exp)
FORWARD(log, eltwise_log)
FORWARD(sqrt, eltwise_sqrt)
FORWARD(abs, eltwise_abs)
FORWARD(tanh, eltwise_tanh)
FORWARD(sigmoid, eltwise_sigmoid)
FORWARD(softplus, eltwise_softplus)
FORWARD(safe_reciprocal, eltwise_safe_reciprocal)
#undef FORWARD

int32_t forward_pow(const op_call *c) {
    eltwise_pow(c->ctx, count(c), c->attr->f[0], c->in[0], c->out);
    return GAN_OK;
}

int32_t forward_clamp(const op_call *c) {
    eltwise_clamp(c->ctx, count(c), c->attr->f[0], c->attr->f[1], c->in[0], c->out);
    return GAN_OK;
}

int32_t forward_leaky_relu(const op_call *c) {
    activation act = {ACTIVATION_LEAKY_RELU, c->attr->f[0]};
    eltwise_activate(c->ctx, count(c), act, c->in[0], c->out);
    return GAN_OK;
}

int32_t forward_elu(const op_call *c) {
    activation act = {ACTIVATION_ELU, c->attr->f[0]};
    eltwise_activate(c->ctx, count(c), act, c->in[0], c->out);
    return GAN_OK;
}

int32_t forward_elu_gate(const op_call *c) {
    activation act = {ACTIVATION_ELU, c->attr->f[0]};
    eltwise_activate_grad(c->ctx, count(c), act, c->in[0], c->in[1], c->out);
    return GAN_OK;
}

int32_t forward_gate(const op_call *c) {
    const double *f = c->attr->f;
    eltwise_gate(c->ctx, count(c), f[0], f[1], f[2], f[3], c->in[0], c->in[1], c->out);
    return GAN_OK;
}

int32_t forward_dropout(const op_call *c) {
    uint64_t key, counter;
    memcpy(&key, &c->attr->i[0], sizeof key);
    memcpy(&counter, &c->attr->i[1], sizeof counter);
    noise_dropout(c->ctx, key, counter, count(c), c->attr->f[0], c->in[0], c->out);
    return GAN_OK;
}

/* ---- derivatives ----------------------------------------------------------------------------- */

gan_tensor *vjp_affine(const op_record *r, gan_tensor *g, int32_t i) {
    (void)i;
    return op_affine(g, record_attr(r)->f[0], 0);
}

gan_tensor *vjp_exp(const op_record *r, gan_tensor *g, int32_t i) {
    (void)i;
    return op_mul(g, record_output(r));
}

gan_tensor *vjp_log(const op_record *r, gan_tensor *g, int32_t i) {
    (void)i;
    return op_div(g, record_input(r, 0));
}

/* d sqrt(x) = 1 / (2 sqrt(x)). */
gan_tensor *vjp_sqrt(const op_record *r, gan_tensor *g, int32_t i) {
    (void)i;
    gan_tensor *half = op_affine(g, 0.5, 0), *y = record_output(r);
    return record_attr(r)->i[0] ? op_mul(half, op_safe_reciprocal(y)) : op_div(half, y);
}

gan_tensor *vjp_pow(const op_record *r, gan_tensor *g, int32_t i) {
    (void)i;
    double p = record_attr(r)->f[0];
    if (p == 0) return op_affine(g, 0, 0); /* not 0 * x^-1, which is NaN at 0 */
    return op_mul(g, op_affine(op_pow(record_input(r, 0), p - 1), p, 0));
}

gan_tensor *vjp_abs(const op_record *r, gan_tensor *g, int32_t i) {
    (void)i;
    return op_gate(g, record_input(r, 0), 0, -1, 0, 1);
}

gan_tensor *vjp_clamp(const op_record *r, gan_tensor *g, int32_t i) {
    (void)i;
    gan_tensor *x = record_input(r, 0);
    const double *f = record_attr(r)->f;
    return op_gate(op_gate(g, x, f[0], 0, 1, 1), x, f[1], 1, 1, 0);
}

gan_tensor *vjp_leaky_relu(const op_record *r, gan_tensor *g, int32_t i) {
    (void)i;
    double slope = record_attr(r)->f[0];
    return op_gate(g, record_output(r), 0, slope, slope, 1);
}

/* elu' = {1 | alpha e^x} = {1 | y + alpha}. */
gan_tensor *vjp_elu(const op_record *r, gan_tensor *g, int32_t i) {
    (void)i;
    return op_elu_gate(g, record_output(r), record_attr(r)->f[0]);
}

/* g {1 | y + alpha}: in g the same of u; in y = {0 | u g}. */
gan_tensor *vjp_elu_gate(const op_record *r, gan_tensor *u, int32_t i) {
    gan_tensor *y = record_input(r, 1);
    if (i == 0) return op_elu_gate(u, y, record_attr(r)->f[0]);
    return op_gate(op_mul(u, record_input(r, 0)), y, 0, 1, 1, 0);
}

/* tanh' = 1 - tanh^2. */
gan_tensor *vjp_tanh(const op_record *r, gan_tensor *g, int32_t i) {
    (void)i;
    gan_tensor *y = record_output(r);
    return op_mul(g, op_affine(op_mul(y, y), -1, 1));
}

/* sigmoid' = sigmoid (1 - sigmoid). */
gan_tensor *vjp_sigmoid(const op_record *r, gan_tensor *g, int32_t i) {
    (void)i;
    gan_tensor *y = record_output(r);
    return op_mul(g, op_mul(y, op_affine(y, -1, 1)));
}

gan_tensor *vjp_softplus(const op_record *r, gan_tensor *g, int32_t i) {
    (void)i;
    return op_mul(g, op_sigmoid(record_input(r, 0)));
}

/* d(1/x) = -1/x^2, and 0 where 1/x was taken as 0. */
gan_tensor *vjp_safe_reciprocal(const op_record *r, gan_tensor *g, int32_t i) {
    (void)i;
    gan_tensor *y = record_output(r);
    return op_mul(g, op_affine(op_mul(y, y), -1, 0));
}

/* Linear in g; flat in x (ops.def), so never asked for i = 1. */
gan_tensor *vjp_gate(const op_record *r, gan_tensor *g, int32_t i) {
    (void)i;
    const double *f = record_attr(r)->f;
    return op_gate(g, record_input(r, 1), f[0], f[1], f[2], f[3]);
}

gan_tensor *vjp_dropout(const op_record *r, gan_tensor *g, int32_t i) {
    (void)i;
    uint64_t key, counter;
    memcpy(&key, &record_attr(r)->i[0], sizeof key);
    memcpy(&counter, &record_attr(r)->i[1], sizeof counter);
    return op_dropout(g, record_attr(r)->f[0], key, counter);
}
