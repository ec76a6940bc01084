/* Rows of a table by index, and the adjoint. x is seen as (rows, width); `count` indices. */
#include "ops/table.h"

#include "core/error.h"

#include <string.h>

enum { COUNT, ROWS, WIDTH, ALIGNED };

static gan_tensor *apply(int32_t op, gan_tensor *x, const op_attr *attr, storage *index,
                         const shape *out) {
    return op_apply(op, 1, &x, attr, index, out);
}

/* A checked copy of the host's indices. */
static storage *copy_index(const char *name, gan_tensor *x, const int32_t *index, int64_t n,
                           int64_t rows) {
    gan_context *ctx = tensor_context(x);
    if (n < 0 || (n > 0 && !index)) {
        error_set(ctx, GAN_EINVAL, "%s: no indices", name);
        return NULL;
    }
    for (int64_t i = 0; i < n; i++) {
        if (index[i] >= 0 && index[i] < rows) continue;
        error_set(ctx, GAN_EINVAL, "%s: index %lld is %d, there are %lld rows", name, (long long)i,
                  (int)index[i], (long long)rows);
        return NULL;
    }
    storage *copy = storage_new(ctx, (size_t)n * sizeof *index);
    if (copy && n) memcpy(storage_data(copy), index, (size_t)n * sizeof *index);
    return copy;
}

static int32_t need_rows(const char *name, gan_tensor *x) {
    if (tensor_shape(x)->rank > 0) return GAN_OK;
    return error_set(tensor_context(x), GAN_EINVAL, "%s: x is a scalar, needs a first axis", name);
}

gan_tensor *op_gather(gan_tensor *x, const int32_t *index, int64_t n, const char *name) {
    if (!OP_READY(name, x) || need_rows(name, x)) return NULL;
    shape out = *tensor_shape(x);
    int64_t rows = out.dim[0];
    storage *copy = copy_index(name, x, index, n, rows);
    if (!copy) return NULL;
    out.dim[0] = n;
    op_attr attr = {.i = {n, rows, rows ? tensor_size(x) / rows : 0, 0}};
    gan_tensor *y = apply(OP_gather, x, &attr, copy, &out);
    storage_unref(copy);
    return y;
}

gan_tensor *op_scatter_add(gan_tensor *x, const int32_t *index, int64_t n, int64_t rows) {
    const char *name = "gan_scatter_add";
    if (!OP_READY(name, x) || need_rows(name, x)) return NULL;
    shape out = *tensor_shape(x), checked;
    if (out.dim[0] != n) {
        error_set(tensor_context(x), GAN_EINVAL, "%s: %lld indices for %lld rows", name,
                  (long long)n, (long long)out.dim[0]);
        return NULL;
    }
    out.dim[0] = rows;
    if (shape_check(tensor_context(x), name, out.dim, out.rank, &checked)) return NULL;
    storage *copy = copy_index(name, x, index, n, rows);
    if (!copy) return NULL;
    int64_t width = 1; /* of a row, also where there is none */
    for (int32_t i = 1; i < out.rank; i++) width *= out.dim[i];
    op_attr attr = {.i = {n, rows, width, 0}};
    gan_tensor *y = apply(OP_scatter_add, x, &attr, copy, &out);
    storage_unref(copy);
    return y;
}

gan_tensor *op_pick(gan_tensor *x, storage *index, int64_t width, const shape *to, int aligned) {
    gan_tensor *y = NULL;
    if (OP_READY("pick", x)) {
        op_attr attr = {.i = {shape_size(to) / width, tensor_size(x) / width, width, aligned}};
        y = apply(OP_gather, x, &attr, index, to);
    }
    storage_unref(index);
    return y;
}

int32_t forward_gather(const op_call *c) {
    const int64_t *a = c->attr->i;
    layout_gather(c->ctx, a[COUNT], a[WIDTH], c->aux, c->in[0], c->out);
    return GAN_OK;
}

int32_t forward_scatter_add(const op_call *c) {
    const int64_t *a = c->attr->i;
    layout_scatter_add(c->ctx, a[COUNT], a[ROWS], a[WIDTH], c->aux, c->in[0], c->out);
    return GAN_OK;
}

/* Index storage is the record's: the derivative hands it on. */
gan_tensor *vjp_gather(const op_record *r, gan_tensor *g, int32_t i) {
    return apply(OP_scatter_add, g, record_attr(r), record_aux(r), record_input_shape(r, i));
}

gan_tensor *vjp_scatter_add(const op_record *r, gan_tensor *g, int32_t i) {
    return apply(OP_gather, g, record_attr(r), record_aux(r), record_input_shape(r, i));
}

int rows_gather(const op_record *r, int32_t i, int64_t samples) {
    return samples == 1 || (record_attr(r)->i[ALIGNED] && rows_blocks(r, i, samples));
}
