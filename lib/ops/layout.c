/* Operators that move elements without changing them. */
#include "ops/table.h"

#include "core/context.h"
#include "core/error.h"

#include "autograd/grad.h"

static int64_t element_product(const int64_t *dims, int32_t rank, int32_t skip) {
    int64_t n = 1;
    for (int32_t i = 0; i < rank; i++)
        if (i != skip) n *= dims[i];
    return n;
}

/* ---- reshape --------------------------------------------------------------------------------- */

gan_tensor *op_reshape(gan_tensor *x, const shape *to) {
    if (!OP_READY("gan_reshape", x)) return NULL;
    if (shape_equal(tensor_shape(x), to)) return x;
    if (shape_size(to) != tensor_size(x)) {
        char a[SHAPE_TEXT], b[SHAPE_TEXT];
        error_set(tensor_context(x), GAN_EINVAL, "gan_reshape: %s does not hold as many as %s",
                  shape_text(to, b), shape_text(tensor_shape(x), a));
        return NULL;
    }
    return op_apply_1(OP_reshape, x, NULL, to);
}

gan_tensor *op_reshape_infer(gan_tensor *x, const int64_t *dims, int32_t rank) {
    if (!OP_READY("gan_reshape", x)) return NULL;
    gan_context *ctx = tensor_context(x);
    int64_t known[GAN_MAX_RANK] = {0};
    int32_t open = -1;
    for (int32_t i = 0; dims && i < rank && i < GAN_MAX_RANK; i++) {
        known[i] = dims[i];
        if (dims[i] != -1) continue;
        if (open >= 0) {
            error_set(ctx, GAN_EINVAL, "gan_reshape: more than one size is -1");
            return NULL;
        }
        open = i;
        known[i] = 1;
    }
    shape to;
    if (shape_check(ctx, "gan_reshape", dims ? known : NULL, rank, &to)) return NULL;
    if (open >= 0) {
        int64_t rest = element_product(to.dim, rank, open);
        to.dim[open] = rest ? tensor_size(x) / rest : 0;
    }
    return op_reshape(x, &to);
}

gan_tensor *vjp_reshape(const op_record *r, gan_tensor *g, int32_t i) {
    return op_reshape(g, record_input_shape(r, i));
}

/* ---- transpose ------------------------------------------------------------------------------- */

gan_tensor *op_transpose(gan_tensor *x, const int32_t *perm) {
    if (!OP_READY("gan_transpose", x)) return NULL;
    const shape *s = tensor_shape(x);
    shape out = *s;
    op_attr attr = {0};
    unsigned seen = 0;
    for (int32_t i = 0; i < s->rank; i++) {
        int32_t axis = perm ? shape_axis(s, perm[i]) : -1;
        if (axis < 0 || seen >> axis & 1) {
            error_set(tensor_context(x), GAN_EINVAL,
                      "gan_transpose: perm is no permutation of %d axes", (int)s->rank);
            return NULL;
        }
        seen |= 1u << axis;
        out.dim[i] = s->dim[axis];
        attr.i[i] = axis;
    }
    return op_apply_1(OP_transpose, x, &attr, &out);
}

int32_t forward_transpose(const op_call *c) {
    int32_t perm[GAN_MAX_RANK];
    for (int32_t i = 0; i < c->out_shape.rank; i++) perm[i] = (int32_t)c->attr->i[i];
    layout_transpose(c->ctx, c->out_shape.rank, c->in_shape[0]->dim, perm, c->in[0], c->out);
    return GAN_OK;
}

gan_tensor *vjp_transpose(const op_record *r, gan_tensor *g, int32_t i) {
    (void)i;
    int32_t inverse[GAN_MAX_RANK];
    for (int32_t k = 0; k < record_output_shape(r)->rank; k++) inverse[record_attr(r)->i[k]] = k;
    return op_transpose(g, inverse);
}

int rows_transpose(const op_record *r, int32_t i, int64_t samples) {
    (void)i;
    return samples == 1 || record_attr(r)->i[0] == 0;
}

