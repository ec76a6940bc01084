#include "core/scope.h"

#include "core/node.h"
#include "core/alloc.h"
#include "core/context.h"
#include "core/error.h"
#include "core/tensor_impl.h"

gan_tensor *scope_adopt(gan_tensor *t) {
    gan_context *ctx = t->base.ctx;
    gan_tensor **room = arena_make_room(ctx, ctx->scoped, ctx->scoped_count, &ctx->scoped_capacity,
                                        sizeof ctx->scoped[0]);
    if (!room) {
        object_unref(&t->base);
        return NULL;
    }
    ctx->scoped = room;
    ctx->scoped[ctx->scoped_count++] = t;
    return t;
}

int scope_disown(gan_tensor *t) {
    gan_context *ctx = t->base.ctx;
    /* Results are taken soon after they are made: search from the newest. */
    for (size_t i = ctx->scoped_count; i-- > 0;) {
        if (ctx->scoped[i] != t) continue;
        ctx->scoped[i] = NULL;
        while (ctx->scoped_count && !ctx->scoped[ctx->scoped_count - 1] &&
               (!ctx->mark_count || ctx->scoped_count > ctx->marks[ctx->mark_count - 1]))
            ctx->scoped_count--;
        return 1;
    }
    return 0;
}

int64_t scope_begin(gan_context *ctx) {
    size_t *room = arena_make_room(ctx, ctx->marks, ctx->mark_count, &ctx->mark_capacity,
                                   sizeof ctx->marks[0]);
    if (!room) return GAN_ENOMEM;
    ctx->marks = room;
    if (ctx->mark_count == 0) ctx->outermost_sequence = ctx->node_sequence;
    ctx->marks[ctx->mark_count++] = ctx->scoped_count;
    return (int64_t)ctx->mark_count;
}

int64_t scope_begin_for(gan_tensor *t) {
    if (!t) return GAN_EINVAL;
    int32_t code = context_enter(t->base.ctx);
    return code ? code : scope_begin(t->base.ctx);
}

static void drop_from(gan_context *ctx, size_t first) {
    while (ctx->scoped_count > first) {
        gan_tensor *t = ctx->scoped[--ctx->scoped_count];
        if (t) object_unref(&t->base);
    }
}

int32_t scope_end(gan_context *ctx, int64_t mark) {
    if (mark < 1 || (uint64_t)mark > ctx->mark_count)
        return error_set(ctx, GAN_ESTATE, "gan_scope_end: no scope with mark %lld is open",
                         (long long)mark);
    drop_from(ctx, ctx->marks[mark - 1]);
    ctx->mark_count = (size_t)mark - 1;
    if (ctx->mark_count == 0) node_cut_since(ctx, ctx->outermost_sequence);
    return GAN_OK;
}

gan_tensor *scope_keep(gan_context *ctx, int64_t mark, gan_tensor *result) {
    /* An input that is handed through is not of this scope: it needs no second owner, but one does
     * no harm. */
    if (result) object_ref(&result->base);
    ctx->mark_count = (size_t)mark;
    drop_from(ctx, ctx->marks[mark - 1]);
    return result ? scope_adopt(result) : NULL;
}

gan_tensor *scope_escape(gan_context *ctx, int64_t mark, gan_tensor *result) {
    if (mark < 1) return NULL;
    result = scope_keep(ctx, mark, result);
    ctx->mark_count = (size_t)mark - 1;
    return result;
}

void scope_end_all(gan_context *ctx) {
    drop_from(ctx, 0);
    ctx->mark_count = 0;
    node_cut_since(ctx, 0);
}
