/* Files of format version 1, which every later version reads: tests/data/v1. They were written
 * once, by unit_formats write FOLDER and are never written again; a new version of a format gets a
 * folder of its own. */
#include "trainers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *folder = GAN_TEST_DATA "/v1";

/* "<folder>/<name>", valid until the next call. */
static const char *data(const char *name) {
    static char path[1024];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

/* Numbers to the precision of a float, one a line. */
static void write_numbers(const char *name, gan_tensor *t) {
    FILE *file = fopen(data(name), "w");
    assert_non_null(file);
    for (int64_t i = 0; i < gan_tensor_size(t); i++) fprintf(file, "%.9g\n", element(t, i));
    fclose(file);
}

/* Another processor's kernels may round otherwise. */
static void assert_numbers(const char *name, gan_tensor *t) {
    FILE *file = fopen(data(name), "r");
    assert_non_null(file);
    double wanted;
    for (int64_t i = 0; i < gan_tensor_size(t); i++) {
        assert_int_equal(fscanf(file, "%lf", &wanted), 1);
        assert_near(element(t, i), wanted, 1e-5);
    }
    assert_int_equal(fscanf(file, "%lf", &wanted), EOF);
    fclose(file);
}

/* Latents that are no random numbers: (n, width). */
static gan_tensor *latents(gan_context *ctx, int64_t n, int64_t width) {
    double *values = malloc((size_t)(n * width) * sizeof *values);
    for (int64_t i = 0; i < n * width; i++) values[i] = (double)(i * 7 % 11) / 5 - 1;
    gan_tensor *z = gan_from_doubles(ctx, values, (int64_t[]){n, width}, 2);
    free(values);
    return z;
}

/* ---- a model --------------------------------------------------------------------------------- */

/* Kernels of all three layouts, and buffers. */
static gan_module *model(gan_context *ctx) {
    gan_module *m = NULL;
    gan_conv2d_opts o;
    gan_conv2d_opts_init(&o, sizeof o);
    o.pad_top = o.pad_bottom = o.pad_left = o.pad_right = 1;
    assert_ok(ctx, gan_sequential_create(ctx, &m));
    gan_add_dense(m, NULL, 3, 12, 1);
    gan_add_unflatten(m, NULL, 3, 2, 2);
    gan_add_batch_norm(m, NULL, 3, NULL);
    gan_add_conv2d(m, "second", 3, 2, 3, &o);
    gan_add_relu(m, NULL);
    o.stride_h = o.stride_w = 2;
    gan_add_conv_transpose2d(m, NULL, 2, 1, 4, &o);
    gan_add_tanh(m, NULL);
    return m;
}

static void write_model(gan_context *ctx) {
    gan_module *m = model(ctx);
    gan_tensor *z = gan_track(latents(ctx, 4, 3));
    gan_forward(m, z); /* moves the statistics */
    assert_ok(ctx, gan_module_train(m, 0));
    gan_tensor *images = gan_forward(m, z);
    assert_ok(ctx, gan_module_save_traced(m, data("model.safetensors"), z, images, "-1..1"));
    write_numbers("model.txt", images);
    gan_module_unref(m);
}

static void test_model(void **state) {
    gan_context *ctx = *state;
    gan_module *m = model(ctx);
    assert_ok(ctx, gan_module_load(m, data("model.safetensors")));
    assert_ok(ctx, gan_module_train(m, 0));
    assert_numbers("model.txt", gan_forward(m, latents(ctx, 4, 3)));
    gan_module_unref(m);
}

/* ---- checkpoints ----------------------------------------------------------------------------- */

/* One of each optimizer, with all that their networks keep. */
static const struct {
    int32_t system;
    const char *file, *numbers;
} checkpoints[] = {
    {GAN_SYSTEM_GAN, "gan.checkpoint", "gan.txt"},
    {GAN_SYSTEM_DCGAN, "dcgan.checkpoint", "dcgan.txt"},
    {GAN_SYSTEM_WGAN, "wgan.checkpoint", "wgan.txt"},
};

enum { STEPS = 3, SIDE = 8 };

static void write_checkpoint(gan_context *ctx, int i) {
    gan_trainer_opts o = small_opts(checkpoints[i].system, GAN_VARIANT_DEFAULT);
    o.average = 0.5;
    gan_loader *loader = NULL;
    gan_trainer *t = small_trainer(ctx, &o, SIDE, &loader);
    run_steps(ctx, t, STEPS);
    assert_ok(ctx, gan_trainer_save(t, data(checkpoints[i].file)));
    write_numbers(checkpoints[i].numbers, gan_trainer_sample(t, latents(ctx, 2, o.latent), NULL));
    gan_trainer_unref(t);
    gan_loader_unref(loader);
}

static void test_checkpoints(void **state) {
    gan_context *ctx = *state;
    for (int i = 0; i < COUNT_OF(checkpoints); i++) {
        gan_trainer_opts o = {.struct_size = sizeof o};
        assert_ok(ctx, gan_trainer_opts_load(ctx, data(checkpoints[i].file), &o));
        assert_int_equal(o.system, checkpoints[i].system);
        gan_loader *loader = NULL;
        gan_trainer *t = small_trainer(ctx, &o, SIDE, &loader);
        assert_ok(ctx, gan_trainer_load(t, data(checkpoints[i].file)));
        assert_int_equal(gan_trainer_steps(t), STEPS);
        assert_numbers(checkpoints[i].numbers,
                       gan_trainer_sample(t, latents(ctx, 2, o.latent), NULL));
        assert_int_equal(run_steps(ctx, t, 1).step, STEPS + 1); /* and it goes on */
        gan_trainer_unref(t);
        gan_loader_unref(loader);
    }
}

static void write_files(void **state) {
    write_model(*state);
    for (int i = 0; i < COUNT_OF(checkpoints); i++) write_checkpoint(*state, i);
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {CONTEXT_TEST(test_model), CONTEXT_TEST(test_checkpoints)};
    const struct CMUnitTest writing[] = {CONTEXT_TEST(write_files)};
    if (argc == 3 && !strcmp(argv[1], "write")) {
        folder = argv[2];
        return cmocka_run_group_tests(writing, NULL, NULL);
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
