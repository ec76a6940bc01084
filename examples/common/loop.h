/* The frame of the small training programs, gan.c to began.c: options, the data, the two networks,
 * progress, and the picture at the end. What such a program itself holds is its paper: networks and
 * one step of training.
 *
 *     loop l;
 *     loop_open(&l, "wgan", "trains a WGAN (Arjovsky et al. 2017)", argc, argv);
 *     l.loader = ..., l.G = ..., l.optimizer_G = ..., l.D = ..., l.optimizer_D = ...;
 *     while (loop_next(&l)) ...
 *     return loop_close(&l, samples);
 *
 * Nothing is returned on an error: the program ends with its text, exit code 1.
 *
 * SPDX-License-Identifier: MIT */
#ifndef COMMON_LOOP_H
#define COMMON_LOOP_H

#include "common/progress.h"

#include <gan.h>

enum { LOOP_COLUMNS = 10, LOOP_SAMPLES = 100 }; /* of the picture */

typedef struct loop {
    gan_context *ctx;
    gan_dataset *images; /* Fashion-MNIST (60000,28,28,1) with labels */
    int64_t step;        /* the running one, from 1                   */

    /* The program's; loop_close releases them. */
    gan_loader *loader;
    gan_module *G, *D;
    gan_optimizer *optimizer_G, *optimizer_D;

    const char *name, *data, *out;
    double minutes;
    int64_t steps, seed, threads, scope;
    progress bar;
    char text[80];
} loop;

/* Reads the options, opens the context and the data. */
void loop_open(loop *l, const char *name, const char *about, int argc, char **argv);

/* Batches of `images` in random order, without end, pixels in [-1, 1]. */
gan_loader *loop_batches(const loop *l, gan_dataset *images, int32_t batch);

/* The root of a network that runs its layers in order, and the check that all of them were added.
 */
gan_module *loop_sequential(const loop *l);
void loop_check(const loop *l, int32_t status);

/* Adam over a network's parameters, as most of the papers use it. */
gan_optimizer *loop_adam(const loop *l, gan_module *m, double lr, double beta1, double beta2);

/* Begins the next step, with a scope for its tensors, and ends the one before; 0: it was the last,
 * by --steps or --minutes. */
int loop_next(loop *l);

/* The value of a loss, once it has been minimised. */
double loop_item(const loop *l, gan_tensor *scalar);

/* What stands beside the progress: two numbers of the step. */
void loop_tell(loop *l, const char *name, double value, const char *other, double other_value);

/* Images of the generator at the end go into the picture: they are made in evaluation mode, without
 * recording, between these two. */
void loop_begin_samples(loop *l);

/* Writes the picture (--out), releases everything, and gives the program's exit code. */
int loop_close(loop *l, gan_tensor *samples);

#endif
