/* What discriminators look at besides a sample's pixels: packs of samples, how much the batch
 * varies, labels. Compositions. */
#include "ops/op.h"

#include "core/error.h"
#include "ops/table.h"

/* Features (N,D) or images (N,H,W,C); 1, or 0 with the error set. */
static int is_batch(const char *function, gan_tensor *x) {
    if (!OP_READY(function, x)) return 0;
    const shape *s = tensor_shape(x);
    if (s->rank == 2 || s->rank == 4) return 1;
    char text[SHAPE_TEXT];
    error_set(tensor_context(x), GAN_EINVAL, "%s: x is %s, must be (N,D) or (N,H,W,C)", function,
              shape_text(s, text));
    return 0;
}

/* Groups of `size` samples use all of a batch of n > 0; 1, or 0 with the error set. */
static int divides(const char *function, gan_tensor *x, const char *what, int64_t size) {
    int64_t n = tensor_shape(x)->dim[0];
    if (size >= 1 && size <= n && n % size == 0) return 1;
    error_set(tensor_context(x), GAN_EINVAL, "%s: %s is %lld, must divide the %lld samples",
              function, what, (long long)size, (long long)n);
    return 0;
}

/* (N,D) to (N/m,mD); (N,H,W,C) by (N/m,m,H,W,C) and (N/m,H,W,m,C) to (N/m,H,W,mC). */
gan_tensor *op_pack(gan_tensor *x, int64_t m) {
    if (!is_batch("gan_pack", x) || !divides("gan_pack", x, "m", m)) return NULL;
    const int64_t *d = tensor_shape(x)->dim, packs = d[0] / m;
    if (tensor_shape(x)->rank == 2) {
        shape joined = shape_2(packs, m * d[1]);
        return op_reshape(x, &joined);
    }
    shape apart = shape_of(5, (int64_t[]){packs, m, d[1], d[2], d[3]});
    shape joined = shape_4(packs, d[1], d[2], m * d[3]);
    gan_tensor *beside = op_transpose(op_reshape(x, &apart), (int32_t[]){0, 2, 3, 1, 4});
    return op_reshape(beside, &joined);
}

/* x as (group, subsets, D), sample n being member n / subsets of subset n % subsets: the mean over
 * D of sqrt(variance over the group + 1e-8), as one more channel of each of its samples. */
gan_tensor *op_minibatch_std(gan_tensor *x, int64_t group) {
    const char *function = "gan_minibatch_std";
    if (!is_batch(function, x)) return NULL;
    shape s = *tensor_shape(x);
    if (group == 0) group = s.dim[0];
    if (!divides(function, x, "group", group)) return NULL;
    int64_t subsets = s.dim[0] / group, pixels = s.rank == 4 ? s.dim[1] * s.dim[2] : 1;
    shape grouped = shape_of(3, (int64_t[]){group, subsets, tensor_size(x) / s.dim[0]});
    gan_tensor *members = op_reshape(x, &grouped);
    gan_tensor *centred = op_sub(members, op_mean_axes(members, (int32_t[]){0}, 1, 1, function));
    gan_tensor *variance = op_mean_axes(op_mul(centred, centred), (int32_t[]){0}, 1, 1, function);
    gan_tensor *deviation = op_sqrt(op_affine(variance, 1, 1e-8), 0);
    gan_tensor *of_subset = op_mean_axes(deviation, (int32_t[]){2}, 1, 1, function);
    shape everywhere = shape_of(3, (int64_t[]){group, subsets, pixels}), channel = s;
    channel.dim[s.rank - 1] = 1;
    gan_tensor *added = op_reshape(op_broadcast_to(of_subset, &everywhere), &channel);
    return added ? op_concat((gan_tensor *[]){x, added}, 2, -1) : NULL;
}

gan_tensor *op_projection(gan_tensor *features, gan_tensor *embedded) {
    const char *function = "gan_projection";
    if (!OP_READY(function, features, embedded)) return NULL;
    const shape *a = tensor_shape(features), *b = tensor_shape(embedded);
    if (a->rank != 2 || !shape_equal(a, b)) {
        char ta[SHAPE_TEXT], tb[SHAPE_TEXT];
        error_set(tensor_context(features), GAN_EINVAL,
                  "%s: features are %s, embedded is %s, must be (N,D) both", function,
                  shape_text(a, ta), shape_text(b, tb));
        return NULL;
    }
    return op_sum_axes(op_mul(features, embedded), (int32_t[]){1}, 1, 1, function);
}

gan_tensor *op_label_maps(gan_tensor *rows, int64_t h, int64_t w) {
    const char *function = "gan_label_maps";
    if (!OP_READY(function, rows)) return NULL;
    gan_context *ctx = tensor_context(rows);
    const shape *s = tensor_shape(rows);
    shape maps;
    if (s->rank != 2) {
        char text[SHAPE_TEXT];
        error_set(ctx, GAN_EINVAL, "%s: rows are %s, must be (N,D)", function, shape_text(s, text));
        return NULL;
    }
    if (shape_check(ctx, function, (int64_t[]){s->dim[0], h, w, s->dim[1]}, 4, &maps)) return NULL;
    shape pixel = shape_4(s->dim[0], 1, 1, s->dim[1]);
    return op_broadcast_to(op_reshape(rows, &pixel), &maps);
}

gan_tensor *op_one_hot(const char *function, gan_context *ctx, const int32_t *labels, int64_t n,
                       int64_t classes) {
    for (int64_t i = 0; i < n; i++)
        if (labels[i] < 0 || labels[i] >= classes) {
            error_set(ctx, GAN_EINVAL, "%s: label %lld is %d, there are %lld classes", function,
                      (long long)i, (int)labels[i], (long long)classes);
            return NULL;
        }
    shape s = shape_2(n, classes);
    gan_tensor *rows = tensor_new(ctx, &s);
    if (!rows) return NULL;
    layout_fill(ctx, n * classes, 0, tensor_data(rows));
    for (int64_t i = 0; i < n; i++) tensor_data(rows)[i * classes + labels[i]] = 1;
    return rows;
}
