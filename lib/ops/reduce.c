/* Sums, broadcasts and what is made of them. sum_to and broadcast_to are each other's adjoint. */
#include "ops/table.h"

#include "core/alloc.h"
#include "core/error.h"

/* ---- sum_to and broadcast_to ----------------------------------------------------------------- */

static gan_tensor *no_broadcast(gan_tensor *x, const shape *to) {
    char a[SHAPE_TEXT], b[SHAPE_TEXT];
    error_set(tensor_context(x), GAN_EINVAL, "gan_broadcast: %s does not broadcast to %s",
              shape_text(tensor_shape(x), a), shape_text(to, b));
    return NULL;
}

static int broadcasts(const shape *from, const shape *to) {
    shape both;
    return shape_broadcast(from, to, &both) && shape_equal(&both, to);
}

gan_tensor *op_sum_to(gan_tensor *x, const shape *to) {
    if (!OP_READY("sum_to", x)) return NULL;
    const shape *from = tensor_shape(x);
    if (shape_equal(from, to)) return x;
    /* A gradient may also be smaller than its input, when the input was only spread. */
    if (broadcasts(from, to)) return op_broadcast_to(x, to);
    if (!broadcasts(to, from)) return no_broadcast(x, to);
    return op_apply_1(OP_sum_to, x, NULL, to);
}

gan_tensor *op_broadcast_to(gan_tensor *x, const shape *to) {
    if (!OP_READY("gan_broadcast", x)) return NULL;
    if (shape_equal(tensor_shape(x), to)) return x;
    if (!broadcasts(tensor_shape(x), to)) return no_broadcast(x, to);
    return op_apply_1(OP_broadcast_to, x, NULL, to);
}

int32_t forward_sum_to(const op_call *c) {
    shape y = shape_lead(&c->out_shape, c->in_shape[0]->rank);
    return reduce_sum(c->ctx, y.rank, c->in_shape[0]->dim, y.dim, c->in[0], c->out);
}

gan_tensor *vjp_sum_to(const op_record *r, gan_tensor *g, int32_t i) {
    return op_broadcast_to(g, record_input_shape(r, i));
}

int32_t forward_broadcast_to(const op_call *c) {
    shape x = shape_lead(c->in_shape[0], c->out_shape.rank);
    layout_broadcast(c->ctx, x.rank, x.dim, c->out_shape.dim, c->in[0], c->out);
    return GAN_OK;
}

gan_tensor *vjp_broadcast_to(const op_record *r, gan_tensor *g, int32_t i) {
    return op_sum_to(g, record_input_shape(r, i));
}

/* ---- over axes ------------------------------------------------------------------------------- */

/* Which axes of a reduction go, and the shapes that follow. */
typedef struct axes {
    int gone[GAN_MAX_RANK];
    shape kept;    /* reduced axes have size 1 */
    shape result;  /* what the caller asked for: kept, or without them */
    int64_t count; /* elements per result */
} axes;

static int32_t resolve(const char *name, gan_tensor *x, const int32_t *list, int32_t n, int keep,
                       axes *a) {
    if (!OP_READY(name, x)) return GAN_EINVAL;
    gan_context *ctx = tensor_context(x);
    const shape *s = tensor_shape(x);
    *a = (axes){.kept = *s, .count = 1};
    if (n < 0 || n > s->rank || (n > 0 && !list))
        return error_set(ctx, GAN_EINVAL, "%s: %d axes listed, x has %d", name, (int)n,
                         (int)s->rank);
    for (int32_t i = 0; i < (n ? n : s->rank); i++) {
        int32_t axis = n ? shape_axis(s, list[i]) : i;
        if (axis < 0 || a->gone[axis])
            return error_set(ctx, GAN_EINVAL, "%s: axis %d is %s", name, (int)list[i],
                             axis < 0 ? "out of range" : "listed twice");
        a->gone[axis] = 1;
        a->count *= s->dim[axis];
        a->kept.dim[axis] = 1;
    }
    a->result = a->kept;
    if (keep) return GAN_OK;
    a->result = shape_scalar();
    for (int32_t i = 0; i < s->rank; i++)
        if (!a->gone[i]) a->result.dim[a->result.rank++] = s->dim[i];
    return GAN_OK;
}

