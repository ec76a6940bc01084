#include "core/runner.h"

#include "core/alloc.h"
#include "core/context.h"
#include "core/error.h"

#include <signal.h>
#include <stdatomic.h>

struct runner {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake, done;
    thread_place place;
    runner_fn fn; /* guarded by lock, as is quit */
    void *arg;
    int quit;
    atomic_int busy;
};

static void *runner_main(void *arg) {
    runner *r = arg;
    thread_settle(r->place);
    pthread_mutex_lock(&r->lock);
    for (;;) {
        while (!r->fn && !r->quit) pthread_cond_wait(&r->wake, &r->lock);
        if (!r->fn) break;
        pthread_mutex_unlock(&r->lock);
        r->fn(r->arg);
        pthread_mutex_lock(&r->lock);
        r->fn = NULL;
        atomic_store(&r->busy, 0);
        pthread_cond_broadcast(&r->done);
    }
    pthread_mutex_unlock(&r->lock);
    return NULL;
}

runner *runner_create(gan_context *ctx, thread_place place) {
    runner *r = arena_calloc(ctx, sizeof *r);
    if (!r) return NULL;
    r->place = place;
    if (pthread_mutex_init(&r->lock, NULL)) goto no_lock;
    if (pthread_cond_init(&r->wake, NULL)) goto no_wake;
    if (pthread_cond_init(&r->done, NULL)) goto no_done;
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const int refused = pthread_create(&r->thread, NULL, runner_main, r);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!refused) return r;
    pthread_cond_destroy(&r->done);
no_done:
    pthread_cond_destroy(&r->wake);
no_wake:
    pthread_mutex_destroy(&r->lock);
no_lock:
    arena_free(ctx, r);
    error_set(ctx, GAN_ENOMEM, "the system would not start a thread");
    return NULL;
}

void runner_destroy(gan_context *ctx, runner *r) {
    if (!r || context_is_inherited(ctx)) return;
    pthread_mutex_lock(&r->lock);
    r->quit = 1;
    pthread_cond_signal(&r->wake);
    pthread_mutex_unlock(&r->lock);
    pthread_join(r->thread, NULL);
    pthread_cond_destroy(&r->done);
    pthread_cond_destroy(&r->wake);
    pthread_mutex_destroy(&r->lock);
    arena_free(ctx, r);
}

void runner_start(runner *r, runner_fn fn, void *arg) {
    pthread_mutex_lock(&r->lock);
    r->fn = fn;
    r->arg = arg;
    atomic_store(&r->busy, 1);
    pthread_cond_signal(&r->wake);
    pthread_mutex_unlock(&r->lock);
}

int runner_busy(runner *r) { return atomic_load(&r->busy); }

void runner_wait(runner *r) {
    pthread_mutex_lock(&r->lock);
    while (atomic_load(&r->busy)) pthread_cond_wait(&r->done, &r->lock);
    pthread_mutex_unlock(&r->lock);
}
