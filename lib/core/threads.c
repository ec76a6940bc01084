#define _GNU_SOURCE /* sched_getaffinity */
#include "core/threads.h"

#include "core/alloc.h"
#include "core/context.h"

#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#if defined(__SSE2__)
#include <xmmintrin.h>
#endif

enum { THREADS_MOST = 256, SPIN_NS = 50000, SPIN_BATCH = 64 };

/* A job is open while `open` holds its number. A worker first counts itself into `active`, then
 * looks at `open`; the caller closes the job and waits for active == 0, so nobody can hold a job
 * whose fields are being rewritten. */
typedef struct pool {
    int threads; /* with the caller */
    int started; /* workers running; grows on the first region that can use them */
    int refused; /* the system would not start more */
    thread_place place;

    parallel_fn fn;
    void *arg;
    int64_t chunks;
    atomic_llong next;
    atomic_uint open; /* the job's number, or 0 */
    unsigned number;
    atomic_int active;

    atomic_int quit, sleepers, caller_waits;
    pthread_mutex_t lock;
    pthread_cond_t wake, done;
    atomic_ullong worker_chunks;

    struct worker {
        struct pool *pool;
        pthread_t thread;
        int slot;
    } workers[];
} pool;

/* ---- floating-point mode --------------------------------------------------------------------- */

/* Round to nearest, no traps, denormals as zero: the same on every thread that computes, whatever
 * the host has set for its own. */
#if defined(__SSE2__)
static unsigned fp_enter(void) {
    unsigned before = _mm_getcsr();
    _mm_setcsr(0x1f80u | 0x8040u);
    return before;
}
static void fp_leave(unsigned before) { _mm_setcsr(before); }
static void pause_cpu(void) { _mm_pause(); }
#elif defined(__aarch64__)
static unsigned fp_enter(void) {
    uint64_t before;
    const uint64_t flush_to_zero = 1 << 24; /* and round to nearest */
    __asm__ volatile("mrs %0, fpcr" : "=r"(before));
    __asm__ volatile("msr fpcr, %0" : : "r"(flush_to_zero));
    return (unsigned)before;
}
static void fp_leave(unsigned before) {
    __asm__ volatile("msr fpcr, %0" : : "r"((uint64_t)before));
}
static void pause_cpu(void) { __asm__ volatile("yield"); }
#else
static unsigned fp_enter(void) { return 0; }
static void fp_leave(unsigned before) { (void)before; }
static void pause_cpu(void) {}
#endif

/* ---- places of threads ----------------------------------------------------------------------- */

void thread_settle(thread_place place) {
#ifdef __linux__
    const id_t self = (id_t)syscall(SYS_gettid); /* priorities are of threads there */
    if (place.nice > 0)
        setpriority(PRIO_PROCESS, self, getpriority(PRIO_PROCESS, self) + place.nice);
    if (place.cpus) {
        cpu_set_t set;
        CPU_ZERO(&set);
        for (int i = 0; i < 64; i++)
            if (place.cpus >> i & 1) CPU_SET((size_t)i, &set);
        sched_setaffinity(0, sizeof set, &set);
    }
#else
    (void)place;
#endif
}

/* ---- workers --------------------------------------------------------------------------------- */

int64_t clock_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int64_t run_chunks(pool *p, int slot) {
    int64_t done = 0;
    for (;;) {
        int64_t chunk = atomic_fetch_add_explicit(&p->next, 1, memory_order_relaxed);
        if (chunk >= p->chunks) return done;
        p->fn(p->arg, chunk, slot);
        done++;
    }
}

static int has_news(pool *p, unsigned last) {
    unsigned open = atomic_load(&p->open);
    return (open && open != last) || atomic_load(&p->quit);
}

/* Spins for a moment, since the next region usually follows at once, then sleeps. */
static void wait_for_news(pool *p, unsigned last) {
    int64_t until = clock_ns() + SPIN_NS;
    do {
        for (int i = 0; i < SPIN_BATCH; i++) {
            if (has_news(p, last)) return;
            pause_cpu();
        }
    } while (clock_ns() < until);
    pthread_mutex_lock(&p->lock);
    atomic_fetch_add(&p->sleepers, 1);
    while (!has_news(p, last)) pthread_cond_wait(&p->wake, &p->lock);
    atomic_fetch_sub(&p->sleepers, 1);
    pthread_mutex_unlock(&p->lock);
}

