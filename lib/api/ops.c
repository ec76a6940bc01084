/* The operators under their public names. Checks and error texts live with each operator. */
#include "gan/ops.h"

#include "core/context.h"
#include "core/error.h"
#include "core/options.h"
#include "core/scope.h"
#include "ops/op.h"

#include <float.h>
#include <math.h>

/* Evaluates an expression of several operators on x in a scope of its own, from which only the
 * result escapes. */
#define COMPOSED(x, expression)                                                                    \
    do {                                                                                           \
        int64_t mark_ = scope_begin_for(x);                                                        \
        return mark_ < 1 ? NULL : scope_escape(tensor_context(x), mark_, expression);              \
    } while (0)

gan_tensor *gan_add(gan_tensor *a, gan_tensor *b) { return op_add(a, b); }
gan_tensor *gan_sub(gan_tensor *a, gan_tensor *b) { return op_sub(a, b); }
gan_tensor *gan_mul(gan_tensor *a, gan_tensor *b) { return op_mul(a, b); }
gan_tensor *gan_div(gan_tensor *a, gan_tensor *b) { return op_div(a, b); }
gan_tensor *gan_maximum(gan_tensor *a, gan_tensor *b) { return op_maximum(a, b); }
gan_tensor *gan_minimum(gan_tensor *a, gan_tensor *b) { return op_minimum(a, b); }

gan_tensor *gan_neg(gan_tensor *x) { return op_affine(x, -1, 0); }
gan_tensor *gan_scale(gan_tensor *x, double factor) { return op_affine(x, factor, 0); }
gan_tensor *gan_add_scalar(gan_tensor *x, double value) { return op_affine(x, 1, value); }
gan_tensor *gan_square(gan_tensor *x) { return op_mul(x, x); }
gan_tensor *gan_exp(gan_tensor *x) { return op_exp(x); }
gan_tensor *gan_log(gan_tensor *x) { return op_log(x); }
gan_tensor *gan_sqrt(gan_tensor *x) { return op_sqrt(x, 0); }
gan_tensor *gan_pow(gan_tensor *x, double exponent) { return op_pow(x, exponent); }
gan_tensor *gan_abs(gan_tensor *x) { return op_abs(x); }
gan_tensor *gan_clamp(gan_tensor *x, double lo, double hi) { return op_clamp(x, lo, hi); }

gan_tensor *gan_relu(gan_tensor *x) { return op_leaky_relu(x, 0); }
gan_tensor *gan_leaky_relu(gan_tensor *x, double slope) { return op_leaky_relu(x, slope); }
gan_tensor *gan_elu(gan_tensor *x, double alpha) { COMPOSED(x, op_elu(x, alpha)); }
gan_tensor *gan_tanh(gan_tensor *x) { return op_tanh(x); }
gan_tensor *gan_sigmoid(gan_tensor *x) { return op_sigmoid(x); }
gan_tensor *gan_softplus(gan_tensor *x) { return op_softplus(x); }

gan_tensor *gan_matmul(gan_tensor *a, gan_tensor *b, int32_t ta, int32_t tb) {
    return op_matmul(a, b, ta != 0, tb != 0);
}

/* ---- convolution ----------------------------------------------------------------------------- */

static const gan_conv2d_opts conv2d_defaults = {.struct_size = sizeof(gan_conv2d_opts),
                                                .stride_h = 1,
                                                .stride_w = 1,
                                                .dilation_h = 1,
                                                .dilation_w = 1,
                                                .bias = 1};

void gan_conv2d_opts_init(gan_conv2d_opts *opts, size_t size) {
    options_init(opts, size, &conv2d_defaults, sizeof conv2d_defaults);
}

/* The options of an operator on a and b, completed; NULL tensors are left to the operator. */
static int32_t load(const char *function, gan_tensor *a, gan_tensor *b,
                    const gan_conv2d_opts *given, gan_conv2d_opts *o) {
    *o = conv2d_defaults;
    gan_tensor *t = a ? a : b;
    if (!t) return GAN_EINVAL;
    return options_load(tensor_context(t), function, o, sizeof *o, V1_SIZE(gan_conv2d_opts, bias),
                        given);
}

