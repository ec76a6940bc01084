/* Checkpoints of trainers: foreign, damaged, of other data, and as earlier versions wrote them. */
#include "trainers.h"

#include "train/trainer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- refused ----------------------------------------------------------------------------------
 */

/* The file is refused with the texts, and the trainer is as it was. */
#define assert_load_refused(path, ...)                                                             \
    do {                                                                                           \
        size_t n_, m_;                                                                             \
        const char *now_ = temp_file("now.safetensors");                                           \
        unsigned char *before_ = picture_of(ctx, t, now_, &n_);                                    \
        assert_status(ctx, gan_trainer_load(t, path), GAN_EFORMAT, __VA_ARGS__);                   \
        unsigned char *after_ = picture_of(ctx, t, now_, &m_);                                     \
        assert_int_equal(n_, m_);                                                                  \
        assert_memory_equal(before_, after_, n_);                                                  \
        free(before_);                                                                             \
        free(after_);                                                                              \
    } while (0)

/* Saves two steps of a trainer of other options. */
static void save_other(gan_context *ctx, const gan_trainer_opts *o, int32_t side,
                       const char *path) {
    gan_loader *l;
    gan_trainer *t = small_trainer(ctx, o, side, &l);
    run_steps(ctx, t, 2);
    assert_ok(ctx, gan_trainer_save(t, path));
    gan_trainer_unref(t);
    gan_loader_unref(l);
}

static void test_foreign_checkpoints(void **state) {
    gan_context *ctx = *state;
    const char *path = temp_file("run.safetensors");
    gan_trainer_opts o = small_opts(GAN_SYSTEM_DCGAN, GAN_VARIANT_DEFAULT), other = o;
    gan_loader *l;
    gan_trainer *t = small_trainer(ctx, &o, 16, &l);
    run_steps(ctx, t, 1);

    other = small_opts(GAN_SYSTEM_WGAN, GAN_VARIANT_DEFAULT);
    save_other(ctx, &other, 16, path);
    assert_load_refused(path, "run.safetensors", "system wgan", "dcgan");
    other = o;
    other.width = 5;
    save_other(ctx, &other, 16, path);
    assert_load_refused(path, "width 5", "4");
    other = o;
    save_other(ctx, &other, 32, path);
    assert_load_refused(path, "side 32", "16");
    other.optimizer = GAN_OPTIMIZER_RMSPROP;
    save_other(ctx, &other, 16, path);
    assert_load_refused(path, "optimizer 2", "1");
    other = o;
    other.average = 0.5;
    save_other(ctx, &other, 16, path);
    assert_load_refused(path, "tensors");

    assert_ok(ctx, gan_module_save(gan_trainer_generator(t), path));
    assert_load_refused(path, "no checkpoint");
    assert_status(ctx, gan_trainer_load(t, temp_file("none")), GAN_EIO, "none");
    gan_trainer_opts kept = {.struct_size = sizeof kept, .width = 7};
    assert_status(ctx, gan_trainer_opts_load(ctx, path, &kept), GAN_EFORMAT, "no checkpoint");
    static const uint32_t broken[] = {0, 4, 303, 100000};
    for (int i = 0; i < COUNT_OF(broken); i++) {
        kept.struct_size = broken[i];
        assert_status(ctx, gan_trainer_opts_load(ctx, path, &kept), GAN_EINVAL, "struct_size");
    }
    assert_int_equal(kept.width, 7);
    gan_trainer_unref(t);
    gan_loader_unref(l);
}

static void test_damaged_checkpoints(void **state) {
    gan_context *ctx = *state;
    const char *path = temp_file("run.safetensors");
    gan_trainer_opts o = small_opts(GAN_SYSTEM_GAN, GAN_VARIANT_DEFAULT);
    gan_loader *l;
    gan_trainer *t = small_trainer(ctx, &o, 8, &l);
    size_t n;
    unsigned char *bytes = picture_of(ctx, t, path, &n);
    for (size_t i = 1; i <= 40; i++) { /* a flipped bit here and there, in the data */
        size_t at = n - 1 - (n / 2) * (i - 1) / 40;
        bytes[at] ^= 1;
        write_file(path, bytes, n);
        assert_load_refused(path, "run.safetensors", "checksum");
        bytes[at] ^= 1;
    }
    for (size_t i = 1; i < 20; i++) { /* an end that is missing */
        write_file(path, bytes, n * i / 20);
        assert_load_refused(path, "run.safetensors");
    }
    write_file(path, bytes, n);
    assert_ok(ctx, gan_trainer_load(t, path));
    free(bytes);
    gan_trainer_unref(t);
    gan_loader_unref(l);
}

