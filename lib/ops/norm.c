/* Normalisation over groups of elements. With xhat = N(x) = (x - <x>) s, s = S(x) =
 * 1 / sqrt(var + eps), <> and sums over the group of n:
 *
 *   P(x, g)    = s (g - <g> - xhat <g xhat>)           linear and self-adjoint in g
 *   R(x, g, u) = the gradient of sum(u P(x, g)) in x   linear in g and u, symmetric
 *              = -(s xhat / n) sum(u P(x, g)) - s (<g xhat> P(x, u) + <u xhat> P(x, g))
 *
 * N, P, R and S are operators, and every derivative is made of them:
 *
 *   N in x: P(x, u)            P in g: P(x, u)           P in x: R(x, g, u)
 *   R in g: R(x, u, v)         R in u: R(x, g, v)        R in x: project_grad_vjp_in_x
 *   S in x: -u s^2 xhat / n
 *
 * s is an operator and never a saved constant: with a constant the first derivative is still right
 * and the second is wrong.
 *
 * norm_dot (sum of g xhat) and norm_affine (gain, shift and activation in one pass) are fused forms
 * whose derivatives are made of these. */
#include "ops/table.h"

#include "core/error.h"

#include <string.h>

_Static_assert(sizeof(norm_geom) == 4 * sizeof(int64_t), "stored as integer attributes");

static op_attr attr_of(const norm_geom *m, double eps) {
    op_attr attr = {.f = {eps}};
    memcpy(attr.i, m, sizeof *m);
    return attr;
}

static norm_geom geom_of(const op_attr *attr) {
    norm_geom m;
    memcpy(&m, attr->i, sizeof m);
    return m;
}

static shape group_shape(const norm_geom *m) { return shape_4(m->a, 1, m->b, 1); }
static shape split_shape(const norm_geom *m) { return shape_4(m->a, m->r1, m->b, m->r2); }

storage *op_norm_stats(gan_tensor *x, const norm_geom *m, double eps) {
    if (!OP_READY("normalize", x)) return NULL;
    gan_context *ctx = tensor_context(x);
    storage *stats = storage_new(ctx, (size_t)(3 * m->a * m->b) * sizeof(real));
    if (stats && norm_stats(ctx, m, eps, tensor_values(x), storage_data(stats))) {
        storage_unref(stats);
        return NULL;
    }
    return stats;
}

/* Runs an operator whose first input is x with the statistics of x. */
static gan_tensor *apply(int32_t op, int32_t inputs, gan_tensor *const *in, const op_attr *attr,
                         double eps, storage *stats, const shape *out) {
    norm_geom m = geom_of(attr);
    storage *own = stats ? storage_ref(stats) : op_norm_stats(in[0], &m, eps);
    gan_tensor *y = own ? op_apply(op, inputs, in, attr, own, out) : NULL;
    storage_unref(own);
    return y;
}

gan_tensor *op_normalize(gan_tensor *x, const norm_geom *m, double eps, storage *stats) {
    if (!OP_READY("normalize", x)) return NULL;
    op_attr attr = attr_of(m, eps);
    return apply(OP_normalize, 1, &x, &attr, eps, stats, tensor_shape(x));
}

gan_tensor *op_norm_project(gan_tensor *x, gan_tensor *g, const norm_geom *m, double eps,
                            storage *stats) {
    if (!OP_READY("norm_project", x, g)) return NULL;
    op_attr attr = attr_of(m, eps);
    gan_tensor *in[] = {x, g};
    return apply(OP_norm_project, 2, in, &attr, eps, stats, tensor_shape(x));
}

gan_tensor *op_norm_project_grad(gan_tensor *x, gan_tensor *g, gan_tensor *u, const norm_geom *m,
                                 double eps, storage *stats) {
    if (!OP_READY("norm_project_grad", x, g, u)) return NULL;
    op_attr attr = attr_of(m, eps);
    gan_tensor *in[] = {x, g, u};
    return apply(OP_norm_project_grad, 3, in, &attr, eps, stats, tensor_shape(x));
}

