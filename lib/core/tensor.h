/* Tensors: a handle (shape, place in the graph) over reference-counted storage.
 *
 * Everything above core except autograd/ and api/ sees tensors only through these functions: an
 * operator's derivative that could read elements directly could drop out of the graph. */
#ifndef GAN_CORE_TENSOR_H
#define GAN_CORE_TENSOR_H

#include "core/object.h"
#include "core/real.h"
#include "core/shape.h"

/* Elements, shared by handles and by what the graph has saved. */
typedef struct storage {
    gan_context *ctx;
    int64_t refs;
    uint64_t version; /* counts updates; a graph that saved an older one is stale */
} storage;

/* Room for `bytes`, uninitialised; NULL with GAN_ENOMEM set. */
storage *storage_new(gan_context *ctx, size_t bytes);
void *storage_data(const storage *s);
storage *storage_ref(storage *s); /* NULL is allowed, as below */
void storage_unref(storage *s);

/* A tensor in the current scope, elements uninitialised. NULL: GAN_ENOMEM is set. */
gan_tensor *tensor_new(gan_context *ctx, const shape *s);

/* The same over existing storage, of which it takes a reference of its own. */
gan_tensor *tensor_over(gan_context *ctx, const shape *s, storage *values);

/* A tensor outside every scope, owned by the caller. */
gan_tensor *tensor_create(gan_context *ctx, const shape *s);

/* One reference more (returns t), and one less; on the owner's thread. */
gan_tensor *tensor_ref(gan_tensor *t);
void tensor_unref(gan_tensor *t); /* NULL is allowed */

gan_context *tensor_context(const gan_tensor *t);
const shape *tensor_shape(const gan_tensor *t);
int64_t tensor_size(const gan_tensor *t);

/* The elements. For forward code, input and output; never for derivatives. */
real *tensor_data(gan_tensor *t);
const real *tensor_values(const gan_tensor *t);

/* Overwrites to's elements with those of a tensor of as many. The same tensor is allowed. */
void tensor_copy(gan_tensor *to, const gan_tensor *from);

/* To be called after elements were changed. */
void tensor_touch(gan_tensor *t);

#endif
