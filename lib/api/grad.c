#include "gan/grad.h"
#include "gan/tensor.h"

#include "autograd/grad.h"
#include "autograd/opdef.h"
#include "core/alloc.h"
#include "core/context.h"
#include "core/error.h"
#include "core/node.h"
#include "core/scope.h"
#include "core/tensor_impl.h"
#include "kernels/kernels.h"

static const uint32_t known_flags = GAN_GRAD_RETAIN | GAN_GRAD_CREATE_GRAPH | GAN_GRAD_STRICT;

static int32_t check(const char *function, gan_tensor *y, gan_tensor *const *wrt, size_t n,
                     uint32_t flags) {
    gan_context *ctx = y->base.ctx;
    if (!op_ready(function, 1, &y)) return ctx->error_code ? ctx->error_code : GAN_EINVAL;
    if (n && !wrt) return error_set(ctx, GAN_EINVAL, "%s: wrt is NULL", function);
    if (flags & ~known_flags)
        return error_set(ctx, GAN_EINVAL, "%s: unknown flags %#x", function, (unsigned)flags);
    for (size_t i = 0; i < n; i++) {
        gan_tensor *pair[2] = {y, wrt[i]};
        if (!op_ready(function, 2, pair)) return ctx->error_code;
    }
    return GAN_OK;
}

static gan_tensor *filled(gan_context *ctx, const shape *s, double value) {
    gan_tensor *t = tensor_new(ctx, s);
    if (t) layout_fill(ctx, tensor_size(t), value, tensor_data(t));
    return t;
}

/* 1, for a y of one element. */
static gan_tensor *unit_cotangent(const char *function, gan_tensor *y) {
    if (tensor_size(y) == 1) return filled(y->base.ctx, &y->shape, 1);
    char text[SHAPE_TEXT];
    error_set(y->base.ctx, GAN_EINVAL, "%s: y is %s, must have one element (gan_vjp takes others)",
              function, shape_text(&y->shape, text));
    return NULL;
}

/* The sweep, with zeros for what y does not reach; gradients belong to the current scope. */
static int32_t differentiate(const char *function, gan_tensor *y, gan_tensor *cotangent,
                             gan_tensor *const *wrt, size_t n, uint32_t flags, gan_tensor **grads) {
    gan_context *ctx = y->base.ctx;
    if (!cotangent) return ctx->error_code;
    int32_t code = autograd_sweep(function, y, cotangent, wrt, n, flags, grads);
    for (size_t i = 0; i < n && !code; i++) {
        if (grads[i]) continue;
        grads[i] = filled(ctx, &wrt[i]->shape, 0);
        if (!grads[i]) code = GAN_ENOMEM;
    }
    return code;
}

/* A sum hands its gradient on as it is: whether writing to grads[i] would change another of them or
 * the host's cotangent. */
static int is_shared(gan_tensor *const *grads, size_t i, const gan_tensor *cotangent) {
    if (grads[i]->storage == cotangent->storage) return 1;
    for (size_t k = 0; k < i; k++)
        if (grads[k]->storage == grads[i]->storage) return 1;
    return 0;
}

/* The same result with elements of its own. */
static gan_tensor *apart(gan_tensor *g) {
    gan_tensor *own = tensor_new(g->base.ctx, &g->shape);
    if (!own) return NULL;
    tensor_copy(own, g);
    own->node = g->node;
    node_ref(own->node);
    return own;
}

/* Runs `differentiate` in a scope and hands the gradients to the caller. */
static int32_t owned_grads(const char *function, gan_tensor *y, gan_tensor *cotangent,
                           gan_tensor *const *wrt, size_t n, uint32_t flags, gan_tensor **out) {
    gan_context *ctx = y->base.ctx;
    gan_tensor **grads = arena_alloc_array(ctx, n, sizeof(gan_tensor *));
    if (!grads) return GAN_ENOMEM;
    int64_t mark = scope_begin(ctx);
    int32_t code =
        mark < 0 ? (int32_t)mark : differentiate(function, y, cotangent, wrt, n, flags, grads);
    for (size_t i = 0; i < n && !code; i++)
        if (is_shared(grads, i, cotangent) && !(grads[i] = apart(grads[i]))) code = GAN_ENOMEM;
    for (size_t i = 0; i < n && !code; i++) {
        object_ref(&grads[i]->base);
        out[i] = grads[i];
    }
    scope_escape(ctx, mark, NULL);
    arena_free(ctx, grads);
    return code;
}

int32_t gan_vjp(gan_tensor *y, gan_tensor *cotangent, gan_tensor *const *wrt, size_t n,
                uint32_t flags, gan_tensor **grads) {
    gan_context *ctx = y ? y->base.ctx : cotangent ? cotangent->base.ctx : NULL;
    if (!y || !cotangent || (n && !grads)) return error_null(ctx, "gan_vjp");
    int32_t code = check("gan_vjp", y, wrt, n, flags);
    if (!code && !op_ready("gan_vjp", 2, (gan_tensor *[]){y, cotangent})) code = ctx->error_code;
    if (!code && !shape_equal(&y->shape, &cotangent->shape)) {
        char a[SHAPE_TEXT], b[SHAPE_TEXT];
        code = error_set(ctx, GAN_EINVAL, "gan_vjp: y is %s, the cotangent %s",
                         shape_text(&y->shape, a), shape_text(&cotangent->shape, b));
    }
    if (!code) code = owned_grads("gan_vjp", y, cotangent, wrt, n, flags, grads);
    return error_report(ctx, code);
}

int32_t gan_grad(gan_tensor *y, gan_tensor *const *wrt, size_t n, uint32_t flags,
                 gan_tensor **grads) {
    if (!y) {
        gan_context *ctx = NULL;
        for (size_t i = 0; wrt && i < n && !ctx; i++) ctx = gan_tensor_context(wrt[i]);
        return error_null(ctx, "gan_grad");
    }
    gan_context *ctx = y->base.ctx;
    if (n && !grads) return error_null(ctx, "gan_grad");
    int32_t code = check("gan_grad", y, wrt, n, flags);
    if (code) return error_report(ctx, code);
    int64_t mark = scope_begin(ctx);
    code = mark < 0
               ? (int32_t)mark
               : owned_grads("gan_grad", y, unit_cotangent("gan_grad", y), wrt, n, flags, grads);
    scope_escape(ctx, mark, NULL);
    return error_report(ctx, code);
}

gan_tensor *gan_grad_of(gan_tensor *y, gan_tensor *wrt, uint32_t flags) {
    if (!op_ready("gan_grad_of", 2, (gan_tensor *[]){y, wrt})) return NULL;
    gan_context *ctx = y->base.ctx;
    if (check("gan_grad_of", y, &wrt, 1, flags)) return NULL;
    int64_t mark = scope_begin(ctx);
    if (mark < 0) return NULL;
    gan_tensor *g = NULL;
    int32_t code =
        differentiate("gan_grad_of", y, unit_cotangent("gan_grad_of", y), &wrt, 1, flags, &g);
    return scope_escape(ctx, mark, code ? NULL : g);
}