gan_tensor *op_norm_scale(gan_tensor *x, const norm_geom *m, double eps, storage *stats) {
    if (!OP_READY("norm_scale", x)) return NULL;
    op_attr attr = attr_of(m, eps);
    shape out = group_shape(m);
    return apply(OP_norm_scale, 1, &x, &attr, eps, stats, &out);
}

gan_tensor *op_norm_dot(gan_tensor *x, gan_tensor *g, const norm_geom *m, double eps,
                        storage *stats) {
    if (!OP_READY("norm_dot", x, g)) return NULL;
    op_attr attr = attr_of(m, eps);
    gan_tensor *in[] = {x, g};
    shape out = group_shape(m);
    return apply(OP_norm_dot, 2, in, &attr, eps, stats, &out);
}

gan_tensor *op_norm_affine(gan_tensor *x, gan_tensor *gain, gan_tensor *shift, const norm_geom *m,
                           double eps, activation act, storage *stats) {
    if (!OP_READY("norm_affine", x, gain, shift)) return NULL;
    op_attr attr = attr_of(m, 0);
    attr.f[0] = act.kind;
    attr.f[1] = act.number;
    attr.f[2] = eps;
    gan_tensor *in[] = {x, gain, shift};
    return apply(OP_norm_affine, 3, in, &attr, eps, stats, tensor_shape(x));
}

/* ---- forward --------------------------------------------------------------------------------- */

int32_t forward_normalize(const op_call *c) {
    norm_geom m = geom_of(c->attr);
    return norm_normalize(c->ctx, &m, c->aux, c->in[0], c->out);
}

int32_t forward_norm_project(const op_call *c) {
    norm_geom m = geom_of(c->attr);
    return norm_project(c->ctx, &m, c->aux, c->in[0], c->in[1], c->out);
}

int32_t forward_norm_project_grad(const op_call *c) {
    norm_geom m = geom_of(c->attr);
    return norm_project_grad(c->ctx, &m, c->aux, c->in[0], c->in[1], c->in[2], c->out);
}

int32_t forward_norm_scale(const op_call *c) {
    int64_t groups = shape_size(&c->out_shape);
    memcpy(c->out, (const real *)c->aux + 2 * groups, (size_t)groups * sizeof(real));
    return GAN_OK;
}

int32_t forward_norm_dot(const op_call *c) {
    norm_geom m = geom_of(c->attr);
    return norm_dot(c->ctx, &m, c->aux, c->in[0], c->in[1], c->out);
}

int32_t forward_norm_affine(const op_call *c) {
    norm_geom m = geom_of(c->attr);
    return norm_affine(c->ctx, &m, activation_of(c->attr), c->aux, c->in[0], c->in[1], c->in[2],
                       c->out);
}

/* ---- derivatives ----------------------------------------------------------------------------- */

gan_tensor *vjp_normalize(const op_record *r, gan_tensor *u, int32_t i) {
    (void)i;
    norm_geom m = geom_of(record_attr(r));
    return op_norm_project(record_input(r, 0), u, &m, record_attr(r)->f[0], record_aux(r));
}

gan_tensor *vjp_norm_project(const op_record *r, gan_tensor *u, int32_t i) {
    norm_geom m = geom_of(record_attr(r));
    double eps = record_attr(r)->f[0];
    gan_tensor *x = record_input(r, 0);
    if (i == 1) return op_norm_project(x, u, &m, eps, record_aux(r));
    return op_norm_project_grad(x, record_input(r, 1), u, &m, eps, record_aux(r));
}

/* Mean of a * b over each group: (a, 1, b, 1). */
static gan_tensor *group_dot(gan_tensor *a, gan_tensor *b, const norm_geom *m) {
    shape group = group_shape(m);
    return op_affine(op_sum_to(op_mul(a, b), &group), 1 / (double)(m->r1 * m->r2), 0);
}

/* One of the three terms of R, as a function of x: its gradient along v. w is a cotangent, and the
 * term is <p xhat> <w P(x, q)>. */
static gan_tensor *term_vjp_in_x(gan_tensor *x, gan_tensor *p, gan_tensor *q, gan_tensor *w,
                                 const norm_geom *m, double eps, storage *stats) {
    gan_tensor *along = group_dot(p, op_normalize(x, m, eps, stats), m);
    gan_tensor *product = group_dot(w, op_norm_project(x, q, m, eps, stats), m);
    return op_add(op_mul(op_norm_project(x, p, m, eps, stats), product),
                  op_mul(along, op_norm_project_grad(x, q, w, m, eps, stats)));
}