static void *worker_main(void *arg) {
    struct worker *w = arg;
    pool *p = w->pool;
    unsigned last = 0;
    thread_settle(p->place);
    fp_enter();
    for (;;) {
        wait_for_news(p, last);
        if (atomic_load(&p->quit)) return NULL;
        atomic_fetch_add(&p->active, 1);
        unsigned job = atomic_load(&p->open);
        if (job && job != last) {
            last = job;
            int64_t done = run_chunks(p, w->slot);
            atomic_fetch_add_explicit(&p->worker_chunks, (unsigned long long)done,
                                      memory_order_relaxed);
        }
        if (atomic_fetch_sub(&p->active, 1) == 1 && atomic_load(&p->caller_waits)) {
            pthread_mutex_lock(&p->lock);
            pthread_cond_signal(&p->done);
            pthread_mutex_unlock(&p->lock);
        }
    }
}

/* Workers block every signal: a host's handlers run on the host's threads. */
static void start_workers(pool *p) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (p->started < p->threads - 1 && !p->refused) {
        struct worker *w = &p->workers[p->started];
        *w = (struct worker){.pool = p, .slot = p->started + 1};
        if (pthread_create(&w->thread, NULL, worker_main, w))
            p->refused = 1;
        else
            p->started++;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* ---- regions --------------------------------------------------------------------------------- */

static void wait_for_workers(pool *p) {
    int64_t until = clock_ns() + SPIN_NS;
    while (atomic_load(&p->active)) {
        pause_cpu();
        if (clock_ns() < until) continue;
        pthread_mutex_lock(&p->lock);
        atomic_store(&p->caller_waits, 1);
        while (atomic_load(&p->active)) pthread_cond_wait(&p->done, &p->lock);
        atomic_store(&p->caller_waits, 0);
        pthread_mutex_unlock(&p->lock);
    }
}

static void run_region(pool *p, int64_t chunks, parallel_fn fn, void *arg) {
    p->fn = fn;
    p->arg = arg;
    p->chunks = chunks;
    atomic_store(&p->next, 0);
    if (++p->number == 0) p->number = 1;
    atomic_store(&p->open, p->number);
    if (atomic_load(&p->sleepers)) {
        pthread_mutex_lock(&p->lock);
        pthread_cond_broadcast(&p->wake);
        pthread_mutex_unlock(&p->lock);
    }
    run_chunks(p, 0);
    atomic_store(&p->open, 0);
    wait_for_workers(p);
}

void parallel_for(gan_context *ctx, int64_t chunks, parallel_fn fn, void *arg) {
    pool *p = ctx->pool;
    unsigned before = fp_enter();
    if (chunks > 1 && p->threads > 1 && p->started < p->threads - 1 && !p->refused)
        start_workers(p);
    if (chunks > 1 && p->started > 0) {
        run_region(p, chunks, fn, arg);
    } else {
        for (int64_t i = 0; i < chunks; i++) fn(arg, i, 0);
    }
    fp_leave(before);
}

void parallel_start(gan_context *ctx, thread_place place) {
    ctx->pool->place = place;
    start_workers(ctx->pool);
}

int parallel_workers(const gan_context *ctx) { return ctx->pool->threads; }

uint64_t pool_worker_chunks(const gan_context *ctx) {
    return atomic_load(&ctx->pool->worker_chunks);
}

/* ---- life ------------------------------------------------------------------------------------ */

/* The cores this process may use, not those the machine has. */
static int usable_cores(void) {
    long n = sysconf(_SC_NPROCESSORS_ONLN);
#ifdef CPU_COUNT
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0) n = CPU_COUNT(&set);
#endif
    return n < 1 ? 1 : (int)n;
}

int32_t pool_create(gan_context *ctx, int threads) {
    if (threads <= 0) threads = usable_cores();
    if (threads > THREADS_MOST) threads = THREADS_MOST;
    pool *p = arena_calloc(ctx, sizeof *p + (size_t)threads * sizeof p->workers[0]);
    if (!p) return GAN_ENOMEM;
    p->threads = threads;
    if (pthread_mutex_init(&p->lock, NULL)) goto no_lock;
    if (pthread_cond_init(&p->wake, NULL)) goto no_wake;
    if (pthread_cond_init(&p->done, NULL)) goto no_done;
    ctx->pool = p;
    return GAN_OK;
no_done:
    pthread_cond_destroy(&p->wake);
no_wake:
    pthread_mutex_destroy(&p->lock);
no_lock:
    arena_free(ctx, p);
    return GAN_ENOMEM;
}

void pool_destroy(gan_context *ctx) {
    pool *p = ctx->pool;
    pthread_mutex_lock(&p->lock);
    atomic_store(&p->quit, 1);
    pthread_cond_broadcast(&p->wake);
    pthread_mutex_unlock(&p->lock);
    for (int i = 0; i < p->started; i++) pthread_join(p->workers[i].thread, NULL);
    pthread_cond_destroy(&p->done);
    pthread_cond_destroy(&p->wake);
    pthread_mutex_destroy(&p->lock);
    ctx->pool = NULL;
    arena_free(ctx, p);
}
