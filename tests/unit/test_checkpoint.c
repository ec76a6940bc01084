/* Checkpoints of trainers as earlier versions wrote them. */
#include "trainers.h"

#include "train/trainer.h"

#include <stdio.h>
#include <string.h>

/* Rewrites a checkpoint as from before there were these options. */
static void make_older(gan_context *ctx, const char *path) {
    static const char *const later[] = {"option.skips",         "option.linear_steps",
                                        "option.penalty_every", "option.augment",
                                        "option.relativistic",  "option.premultiply"};
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
    checkpoint_checksum(file.entries, kept, sum);
    for (size_t i = 0; i < file.metadata_count; i++)
        if (strcmp(file.metadata[i].key, "gan.checksum") == 0) file.metadata[i].value = sum;
    assert_ok(ctx,
              safetensors_write(ctx, path, file.entries, kept, file.metadata, file.metadata_count));
    safetensors_release(ctx, &file);
}

/* A file without the options that came later is one that was made as published. */
static void test_older_checkpoints(void **state) {
    gan_context *ctx = *state;
    temp_dir dir;
    temp_make(&dir);
    char path[128];
    snprintf(path, sizeof path, "%s", temp_file(&dir, "run.safetensors"));
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
    assert_int_equal(kept.linear_steps, 0);
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
    temp_remove(&dir);
}

int main(void) {
    const struct CMUnitTest tests[] = {CONTEXT_TEST(test_older_checkpoints)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