static int32_t need_elements(const char *name, gan_tensor *x, const axes *a, int64_t least) {
    char text[SHAPE_TEXT];
    if (a->count >= least) return GAN_OK;
    return error_set(tensor_context(x), GAN_EINVAL, "%s: x is %s: needs %lld elements or more",
                     name, shape_text(tensor_shape(x), text), (long long)least);
}

gan_tensor *op_sum_axes(gan_tensor *x, const int32_t *list, int32_t n, int keep, const char *name) {
    axes a;
    if (resolve(name, x, list, n, keep, &a)) return NULL;
    return op_reshape(op_sum_to(x, &a.kept), &a.result);
}

gan_tensor *op_mean_axes(gan_tensor *x, const int32_t *list, int32_t n, int keep,
                         const char *name) {
    axes a;
    if (resolve(name, x, list, n, keep, &a) || need_elements(name, x, &a, 1)) return NULL;
    return op_affine(op_reshape(op_sum_to(x, &a.kept), &a.result), 1.0 / (double)a.count, 0);
}

gan_tensor *op_sum_all(gan_tensor *x) { return op_sum_axes(x, NULL, 0, 0, "gan_sum_all"); }
gan_tensor *op_mean_all(gan_tensor *x) { return op_mean_axes(x, NULL, 0, 0, "gan_mean_all"); }

/* sqrt(sum (x - mean)^2 / (count - correction)). */
gan_tensor *op_std_axes(gan_tensor *x, const int32_t *list, int32_t n, int keep, int correction) {
    axes a;
    if (resolve("gan_std", x, list, n, keep, &a)) return NULL;
    if (correction < 0 || need_elements("gan_std", x, &a, (int64_t)correction + 1)) {
        error_set(tensor_context(x), GAN_EINVAL, "gan_std: correction is %d", correction);
        return NULL;
    }
    gan_tensor *mean = op_affine(op_sum_to(x, &a.kept), 1.0 / (double)a.count, 0);
    gan_tensor *centred = op_sub(x, mean);
    gan_tensor *squares = op_reshape(op_sum_to(op_mul(centred, centred), &a.kept), &a.result);
    return op_sqrt(op_affine(squares, 1.0 / (double)(a.count - correction), 0), 1);
}

/* The reduced axes are brought to the end, then the largest of each row is picked by position. */
gan_tensor *op_max_axes(gan_tensor *x, const int32_t *list, int32_t n, int keep) {
    axes a;
    if (resolve("gan_max", x, list, n, keep, &a) || need_elements("gan_max", x, &a, 1)) return NULL;
    const shape *s = tensor_shape(x);
    if (s->rank == 0) return x;
    int32_t perm[GAN_MAX_RANK], at = 0, in_order = 1;
    for (int32_t pass = 0; pass < 2; pass++)
        for (int32_t i = 0; i < s->rank; i++)
            if (a.gone[i] == pass) perm[at++] = i;
    for (int32_t i = 0; i < s->rank; i++) in_order &= perm[i] == i;
    if (!in_order) x = op_transpose(x, perm);
    if (!x) return NULL;

    gan_context *ctx = tensor_context(x);
    int64_t rows = shape_size(&a.kept);
    if (tensor_size(x) > INT32_MAX) {
        error_set(ctx, GAN_EINVAL, "gan_max: more than 2^31 elements");
        return NULL;
    }
    storage *index = storage_new(ctx, (size_t)rows * sizeof(int32_t));
    if (!index) return NULL;
    reduce_argmax(ctx, rows, a.count, 1, tensor_values(x), storage_data(index));
    return op_pick(x, index, 1, &a.result, !a.gone[0]);
}

/* ---- norm of each sample --------------------------------------------------------------------- */

gan_tensor *op_row_norm(gan_tensor *x) {
    if (!OP_READY("gan_l2_norm", x)) return NULL;
    if (tensor_shape(x)->rank == 0) {
        error_set(tensor_context(x), GAN_EINVAL, "gan_l2_norm: x is a scalar, needs a first axis");
        return NULL;
    }
    shape out = shape_1(tensor_shape(x)->dim[0]);
    return op_apply_1(OP_row_norm, x, NULL, &out);
}