gan_tensor *gan_conv2d(gan_tensor *x, gan_tensor *w, const gan_conv2d_opts *opts) {
    gan_conv2d_opts o;
    if (load("gan_conv2d", x, w, opts, &o)) return NULL;
    return op_conv2d(x, w, &o, "gan_conv2d");
}

gan_tensor *gan_conv_transpose2d(gan_tensor *x, gan_tensor *w, const gan_conv2d_opts *opts) {
    gan_conv2d_opts o;
    if (load("gan_conv_transpose2d", x, w, opts, &o)) return NULL;
    return op_conv_transpose2d(x, w, &o, "gan_conv_transpose2d");
}

gan_tensor *gan_conv2d_data_grad(gan_tensor *g, gan_tensor *w, int64_t h, int64_t width,
                                 const gan_conv2d_opts *opts) {
    gan_conv2d_opts o;
    if (load("gan_conv2d_data_grad", g, w, opts, &o)) return NULL;
    return op_conv2d_data_grad(g, w, h, width, &o);
}

gan_tensor *gan_conv2d_weight_grad(gan_tensor *x, gan_tensor *g, int64_t kh, int64_t kw,
                                   const gan_conv2d_opts *opts) {
    gan_conv2d_opts o;
    if (load("gan_conv2d_weight_grad", x, g, opts, &o)) return NULL;
    return op_conv2d_weight_grad(x, g, kh, kw, &o);
}

/* ---- reductions ------------------------------------------------------------------------------ */

gan_tensor *gan_sum(gan_tensor *x, const int32_t *axes, int32_t n, int32_t keep) {
    COMPOSED(x, op_sum_axes(x, axes, n, keep != 0, "gan_sum"));
}

gan_tensor *gan_mean(gan_tensor *x, const int32_t *axes, int32_t n, int32_t keep) {
    COMPOSED(x, op_mean_axes(x, axes, n, keep != 0, "gan_mean"));
}

gan_tensor *gan_max(gan_tensor *x, const int32_t *axes, int32_t n, int32_t keep) {
    COMPOSED(x, op_max_axes(x, axes, n, keep != 0));
}

gan_tensor *gan_std(gan_tensor *x, const int32_t *axes, int32_t n, int32_t keep,
                    int32_t correction) {
    COMPOSED(x, op_std_axes(x, axes, n, keep != 0, correction));
}

gan_tensor *gan_sum_all(gan_tensor *x) { COMPOSED(x, op_sum_all(x)); }
gan_tensor *gan_mean_all(gan_tensor *x) { COMPOSED(x, op_mean_all(x)); }
gan_tensor *gan_l2_norm(gan_tensor *x) { return op_row_norm(x); }

/* ---- layout ---------------------------------------------------------------------------------- */

gan_tensor *gan_reshape(gan_tensor *x, const int64_t *dims, int32_t rank) {
    return op_reshape_infer(x, dims, rank);
}

gan_tensor *gan_flatten(gan_tensor *x) { COMPOSED(x, op_flatten(x)); }

gan_tensor *gan_unflatten(gan_tensor *x, int64_t c, int64_t h, int64_t w) {
    COMPOSED(x, op_unflatten(x, c, h, w));
}

gan_tensor *gan_transpose(gan_tensor *x, const int32_t *perm) { return op_transpose(x, perm); }

gan_tensor *gan_broadcast(gan_tensor *x, const int64_t *dims, int32_t rank) {
    shape to;
    if (!x || shape_check(tensor_context(x), "gan_broadcast", dims, rank, &to)) return NULL;
    return op_broadcast_to(x, &to);
}

gan_tensor *gan_concat(gan_tensor *const *xs, int32_t n, int32_t axis) {
    gan_tensor *any = NULL; /* the operator tells of the others */
    for (int32_t i = 0; xs && i < n && !any; i++) any = xs[i];
    COMPOSED(any, op_concat(xs, n, axis));
}

gan_tensor *gan_slice(gan_tensor *x, const int64_t *start, const int64_t *size) {
    return op_slice(x, start, size);
}

gan_tensor *gan_pad(gan_tensor *x, const int64_t *before, const int64_t *after) {
    return op_pad(x, before, after);
}

gan_tensor *gan_gather(gan_tensor *x, const int32_t *index, int64_t n) {
    return op_gather(x, index, n, "gan_gather");
}

