/* What the benchmarks of whole training steps share: a workload, its data, its timing.
 *
 * SPDX-License-Identifier: MIT */
#ifndef GAN_BENCH_BENCH_H
#define GAN_BENCH_BENCH_H

#include "networks.h"

enum { WARM_UPS = 2 }; /* of steps */

/* A workload's networks and data. The parts it does not use stay NULL. */
typedef struct bench {
    gan_context *ctx;
    network g, d;
    gan_optimizer *og, *od;
    gan_tensor *real, *fake; /* kept batches */
    int64_t batch;
    double k;   /* BEGAN's balance */
    void *user; /* the program's own */
} bench;

/* A benchmark has nothing to save: any error ends it. */
void bench_check(const bench *b, int32_t status);

void bench_begin(bench *b, int32_t threads); /* makes the context */
void bench_end(bench *b);                    /* releases everything */

/* ---- data and optimizers --------------------------------------------------------------------- */

/* A kept batch, uniform in [lo, 1). */
gan_tensor *bench_uniform(bench *b, const int64_t *shape, int32_t rank, double lo);
void bench_use_images(bench *b, int64_t side, int64_t channels);

/* Normal, (N, LATENT) or (N, 1, 1, LATENT) by rank. */
gan_tensor *bench_latents(bench *b, int32_t rank);

gan_optimizer *bench_adam(bench *b, network *net, double lr, double beta1, double beta2);

/* Radford et al. 2016: DCGAN's optimizers, for both networks. */
void bench_dcgan_optimizers(bench *b);

/* Elements of all parameters. */
double bench_parameters(const gan_module *m);

/* ---- steps ----------------------------------------------------------------------------------- */

/* The discriminator's loss of the first GAN, for fakes cut from the generator. */
typedef gan_tensor *bench_loss(bench *b, gan_tensor *fake);
bench_loss bench_discriminator_loss;

/* The same from one forward of 2N samples, for a discriminator (N,D) to (N,1) that keeps samples
 * apart. Pays for dense layers only (docs/performance.md). */
bench_loss bench_joined_loss;

/* Discriminator by its loss, then generator on the same fakes. */
void bench_gan_step(bench *b, gan_tensor *z, bench_loss *loss);
void bench_dcgan_step(bench *b);

/* For qsort, of doubles. */
int bench_by_value(const void *a, const void *b);

typedef struct bench_times {
    double median, least; /* seconds */
} bench_times;

/* Of `reps` steps, each in its scope, after `warm_ups` that are not counted. */
bench_times bench_time(bench *b, void (*step)(bench *), int warm_ups, int64_t reps);

/* The beginning of a line: name, times and the peak of the process's resident memory so far. */
void bench_print(const char *name, const bench_times *t);

#endif