int32_t forward_row_norm(const op_call *c) {
    int64_t rows = c->out_shape.dim[0], size = shape_size(c->in_shape[0]);
    reduce_row_norm(c->ctx, rows, rows ? size / rows : 0, c->in[0], c->out);
    return GAN_OK;
}

/* d|x|/dx = x / |x|, and 0 where |x| < 1e-12: finite to every order. */
gan_tensor *vjp_row_norm(const op_record *r, gan_tensor *g, int32_t i) {
    (void)i;
    gan_tensor *factor = op_mul(g, op_safe_reciprocal(record_output(r)));
    shape column = shape_scalar();
    column.rank = record_input_shape(r, 0)->rank;
    for (int32_t k = 0; k < column.rank; k++)
        column.dim[k] = k ? 1 : record_input_shape(r, 0)->dim[0];
    return op_mul(record_input(r, 0), op_reshape(factor, &column));
}

/* ---- softmax --------------------------------------------------------------------------------- */

gan_tensor *op_log_softmax(gan_tensor *x) {
    if (!OP_READY("gan_log_softmax", x)) return NULL;
    if (tensor_shape(x)->rank == 0) {
        error_set(tensor_context(x), GAN_EINVAL, "gan_log_softmax: x is a scalar");
        return NULL;
    }
    return op_apply_1(OP_log_softmax, x, NULL, tensor_shape(x));
}

int32_t forward_log_softmax(const op_call *c) {
    const shape *s = &c->out_shape;
    int64_t cols = s->dim[s->rank - 1], size = shape_size(s);
    if (size) reduce_log_softmax(c->ctx, size / cols, cols, c->in[0], c->out);
    return GAN_OK;
}

/* g - softmax(x) * (sum of g over the row). */
gan_tensor *vjp_log_softmax(const op_record *r, gan_tensor *g, int32_t i) {
    (void)i;
    shape row = *record_output_shape(r);
    row.dim[row.rank - 1] = 1;
    return op_sub(g, op_mul(op_exp(record_output(r)), op_sum_to(g, &row)));
}

int rows_log_softmax(const op_record *r, int32_t i, int64_t samples) {
    return samples == 1 || (record_input_shape(r, i)->rank > 1 && rows_aligned(r, i, samples));
}

/* -mean over n of log_softmax(logits)[n, labels[n]]. */
gan_tensor *op_cross_entropy(gan_tensor *logits, const int32_t *labels, int64_t n) {
    if (!OP_READY("gan_cross_entropy", logits)) return NULL;
    gan_context *ctx = tensor_context(logits);
    const shape *s = tensor_shape(logits);
    if (s->rank != 2 || s->dim[0] != n || n < 1 || !labels) {
        char text[SHAPE_TEXT];
        error_set(ctx, GAN_EINVAL, "gan_cross_entropy: logits are %s for %lld labels",
                  shape_text(s, text), (long long)n);
        return NULL;
    }
    for (int64_t k = 0; k < n; k++) {
        if (labels[k] >= 0 && labels[k] < s->dim[1]) continue;
        error_set(ctx, GAN_EINVAL, "gan_cross_entropy: label %lld is %d, there are %lld classes",
                  (long long)k, (int)labels[k], (long long)s->dim[1]);
        return NULL;
    }
    if (shape_size(s) > INT32_MAX) {
        error_set(ctx, GAN_EINVAL, "gan_cross_entropy: more than 2^31 logits");
        return NULL;
    }
    storage *index = storage_new(ctx, (size_t)n * sizeof(int32_t));
    if (!index) return NULL;
    int32_t *position = storage_data(index);
    for (int64_t k = 0; k < n; k++) position[k] = (int32_t)(k * s->dim[1] + labels[k]);
    shape one = shape_1(n);
    return op_affine(op_mean_all(op_pick(op_log_softmax(logits), index, 1, &one, 1)), -1, 0);
}
