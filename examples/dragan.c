/* Kodali et al. 2017, "On Convergence and Stability of GANs": DRAGAN, a GAN whose discriminator is
 * kept from being steep around the data, on Fashion-MNIST.
 *
 *     dragan --data FOLDER [--minutes 3] [--out samples.png]
 *
 * SPDX-License-Identifier: MIT */
#include "common/fashion.h"
#include "common/loop.h"

enum { BATCH = 64 };

static const double LAMBDA = 10, K = 1; /* section 2.4: the weight, and the norm wanted */
static const double RATE = 4e-4;        /* the paper's 1e-4 is for far more steps */
static const double NOISE = 0.5;        /* in standard deviations of the batch, as in the code */

static gan_tensor *latents(const loop *l, int64_t n) {
    return gan_randn(l->ctx, (int64_t[]){n, FASHION_LATENT}, 2);
}

/* ---- training -------------------------------------------------------------------------------- */

/* Section 2.4: lambda * mean (|| gradient of D at x + delta || - k)^2, x real and delta noise. Only
 * real images are looked at, unlike in WGAN-GP. D holds no batch norm, which would tie a point's
 * score to the others. */
static gan_tensor *penalty(const loop *l, gan_tensor *real) {
    gan_penalty_opts opts;
    gan_penalty_opts_init(&opts, sizeof opts);
    opts.lambda = LAMBDA;
    opts.target = K;
    gan_tensor *points = gan_dragan_points(real, GAN_DRAGAN_UNIFORM, NOISE);
    return gan_penalty(gan_forward(l->D, points), points, &opts);
}

/* The GAN's own loss, and the penalty on the logits. */
static double discriminator_step(loop *l) {
    gan_tensor *real = gan_loader_next(l->loader);
    gan_recording(l->ctx, 0); /* G is not trained here */
    gan_tensor *fake = gan_forward(l->G, latents(l, BATCH));
    gan_recording(l->ctx, 1);
    gan_tensor *loss = gan_discriminator_loss(GAN_LOSS_NON_SATURATING, gan_forward(l->D, real),
                                              gan_forward(l->D, fake));
    loss = gan_add(loss, penalty(l, real));
    loop_check(l, gan_optimizer_minimize(l->optimizer_D, loss));
    return loop_item(l, loss);
}

/* One for each of D's: the penalty allows for it. */
static double generator_step(loop *l) {
    gan_tensor *fake = gan_forward(l->G, latents(l, BATCH));
    gan_tensor *loss = gan_generator_loss(GAN_LOSS_NON_SATURATING, gan_forward(l->D, fake));
    loop_check(l, gan_optimizer_minimize(l->optimizer_G, loss));
    return loop_item(l, loss);
}

int main(int argc, char **argv) {
    loop l;
    loop_open(&l, "dragan", "trains a DRAGAN (Kodali et al. 2017)", argc, argv);
    l.loader = loop_batches(&l, l.images, BATCH);
    loop_check(&l, fashion_generator(l.ctx, FASHION_LATENT, &l.G));
    loop_check(&l, fashion_critic(l.ctx, 1, 0, &l.D));
    l.optimizer_G = loop_adam(&l, l.G, RATE, 0.5, 0.9);
    l.optimizer_D = loop_adam(&l, l.D, RATE, 0.5, 0.9);
    while (loop_next(&l)) {
        double loss_D = discriminator_step(&l), loss_G = generator_step(&l);
        loop_tell(&l, "D", loss_D, "G", loss_G);
    }
    loop_begin_samples(&l);
    return loop_close(&l, gan_forward(l.G, latents(&l, LOOP_SAMPLES)));
}