/* Another number of images means another epoch. */
static void test_other_data(void **state) {
    gan_context *ctx = *state;
    const char *path = temp_file("run.safetensors");
    gan_trainer_opts o = small_opts(GAN_SYSTEM_DCGAN, GAN_VARIANT_DEFAULT);
    save_other(ctx, &o, 16, path);
    gan_loader *l = loader_of(ctx, (drawing){.n = 9, .side = 16, .channels = 1}, &o);
    gan_trainer *t = NULL;
    assert_ok(ctx, gan_trainer_create(ctx, &o, l, &t));
    assert_load_refused(path, "12 images", "9");
    gan_trainer_unref(t);
    gan_loader_unref(l);

    /* Without a loader it can be sampled from, and not trained. */
    o.side = 16;
    o.channels = 1;
    assert_ok(ctx, gan_trainer_create(ctx, &o, NULL, &t));
    assert_ok(ctx, gan_trainer_load(t, path));
    assert_int_equal(gan_trainer_steps(t), 2);
    assert_made(ctx, gan_trainer_sample(t, gan_trainer_latents(t, 2), NULL));
    assert_status(ctx, gan_trainer_step(t, NULL), GAN_ESTATE, "no loader");
    assert_refused(ctx, gan_trainer_sample(t, gan_zeros(ctx, SHAPE(2, 5)), NULL), GAN_EINVAL,
                   "gan_trainer_sample", "(2, 5)", "(2, 6)");
    gan_trainer_unref(t);
}

/* ---- networks that a host has changed ----------------------------------------------------------
 */

static void normalise(gan_context *ctx, gan_trainer *t) {
    assert_ok(ctx, gan_module_spectral_norm(gan_trainer_generator(t)));
    assert_ok(ctx, gan_module_spectral_norm(gan_trainer_averaged(t)));
    assert_ok(ctx, gan_module_spectral_norm(gan_trainer_discriminator(t)));
}

static gan_trainer_opts averaging(void) {
    gan_trainer_opts o = small_opts(GAN_SYSTEM_DCGAN, GAN_VARIANT_DEFAULT);
    o.average = 0.5;
    return o;
}

/* Spectral norm's vectors go on from where they were. */
static void test_spectral_norm(void **state) {
    gan_context *ctx = *state;
    const char *path = temp_file("run.safetensors");
    const gan_trainer_opts o = averaging();
    gan_loader *l[2];
    gan_trainer *t[2];
    unsigned char *last[2];
    size_t bytes[2];
    for (int i = 0; i < 2; i++) {
        t[i] = small_trainer(ctx, &o, 16, &l[i]);
        normalise(ctx, t[i]);
        if (i == 0) run_steps(ctx, t[0], 2);
        assert_ok(ctx, i ? gan_trainer_load(t[1], path) : gan_trainer_save(t[0], path));
        run_steps(ctx, t[i], 2);
        last[i] = picture_of(ctx, t[i], temp_file("last"), &bytes[i]);
        gan_module *d = gan_trainer_discriminator(t[i]);
        assert_ok(ctx, gan_module_save(d, temp_file(i ? "resumed" : "whole")));
    }
    assert_int_equal(bytes[0], bytes[1]);
    assert_memory_equal(last[0], last[1], bytes[0]);
    for (int i = 0; i < 2; i++) {
        free(last[i]);
        last[i] = read_file(temp_file(i ? "resumed" : "whole"), &bytes[i]);
    }
    assert_int_equal(bytes[0], bytes[1]);
    assert_memory_equal(last[0], last[1], bytes[0]);
    for (int i = 0; i < 2; i++) {
        free(last[i]);
        gan_trainer_unref(t[i]);
        gan_loader_unref(l[i]);
    }

    t[0] = small_trainer(ctx, &o, 16, &l[0]); /* without it the file is another trainer's */
    assert_status(ctx, gan_trainer_load(t[0], path), GAN_EFORMAT, "weight");
    gan_trainer_unref(t[0]);
    gan_loader_unref(l[0]);
}

