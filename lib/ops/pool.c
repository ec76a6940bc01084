/* Windows of images. pool_sum and pool_spread are each other's adjoint; averages, nearest
 * upsampling and maxima are made of them and of gather. */
#include "ops/table.h"

#include "core/error.h"

#include <string.h>

_Static_assert(sizeof(pool_geom) <= sizeof(int64_t) * ATTR_INTS, "stored as integer attributes");

static gan_tensor *apply(int32_t op, gan_tensor *x, const pool_geom *m, shape out) {
    op_attr attr = {0};
    memcpy(attr.i, m, sizeof *m);
    return op_apply_1(op, x, &attr, &out);
}

static pool_geom geom_of(const op_attr *attr) {
    pool_geom m;
    memcpy(&m, attr->i, sizeof m);
    return m;
}

gan_tensor *op_pool_sum(gan_tensor *x, const pool_geom *m) {
    if (!OP_READY("pool_sum", x)) return NULL;
    return apply(OP_pool_sum, x, m, shape_4(m->n, m->ho, m->wo, m->c));
}

gan_tensor *op_pool_spread(gan_tensor *y, const pool_geom *m) {
    if (!OP_READY("pool_spread", y)) return NULL;
    return apply(OP_pool_spread, y, m, shape_4(m->n, m->h, m->w, m->c));
}

int32_t forward_pool_sum(const op_call *c) {
    pool_geom m = geom_of(c->attr);
    pool_sum(c->ctx, &m, c->in[0], c->out);
    return GAN_OK;
}

int32_t forward_pool_spread(const op_call *c) {
    pool_geom m = geom_of(c->attr);
    pool_spread(c->ctx, &m, c->in[0], c->out);
    return GAN_OK;
}

gan_tensor *vjp_pool_sum(const op_record *r, gan_tensor *g, int32_t i) {
    (void)i;
    pool_geom m = geom_of(record_attr(r));
    return op_pool_spread(g, &m);
}

gan_tensor *vjp_pool_spread(const op_record *r, gan_tensor *g, int32_t i) {
    (void)i;
    pool_geom m = geom_of(record_attr(r));
    return op_pool_sum(g, &m);
}

/* ---- what hosts call ------------------------------------------------------------------------- */

/* Sides are below 2^31, also of images without elements: what follows from them does not overflow.
 */
static int32_t need_image(const char *name, gan_tensor *x) {
    if (!OP_READY(name, x)) return GAN_EINVAL;
    char text[SHAPE_TEXT];
    const shape *s = tensor_shape(x);
    if (s->rank == 4 && s->dim[1] <= INT32_MAX && s->dim[2] <= INT32_MAX) return GAN_OK;
    return error_set(tensor_context(x), GAN_EINVAL,
                     "%s: x is %s, must be (N,H,W,C) with sides below 2^31", name,
                     shape_text(s, text));
}

gan_tensor *op_upsample_nearest(gan_tensor *x, int32_t factor) {
    const char *name = "gan_upsample_nearest";
    if (need_image(name, x)) return NULL;
    const int64_t *d = tensor_shape(x)->dim;
    shape checked;
    if (factor < 1 || factor > UPSAMPLE_MOST) {
        error_set(tensor_context(x), GAN_EINVAL, "%s: factor is %d, must be 1 to %d", name,
                  (int)factor, UPSAMPLE_MOST);
        return NULL;
    }
    int64_t h = d[1] * factor, w = d[2] * factor;
    if (shape_check(tensor_context(x), name, (int64_t[]){d[0], h, w, d[3]}, 4, &checked))
        return NULL;
    pool_geom m = {.n = d[0],
                   .h = h,
                   .w = w,
                   .c = d[3],
                   .ho = d[1],
                   .wo = d[2],
                   .kh = factor,
                   .kw = factor,
                   .sh = factor,
                   .sw = factor};
    return op_pool_spread(x, &m);
}

static int32_t window_geom(const char *name, gan_tensor *x, int32_t size, int32_t stride,
                           int32_t pad, pool_geom *m) {
    if (need_image(name, x)) return GAN_EINVAL;
    const int64_t *d = tensor_shape(x)->dim;
    int64_t room_h = d[1] + 2 * (int64_t)pad - size, room_w = d[2] + 2 * (int64_t)pad - size;
    if (size < 1 || stride < 1 || pad < 0 || 2 * (int64_t)pad > size || room_h < 0 || room_w < 0) {
        char text[SHAPE_TEXT];
        return error_set(tensor_context(x), GAN_EINVAL,
                         "%s: size %d, stride %d, pad %d do not fit %s (pad at most size / 2)",
                         name, (int)size, (int)stride, (int)pad, shape_text(tensor_shape(x), text));
    }
    *m = (pool_geom){.n = d[0],
                     .h = d[1],
                     .w = d[2],
                     .c = d[3],
                     .ho = room_h / stride + 1,
                     .wo = room_w / stride + 1,
                     .kh = size,
                     .kw = size,
                     .sh = stride,
                     .sw = stride,
                     .pt = pad,
                     .pl = pad};
    return GAN_OK;
}

gan_tensor *op_avg_pool(gan_tensor *x, int32_t size, int32_t stride, int32_t pad) {
    pool_geom m;
    if (window_geom("gan_avg_pool2d", x, size, stride, pad, &m)) return NULL;
    return op_affine(op_pool_sum(x, &m), 1.0 / ((double)size * size), 0);
}

gan_tensor *op_max_pool(gan_tensor *x, int32_t size, int32_t stride, int32_t pad) {
    pool_geom m;
    if (window_geom("gan_max_pool2d", x, size, stride, pad, &m)) return NULL;
    gan_context *ctx = tensor_context(x);
    if (m.h < 1 || m.w < 1 || tensor_size(x) > INT32_MAX) {
        error_set(ctx, GAN_EINVAL, "gan_max_pool2d: %s",
                  m.h < 1 || m.w < 1 ? "the images have no pixels" : "more than 2^31 elements");
        return NULL;
    }
    shape out = shape_4(m.n, m.ho, m.wo, m.c);
    storage *index = storage_new(ctx, (size_t)shape_size(&out) * sizeof(int32_t));
    if (!index) return NULL;
    pool_argmax(ctx, &m, tensor_values(x), storage_data(index));
    return op_pick(x, index, 1, &out, 1);
}