/* Images N,H,W,C to features in C,H,W order, which is what PyTorch's dense layers expect. */
gan_tensor *op_flatten(gan_tensor *x) {
    if (!OP_READY("gan_flatten", x)) return NULL;
    shape s = *tensor_shape(x);
    if (s.rank == 2) return x;
    if (s.rank != 4) {
        char text[SHAPE_TEXT];
        error_set(tensor_context(x), GAN_EINVAL, "gan_flatten: x is %s, must be (N,H,W,C)",
                  shape_text(&s, text));
        return NULL;
    }
    shape flat = shape_2(s.dim[0], s.dim[1] * s.dim[2] * s.dim[3]);
    int in_order = s.dim[3] == 1 || s.dim[1] * s.dim[2] == 1;
    return op_reshape(in_order ? x : op_transpose(x, (int32_t[]){0, 3, 1, 2}), &flat);
}

gan_tensor *op_unflatten(gan_tensor *x, int64_t c, int64_t h, int64_t w) {
    if (!OP_READY("gan_unflatten", x)) return NULL;
    gan_context *ctx = tensor_context(x);
    const shape *s = tensor_shape(x);
    shape image;
    if (shape_check(ctx, "gan_unflatten", (int64_t[]){c, h, w}, 3, &image)) return NULL;
    if (s->rank != 2 || s->dim[1] != shape_size(&image)) {
        char text[SHAPE_TEXT];
        error_set(ctx, GAN_EINVAL, "gan_unflatten: x is %s, must be (N, %lld * %lld * %lld)",
                  shape_text(s, text), (long long)c, (long long)h, (long long)w);
        return NULL;
    }
    int in_order = c == 1 || h * w == 1;
    shape direct = shape_4(s->dim[0], h, w, c), planes = shape_4(s->dim[0], c, h, w);
    if (in_order) return op_reshape(x, &direct);
    return op_transpose(op_reshape(x, &planes), (int32_t[]){0, 2, 3, 1});
}

/* ---- concat, slice, pad ---------------------------------------------------------------------- */

static gan_tensor *concat_some(gan_tensor *const *xs, int32_t n, int32_t axis) {
    if (!op_ready("gan_concat", n, xs)) return NULL;
    gan_context *ctx = tensor_context(xs[0]);
    shape out = *tensor_shape(xs[0]);
    int32_t at = shape_axis(&out, axis);
    if (at < 0) {
        error_set(ctx, GAN_EINVAL, "gan_concat: axis %d of %d axes", (int)axis, (int)out.rank);
        return NULL;
    }
    for (int32_t i = 1; i < n; i++) {
        shape s = *tensor_shape(xs[i]);
        int64_t added = at < s.rank ? s.dim[at] : 0;
        shape expected = out;
        expected.dim[at] = added;
        if (!shape_equal(&s, &expected)) {
            char a[SHAPE_TEXT], b[SHAPE_TEXT];
            error_set(ctx, GAN_EINVAL, "gan_concat: %s and %s differ beside axis %d",
                      shape_text(tensor_shape(xs[0]), a), shape_text(&s, b), (int)at);
            return NULL;
        }
        out.dim[at] += added;
    }
    return n == 1 ? xs[0] : op_apply(OP_concat, n, xs, &(op_attr){.i = {at}}, NULL, &out);
}

gan_tensor *op_concat(gan_tensor *const *xs, int32_t n, int32_t axis) {
    if (!xs || n < 1) return NULL;
    gan_tensor *joined = xs[0];
    int32_t done = 1;
    do {
        gan_tensor *part[OP_MAX_INPUTS] = {joined};
        int32_t count = 1;
        while (count < OP_MAX_INPUTS && done < n) part[count++] = xs[done++];
        joined = concat_some(part, count, axis);
    } while (joined && done < n);
    return joined;
}

int32_t forward_concat(const op_call *c) {
    int64_t zero[GAN_MAX_RANK] = {0}, to[GAN_MAX_RANK] = {0};
    for (int32_t i = 0; i < c->inputs; i++) {
        const shape *s = c->in_shape[i];
        layout_copy_box(c->ctx, s->rank, s->dim, s->dim, zero, c->in[i], c->out_shape.dim, to,
                        c->out);
        to[c->attr->i[0]] += s->dim[c->attr->i[0]];
    }
    return GAN_OK;
}

gan_tensor *vjp_concat(const op_record *r, gan_tensor *g, int32_t i) {
    int64_t start[GAN_MAX_RANK] = {0}, axis = record_attr(r)->i[0];
    for (int32_t k = 0; k < i; k++) start[axis] += record_input_shape(r, k)->dim[axis];
    return op_slice(g, start, record_input_shape(r, i)->dim);
}

