/* Options structs from other versions of the header: older (shorter), newer (longer), broken. */
#include "support.h"

#include "core/options.h"

#include <string.h>

typedef void (*init_fn)(void *opts, size_t size);

/* Tries the options on a function that takes them; the returned code is the function's. */
typedef int32_t (*use_fn)(gan_context *ctx, const void *opts);

static gan_module *dense_tree(gan_context *ctx) {
    gan_module *m = NULL;
    assert_ok(ctx, gan_sequential_create(ctx, &m));
    gan_add_dense(m, NULL, 3, 2, 1);
    return m;
}

static int32_t code_of(gan_context *ctx, const void *t) { return t ? GAN_OK : gan_error_code(ctx); }

static void init_context(void *o, size_t size) { gan_context_opts_init(o, size); }
static int32_t use_context(gan_context *ctx, const void *opts) {
    (void)ctx;
    gan_context *made = NULL;
    int32_t code = gan_context_create(opts, &made);
    gan_context_destroy(made);
    return code;
}

static void init_conv(void *o, size_t size) { gan_conv2d_opts_init(o, size); }
static int32_t use_conv(gan_context *ctx, const void *opts) {
    gan_tensor *x = gan_zeros(ctx, SHAPE(1, 3, 3, 1));
    return code_of(ctx, gan_conv2d(x, x, opts));
}
static int32_t use_conv_transpose(gan_context *ctx, const void *opts) {
    gan_tensor *x = gan_zeros(ctx, SHAPE(1, 3, 3, 1));
    return code_of(ctx, gan_conv_transpose2d(x, x, opts));
}
static int32_t use_conv_layer(gan_context *ctx, const void *opts) {
    gan_module *m = dense_tree(ctx);
    int32_t code = code_of(ctx, gan_add_conv2d(m, NULL, 1, 1, 3, opts));
    gan_module_unref(m);
    return code;
}

static void init_norm(void *o, size_t size) { gan_norm_opts_init(o, size); }
static int32_t use_norm(gan_context *ctx, const void *opts) {
    gan_module *m = dense_tree(ctx);
    int32_t code = code_of(ctx, gan_add_batch_norm(m, NULL, 2, opts));
    gan_module_unref(m);
    return code;
}

static void init_penalty(void *o, size_t size) { gan_penalty_opts_init(o, size); }
static int32_t use_penalty(gan_context *ctx, const void *opts) {
    gan_tensor *x = gan_track(gan_full(ctx, SHAPE(2, 3), 1));
    return code_of(ctx, gan_penalty(gan_sum(x, AXES(1), 0), x, opts));
}

static void init_augment(void *o, size_t size) { gan_augment_opts_init(o, size); }
static int32_t use_augment(gan_context *ctx, const void *opts) {
    return code_of(ctx, gan_augment(gan_zeros(ctx, SHAPE(1, 3, 3, 1)), opts));
}

#define OPTIMIZER(kind)                                                                            \
    static void init_##kind(void *o, size_t size) { gan_##kind##_opts_init(o, size); }             \
    static int32_t use_##kind(gan_context *ctx, const void *opts) {                                \
        gan_module *m = dense_tree(ctx);                                                           \
        gan_optimizer *o = NULL;                                                                   \
        int32_t code = gan_##kind##_create(m, opts, &o);                                           \
        gan_optimizer_unref(o);                                                                    \
        gan_module_unref(m);                                                                       \
        return code;                                                                               \
    }
OPTIMIZER(adam)
OPTIMIZER(rmsprop)
OPTIMIZER(sgd)

/* Of two pixels, one and one. */
static gan_dataset *tiny_dataset(gan_context *ctx) {
    gan_dataset *d = NULL;
    assert_ok(ctx, gan_dataset_from_bytes(ctx, (const uint8_t[]){0, 255},
                                          (const int64_t[]){2, 1, 1, 1}, NULL, NULL, &d));
    return d;
}

static void init_data(void *o, size_t size) { gan_data_opts_init(o, size); }
static int32_t use_data(gan_context *ctx, const void *opts) {
    gan_dataset *d = NULL;
    int32_t code = gan_dataset_from_bytes(ctx, (const uint8_t[]){7}, (const int64_t[]){1, 1, 1, 1},
                                          NULL, opts, &d);
    gan_dataset_unref(d);
    return code;
}

