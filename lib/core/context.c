#include "core/context.h"

#include "core/node.h"
#include "core/alloc.h"
#include "core/error.h"
#include "core/scope.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void *host_malloc(void *user, size_t bytes) {
    (void)user;
    return malloc(bytes);
}

static void host_free(void *user, void *block) {
    (void)user;
    free(block);
}

/* Frees what other threads have released since the last call. */
static void drain(gan_context *ctx) {
    pthread_mutex_lock(&ctx->lock);
    object *o = atomic_exchange(&ctx->released, NULL);
    pthread_mutex_unlock(&ctx->lock);
    while (o) {
        object *next = o->next_released;
        o->destroy(o);
        o = next;
    }
}

int context_is_inherited(const gan_context *ctx) { return ctx->process != getpid(); }

int32_t context_enter(gan_context *ctx) {
    if (atomic_load_explicit(&ctx->dead, memory_order_relaxed))
        return error_set(ctx, GAN_ESTATE, "the context of this handle has been destroyed");
    if (context_is_inherited(ctx))
        return error_set(ctx, GAN_ESTATE,
                         "this context was made before a fork: a child makes its own");
    if (atomic_load_explicit(&ctx->released, memory_order_acquire)) drain(ctx);
    return GAN_OK;
}

int32_t context_create(const gan_context_opts *opts, const struct kernels *kernels,
                       gan_context **out) {
    gan_alloc_fn alloc = opts->alloc ? opts->alloc : host_malloc;
    gan_free_fn release = opts->alloc ? opts->free : host_free;
    if (opts->byte_limit && opts->byte_limit < sizeof(gan_context)) return GAN_ENOMEM;
    gan_context *ctx = alloc(opts->user, sizeof *ctx);
    if (!ctx) return GAN_ENOMEM;
    memset(ctx, 0, sizeof *ctx);
    ctx->arena.alloc = alloc;
    ctx->arena.free = release;
    ctx->arena.user = opts->user;
    ctx->arena.keep = !(opts->flags & GAN_CONTEXT_NO_CACHE);
    ctx->arena.limit = opts->byte_limit;
    ctx->arena.host = sizeof *ctx;
    ctx->kernels = kernels;
    ctx->random_key = opts->seed;
    ctx->recording = 1;
    ctx->process = getpid();
    if (pthread_mutex_init(&ctx->lock, NULL)) {
        release(opts->user, ctx);
        return GAN_ENOMEM;
    }
    int32_t code = pool_create(ctx, opts->threads);
    if (code) {
        context_free(ctx);
        return code;
    }
    *out = ctx;
    return GAN_OK;
}

void context_destroy(gan_context *ctx) {
    if (context_is_inherited(ctx)) return;
    drain(ctx);
    scope_end_all(ctx);
    arena_free(ctx, ctx->scoped);
    arena_free(ctx, ctx->marks);
    ctx->scoped = NULL;
    ctx->marks = NULL;
    pool_destroy(ctx);
    arena_trim(ctx);
    /* From here on other threads' unrefs free directly, without a cache. */
    pthread_mutex_lock(&ctx->lock);
    ctx->arena.keep = 0;
    atomic_store(&ctx->dead, 1);
    object *late = atomic_exchange(&ctx->released, NULL);
    while (late) {
        object *next = late->next_released;
        late->destroy(late);
        late = next;
    }
    int last = ctx->handles == 0;
    pthread_mutex_unlock(&ctx->lock);
    if (last) context_free(ctx);
}

void context_free(gan_context *ctx) {
    arena_trim(ctx);
    pthread_mutex_destroy(&ctx->lock);
    ctx->arena.free(ctx->arena.user, ctx);
}
