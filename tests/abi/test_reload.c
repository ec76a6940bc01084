/* test_reload LIBRARY: 100 times loaded, used with threads and unloaded, the library leaves nothing
 * behind: no memory (this program is built with the address sanitizer, which looks for leaks), no
 * thread, no mapping, no address space. */
#include "loading.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *library;

/* Address space may grow by less than this a time: one of OpenBLAS's buffers has 32 MiB. */
enum { TIMES = 100, WARM = 10, GROWTH_KIB = 1024 };

/* Lines of /proc/self/maps that are the library's. */
static int count_mappings(void) {
    FILE *maps = fopen("/proc/self/maps", "r");
    assert_non_null(maps);
    char line[1024];
    int n = 0;
    while (fgets(line, sizeof line, maps)) n += strstr(line, "libgan") != NULL;
    fclose(maps);
    return n;
}

static long virtual_kib(void) {
    FILE *status = fopen("/proc/self/status", "r");
    assert_non_null(status);
    char line[256];
    long kib = 0;
    while (fgets(line, sizeof line, status))
        if (strncmp(line, "VmSize:", 7) == 0) kib = strtol(line + 7, NULL, 10);
    fclose(status);
    return kib;
}

static void use(void *handle) {
    void (*opts_init)(gan_context_opts * opts, size_t size);
    int32_t (*create)(const gan_context_opts *opts, gan_context **out);
    void (*destroy)(gan_context * ctx);
    gan_tensor *(*randn)(gan_context * ctx, const int64_t *shape, int32_t rank);
    gan_tensor *(*track)(gan_tensor * x);
    gan_tensor *(*matmul)(gan_tensor * a, gan_tensor * b, int32_t ta, int32_t tb);
    gan_tensor *(*sum_all)(gan_tensor * x);
    gan_tensor *(*grad_of)(gan_tensor * y, gan_tensor * wrt, uint32_t flags);
    load_symbol(handle, "gan_context_opts_init", &opts_init);
    load_symbol(handle, "gan_context_create", &create);
    load_symbol(handle, "gan_context_destroy", &destroy);
    load_symbol(handle, "gan_randn", &randn);
    load_symbol(handle, "gan_track", &track);
    load_symbol(handle, "gan_matmul", &matmul);
    load_symbol(handle, "gan_sum_all", &sum_all);
    load_symbol(handle, "gan_grad_of", &grad_of);

    gan_context_opts o;
    opts_init(&o, sizeof o);
    o.threads = 2;
    gan_context *ctx = NULL;
    assert_int_equal(create(&o, &ctx), GAN_OK);
    gan_tensor *x = track(randn(ctx, SHAPE(256, 256)));
    assert_non_null(grad_of(sum_all(matmul(x, x, 0, 1)), x, 0));
    assert_int_equal(count_threads(), 2); /* the worker that the product was worth */
    destroy(ctx);
    assert_int_equal(count_threads(), 1);
}

static void test_reloading(void **state) {
    (void)state;
    int mappings = count_mappings();
    long before = 0;
    for (int i = 0; i < TIMES; i++) {
        if (i == WARM) before = virtual_kib();
        void *handle = load_library(library);
        use(handle);
        assert_int_equal(dlclose(handle), 0);
        assert_null(dlopen(library, RTLD_NOW | RTLD_NOLOAD)); /* it is gone */
    }
    assert_int_equal(count_mappings(), mappings);
    long growth = virtual_kib() - before;
    print_message("address space grew by %ld KiB\n", growth);
    assert_true(growth < (TIMES - WARM) * GROWTH_KIB);
}

int main(int argc, char **argv) {
    if (argc != 2) return 2;
    library = argv[1];
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_reloading)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