/* A step that fails puts the vectors back. */
static void test_spectral_norm_undone(void **state) {
    gan_context *ctx = *state;
    gan_trainer_opts o = averaging();
    gan_loader *l;
    gan_trainer *t = small_trainer(ctx, &o, 16, &l);
    normalise(ctx, t);
    run_steps(ctx, t, 1);
    gan_tensor *v = gan_module_find(gan_trainer_discriminator(t), "0.weight_v");
    assert_made(ctx, v);
    float before[16], after[16];
    assert_ok(ctx, gan_tensor_read(v, before, 16));
    gan_tensor *w = gan_module_parameter(gan_trainer_generator(t), 0);
    const int64_t n = gan_tensor_size(w);
    float *nan = malloc((size_t)n * sizeof *nan);
    for (int64_t i = 0; i < n; i++) nan[i] = NAN;
    assert_ok(ctx, gan_tensor_write(w, nan, n));
    assert_status(ctx, gan_trainer_step(t, NULL), GAN_ENONFINITE, "step 2");
    assert_ok(ctx, gan_tensor_read(v, after, 16));
    assert_memory_equal(before, after, sizeof before);
    free(nan);
    gan_trainer_unref(t);
    gan_loader_unref(l);
}

/* An average of other layers than the generator's is none. */
static void test_average_left_behind(void **state) {
    gan_context *ctx = *state;
    const char *path = temp_file("run.safetensors");
    gan_trainer_opts o = averaging();
    gan_loader *l;
    gan_trainer *t = small_trainer(ctx, &o, 16, &l);
    run_steps(ctx, t, 1);
    assert_ok(ctx, gan_module_spectral_norm(gan_trainer_generator(t)));
    for (int i = 0; i < 2; i++)
        assert_status(ctx, gan_trainer_step(t, NULL), GAN_ESTATE, "gan_trainer_step",
                      "gan_trainer_averaged");
    assert_status(ctx, gan_trainer_save(t, path), GAN_ESTATE, "gan_trainer_save");
    assert_status(ctx, gan_trainer_load(t, path), GAN_ESTATE, "gan_trainer_load");
    assert_int_equal(gan_trainer_steps(t), 1);
    assert_ok(ctx, gan_module_spectral_norm(gan_trainer_averaged(t)));
    run_steps(ctx, t, 2);
    gan_trainer_unref(t);
    gan_loader_unref(l);
}

/* ---- older ------------------------------------------------------------------------------------
 */

/* Rewrites a checkpoint as from before there were these options. */
static void make_older(gan_context *ctx, const char *path) {
    static const char *const later[] = {
        "option.skips",   "option.linear_steps", "option.linear_from", "option.penalty_every",
        "option.augment", "option.relativistic", "option.premultiply"};
    safetensors file;
    char sum[CHECKSUM_TEXT];
    size_t kept = 0;
    assert_ok(ctx, safetensors_read(ctx, path, &file));
    for (size_t i = 0; i < file.count; i++) {
        int known = 1;
        for (int k = 0; k < COUNT_OF(later); k++)
            known &= strcmp(file.entries[i].name, later[k]) != 0;
        if (known) file.entries[kept++] = file.entries[i];
    }
    assert_int_equal(kept, file.count - COUNT_OF(later));
    places_checksum(file.entries, kept, sum);
    for (size_t i = 0; i < file.metadata_count; i++)
        if (strcmp(file.metadata[i].key, "gan.checksum") == 0) file.metadata[i].value = sum;
    assert_ok(ctx,
              safetensors_write(ctx, path, file.entries, kept, file.metadata, file.metadata_count));
    safetensors_release(ctx, &file);
}

