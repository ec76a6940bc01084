/* Options structs from other versions of the header: older (shorter), newer (longer), broken.
 * Public functions only: built with the present headers for the present library, and with those
 * that are kept in tests/abi/frozen as a host that was built before. */
#include "support.h"

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

/* A network of one number, recorded. */
static void init_model(void *o, size_t size) { gan_model_opts_init(o, size); }
static int32_t use_model(gan_context *ctx, const void *opts) {
    gan_module *m = NULL;
    assert_ok(ctx, gan_sequential_create(ctx, &m));
    gan_add_dense(m, NULL, 1, 1, 0);
    gan_tensor *x = gan_track(gan_zeros(ctx, SHAPE(1, 1)));
    int32_t code = gan_module_save_model(m, temp_file("model"), x, gan_forward(m, x), opts);
    gan_module_unref(m);
    return code;
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

/* The file is not there, which the function finds after it has taken the options. */
static void init_sheet(void *o, size_t size) {
    gan_sheet_opts_init(o, size);
    ((gan_sheet_opts *)o)->cell_width = 1;
}
static int32_t use_sheet(gan_context *ctx, const void *opts) {
    gan_sheet_opts defaults;
    init_sheet(&defaults, sizeof defaults);
    gan_dataset *d = NULL;
    int32_t code = gan_dataset_from_sheet(ctx, "no such file", opts ? opts : &defaults, NULL, &d);
    assert_null(d);
    return code == GAN_EIO || code == GAN_ENOTSUP ? GAN_OK : code;
}

/* The smallest networks, without a loader. */
static void init_trainer(void *o, size_t size) {
    gan_trainer_opts_init(o, size, GAN_SYSTEM_DRAGAN, GAN_VARIANT_CODE);
    gan_trainer_opts *trainer = o;
    trainer->side = 8;
    trainer->channels = 1;
    trainer->width = 4;
    trainer->latent = 2;
}
static int32_t use_trainer(gan_context *ctx, const void *opts) {
    gan_trainer_opts defaults;
    init_trainer(&defaults, sizeof defaults);
    gan_trainer *t = NULL;
    int32_t code = gan_trainer_create(ctx, opts ? opts : &defaults, NULL, &t);
    gan_trainer_unref(t);
    return code;
}

static void init_kernel(void *o, size_t size) { gan_kernel_opts_init(o, size); }
static int32_t use_kernel(gan_context *ctx, const void *opts) {
    const float x[3] = {1, 2, 3};
    double out, error;
    return gan_kernel_distance(ctx, x, 3, x, 3, 1, opts, &out, &error);
}

/* The file is not there, as above. */
static void init_sampler(void *o, size_t size) { gan_sampler_opts_init(o, size); }
static int32_t use_sampler(gan_context *ctx, const void *opts) {
    (void)ctx;
    gan_sampler *s = NULL;
    int32_t code = gan_sampler_load("no such file", opts, &s);
    assert_null(s);
    return code == GAN_EIO ? GAN_OK : code;
}

static const struct {
    const char *name;
    uint32_t first; /* its size in its first release, for ever */
    size_t size;
    init_fn init;
    use_fn use;
} structs[] = {
    {"gan_context_opts", 56, sizeof(gan_context_opts), init_context, use_context},
    {"gan_conv2d_opts", 48, sizeof(gan_conv2d_opts), init_conv, use_conv},
    {"gan_conv2d_opts", 48, sizeof(gan_conv2d_opts), init_conv, use_conv_transpose},
    {"gan_conv2d_opts", 48, sizeof(gan_conv2d_opts), init_conv, use_conv_layer},
    {"gan_norm_opts", 24, sizeof(gan_norm_opts), init_norm, use_norm},
    {"gan_penalty_opts", 32, sizeof(gan_penalty_opts), init_penalty, use_penalty},
    {"gan_augment_opts", 48, sizeof(gan_augment_opts), init_augment, use_augment},
    {"gan_model_opts", 40, sizeof(gan_model_opts), init_model, use_model},
    {"gan_adam_opts", 56, sizeof(gan_adam_opts), init_adam, use_adam},
    {"gan_rmsprop_opts", 64, sizeof(gan_rmsprop_opts), init_rmsprop, use_rmsprop},
    {"gan_sgd_opts", 40, sizeof(gan_sgd_opts), init_sgd, use_sgd},
    {"gan_data_opts", 48, sizeof(gan_data_opts), init_data, use_data},
    {"gan_loader_opts", 48, sizeof(gan_loader_opts), init_loader, use_loader},
    {"gan_sheet_opts", 24, sizeof(gan_sheet_opts), init_sheet, use_sheet},
    {"gan_trainer_opts", 304, sizeof(gan_trainer_opts), init_trainer, use_trainer},
    {"gan_kernel_opts", 24, sizeof(gan_kernel_opts), init_kernel, use_kernel},
    {"gan_sampler_opts", 80, sizeof(gan_sampler_opts), init_sampler, use_sampler},
};

/* A struct of the future, that many bytes longer than any library knows it. */
enum { LATER = 256 };
typedef union future {
    unsigned char bytes[1024];
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

/* What is behind the first release's fields is not even looked at. */
static void test_structs_from_the_past(void **state) {
    gan_context *ctx = *state;
    for (int i = 0; i < COUNT_OF(structs); i++) {
        future f;
        structs[i].init(&f, structs[i].size);
        f.struct_size = structs[i].first;
        memset(f.bytes + f.struct_size, 0xee, sizeof f - f.struct_size);
        expect(ctx, i, &f, GAN_OK);
    }
}

static void test_structs_from_the_future(void **state) {
    gan_context *ctx = *state;
    for (int i = 0; i < COUNT_OF(structs); i++) {
        future f;
        memset(&f, 0xee, sizeof f);
        structs[i].init(&f, structs[i].size + LATER);
        assert_int_equal(f.struct_size, structs[i].size + LATER);
        for (size_t k = 0; k < LATER; k++) assert_int_equal(f.bytes[structs[i].size + k], 0);
        expect(ctx, i, &f, GAN_OK); /* the new fields are at zero: not used */
        f.bytes[structs[i].size + LATER - 1] = 1;
        expect(ctx, i, &f, GAN_EABI);
    }
}

/* Fields that are kept free: a newer header may have given them a meaning. */
static void test_reserved_fields(void **state) {
    gan_context *ctx = *state;
    static const struct {
        init_fn init;
        use_fn use;
        size_t at;
    } reserved[] = {
        {init_context, use_context, offsetof(gan_context_opts, reserved)},
        {init_penalty, use_penalty, offsetof(gan_penalty_opts, reserved)},
        {init_augment, use_augment, offsetof(gan_augment_opts, reserved)},
        {init_adam, use_adam, offsetof(gan_adam_opts, reserved)},
        {init_rmsprop, use_rmsprop, offsetof(gan_rmsprop_opts, reserved)},
        {init_loader, use_loader, offsetof(gan_loader_opts, reserved)},
        {init_loader, use_loader, offsetof(gan_loader_opts, reserved2)},
        {init_trainer, use_trainer, offsetof(gan_trainer_opts, reserved)},
        {init_trainer, use_trainer, offsetof(gan_trainer_opts, reserved2)},
    };
    for (int i = 0; i < COUNT_OF(reserved); i++) {
        future f;
        reserved[i].init(&f, sizeof f);
        assert_int_equal(reserved[i].use(ctx, &f), GAN_OK);
        f.bytes[reserved[i].at + 3] = 1;
        assert_int_equal(reserved[i].use(ctx, &f), GAN_EABI);
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
        f.struct_size = structs[i].first - 1;
        expect(ctx, i, &f, GAN_EINVAL);
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

/* A host's older struct is written as far as it goes. */
static void test_loader_of_the_past(void **state) {
    (void)state;
    gan_trainer_opts o;
    gan_trainer_opts_init(&o, sizeof o, GAN_SYSTEM_DCGAN, GAN_VARIANT_DEFAULT);
    o.batch = 5;
    future f;
    memset(&f, 0xee, sizeof f);
    gan_loader_opts_init((gan_loader_opts *)&f, 48);
    assert_int_equal(gan_trainer_loader_opts(&o, (gan_loader_opts *)&f), GAN_OK);
    assert_int_equal(((gan_loader_opts *)&f)->batch, 5);
    for (size_t i = 48; i < sizeof f; i++) assert_int_equal(f.bytes[i], 0xee);
    o.premultiply = 1; /* has no place there */
    assert_int_equal(gan_trainer_loader_opts(&o, (gan_loader_opts *)&f), GAN_EINVAL);
    assert_int_equal(f.bytes[48], 0xee);
    f.struct_size = 47;
    assert_int_equal(gan_trainer_loader_opts(&o, (gan_loader_opts *)&f), GAN_EINVAL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CONTEXT_TEST(test_defaults_are_accepted),
        CONTEXT_TEST(test_structs_from_the_past),
        CONTEXT_TEST(test_structs_from_the_future),
        CONTEXT_TEST(test_reserved_fields),
        CONTEXT_TEST(test_broken_sizes),
        CONTEXT_TEST(test_loader_of_the_past),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