/* Smaller batches than the default, which two images do not fill. */
static void init_loader(void *o, size_t size) {
    gan_loader_opts_init(o, size);
    ((gan_loader_opts *)o)->batch = 2;
}
static int32_t use_loader(gan_context *ctx, const void *opts) {
    gan_loader_opts defaults;
    init_loader(&defaults, sizeof defaults);
    gan_dataset *d = tiny_dataset(ctx);
    gan_loader *l = NULL;
    int32_t code = gan_loader_create(d, opts ? opts : &defaults, &l);
    gan_loader_unref(l);
    gan_dataset_unref(d);
    return code;
}

static void init_kernel(void *o, size_t size) { gan_kernel_opts_init(o, size); }
static int32_t use_kernel(gan_context *ctx, const void *opts) {
    const float x[3] = {1, 2, 3};
    double out, error;
    return gan_kernel_distance(ctx, x, 3, x, 3, 1, opts, &out, &error);
}

static const struct {
    const char *name;
    size_t size;
    init_fn init;
    use_fn use;
} structs[] = {
    {"gan_context_opts", sizeof(gan_context_opts), init_context, use_context},
    {"gan_conv2d_opts", sizeof(gan_conv2d_opts), init_conv, use_conv},
    {"gan_conv2d_opts", sizeof(gan_conv2d_opts), init_conv, use_conv_transpose},
    {"gan_conv2d_opts", sizeof(gan_conv2d_opts), init_conv, use_conv_layer},
    {"gan_norm_opts", sizeof(gan_norm_opts), init_norm, use_norm},
    {"gan_penalty_opts", sizeof(gan_penalty_opts), init_penalty, use_penalty},
    {"gan_augment_opts", sizeof(gan_augment_opts), init_augment, use_augment},
    {"gan_adam_opts", sizeof(gan_adam_opts), init_adam, use_adam},
    {"gan_rmsprop_opts", sizeof(gan_rmsprop_opts), init_rmsprop, use_rmsprop},
    {"gan_sgd_opts", sizeof(gan_sgd_opts), init_sgd, use_sgd},
    {"gan_data_opts", sizeof(gan_data_opts), init_data, use_data},
    {"gan_loader_opts", sizeof(gan_loader_opts), init_loader, use_loader},
    {"gan_kernel_opts", sizeof(gan_kernel_opts), init_kernel, use_kernel},
};

/* Room for a struct of the future. */
typedef union future {
    unsigned char bytes[512];
    uint32_t struct_size;
    double align;
} future;

static void expect(gan_context *ctx, int i, const future *f, int32_t code) {
    int32_t got = structs[i].use(ctx, f);
    if (got != code)
        print_error("%s, struct_size %u: %s instead of %s\n", structs[i].name, f->struct_size,
                    gan_status_name(got), gan_status_name(code));
    assert_int_equal(got, code);
}

static void test_defaults_are_accepted(void **state) {
    gan_context *ctx = *state;
    for (int i = 0; i < COUNT_OF(structs); i++) {
        assert_int_equal(structs[i].use(ctx, NULL), GAN_OK);
        future f;
        memset(&f, 0xee, sizeof f);
        structs[i].init(&f, structs[i].size);
        assert_int_equal(f.struct_size, structs[i].size);
        assert_int_equal(f.bytes[structs[i].size], 0xee);
        expect(ctx, i, &f, GAN_OK);
    }
}

static void test_structs_from_the_future(void **state) {
    gan_context *ctx = *state;
    for (int i = 0; i < COUNT_OF(structs); i++) {
        future f;
        memset(&f, 0xee, sizeof f);
        structs[i].init(&f, structs[i].size + 24);
        assert_int_equal(f.struct_size, structs[i].size + 24);
        for (size_t k = 0; k < 24; k++) assert_int_equal(f.bytes[structs[i].size + k], 0);
        expect(ctx, i, &f, GAN_OK); /* the new fields are at zero: not used */
        f.bytes[structs[i].size + 23] = 1;
        expect(ctx, i, &f, GAN_EABI);
    }
}

static void test_broken_sizes(void **state) {
    gan_context *ctx = *state;
    for (int i = 0; i < COUNT_OF(structs); i++) {
        future f;
        structs[i].init(&f, structs[i].size);
        static const uint32_t broken[] = {0, 1, 3, 4, 1u << 20, UINT32_MAX};
        for (int k = 0; k < COUNT_OF(broken); k++) {
            f.struct_size = broken[k];
            expect(ctx, i, &f, GAN_EINVAL);
        }
        f.struct_size = (uint32_t)structs[i].size - 1;
        expect(ctx, i, &f, GAN_EINVAL); /* shorter than the first release's */
    }
    future f;
    gan_adam_opts_init(NULL, 10);
    memset(&f, 0xee, sizeof f);
    init_adam(&f, 3); /* no room for struct_size: untouched */
    assert_int_equal(f.bytes[0], 0xee);
    init_adam(&f, 12); /* an old, short struct: nothing behind it is written */
    assert_int_equal(f.struct_size, 12);
    assert_int_equal(f.bytes[12], 0xee);
}

