/* Makes serial OpenBLAS callable from several threads.
 *
 * Its gemm and gemv take a packing buffer from a table of the process, and without its own threads
 * (USE_THREAD=0) OpenBLAS 0.3.21 looks for a free entry and marks it used without holding a lock,
 * even when built with USE_LOCKING: two threads now and then get the same buffer, and results are
 * wrong. The static library is therefore linked with
 *     -Wl,--wrap=blas_memory_alloc -Wl,--wrap=blas_memory_free
 * so that its calls come here. The lock is the process's because the table is; it is held for the
 * search only, not during the arithmetic. */
#include <pthread.h>

void *__real_blas_memory_alloc(int position);
void __real_blas_memory_free(void *buffer);
void *__wrap_blas_memory_alloc(int position);
void __wrap_blas_memory_free(void *buffer);

static pthread_mutex_t table = PTHREAD_MUTEX_INITIALIZER;

void *__wrap_blas_memory_alloc(int position) {
    pthread_mutex_lock(&table);
    void *buffer = __real_blas_memory_alloc(position);
    pthread_mutex_unlock(&table);
    return buffer;
}

void __wrap_blas_memory_free(void *buffer) {
    pthread_mutex_lock(&table);
    __real_blas_memory_free(buffer);
    pthread_mutex_unlock(&table);
}
