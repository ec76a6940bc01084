/* The context: everything that other libraries keep in globals. */
#ifndef GAN_CORE_CONTEXT_H
#define GAN_CORE_CONTEXT_H

#include "core/object.h"
#include "core/shape.h"

#include <pthread.h>
#include <sys/types.h>

struct kernels;
struct node;
struct pool;

enum { ARENA_CLASSES = 16 * 56 + 1, ERROR_TEXT = 512 };

typedef struct arena {
    gan_alloc_fn alloc;
    gan_free_fn free;
    void *user;
    int keep;      /* freed blocks are cached */
    uint64_t host; /* bytes held from the allocator */
    uint64_t limit, live, peak, cached, host_allocs;
    struct arena_block *cache[ARENA_CLASSES];
} arena;

struct gan_context {
    arena arena;
    const struct kernels *kernels; /* kernels/isa.h */

    /* error.c */
    int32_t error_code; /* pending, or 0 */
    char error_text[ERROR_TEXT];

    /* object.c: `lock` guards the three fields, which unref may touch from any thread. */
    pthread_mutex_t lock;
    _Atomic(object *) released;
    int64_t handles; /* objects alive */
    atomic_int dead;
    pid_t process; /* a forked child may not go on */

    /* threads.c */
    struct pool *pool;

    /* random.c */
    uint64_t random_key, random_counter;

    /* scope.c: results of operators, and where each open scope begins among them. */
    struct gan_tensor **scoped;
    size_t scoped_count, scoped_capacity;
    size_t *marks;
    size_t mark_count, mark_capacity;
    uint64_t outermost_sequence; /* of nodes, when the outermost scope began */

    /* autograd */
    int recording;
    struct node *nodes; /* all alive, newest first */
    uint64_t node_sequence, live_nodes, sweep;
    uint64_t live_tensors;
};

/* Every public call that does work passes here first: GAN_ESTATE in a dead context or a forked
 * child; otherwise frees what other threads have released. */
int32_t context_enter(gan_context *ctx);

int32_t context_create(const gan_context_opts *opts, const struct kernels *kernels,
                       gan_context **out);
void context_destroy(gan_context *ctx);

/* 1 in a forked child. Another thread may have held the lock at the fork, or been changing what it
 * guards: the child leaves all of it alone. */
int context_is_inherited(const gan_context *ctx);

/* Frees the memory of a dead context without handles. */
void context_free(gan_context *ctx);

/* core/random.c: reserves `blocks` values of the counter and returns the first. */
uint64_t random_take(gan_context *ctx, uint64_t blocks);

/* core/threads.c */
int32_t pool_create(gan_context *ctx, int threads);
void pool_destroy(gan_context *ctx);
uint64_t pool_worker_chunks(const gan_context *ctx);

#endif