/* sum(v R) = -s n (<v xhat><u P(g)> + <g xhat><v P(u)> + <u xhat><v P(g)>): the product rule, with
 * the gradients n<p xhat>' = P(p), (n<w P(q)>)' = R(q, w) and s' = -s^2 xhat / n. */
static gan_tensor *project_grad_vjp_in_x(gan_tensor *x, gan_tensor *g, gan_tensor *u, gan_tensor *v,
                                         const norm_geom *m, double eps, storage *stats) {
    gan_tensor *s = op_norm_scale(x, m, eps, stats), *xhat = op_normalize(x, m, eps, stats);
    gan_tensor *terms = op_add(
        term_vjp_in_x(x, v, g, u, m, eps, stats),
        op_add(term_vjp_in_x(x, g, u, v, m, eps, stats), term_vjp_in_x(x, u, g, v, m, eps, stats)));
    gan_tensor *dot = group_dot(v, op_norm_project_grad(x, g, u, m, eps, stats), m);
    return op_sub(op_mul(op_affine(s, -1, 0), terms), op_mul(xhat, op_mul(s, dot)));
}

gan_tensor *vjp_norm_project_grad(const op_record *r, gan_tensor *v, int32_t i) {
    norm_geom m = geom_of(record_attr(r));
    double eps = record_attr(r)->f[0];
    gan_tensor *x = record_input(r, 0);
    if (i > 0) return op_norm_project_grad(x, record_input(r, 3 - i), v, &m, eps, record_aux(r));
    shape split = split_shape(&m), whole = *record_input_shape(r, 0);
    gan_tensor *g = op_reshape(record_input(r, 1), &split);
    gan_tensor *u = op_reshape(record_input(r, 2), &split);
    x = op_reshape(x, &split);
    v = op_reshape(v, &split);
    return op_reshape(project_grad_vjp_in_x(x, g, u, v, &m, eps, record_aux(r)), &whole);
}

gan_tensor *vjp_norm_scale(const op_record *r, gan_tensor *u, int32_t i) {
    (void)i;
    norm_geom m = geom_of(record_attr(r));
    double eps = record_attr(r)->f[0], n = (double)(m.r1 * m.r2);
    shape split = split_shape(&m);
    gan_tensor *x = op_reshape(record_input(r, 0), &split);
    gan_tensor *s = op_norm_scale(x, &m, eps, record_aux(r));
    gan_tensor *factor = op_affine(op_mul(u, op_mul(s, s)), -1 / n, 0);
    return op_reshape(op_mul(op_normalize(x, &m, eps, record_aux(r)), factor),
                      record_input_shape(r, 0));
}

/* sum(g xhat) u: in g = u xhat; in x = P(x, u g). */
gan_tensor *vjp_norm_dot(const op_record *r, gan_tensor *u, int32_t i) {
    norm_geom m = geom_of(record_attr(r));
    double eps = record_attr(r)->f[0];
    shape split = split_shape(&m), whole = *record_input_shape(r, i);
    gan_tensor *x = op_reshape(record_input(r, 0), &split);
    if (i == 1) return op_reshape(op_mul(op_normalize(x, &m, eps, record_aux(r)), u), &whole);
    gan_tensor *g = op_reshape(record_input(r, 1), &split);
    return op_reshape(op_norm_project(x, op_mul(g, u), &m, eps, record_aux(r)), &whole);
}

/* xhat * gain + shift, g being past the activation: in x = P(x, g gain), in gain = g xhat. Where a
 * group is one channel, the sum of g xhat over it is all the gain's gradient needs. */
