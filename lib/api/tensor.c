#include "gan/tensor.h"

#include "core/alloc.h"
#include "core/context.h"
#include "core/error.h"
#include "core/node.h"
#include "core/scope.h"
#include "core/tensor_impl.h"
#include "kernels/kernels.h"
#include "ops/draw.h"
#include "ops/op.h"

#include <string.h>

/* ---- making ---------------------------------------------------------------------------------- */

/* 1 if a tensor of a host's shape can be made. */
static int begin_new(gan_context *ctx, const char *function, const int64_t *dims, int32_t rank,
                     shape *s) {
    return ctx && !context_enter(ctx) && !shape_check(ctx, function, dims, rank, s);
}

/* A new tensor of a host's shape, elements uninitialised. */
static gan_tensor *make(gan_context *ctx, const char *function, const int64_t *dims, int32_t rank) {
    shape s;
    return begin_new(ctx, function, dims, rank, &s) ? tensor_new(ctx, &s) : NULL;
}

gan_tensor *gan_full(gan_context *ctx, const int64_t *dims, int32_t rank, double value) {
    gan_tensor *t = make(ctx, "gan_full", dims, rank);
    if (t) layout_fill(ctx, tensor_size(t), value, tensor_data(t));
    return t;
}

gan_tensor *gan_zeros(gan_context *ctx, const int64_t *dims, int32_t rank) {
    return gan_full(ctx, dims, rank, 0);
}

gan_tensor *gan_scalar(gan_context *ctx, double value) { return gan_full(ctx, NULL, 0, value); }

static void from_floats(real *to, const float *from, int64_t n) {
    for (int64_t i = 0; i < n; i++) to[i] = (real)from[i];
}

static void from_doubles(real *to, const double *from, int64_t n) {
    for (int64_t i = 0; i < n; i++) to[i] = (real)from[i];
}

static int missing_data(gan_context *ctx, const char *function, const void *data, int64_t n) {
    if (data || n == 0) return 0;
    error_set(ctx, GAN_EINVAL, "%s: data is NULL", function);
    return 1;
}

/* A new tensor for a host's elements. */
static gan_tensor *make_of(gan_context *ctx, const char *function, const int64_t *dims,
                           int32_t rank, const void *data) {
    shape s;
    if (!begin_new(ctx, function, dims, rank, &s) ||
        missing_data(ctx, function, data, shape_size(&s)))
        return NULL;
    return tensor_new(ctx, &s);
}

gan_tensor *gan_from_floats(gan_context *ctx, const float *data, const int64_t *dims,
                            int32_t rank) {
    gan_tensor *t = make_of(ctx, "gan_from_floats", dims, rank, data);
    if (t) from_floats(tensor_data(t), data, tensor_size(t));
    return t;
}

gan_tensor *gan_from_doubles(gan_context *ctx, const double *data, const int64_t *dims,
                             int32_t rank) {
    gan_tensor *t = make_of(ctx, "gan_from_doubles", dims, rank, data);
    if (t) from_doubles(tensor_data(t), data, tensor_size(t));
    return t;
}

gan_tensor *gan_one_hot(gan_context *ctx, const int32_t *labels, int64_t n, int64_t classes) {
    const char *function = "gan_one_hot";
    shape s;
    if (!begin_new(ctx, function, (int64_t[]){n, classes}, 2, &s) ||
        missing_data(ctx, function, labels, n))
        return NULL;
    return op_one_hot(function, ctx, labels, n, classes);
}

gan_tensor *gan_rand(gan_context *ctx, const int64_t *dims, int32_t rank, double lo, double hi) {
    shape s;
    if (!begin_new(ctx, "gan_rand", dims, rank, &s)) return NULL;
    if (!(lo < hi) || lo < -REAL_MAX || hi > REAL_MAX) {
        error_set(ctx, GAN_EINVAL, "gan_rand: [%g, %g) is no range of floats", lo, hi);
        return NULL;
    }
    return draw_uniform(ctx, &s, lo, hi);
}

gan_tensor *gan_randn(gan_context *ctx, const int64_t *dims, int32_t rank) {
    shape s;
    return begin_new(ctx, "gan_randn", dims, rank, &s) ? draw_normal(ctx, &s) : NULL;
}

gan_tensor *gan_rand_truncated(gan_context *ctx, const int64_t *dims, int32_t rank, double mean,
                               double std, double bound) {
    shape s;
    if (!begin_new(ctx, "gan_rand_truncated", dims, rank, &s)) return NULL;
    if (!(std >= 0) || !(bound > 0) || !isfinite(mean) || !isfinite(std)) {
        error_set(ctx, GAN_EINVAL, "gan_rand_truncated: mean %g, std %g, bound %g", mean, std,
                  bound);
        return NULL;
    }
    gan_tensor *t = tensor_new(ctx, &s);
    if (!t) return NULL;
    int64_t n = tensor_size(t);
    noise_truncated_normal(ctx, ctx->random_key, random_take(ctx, noise_blocks(n)), n, mean, std,
                           bound, tensor_data(t));
    return t;
}