gan_tensor *gan_scatter_add(gan_tensor *x, const int32_t *index, int64_t n, int64_t rows) {
    return op_scatter_add(x, index, n, rows);
}

gan_tensor *gan_embedding(gan_tensor *table, const int32_t *labels, int64_t n) {
    return op_gather(table, labels, n, "gan_embedding");
}

gan_tensor *gan_detach(gan_tensor *x) { return op_detach(x); }
gan_tensor *gan_track(gan_tensor *x) { return op_track(x); }

/* ---- images ---------------------------------------------------------------------------------- */

gan_tensor *gan_upsample_nearest(gan_tensor *x, int32_t factor) {
    return op_upsample_nearest(x, factor);
}

gan_tensor *gan_avg_pool2d(gan_tensor *x, int32_t size, int32_t stride, int32_t pad) {
    COMPOSED(x, op_avg_pool(x, size, stride, pad));
}

gan_tensor *gan_max_pool2d(gan_tensor *x, int32_t size, int32_t stride, int32_t pad) {
    return op_max_pool(x, size, stride, pad);
}

/* ---- for discriminators ---------------------------------------------------------------------- */

gan_tensor *gan_pack(gan_tensor *x, int64_t m) { COMPOSED(x, op_pack(x, m)); }

gan_tensor *gan_minibatch_std(gan_tensor *x, int64_t group) {
    COMPOSED(x, op_minibatch_std(x, group));
}

gan_tensor *gan_projection(gan_tensor *features, gan_tensor *embedded) {
    gan_tensor *either = features ? features : embedded; /* the operator tells of the other */
    COMPOSED(either, op_projection(features, embedded));
}

gan_tensor *gan_label_maps(gan_tensor *rows, int64_t h, int64_t w) {
    COMPOSED(rows, op_label_maps(rows, h, w));
}

/* ---- normalisation --------------------------------------------------------------------------- */

static gan_tensor *normalize(const char *function, gan_tensor *x, const norm_geom *m, double eps) {
    if (eps >= FLT_MIN && isfinite(eps)) return op_normalize(x, m, eps, NULL);
    error_set(tensor_context(x), GAN_EINVAL, "%s: eps is %g, must be finite, 1.2e-38 or more",
              function, eps);
    return NULL;
}

gan_tensor *gan_batch_normalize(gan_tensor *x, double eps) {
    const char *function = "gan_batch_normalize";
    norm_geom m;
    return x && !norm_geom_batch(function, x, &m) ? normalize(function, x, &m, eps) : NULL;
}

gan_tensor *gan_instance_normalize(gan_tensor *x, double eps) {
    const char *function = "gan_instance_normalize";
    norm_geom m;
    return x && !norm_geom_instance(function, x, &m) ? normalize(function, x, &m, eps) : NULL;
}

gan_tensor *gan_layer_normalize(gan_tensor *x, double eps) {
    const char *function = "gan_layer_normalize";
    norm_geom m;
    return x && !norm_geom_layer(function, x, &m) ? normalize(function, x, &m, eps) : NULL;
}

gan_tensor *gan_group_normalize(gan_tensor *x, int32_t groups, double eps) {
    const char *function = "gan_group_normalize";
    norm_geom m;
    if (!x || norm_geom_group(function, x, groups, &m)) return NULL;
    return normalize(function, x, &m, eps);
}

/* ---- probability ----------------------------------------------------------------------------- */

gan_tensor *gan_softmax(gan_tensor *x) { COMPOSED(x, op_exp(op_log_softmax(x))); }
gan_tensor *gan_log_softmax(gan_tensor *x) { return op_log_softmax(x); }

gan_tensor *gan_cross_entropy(gan_tensor *logits, const int32_t *labels, int64_t n) {
    COMPOSED(logits, op_cross_entropy(logits, labels, n));
}

gan_tensor *gan_dropout(gan_tensor *x, double p) {
    if (!x) return NULL;
    gan_context *ctx = tensor_context(x);
    gan_tensor *y = op_dropout(x, p, ctx->random_key, ctx->random_counter);
    if (y) random_take(ctx, noise_blocks(tensor_size(x)));
    return y;
}
