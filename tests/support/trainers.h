/* Small trainers on drawn images. */
#ifndef TESTS_TRAINERS_H
#define TESTS_TRAINERS_H

#include "support.h"

/* `n` images side x side x channels of 3 classes: a bright square at a place of its class, and
 * noise. With a pair: the images are outlines, and those their counterparts. */
typedef struct drawing {
    int32_t n, side, channels;
    int paired;
} drawing;
gan_dataset *drawn_images(gan_context *ctx, drawing what);

/* The system's preset at a width that is quick, and a rate at which a few steps show. */
gan_trainer_opts small_opts(int32_t system, int32_t variant);

/* A trainer of such options over 12 drawn images of the system's side at least `side`, batches of
 * 4; *loader is the caller's too. */
gan_trainer *small_trainer(gan_context *ctx, const gan_trainer_opts *o, int32_t side,
                           gan_loader **loader);

/* n steps. */
gan_trainer_stats run_steps(gan_context *ctx, gan_trainer *t, int n);

/* A loader over drawn images; o: with the trainer's own options, or NULL. */
gan_loader *loader_of(gan_context *ctx, drawing what, const gan_trainer_opts *o);

/* All that a step changes, as a checkpoint's bytes. */
unsigned char *picture_of(gan_context *ctx, gan_trainer *t, const char *path, size_t *n);

#endif