gan_tensor *op_slice(gan_tensor *x, const int64_t *start, const int64_t *size) {
    if (!OP_READY("gan_slice", x)) return NULL;
    const shape *s = tensor_shape(x);
    shape out = *s;
    op_attr attr = {0};
    for (int32_t i = 0; i < s->rank; i++) {
        int fits = start && size && start[i] >= 0 && size[i] >= 0 && start[i] <= s->dim[i] &&
                   size[i] <= s->dim[i] - start[i];
        if (!fits) {
            error_set(tensor_context(x), GAN_EINVAL,
                      "gan_slice: axis %d: [%lld, %lld + %lld) is not within %lld", (int)i,
                      start ? (long long)start[i] : 0, start ? (long long)start[i] : 0,
                      size ? (long long)size[i] : 0, (long long)s->dim[i]);
            return NULL;
        }
        out.dim[i] = size[i];
        attr.i[i] = start[i];
    }
    return shape_equal(&out, s) ? x : op_apply_1(OP_slice, x, &attr, &out);
}

int32_t forward_slice(const op_call *c) {
    int64_t zero[GAN_MAX_RANK] = {0};
    layout_copy_box(c->ctx, c->out_shape.rank, c->out_shape.dim, c->in_shape[0]->dim, c->attr->i,
                    c->in[0], c->out_shape.dim, zero, c->out);
    return GAN_OK;
}

gan_tensor *vjp_slice(const op_record *r, gan_tensor *g, int32_t i) {
    const shape *whole = record_input_shape(r, i), *part = record_output_shape(r);
    const int64_t *before = record_attr(r)->i;
    int64_t after[GAN_MAX_RANK];
    for (int32_t k = 0; k < whole->rank; k++) after[k] = whole->dim[k] - before[k] - part->dim[k];
    return op_pad(g, before, after);
}

gan_tensor *op_pad(gan_tensor *x, const int64_t *before, const int64_t *after) {
    if (!OP_READY("gan_pad", x)) return NULL;
    gan_context *ctx = tensor_context(x);
    const shape *s = tensor_shape(x);
    shape out = *s;
    op_attr attr = {0};
    for (int32_t i = 0; i < s->rank; i++) {
        int64_t b = before ? before[i] : -1, a = after ? after[i] : -1, most = INT64_MAX / 64;
        if (b < 0 || a < 0 || b > most || a > most) {
            error_set(ctx, GAN_EINVAL, "gan_pad: axis %d: %lld before, %lld after", (int)i,
                      (long long)b, (long long)a);
            return NULL;
        }
        out.dim[i] += b + a;
        attr.i[i] = b;
    }
    shape checked;
    if (shape_check(ctx, "gan_pad", out.dim, out.rank, &checked)) return NULL;
    return shape_equal(&out, s) ? x : op_apply_1(OP_pad, x, &attr, &out);
}

int32_t forward_pad(const op_call *c) {
    int64_t zero[GAN_MAX_RANK] = {0};
    const shape *s = c->in_shape[0];
    layout_fill(c->ctx, shape_size(&c->out_shape), 0, c->out);
    layout_copy_box(c->ctx, s->rank, s->dim, s->dim, zero, c->in[0], c->out_shape.dim, c->attr->i,
                    c->out);
    return GAN_OK;
}

gan_tensor *vjp_pad(const op_record *r, gan_tensor *g, int32_t i) {
    return op_slice(g, record_attr(r)->i, record_input_shape(r, i)->dim);
}

/* ---- in and out of the graph ----------------------------------------------------------------- */

gan_tensor *op_detach(gan_tensor *x) {
    if (!OP_READY("gan_detach", x)) return NULL;
    gan_context *ctx = tensor_context(x);
    int before = autograd_recording(ctx, 0);
    gan_tensor *constant = op_apply_1(OP_reshape, x, NULL, tensor_shape(x));
    autograd_recording(ctx, before);
    return constant;
}

gan_tensor *op_track(gan_tensor *x) {
    gan_tensor *leaf = op_detach(x);
    return leaf && !tensor_make_leaf(leaf, 0) ? leaf : NULL;
}
