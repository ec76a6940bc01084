/* The context's own thread pool.
 *
 * Work is cut into chunks by shape, never by the number of threads, so that results have the same
 * bits whatever the thread count. The calling thread takes part. Workers are started by the first
 * region that has more than one chunk, not at load or creation. */
#ifndef GAN_CORE_THREADS_H
#define GAN_CORE_THREADS_H

#include "gan/base.h"

/* Called once for every chunk in [0, chunks), in any order, on the caller and the workers.
 * `worker` is in [0, parallel_workers(ctx)): the scratch slot that this call may use. */
typedef void (*parallel_fn)(void *arg, int64_t chunk, int worker);

/* Runs all chunks and returns when they are done. One chunk runs inline. */
void parallel_for(gan_context *ctx, int64_t chunks, parallel_fn fn, void *arg);

/* Where and how a library's own thread runs. */
typedef struct thread_place {
    int nice;      /* added to its priority number, 0 to 19 */
    uint64_t cpus; /* the cores that it may use, core k at bit k; 0: all */
} thread_place;

/* The calling thread, one of the library's own, goes there as far as the system lets it. */
void thread_settle(thread_place place);

/* Starts the workers at once, so that no region has to. Before the first region. */
void parallel_start(gan_context *ctx, thread_place place);

/* Nanoseconds of a clock that only goes forward. */
int64_t clock_ns(void);

/* Upper bound of `worker` + 1: how many scratch slots a region needs. */
int parallel_workers(const gan_context *ctx);

#endif
