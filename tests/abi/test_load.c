/* test_load LIBRARY: loading the library starts no thread, changes no floating-point mode, no
 * signal handler and nothing about the host's BLAS; it can be unloaded and loaded again. */
#include "loading.h"

#include <dlfcn.h>
#include <signal.h>
#include <string.h>

#if defined(__SSE2__)
#include <xmmintrin.h>
#endif

static const char *library;

/* A host's own BLAS, which is asked for nothing. This program exports it, so that a library which
 * left OpenBLAS's names open would come here. */
static int host_calls;
void cblas_sgemm(void);
void sgemm_(void);
void openblas_set_num_threads(int n);
void goto_set_num_threads(int n);
void *blas_memory_alloc(int position);
void cblas_sgemm(void) { host_calls++; }
void sgemm_(void) { host_calls++; }
void openblas_set_num_threads(int n) { host_calls += n != 0; }
void goto_set_num_threads(int n) { host_calls += n != 0; }
void *blas_memory_alloc(int position) {
    host_calls += position >= 0;
    return NULL;
}

static unsigned floating_point_mode(void) {
#if defined(__SSE2__)
    return _mm_getcsr() & 0xffc0; /* without the sticky flags */
#else
    return 0;
#endif
}

static void signal_handlers(void (*handlers[32])(int)) {
    for (int i = 1; i < 32; i++) {
        struct sigaction action;
        memset(&action, 0, sizeof action);
        sigaction(i, NULL, &action);
        handlers[i] = action.sa_handler;
    }
}

typedef uint32_t (*version_fn)(void);
typedef int32_t (*create_fn)(const gan_context_opts *opts, gan_context **out);
typedef void (*destroy_fn)(gan_context *ctx);

typedef gan_tensor *(*full_fn)(gan_context *ctx, const int64_t *shape, int32_t rank, double value);
typedef gan_tensor *(*matmul_fn)(gan_tensor *a, gan_tensor *b, int32_t ta, int32_t tb);
typedef int32_t (*read_fn)(const gan_tensor *t, float *data, int64_t count);

/* A product that the library gives to its BLAS. */
static void multiply(void *handle, gan_context *ctx) {
    full_fn full;
    matmul_fn matmul;
    read_fn read;
    load_symbol(handle, "gan_full", &full);
    load_symbol(handle, "gan_matmul", &matmul);
    load_symbol(handle, "gan_tensor_read", &read);
    float product[9] = {0};
    gan_tensor *a = full(ctx, SHAPE(3, 5), 2), *b = full(ctx, SHAPE(5, 3), 3);
    assert_int_equal(read(matmul(a, b, 0, 0), product, 9), GAN_OK);
    for (int i = 0; i < 9; i++) assert_true(product[i] == 30);
}

static void use(void *handle) {
    version_fn version;
    create_fn create;
    destroy_fn destroy;
    load_symbol(handle, "gan_abi_version", &version);
    load_symbol(handle, "gan_context_create", &create);
    load_symbol(handle, "gan_context_destroy", &destroy);
    assert_int_equal(version(), GAN_ABI_VERSION);
    gan_context *ctx = NULL;
    assert_int_equal(create(NULL, &ctx), GAN_OK);
    assert_int_equal(count_threads(), 1); /* nor does a new context start one */
    multiply(handle, ctx);
    destroy(ctx);
}

static void test_loading(void **state) {
    (void)state;
    void (*before[32])(int), (*after[32])(int);
    void (*host)(void);
    load_symbol(load_library(NULL), "cblas_sgemm", &host); /* where the library would find it */
    signal_handlers(before);
    unsigned mode = floating_point_mode();
    assert_int_equal(count_threads(), 1);
    for (int i = 0; i < 2; i++) {
        void *handle = load_library(library);
        assert_int_equal(count_threads(), 1);
        assert_int_equal(floating_point_mode(), mode);
        use(handle);
        assert_int_equal(OWN_BLAS ? host_calls : 0, 0);
        assert_int_equal(floating_point_mode(), mode);
        signal_handlers(after);
        for (int s = 1; s < 32; s++) assert_true(after[s] == before[s]);
        assert_int_equal(dlclose(handle), 0);
    }
}

int main(int argc, char **argv) {
    if (argc != 2) return 2;
    library = argv[1];
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_loading)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
