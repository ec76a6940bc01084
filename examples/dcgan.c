/* Radford et al. 2016, "Unsupervised Representation Learning with Deep Convolutional Generative
 * Adversarial Networks", on Fashion-MNIST: the GAN's two steps with the paper's networks.
 *
 *     dcgan --data FOLDER [--minutes 3] [--out samples.png]
 *
 * SPDX-License-Identifier: MIT */
#include "common/layers.h"
#include "common/loop.h"

enum { BATCH = 64, LATENT = 100, WIDTH = 32, BASE = 7 };

static gan_tensor *latents(const loop *l, int64_t n) {
    return gan_rand(l->ctx, (int64_t[]){n, LATENT}, 2, -1, 1);
}

/* ---- networks: the guidelines of section 3 --------------------------------------------------- */

/* Transposed convolutions of stride 2 instead of upsampling; batch norm in all layers but the last;
 * ReLU, and tanh at the end; nothing fully connected but the projection of z. A bias in front of
 * batch norm would do nothing. */
static gan_module *generator(const loop *l) {
    gan_conv2d_opts project = conv_options(1, 0, 0), twice = conv_options(2, 1, 0);
    gan_conv2d_opts last = conv_options(2, 1, 1);
    gan_module *G = loop_sequential(l);
    gan_add_unflatten(G, NULL, LATENT, 1, 1);
    gan_add_conv_transpose2d(G, NULL, LATENT, 4 * WIDTH, BASE, &project); /* (N,7,7,4 WIDTH) */
    gan_add_batch_norm(G, NULL, 4 * WIDTH, NULL);
    gan_add_relu(G, NULL);
    gan_add_conv_transpose2d(G, NULL, 4 * WIDTH, WIDTH, 4, &twice); /* (N,14,14,WIDTH) */
    gan_add_batch_norm(G, NULL, WIDTH, NULL);
    gan_add_relu(G, NULL);
    gan_add_conv_transpose2d(G, NULL, WIDTH, 1, 4, &last); /* (N,28,28,1) */
    gan_add_tanh(G, NULL);
    loop_check(l, gan_module_init(G, GAN_INIT_NORMAL, 0.02));
    return G;
}

/* Strided convolutions instead of pooling; batch norm in all layers but the first and the last;
 * leaky ReLU of slope 0.2. The score is a logit. */
static gan_module *discriminator(const loop *l) {
    gan_conv2d_opts first = conv_options(2, 1, 1), half = conv_options(2, 1, 0);
    gan_conv2d_opts score = conv_options(1, 0, 1);
    gan_module *D = loop_sequential(l);
    gan_add_conv2d(D, NULL, 1, WIDTH, 4, &first); /* (N,14,14,WIDTH) */
    gan_add_leaky_relu(D, NULL, 0.2);
    gan_add_conv2d(D, NULL, WIDTH, 4 * WIDTH, 4, &half); /* (N,7,7,4 WIDTH) */
    gan_add_batch_norm(D, NULL, 4 * WIDTH, NULL);
    gan_add_leaky_relu(D, NULL, 0.2);
    gan_add_conv2d(D, NULL, 4 * WIDTH, 1, BASE, &score); /* (N,1,1,1) */
    gan_add_flatten(D, NULL);
    loop_check(l, gan_module_init(D, GAN_INIT_NORMAL, 0.02));
    return D;
}

/* ---- training: section 4 --------------------------------------------------------------------- */

/* One batch of noise serves both updates, as in the authors' code. */
static void train_step(loop *l) {
    gan_tensor *real = gan_loader_next(l->loader);
    gan_tensor *fake = gan_forward(l->G, latents(l, BATCH)); /* recorded: G learns from it below */

    /* D sees the fakes' values only: gan_detach cuts them from G. Real and generated images pass in
     * batches of their own, so that batch norm does not mix them. */
    gan_tensor *loss_D = gan_discriminator_loss(GAN_LOSS_NON_SATURATING, gan_forward(l->D, real),
                                                gan_forward(l->D, gan_detach(fake)));
    loop_check(l, gan_optimizer_minimize(l->optimizer_D, loss_D));

    /* The same images, scored anew by the D that has just learnt. */
    gan_tensor *loss_G = gan_generator_loss(GAN_LOSS_NON_SATURATING, gan_forward(l->D, fake));
    loop_check(l, gan_optimizer_minimize(l->optimizer_G, loss_G));
    loop_tell(l, "D", loop_item(l, loss_D), "G", loop_item(l, loss_G));
}

int main(int argc, char **argv) {
    loop l;
    loop_open(&l, "dcgan", "trains a DCGAN (Radford et al. 2016)", argc, argv);
    l.loader = loop_batches(&l, l.images, BATCH);
    l.G = generator(&l);
    l.D = discriminator(&l);
    l.optimizer_G = loop_adam(&l, l.G, 2e-4, 0.5, 0.999); /* "beta1 of 0.9 resulted in training
                                                             oscillation and instability" */
    l.optimizer_D = loop_adam(&l, l.D, 2e-4, 0.5, 0.999);
    while (loop_next(&l)) train_step(&l);
    loop_begin_samples(&l);
    return loop_close(&l, gan_forward(l.G, latents(&l, LOOP_SAMPLES)));
}
