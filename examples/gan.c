/* Goodfellow et al. 2014, "Generative Adversarial Nets": Algorithm 1 with k = 1, on Fashion-MNIST,
 * with the paper's dense and maxout networks at a third of their size.
 *
 *     gan --data FOLDER [--minutes 3] [--out samples.png]
 *
 * SPDX-License-Identifier: MIT */
#include "common/fashion.h"
#include "common/loop.h"

enum { BATCH = 100, LATENT = 100, PIXELS = FASHION_SIDE * FASHION_SIDE, WIDTH = 400, PIECES = 5 };

/* m samples of the noise prior, of mean 0 and variance 1. */
static gan_tensor *noise(const loop *l, int64_t m) {
    return gan_rand(l->ctx, (int64_t[]){m, LATENT}, 2, -1.732, 1.732);
}

/* ---- networks -------------------------------------------------------------------------------- */

/* z -> relu -> relu -> image */
static gan_module *generator(const loop *l) {
    gan_module *G = loop_sequential(l);
    gan_add_dense(G, NULL, LATENT, WIDTH, 1);
    gan_add_relu(G, NULL);
    gan_add_dense(G, NULL, WIDTH, WIDTH, 1);
    gan_add_relu(G, NULL);
    gan_add_dense(G, NULL, WIDTH, PIXELS, 1);
    gan_add_tanh(G, NULL);
    gan_add_unflatten(G, NULL, 1, FASHION_SIDE, FASHION_SIDE);
    loop_check(l, gan_module_init(G, GAN_INIT_UNIFORM, 0.05));
    return G;
}

/* Section 5: maxout units and dropout. The score is a logit: D(x) of the paper is its sigmoid,
 * which the losses apply. */
static gan_module *discriminator(const loop *l) {
    gan_module *D = loop_sequential(l);
    gan_add_flatten(D, NULL);
    gan_add_dropout(D, NULL, 0.2);
    gan_add_maxout(D, NULL, PIXELS, WIDTH / PIECES, PIECES);
    gan_add_dropout(D, NULL, 0.5);
    gan_add_maxout(D, NULL, WIDTH / PIECES, WIDTH / PIECES, PIECES);
    gan_add_dropout(D, NULL, 0.5);
    gan_add_dense(D, NULL, WIDTH / PIECES, 1, 1);
    loop_check(l, gan_module_init(D, GAN_INIT_UNIFORM, 0.005));
    return D;
}

/* Gradient descent with momentum. */
static gan_optimizer *descent(const loop *l, gan_module *m) {
    gan_sgd_opts opts;
    gan_optimizer *sgd = NULL;
    gan_sgd_opts_init(&opts, sizeof opts);
    opts.lr = 0.05; /* half of the authors' code, whose pixels are in [0, 1] */
    opts.momentum = 0.5;
    loop_check(l, gan_sgd_create(m, &opts, &sgd));
    return sgd;
}

/* ---- Algorithm 1 ----------------------------------------------------------------------------- */

/* Lines 3-5: D ascends log D(x) + log(1 - D(G(z))), so it descends
 * -log D(x) - log(1 - D(G(z))) = softplus(-D's logit of x) + softplus(its logit of G(z)). */
static double discriminator_step(loop *l) {
    gan_recording(l->ctx, 0); /* G is not trained here: its images are constants */
    gan_tensor *fake = gan_forward(l->G, noise(l, BATCH));
    gan_recording(l->ctx, 1);
    gan_tensor *real = gan_loader_next(l->loader);
    gan_tensor *loss = gan_discriminator_loss(GAN_LOSS_NON_SATURATING, gan_forward(l->D, real),
                                              gan_forward(l->D, fake));
    loop_check(l, gan_optimizer_minimize(l->optimizer_D, loss));
    return loop_item(l, loss);
}

/* Lines 7-8, with section 3's remedy for D's early confidence: G ascends log D(G(z)) instead of
 * descending log(1 - D(G(z))), which would be GAN_LOSS_MINIMAX. The gradient passes through D,
 * whose parameters this optimizer does not have. */
static double generator_step(loop *l) {
    gan_tensor *fake = gan_forward(l->G, noise(l, BATCH));
    gan_tensor *loss = gan_generator_loss(GAN_LOSS_NON_SATURATING, gan_forward(l->D, fake));
    loop_check(l, gan_optimizer_minimize(l->optimizer_G, loss));
    return loop_item(l, loss);
}

int main(int argc, char **argv) {
    loop l;
    loop_open(&l, "gan", "trains a GAN (Goodfellow et al. 2014)", argc, argv);
    l.loader = loop_batches(&l, l.images, BATCH);
    l.G = generator(&l);
    l.D = discriminator(&l);
    l.optimizer_G = descent(&l, l.G);
    l.optimizer_D = descent(&l, l.D);
    while (loop_next(&l)) {
        double loss_D = discriminator_step(&l), loss_G = generator_step(&l);
        loop_tell(&l, "D", loss_D, "G", loss_G);
    }
    loop_begin_samples(&l);
    return loop_close(&l, gan_forward(l.G, noise(&l, LOOP_SAMPLES)));
}
