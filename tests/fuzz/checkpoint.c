/* Checkpoints: gan_trainer_opts_load, gan_trainer_load and gan_checkpoint_load. The checksum is set
 * right first. */
#include "fuzz.h"

#include "core/error.h"
#include "train/trainer.h"

#include <stdlib.h>
#include <string.h>

/* As of safetensors.c, and the trainer itself. */
enum { FACTOR = 24 };

/* Puts the checksum of the file's tensors where its header has one. */
static void seal(gan_context *ctx, uint8_t *bytes, size_t size) {
    static const char key[] = "\"gan.checksum\":\"";
    size_t length = sizeof key - 1, at = 0;
    char text[CHECKSUM_TEXT];
    safetensors file;
    while (at + length + CHECKSUM_TEXT <= size && memcmp(bytes + at, key, length) != 0) at++;
    if (at + length + CHECKSUM_TEXT > size) return;
    if (fuzz_check(ctx, error_report(ctx, safetensors_read(ctx, fuzz_file(bytes, size), &file))))
        return;
    places_checksum(file.entries, file.count, text);
    safetensors_release(ctx, &file);
    memcpy(bytes + at + length, text, CHECKSUM_TEXT - 1);
}

static gan_trainer *small_trainer(gan_context *ctx) {
    gan_trainer_opts o;
    gan_trainer *t = NULL;
    gan_trainer_opts_init(&o, sizeof o, GAN_SYSTEM_DRAGAN, GAN_VARIANT_CODE);
    o.side = 2;
    o.channels = 1;
    o.width = 2;
    o.latent = 2;
    fuzz_require(gan_trainer_create(ctx, &o, NULL, &t) == GAN_OK);
    return t;
}

/* As seeds.py makes it: a dense layer, and its optimizer. */
static gan_checkpoint *small_checkpoint(gan_context *ctx, gan_module **m, gan_optimizer **o) {
    gan_checkpoint *c = NULL;
    fuzz_require(gan_sequential_create(ctx, m) == GAN_OK);
    fuzz_require(gan_add_dense(*m, NULL, 2, 1, 1) != NULL);
    fuzz_require(gan_adam_create(*m, NULL, o) == GAN_OK);
    fuzz_require(gan_checkpoint_create(ctx, &c) == GAN_OK);
    fuzz_require(gan_checkpoint_add_module(c, "m", *m) == GAN_OK);
    fuzz_require(gan_checkpoint_add_optimizer(c, "o", *o) == GAN_OK);
    return c;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    gan_context *ctx = fuzz_context(size, FACTOR);
    uint8_t *bytes = malloc(size ? size : 1);
    fuzz_require(bytes != NULL);
    memcpy(bytes, data, size);
    seal(ctx, bytes, size);
    gan_trainer_opts o = {.struct_size = sizeof o};
    fuzz_check(ctx, gan_trainer_opts_load(ctx, fuzz_file(bytes, size), &o));
    gan_trainer *t = small_trainer(ctx);
    fuzz_check(ctx, gan_trainer_load(t, fuzz_file(bytes, size)));
    gan_trainer_unref(t);
    gan_module *m = NULL;
    gan_optimizer *adam = NULL;
    gan_checkpoint *c = small_checkpoint(ctx, &m, &adam);
    fuzz_check(ctx, gan_checkpoint_load(c, fuzz_file(bytes, size)));
    gan_checkpoint_unref(c);
    gan_optimizer_unref(adam);
    gan_module_unref(m);
    free(bytes);
    fuzz_end(ctx);
    return 0;
}