/* A file without the options that came later is one that was made as published. */
static void test_older_checkpoints(void **state) {
    gan_context *ctx = *state;
    const char *path = temp_file("run.safetensors");
    gan_trainer_opts o = small_opts(GAN_SYSTEM_PIX2PIX, GAN_VARIANT_DEFAULT);
    gan_loader *l;
    gan_trainer *t = small_trainer(ctx, &o, 16, &l);
    run_steps(ctx, t, 2);
    assert_ok(ctx, gan_trainer_save(t, path));
    gan_trainer_unref(t);
    gan_loader_unref(l);
    make_older(ctx, path);
    gan_trainer_opts kept = {.struct_size = sizeof kept};
    assert_ok(ctx, gan_trainer_opts_load(ctx, path, &kept));
    assert_int_equal(kept.skips, 1);
    assert_int_equal(kept.linear_steps | kept.linear_from, 0);
    assert_int_equal(kept.augment | kept.relativistic | kept.premultiply, 0);
    t = small_trainer(ctx, &o, 16, &l);
    assert_ok(ctx, gan_trainer_load(t, path));
    assert_int_equal(gan_trainer_steps(t), 2);
    gan_trainer_unref(t);
    gan_loader_unref(l);
    o.skips = 0;
    t = small_trainer(ctx, &o, 16, &l);
    assert_status(ctx, gan_trainer_load(t, path), GAN_EFORMAT, "skips 1", "0");
    assert_int_equal(gan_trainer_steps(t), 0);
    gan_trainer_unref(t);
    gan_loader_unref(l);
}

/* ---- resumed in another way -------------------------------------------------------------------
 */

/* BEGAN's M over a period of another length: what was begun is neither a least nor a stall. */
static void test_other_halving(void **state) {
    gan_context *ctx = *state;
    const char *path = temp_file("run.safetensors");
    gan_trainer_opts o = small_opts(GAN_SYSTEM_BEGAN, GAN_VARIANT_DEFAULT);
    o.lr_g = o.lr_d = 1e-9; /* M stays nearly as it is */
    o.lr_floor = 0;
    static const int32_t before[] = {0, 8};
    for (int i = 0; i < COUNT_OF(before); i++) {
        o.halve_every = before[i];
        save_other(ctx, &o, 16, path); /* 2 steps */
        o.halve_every = 4;
        gan_loader *l;
        gan_trainer *t = small_trainer(ctx, &o, 16, &l);
        assert_ok(ctx, gan_trainer_load(t, path));
        assert_true(isnan(t->state.m_sum));
        assert_near(run_steps(ctx, t, 1).lr_g, 1e-9, 0);
        assert_ok(ctx, gan_trainer_save(t, path)); /* within that period */
        assert_ok(ctx, gan_trainer_load(t, path));
        assert_near(run_steps(ctx, t, 6).lr_g, 1e-9, 0); /* looks after 4 and 8 */
        const double falling = run_steps(ctx, t, 16).lr_g;
        assert_true(falling < 1e-9);
        gan_trainer_unref(t);
        gan_loader_unref(l);
    }
    o.halve_every = 8;
    save_other(ctx, &o, 16, path);
    o.halve_every = 2; /* after whose first look the file was written */
    gan_loader *l;
    gan_trainer *t = small_trainer(ctx, &o, 16, &l);
    assert_ok(ctx, gan_trainer_load(t, path));
    assert_near(t->state.m_sum, 0, 0);
    gan_trainer_unref(t);
    gan_loader_unref(l);
}

/* Of a host whose header ends before `augment`: it would train another run. */
static void test_no_room_for_options(void **state) {
    gan_context *ctx = *state;
    const char *path = temp_file("run.safetensors");
    gan_trainer_opts o = small_opts(GAN_SYSTEM_DCGAN, GAN_VARIANT_DEFAULT);
    for (o.augment = 0; o.augment <= GAN_AUGMENT_COLOR; o.augment += GAN_AUGMENT_COLOR) {
        save_other(ctx, &o, 16, path);
        gan_trainer_opts kept = {.struct_size = offsetof(gan_trainer_opts, augment), .width = 7};
        if (!o.augment)
            assert_ok(ctx, gan_trainer_opts_load(ctx, path, &kept));
        else
            assert_status(ctx, gan_trainer_opts_load(ctx, path, &kept), GAN_EABI, "augment 1",
                          "no room");
        assert_int_equal(kept.width, o.augment ? 7 : o.width);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CONTEXT_TEST(test_foreign_checkpoints),  CONTEXT_TEST(test_damaged_checkpoints),
        CONTEXT_TEST(test_other_data),           CONTEXT_TEST(test_spectral_norm),
        CONTEXT_TEST(test_spectral_norm_undone), CONTEXT_TEST(test_average_left_behind),
        CONTEXT_TEST(test_older_checkpoints),    CONTEXT_TEST(test_other_halving),
        CONTEXT_TEST(test_no_room_for_options),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