gan_tensor *vjp_norm_affine(const op_record *r, gan_tensor *g, int32_t i) {
    norm_geom m = geom_of(record_attr(r));
    double eps = record_attr(r)->f[2];
    if (i == 2) return g;
    gan_tensor *x = record_input(r, 0);
    if (i == 0) return op_norm_project(x, op_mul(g, record_input(r, 1)), &m, eps, record_aux(r));
    if (m.r2 > 1) return op_mul(g, op_normalize(x, &m, eps, record_aux(r)));
    shape per_channel = shape_2(m.a, m.b);
    return op_reshape(op_sum_to(op_reshape(op_norm_dot(x, g, &m, eps, record_aux(r)), &per_channel),
                                &(shape){2, {1, m.b}}),
                      record_input_shape(r, 1));
}

int32_t gradients_norm_affine(const op_record *r, gan_tensor *g, uint32_t wanted,
                              gan_tensor **out) {
    norm_geom m = geom_of(record_attr(r));
    norm_affine_arrays of = {.act = activation_of(record_attr(r)), .g = tensor_values(g)};
    gan_tensor *x = record_input(r, 0), *gain = record_input(r, 1);
    gan_tensor *y = of.act.kind == ACTIVATION_NONE ? NULL : record_output(r);
    if (!x || !gain || (of.act.kind != ACTIVATION_NONE && !y) || gradients_room(r, g, wanted, out))
        return GAN_ENOMEM;
    of.stats = storage_data(record_aux(r));
    of.x = tensor_values(x);
    of.gain = tensor_values(gain);
    of.y = y ? tensor_values(y) : NULL;
    of.dx = out[0] ? tensor_data(out[0]) : NULL;
    of.dgain = out[1] ? tensor_data(out[1]) : NULL;
    of.dshift = out[2] ? tensor_data(out[2]) : NULL;
    return norm_affine_grad(tensor_context(g), &m, &of);
}

/* Samples stay apart when no group spans two of them. */
int rows_norm(const op_record *r, int32_t i, int64_t samples) {
    int per_sample = shape_equal(record_input_shape(r, i), record_input_shape(r, 0));
    return samples == 1 || (per_sample && record_attr(r)->i[0] % samples == 0);
}

/* ---- which elements form a group ------------------------------------------------------------- */

static int32_t wrong(const char *function, gan_tensor *x, const char *need) {
    char text[SHAPE_TEXT];
    return error_set(tensor_context(x), GAN_EINVAL, "%s: x is %s, must be %s", function,
                     shape_text(tensor_shape(x), text), need);
}

static int is_batch(const shape *s) { return s->rank == 2 || s->rank == 4; }

int32_t norm_geom_batch(const char *function, gan_tensor *x, norm_geom *m) {
    const shape *s = tensor_shape(x);
    if (!is_batch(s)) return wrong(function, x, "(N,C) or (N,H,W,C)");
    int64_t c = s->dim[s->rank - 1];
    *m = (norm_geom){1, c ? shape_size(s) / c : 0, c, 1};
    return GAN_OK;
}

int32_t norm_geom_instance(const char *function, gan_tensor *x, norm_geom *m) {
    const shape *s = tensor_shape(x);
    if (s->rank != 4) return wrong(function, x, "(N,H,W,C)");
    *m = (norm_geom){s->dim[0], s->dim[1] * s->dim[2], s->dim[3], 1};
    return GAN_OK;
}

int32_t norm_geom_layer(const char *function, gan_tensor *x, norm_geom *m) {
    const shape *s = tensor_shape(x);
    if (s->rank < 2) return wrong(function, x, "(N,...)");
    int64_t each = 1; /* elements of a sample, also where there is none */
    for (int32_t i = 1; i < s->rank; i++) each *= s->dim[i];
    *m = (norm_geom){s->dim[0], 1, 1, each};
    return GAN_OK;
}

int32_t norm_geom_group(const char *function, gan_tensor *x, int32_t groups, norm_geom *m) {
    const shape *s = tensor_shape(x);
    if (!is_batch(s)) return wrong(function, x, "(N,C) or (N,H,W,C)");
    int64_t n = s->dim[0], c = s->dim[s->rank - 1];
    if (groups < 1 || c % groups)
        return error_set(tensor_context(x), GAN_EINVAL, "%s: %lld channels in %d groups", function,
                         (long long)c, (int)groups);
    int64_t pixels = n && c ? shape_size(s) / n / c : 0;
    *m = (norm_geom){n, pixels, groups, c / groups};
    return GAN_OK;
}
