/* What every handle has in common: a context, a reference count, a destructor.
 *
 * The library itself drops references with object_unref, on the thread that owns the context. Hosts
 * drop theirs with object_release, from any thread (finalisers): the last one puts the object on a
 * list that the owner drains at its next call. A handle keeps the context's memory alive, also
 * after gan_context_destroy. */
#ifndef GAN_CORE_OBJECT_H
#define GAN_CORE_OBJECT_H

#include "gan/base.h"

#include <stdatomic.h>

typedef struct object {
    gan_context *ctx;
    atomic_int refs;
    struct object *next_released;
    void (*destroy)(struct object *); /* releases everything, the object's own block included */
} object;

/* A cleared object of `bytes` bytes (its first member is an object) with one reference, or NULL
 * with GAN_ENOMEM set. */
void *object_new(gan_context *ctx, size_t bytes, void (*destroy)(object *));

/* The block of an object whose parts have been released; the last step of each destroy. */
void object_free(object *o);

void object_ref(object *o);
void object_unref(object *o);   /* owner's thread */
void object_release(object *o); /* any thread; NULL is allowed */

#endif
