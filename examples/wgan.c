/* Arjovsky et al. 2017, "Wasserstein GAN": Algorithm 1, on Fashion-MNIST with DCGAN's networks.
 *
 *     wgan --data FOLDER [--minutes 3] [--out samples.png]
 *
 * SPDX-License-Identifier: MIT */
#include "common/fashion.h"
#include "common/loop.h"

enum { BATCH = 64, CRITIC_STEPS = 5 /* n_critic */ };

static const double RATE = 2e-4; /* the paper's 5e-5 is for a hundred times as many steps */
static const double CLIP = 0.01; /* c */

static gan_tensor *latents(const loop *l, int64_t n) {
    return gan_randn(l->ctx, (int64_t[]){n, FASHION_LATENT}, 2);
}

/* Section 4: momentum makes the training unstable, so RMSProp. */
static gan_optimizer *rmsprop(const loop *l, gan_module *m) {
    gan_rmsprop_opts opts;
    gan_optimizer *optimizer = NULL;
    gan_rmsprop_opts_init(&opts, sizeof opts);
    opts.lr = RATE;
    loop_check(l, gan_rmsprop_create(m, &opts, &optimizer));
    return optimizer;
}

/* ---- Algorithm 1 ----------------------------------------------------------------------------- */

/* Lines 3-7. Returns the estimate of the distance, up to a constant factor. */
static double critic_step(loop *l) {
    gan_tensor *real = gan_loader_next(l->loader);           /* line 3 */
    gan_recording(l->ctx, 0);                                /* G is not trained here */
    gan_tensor *fake = gan_forward(l->G, latents(l, BATCH)); /* line 4 */
    gan_recording(l->ctx, 1);
    /* Lines 5-6: w ascends mean f(real) - mean f(fake), so it descends the negative. The score is
     * no probability: there is no sigmoid and no logarithm. */
    gan_tensor *loss = gan_wasserstein_critic(gan_forward(l->D, real), gan_forward(l->D, fake));
    loop_check(l, gan_optimizer_minimize(l->optimizer_D, loss));
    /* Line 7: w <- clip(w, -c, c), all parameters, after the update, so that f is Lipschitz
     * whenever it is used. */
    loop_check(l, gan_module_clip(l->D, CLIP, 0));
    return -loop_item(l, loss);
}

/* Lines 9-11. */
static double generator_step(loop *l) {
    gan_tensor *fake = gan_forward(l->G, latents(l, BATCH));               /* line 9  */
    gan_tensor *loss = gan_wasserstein_generator(gan_forward(l->D, fake)); /* line 10 */
    loop_check(l, gan_optimizer_minimize(l->optimizer_G, loss));           /* line 11 */
    return loop_item(l, loss);
}

int main(int argc, char **argv) {
    loop l;
    loop_open(&l, "wgan", "trains a WGAN (Arjovsky et al. 2017)", argc, argv);
    l.loader = loop_batches(&l, l.images, BATCH);
    loop_check(&l, fashion_generator(l.ctx, FASHION_LATENT, &l.G));
    loop_check(&l, fashion_critic(l.ctx, 1, 1, &l.D));
    l.optimizer_G = rmsprop(&l, l.G);
    l.optimizer_D = rmsprop(&l, l.D);
    while (loop_next(&l)) { /* line 1 */
        double distance = 0;
        for (int t = 0; t < CRITIC_STEPS; t++) distance = critic_step(&l); /* line 2 */
        loop_tell(&l, "distance", distance, "G", generator_step(&l));
    }
    loop_begin_samples(&l);
    return loop_close(&l, gan_forward(l.G, latents(&l, LOOP_SAMPLES)));
}
