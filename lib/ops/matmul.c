/* op(A) op(B) for matrices. */
#include "ops/table.h"

#include "core/error.h"

gan_tensor *op_matmul(gan_tensor *a, gan_tensor *b, int ta, int tb) {
    if (!OP_READY("gan_matmul", a, b)) return NULL;
    const shape *sa = tensor_shape(a), *sb = tensor_shape(b);
    int fits = sa->rank == 2 && sb->rank == 2 && sa->dim[ta ? 0 : 1] == sb->dim[tb ? 1 : 0];
    if (!fits) {
        char text_a[SHAPE_TEXT], text_b[SHAPE_TEXT];
        error_set(tensor_context(a), GAN_EINVAL,
                  "gan_matmul: %s%s and %s%s are not matrices that multiply",
                  shape_text(sa, text_a), ta ? "^T" : "", shape_text(sb, text_b), tb ? "^T" : "");
        return NULL;
    }
    shape out = shape_2(sa->dim[ta ? 1 : 0], sb->dim[tb ? 0 : 1]);
    if (out.dim[0] > INT32_MAX || out.dim[1] > INT32_MAX || sa->dim[ta ? 0 : 1] > INT32_MAX) {
        error_set(tensor_context(a), GAN_EINVAL, "gan_matmul: sides must be below 2^31");
        return NULL;
    }
    return op_apply_2(OP_matmul, a, b, &(op_attr){.i = {ta != 0, tb != 0}}, &out);
}

int32_t forward_matmul(const op_call *c) {
    int ta = (int)c->attr->i[0], tb = (int)c->attr->i[1];
    gemm(c->ctx, ta, tb, c->out_shape.dim[0], c->out_shape.dim[1], c->in_shape[0]->dim[ta ? 0 : 1],
         c->in[0], c->in[1], c->out);
    return GAN_OK;
}

/* Y = A B: dA = G B^T, dB = A^T G; with a transposed operand, the transposed equation. */
gan_tensor *vjp_matmul(const op_record *r, gan_tensor *g, int32_t i) {
    int ta = (int)record_attr(r)->i[0], tb = (int)record_attr(r)->i[1];
    gan_tensor *other = record_input(r, 1 - i);
    if (i == 0) return ta ? op_matmul(other, g, tb, 1) : op_matmul(g, other, 0, !tb);
    return tb ? op_matmul(g, other, 1, ta) : op_matmul(other, g, !ta, 0);
}

int rows_matmul(const op_record *r, int32_t i, int64_t samples) {
    return samples == 1 || (i == 0 && !record_attr(r)->i[0]);
}
