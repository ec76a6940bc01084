#include "core/tensor_impl.h"

#include "core/node.h"
#include "core/alloc.h"
#include "core/context.h"
#include "core/error.h"
#include "core/scope.h"

#include <string.h>

/* The header of a storage block is padded so that its elements stay aligned. */
enum { STORAGE_HEADER = 64 };
_Static_assert(sizeof(storage) <= STORAGE_HEADER, "storage header");

storage *storage_new(gan_context *ctx, size_t bytes) {
    storage *s = arena_alloc(ctx, bytes + STORAGE_HEADER);
    if (!s) return NULL;
    *s = (storage){.ctx = ctx, .refs = 1};
    return s;
}

void *storage_data(const storage *s) {
    union {
        const storage *in;
        char *out;
    } cast = {s};
    return cast.out + STORAGE_HEADER;
}

storage *storage_ref(storage *s) {
    if (s) s->refs++;
    return s;
}

void storage_unref(storage *s) {
    if (s && --s->refs == 0) arena_free(s->ctx, s);
}

static void tensor_destroy(object *o) {
    gan_tensor *t = (gan_tensor *)o;
    storage_unref(t->storage);
    node_unref(t->node);
    o->ctx->live_tensors--;
    object_free(o);
}

/* A handle outside every scope. */
static gan_tensor *handle(gan_context *ctx, const shape *s, storage *values) {
    gan_tensor *t = object_new(ctx, sizeof *t, tensor_destroy);
    if (!t) return NULL;
    t->shape = *s;
    t->storage = storage_ref(values);
    ctx->live_tensors++;
    return t;
}

gan_tensor *tensor_over(gan_context *ctx, const shape *s, storage *values) {
    gan_tensor *t = handle(ctx, s, values);
    return t ? scope_adopt(t) : NULL;
}

gan_tensor *tensor_create(gan_context *ctx, const shape *s) {
    shape checked; /* operands without elements may still broadcast or multiply to too many */
    if (shape_check(ctx, "a tensor", s->dim, s->rank, &checked)) return NULL;
    storage *values = storage_new(ctx, (size_t)shape_size(s) * sizeof(real));
    if (!values) return NULL;
    gan_tensor *t = handle(ctx, s, values);
    storage_unref(values);
    return t;
}

gan_tensor *tensor_new(gan_context *ctx, const shape *s) {
    gan_tensor *t = tensor_create(ctx, s);
    return t ? scope_adopt(t) : NULL;
}

gan_tensor *tensor_ref(gan_tensor *t) {
    object_ref(&t->base);
    return t;
}

void tensor_unref(gan_tensor *t) {
    if (t) object_unref(&t->base);
}

gan_context *tensor_context(const gan_tensor *t) { return t->base.ctx; }

const shape *tensor_shape(const gan_tensor *t) { return &t->shape; }

int64_t tensor_size(const gan_tensor *t) { return shape_size(&t->shape); }

real *tensor_data(gan_tensor *t) { return storage_data(t->storage); }

const real *tensor_values(const gan_tensor *t) { return storage_data(t->storage); }

void tensor_copy(gan_tensor *to, const gan_tensor *from) {
    if (to->storage == from->storage) return;
    memcpy(tensor_data(to), tensor_values(from), (size_t)tensor_size(from) * sizeof(real));
    tensor_touch(to);
}

void tensor_touch(gan_tensor *t) { t->storage->version++; }
