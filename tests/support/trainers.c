#include "trainers.h"

#include <stdlib.h>

static void draw(uint8_t *image, int32_t side, int32_t channels, int32_t label, uint32_t *noise) {
    for (int32_t y = 0; y < side; y++)
        for (int32_t x = 0; x < side; x++)
            for (int32_t c = 0; c < channels; c++) {
                int32_t quarter = side / 4, at = label * quarter;
                int inside = x >= at && x < at + quarter && y >= quarter && y < 3 * quarter;
                *noise = *noise * 1664525u + 1013904223u;
                *image++ = (uint8_t)((inside ? 200 : 20) + (*noise >> 27));
            }
}

gan_dataset *drawn_images(gan_context *ctx, drawing what) {
    size_t size = (size_t)what.side * (size_t)what.side * (size_t)what.channels;
    uint8_t *pixels = malloc((size_t)what.n * size);
    int32_t *labels = malloc((size_t)what.n * sizeof *labels);
    uint32_t noise = 7;
    for (int32_t i = 0; i < what.n; i++) {
        labels[i] = i % 3;
        draw(pixels + (size_t)i * size, what.side, what.channels, labels[i], &noise);
    }
    gan_dataset *d = NULL, *outlines = NULL;
    assert_ok(ctx, gan_dataset_from_bytes(ctx, pixels,
                                          (int64_t[]){what.n, what.side, what.side, what.channels},
                                          labels, NULL, &d));
    free(pixels);
    free(labels);
    if (!what.paired) return d;
    assert_ok(ctx, gan_dataset_outlines(d, 0.2, &outlines));
    gan_dataset_unref(d);
    return outlines;
}

gan_trainer_opts small_opts(int32_t system, int32_t variant) {
    gan_trainer_opts o;
    gan_trainer_opts_init(&o, sizeof o, system, variant);
    o.width = o.network == GAN_NETWORK_MAXOUT || o.network == GAN_NETWORK_JOINT ? 30
              : o.network == GAN_NETWORK_DENSE                                  ? 12
                                                                                : 4;
    o.batch = 4;
    if (o.latent) o.latent = 6;
    if (o.optimizer == GAN_OPTIMIZER_SGD) o.lr_g = 100; /* its discriminator begins nearly flat */
    if (o.halve_every) o.halve_every = 2;
    if (o.warmup_critic) {
        o.warmup_critic = 4;
        o.warmup_steps = 2;
        o.warmup_every = 5;
        o.n_critic = 2;
    }
    return o;
}

gan_trainer *small_trainer(gan_context *ctx, const gan_trainer_opts *o, int32_t side,
                           gan_loader **loader) {
    drawing what = {12, gan_network_side(o->network, side), 1, o->network == GAN_NETWORK_UNET};
    gan_dataset *d = drawn_images(ctx, what);
    gan_loader_opts l;
    gan_loader_opts_init(&l, sizeof l);
    assert_ok(ctx, gan_trainer_loader_opts(o, &l));
    l.seed = 3;
    l.flip = 1;
    gan_trainer *t = NULL;
    assert_ok(ctx, gan_loader_create(d, &l, loader));
    assert_ok(ctx, gan_trainer_create(ctx, o, *loader, &t));
    gan_dataset_unref(d);
    return t;
}

gan_trainer_stats run_steps(gan_context *ctx, gan_trainer *t, int n) {
    gan_trainer_stats s = {.struct_size = sizeof s};
    for (int i = 0; i < n; i++) assert_ok(ctx, gan_trainer_step(t, &s));
    return s;
}

gan_loader *loader_of(gan_context *ctx, drawing what, const gan_trainer_opts *o) {
    gan_dataset *d = drawn_images(ctx, what);
    gan_loader_opts opts;
    gan_loader *l = NULL;
    gan_loader_opts_init(&opts, sizeof opts);
    if (o) assert_ok(ctx, gan_trainer_loader_opts(o, &opts));
    assert_ok(ctx, gan_loader_create(d, &opts, &l));
    gan_dataset_unref(d);
    return l;
}

unsigned char *picture_of(gan_context *ctx, gan_trainer *t, const char *path, size_t *n) {
    assert_ok(ctx, gan_trainer_save(t, path));
    return read_file(path, n);
}
