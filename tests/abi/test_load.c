/* test_load LIBRARY: loading the library starts no thread, changes no floating-point mode and no
 * signal handler; it can be unloaded and loaded again. */
#include "support.h"

#include <dirent.h>
#include <dlfcn.h>
#include <signal.h>
#include <string.h>

#if defined(__SSE2__)
#include <xmmintrin.h>
#endif

static const char *library;

static int count_threads(void) {
    DIR *tasks = opendir("/proc/self/task");
    assert_non_null(tasks);
    int n = 0;
    for (struct dirent *e; (e = readdir(tasks));) n += e->d_name[0] != '.';
    closedir(tasks);
    return n;
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

/* dlsym gives an object pointer where ISO C has no conversion to a function's. */
static void symbol(void *handle, const char *name, void *function) {
    void *found = dlsym(handle, name);
    assert_non_null(found);
    memcpy(function, &found, sizeof found);
}

static void use(void *handle) {
    version_fn version;
    create_fn create;
    destroy_fn destroy;
    symbol(handle, "gan_abi_version", &version);
    symbol(handle, "gan_context_create", &create);
    symbol(handle, "gan_context_destroy", &destroy);
    assert_int_equal(version(), GAN_ABI_VERSION);
    gan_context *ctx = NULL;
    assert_int_equal(create(NULL, &ctx), GAN_OK);
    assert_int_equal(count_threads(), 1); /* nor does a new context start one */
    destroy(ctx);
}

static void test_loading(void **state) {
    (void)state;
    void (*before[32])(int), (*after[32])(int);
    signal_handlers(before);
    unsigned mode = floating_point_mode();
    assert_int_equal(count_threads(), 1);
    for (int i = 0; i < 2; i++) {
        void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
        if (!handle) print_error("%s\n", dlerror());
        assert_non_null(handle);
        assert_int_equal(count_threads(), 1);
        assert_int_equal(floating_point_mode(), mode);
        use(handle);
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