/* A struct that has grown: its first release ended behind `first`. */
typedef struct grown {
    uint32_t struct_size;
    int32_t first;
    double second;
} grown;
enum { FIRST_RELEASE = 8 };

static const grown grown_defaults = {sizeof(grown), 1, 2.5};

static int32_t load(gan_context *ctx, grown *into, const void *src) {
    *into = grown_defaults;
    return options_load(ctx, "gan_grown", into, sizeof *into, FIRST_RELEASE, src);
}

static void test_structs_from_the_past(void **state) {
    gan_context *ctx = *state;
    grown into;
    const struct {
        uint32_t struct_size;
        int32_t first;
    } old = {FIRST_RELEASE, 7};
    assert_int_equal(load(ctx, &into, &old), GAN_OK);
    assert_int_equal(into.first, 7);
    assert_near(into.second, 2.5, 0); /* what the old header did not have keeps its default */
    assert_int_equal(load(ctx, &into, NULL), GAN_OK);
    assert_int_equal(into.first, 1);

    const struct {
        grown base;
        uint64_t third;
    } unused = {{sizeof unused, 3, 4}, 0}, used = {{sizeof used, 3, 4}, 1};
    assert_int_equal(load(ctx, &into, &unused), GAN_OK);
    assert_near(into.second, 4, 0);
    assert_int_equal(load(ctx, &into, &used), GAN_EABI);
    assert_status(ctx, gan_error_code(ctx), GAN_EABI, "gan_grown", "does not know");
    assert_int_equal(load(NULL, &into, &used), GAN_EABI); /* before there is a context */
}

static void test_stats_of_another_version(void **state) {
    struct {
        gan_stats base;
        uint64_t later;
    } stats = {.base = {.struct_size = sizeof stats}, .later = 77};
    assert_int_equal(gan_context_stats(*state, &stats.base), GAN_OK);
    assert_int_equal(stats.base.threads, 1);
    stats.base.struct_size = 8;
    assert_int_equal(gan_context_stats(*state, &stats.base), GAN_EINVAL);
}

static void test_texts(void **state) {
    gan_context *ctx = *state;
    gan_module *m = dense_tree(ctx);
    gan_optimizer *o = NULL;
    gan_adam_opts opts;
    gan_adam_opts_init(&opts, sizeof opts);
    opts.struct_size = 7;
    assert_status(ctx, gan_adam_create(m, &opts, &o), GAN_EINVAL, "gan_adam_create",
                  "struct_size 7");
    gan_module_unref(m);
}

static void test_wrong_values(void **state) {
    gan_context *ctx = *state;
    gan_context_opts c;
    gan_context_opts_init(&c, sizeof c);
    c.alloc = heap_alloc; /* without free */
    assert_int_equal(use_context(ctx, &c), GAN_EINVAL);
    gan_context_opts_init(&c, sizeof c);
    c.threads = -1;
    assert_int_equal(use_context(ctx, &c), GAN_EINVAL);
    gan_context_opts_init(&c, sizeof c);
    c.flags = 0x80;
    assert_int_equal(use_context(ctx, &c), GAN_EINVAL);

    gan_module *m = dense_tree(ctx);
    gan_optimizer *o = NULL;
    gan_adam_opts a;
    gan_adam_opts_init(&a, sizeof a);
    a.beta2 = 1;
    assert_status(ctx, gan_adam_create(m, &a, &o), GAN_EINVAL, "gan_adam_create", "beta2");
    gan_adam_opts_init(&a, sizeof a);
    a.lr = -1;
    assert_status(ctx, gan_adam_create(m, &a, &o), GAN_EINVAL, "gan_adam_create", "lr");
    assert_null(o);
    gan_module_unref(m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CONTEXT_TEST(test_defaults_are_accepted), CONTEXT_TEST(test_structs_from_the_future),
        CONTEXT_TEST(test_broken_sizes),          CONTEXT_TEST(test_texts),
        CONTEXT_TEST(test_structs_from_the_past), CONTEXT_TEST(test_stats_of_another_version),
        CONTEXT_TEST(test_wrong_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
