/* Makes serial OpenBLAS callable from several threads.
 *
 * Its gemm and gemv take a packing buffer from a table of the process, and without its own threads
 * (USE_THREAD=0) OpenBLAS 0.3.21 looks for a free entry and marks it used without holding a lock,
 * even when built with USE_LOCKING: two threads now and then get the same buffer, and results are
 * wrong. The static library is therefore linked with
 *     -Wl,--wrap=blas_memory_alloc -Wl,--wrap=blas_memory_free
 * so that its calls come here. The lock is the process's because the table is; it is held for the
 * search only, not during the arithmetic, and over a fork, so that a child never inherits it from a
 * thread that it does not have. */
#include <pthread.h>

void *__real_blas_memory_alloc(int position);
void __real_blas_memory_free(void *buffer);
void *__wrap_blas_memory_alloc(int position);
void __wrap_blas_memory_free(void *buffer);

static pthread_mutex_t table = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t guarded = PTHREAD_ONCE_INIT;

static void lock(void) { pthread_mutex_lock(&table); }
static void unlock(void) { pthread_mutex_unlock(&table); }

/* The handlers go with the library when it is unloaded. */
static void guard_fork(void) { pthread_atfork(lock, unlock, unlock); }

void *__wrap_blas_memory_alloc(int position) {
    pthread_once(&guarded, guard_fork);
    lock();
    void *buffer = __real_blas_memory_alloc(position);
    unlock();
    return buffer;
}

void __wrap_blas_memory_free(void *buffer) {
    lock();
    __real_blas_memory_free(buffer);
    unlock();
}
