/* Gulrajani et al. 2017, "Improved Training of Wasserstein GANs": Algorithm 1, on Fashion-MNIST.
 *
 *     wgan_gp --data FOLDER [--minutes 3] [--out samples.png]
 *
 * SPDX-License-Identifier: MIT */
#include "common/fashion.h"
#include "common/loop.h"

enum { BATCH = 32, CRITIC_STEPS = 5 /* n_critic */ };

static const double LAMBDA = 10;
static const double RATE = 8e-4; /* the paper's 1e-4 is for a hundred times as many steps */

static gan_tensor *latents(const loop *l, int64_t n) {
    return gan_randn(l->ctx, (int64_t[]){n, FASHION_LATENT}, 2);
}

/* ---- Algorithm 1 ----------------------------------------------------------------------------- */

/* Line 7's second half: lambda * (|| gradient of D at x^ || - 1)^2. The gradient is of one point's
 * score with respect to that point; it is recorded itself, since D learns from it. D holds no batch
 * norm, which would tie a point's score to the others (section 4). */
static gan_tensor *penalty(const loop *l, gan_tensor *points) {
    gan_penalty_opts opts;
    gan_penalty_opts_init(&opts, sizeof opts);
    opts.lambda = LAMBDA;
    return gan_penalty(gan_forward(l->D, points), points, &opts);
}

/* Lines 4-9, a batch at once. Returns the estimate of the distance. */
static double critic_step(loop *l) {
    gan_tensor *real = gan_loader_next(l->loader); /* line 4: x, and z in the next but one */
    gan_recording(l->ctx, 0);                      /* G is not trained here */
    gan_tensor *fake = gan_forward(l->G, latents(l, BATCH)); /* line 5: x~ */
    gan_recording(l->ctx, 1);
    gan_tensor *points = gan_interpolate(real, fake); /* line 6: x^, one random share a sample */
    gan_tensor *gap = gan_wasserstein_critic(gan_forward(l->D, real), gan_forward(l->D, fake));
    gan_tensor *loss = gan_add(gap, penalty(l, points));         /* line 7 */
    loop_check(l, gan_optimizer_minimize(l->optimizer_D, loss)); /* line 9 */
    return -loop_item(l, gap);
}

/* Lines 11-12. */
static double generator_step(loop *l) {
    gan_tensor *fake = gan_forward(l->G, latents(l, BATCH));
    gan_tensor *loss = gan_wasserstein_generator(gan_forward(l->D, fake));
    loop_check(l, gan_optimizer_minimize(l->optimizer_G, loss));
    return loop_item(l, loss);
}

int main(int argc, char **argv) {
    loop l;
    loop_open(&l, "wgan_gp", "trains a WGAN-GP (Gulrajani et al. 2017)", argc, argv);
    l.loader = loop_batches(&l, l.images, BATCH);
    loop_check(&l, fashion_generator(l.ctx, FASHION_LATENT, &l.G));
    loop_check(&l, fashion_critic(l.ctx, 1, 0, &l.D));
    l.optimizer_G = loop_adam(&l, l.G, RATE, 0, 0.9);
    l.optimizer_D = loop_adam(&l, l.D, RATE, 0, 0.9);
    while (loop_next(&l)) { /* line 1 */
        double distance = 0;
        for (int t = 0; t < CRITIC_STEPS; t++) distance = critic_step(&l); /* line 2 */
        loop_tell(&l, "distance", distance, "G", generator_step(&l));
    }
    loop_begin_samples(&l);
    return loop_close(&l, gan_forward(l.G, latents(&l, LOOP_SAMPLES)));
}