/* ---- lifetime -------------------------------------------------------------------------------- */

int32_t gan_tensor_take(gan_tensor *t, gan_tensor **out) {
    if (!t) return GAN_EINVAL;
    gan_context *ctx = t->base.ctx;
    if (!out) return error_null(ctx, "gan_tensor_take");
    int32_t code = context_enter(ctx);
    if (code) return error_report(ctx, code);
    if (!scope_disown(t)) object_ref(&t->base); /* a parameter, or taken before */
    *out = t;
    return GAN_OK;
}

gan_tensor *gan_tensor_ref(gan_tensor *t) {
    if (t) object_ref(&t->base);
    return t;
}

void gan_tensor_unref(gan_tensor *t) {
    if (t) object_release(&t->base);
}

/* ---- looking --------------------------------------------------------------------------------- */

int32_t gan_tensor_rank(const gan_tensor *t) { return t ? t->shape.rank : 0; }

int64_t gan_tensor_dim(const gan_tensor *t, int32_t axis) {
    int32_t at = t ? shape_axis(&t->shape, axis) : -1;
    return at < 0 ? 0 : t->shape.dim[at];
}

const int64_t *gan_tensor_shape(const gan_tensor *t) { return t ? t->shape.dim : NULL; }

int64_t gan_tensor_size(const gan_tensor *t) { return t ? tensor_size(t) : 0; }

int32_t gan_tensor_is_tracked(const gan_tensor *t) { return t ? tensor_tracked(t) : 0; }

gan_context *gan_tensor_context(const gan_tensor *t) { return t ? t->base.ctx : NULL; }

const float *gan_tensor_data(const gan_tensor *t) {
    if (!t) return NULL;
#ifdef GAN_FLOAT64
    error_set(t->base.ctx, GAN_ENOTSUP, "gan_tensor_data: elements are float64 in this build");
    return NULL;
#else
    return tensor_values(t);
#endif
}

/* Common to reading and writing: GAN_OK when data holds what t has. */
static int32_t check_count(const gan_tensor *t, const char *function, const void *data,
                           int64_t count) {
    gan_context *ctx = t->base.ctx;
    int32_t code = context_enter(ctx);
    if (code) return code;
    if (count != tensor_size(t))
        return error_set(ctx, GAN_EINVAL, "%s: count is %lld, the tensor has %lld elements",
                         function, (long long)count, (long long)tensor_size(t));
    return missing_data(ctx, function, data, count) ? GAN_EINVAL : GAN_OK;
}

int32_t gan_tensor_read(const gan_tensor *t, float *data, int64_t count) {
    if (!t) return GAN_EINVAL;
    int32_t code = check_count(t, "gan_tensor_read", data, count);
    if (code) return error_report(t->base.ctx, code);
    const real *from = tensor_values(t);
    for (int64_t i = 0; i < count; i++) data[i] = (float)from[i];
    return GAN_OK;
}

int32_t gan_tensor_read_doubles(const gan_tensor *t, double *data, int64_t count) {
    if (!t) return GAN_EINVAL;
    int32_t code = check_count(t, "gan_tensor_read_doubles", data, count);
    if (code) return error_report(t->base.ctx, code);
    const real *from = tensor_values(t);
    for (int64_t i = 0; i < count; i++) data[i] = (double)from[i];
    return GAN_OK;
}

int32_t gan_tensor_item(const gan_tensor *t, double *value) {
    if (!t) return GAN_EINVAL;
    gan_context *ctx = t->base.ctx;
    if (!value) return error_null(ctx, "gan_tensor_item");
    int32_t code = context_enter(ctx);
    if (!code && tensor_size(t) != 1) {
        char text[SHAPE_TEXT];
        code = error_set(ctx, GAN_EINVAL, "gan_tensor_item: t is %s, must have one element",
                         shape_text(&t->shape, text));
    }
    if (code) return error_report(ctx, code);
    *value = (double)tensor_values(t)[0];
    return GAN_OK;
}

static int32_t check_write(gan_tensor *t, const char *function, const void *data, int64_t count) {
    int32_t code = check_count(t, function, data, count);
    if (!code && t->node && t->node->op != NODE_LEAF)
        code = error_set(t->base.ctx, GAN_ESTATE, "%s: t is the result of a recorded operation",
                         function);
    return code;
}

int32_t gan_tensor_write(gan_tensor *t, const float *data, int64_t count) {
    if (!t) return GAN_EINVAL;
    int32_t code = check_write(t, "gan_tensor_write", data, count);
    if (code) return error_report(t->base.ctx, code);
    from_floats(tensor_data(t), data, count);
    tensor_touch(t);
    return GAN_OK;
}

int32_t gan_tensor_write_doubles(gan_tensor *t, const double *data, int64_t count) {
    if (!t) return GAN_EINVAL;
    int32_t code = check_write(t, "gan_tensor_write_doubles", data, count);
    if (code) return error_report(t->base.ctx, code);
    from_doubles(tensor_data(t), data, count);
    tensor_touch(t);
    return GAN_OK;
}
