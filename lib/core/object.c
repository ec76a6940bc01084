#include "core/object.h"

#include "core/alloc.h"
#include "core/context.h"

void *object_new(gan_context *ctx, size_t bytes, void (*destroy)(object *)) {
    object *o = arena_calloc(ctx, bytes);
    if (!o) return NULL;
    o->ctx = ctx;
    o->destroy = destroy;
    atomic_init(&o->refs, 1);
    ctx->handles++;
    return o;
}

void object_free(object *o) {
    gan_context *ctx = o->ctx;
    ctx->handles--;
    arena_free(ctx, o);
}

void object_ref(object *o) { atomic_fetch_add_explicit(&o->refs, 1, memory_order_relaxed); }

void object_unref(object *o) {
    if (atomic_fetch_sub_explicit(&o->refs, 1, memory_order_acq_rel) == 1) o->destroy(o);
}

void object_release(object *o) {
    if (!o || atomic_fetch_sub_explicit(&o->refs, 1, memory_order_acq_rel) != 1) return;
    gan_context *ctx = o->ctx;
    if (context_is_inherited(ctx)) return;
    int last = 0;
    pthread_mutex_lock(&ctx->lock);
    if (atomic_load(&ctx->dead)) {
        o->destroy(o);
        last = ctx->handles == 0;
    } else {
        o->next_released = atomic_load(&ctx->released);
        atomic_store(&ctx->released, o);
    }
    pthread_mutex_unlock(&ctx->lock);
    if (last) context_free(ctx);
}
