/* Berthelot et al. 2017, "BEGAN: Boundary Equilibrium Generative Adversarial Networks", on
 * Fashion-MNIST: the discriminator is an autoencoder, its score the error of reconstruction.
 *
 *     began --data FOLDER [--minutes 3] [--out samples.png]
 *
 * SPDX-License-Identifier: MIT */
#include "common/layers.h"
#include "common/loop.h"

enum { BATCH = 16, LATENT = 64, WIDTH = 16, BASE = 7, BLOCKS = 3 /* 7, 14 and 28 pixels */ };

/* gamma, the wanted ratio of L(G(z)) to L(x), asks for variety: the paper has 0.3 to 0.7, lambda_k
 * 0.001 and a rate of 1e-4, for a hundred times as many steps. */
static const double GAMMA = 0.8, LAMBDA_K = 0.05, RATE = 1e-3;

static gan_tensor *latents(const loop *l, int64_t n) {
    return gan_rand(l->ctx, (int64_t[]){n, LATENT}, 2, -1, 1);
}

/* ---- networks: figure 1 of the paper --------------------------------------------------------- */

static void add_conv(gan_module *m, int64_t in, int64_t out, int32_t stride) {
    gan_conv2d_opts opts = conv_options(stride, 1, 1);
    gan_add_conv2d(m, NULL, in, out, 3, &opts);
    gan_add_elu(m, NULL, 1);
}

/* Codes (N,LATENT) to images: the generator, and the discriminator's second half. */
static void add_decoder(gan_module *m) {
    gan_conv2d_opts same = conv_options(1, 1, 1);
    gan_add_dense(m, NULL, LATENT, WIDTH * BASE * BASE, 1);
    gan_add_unflatten(m, NULL, WIDTH, BASE, BASE);
    for (int i = 0; i < BLOCKS; i++) {
        if (i > 0) gan_add_upsample(m, NULL, 2);
        add_conv(m, WIDTH, WIDTH, 1);
        add_conv(m, WIDTH, WIDTH, 1);
    }
    gan_add_conv2d(m, NULL, WIDTH, 1, 3, &same); /* without an activation */
}

/* Images to codes: channels grow by WIDTH where the side is halved. */
static void add_encoder(gan_module *m) {
    int64_t channels = 1;
    for (int i = 1; i <= BLOCKS; i++) {
        add_conv(m, channels, i * WIDTH, i > 1 ? 2 : 1);
        add_conv(m, i * WIDTH, i * WIDTH, 1);
        channels = i * WIDTH;
    }
    gan_add_flatten(m, NULL);
    gan_add_dense(m, NULL, channels * BASE * BASE, LATENT, 1);
}

static gan_module *network(const loop *l, int is_autoencoder) {
    gan_module *m = loop_sequential(l);
    if (is_autoencoder) add_encoder(m);
    add_decoder(m);
    loop_check(l, gan_module_init(m, GAN_INIT_XAVIER_UNIFORM, 1));
    return m;
}

/* ---- training: section 3.4 ------------------------------------------------------------------- */

/* L(v) = mean |v - D(v)|. */
static gan_tensor *reconstruction_loss(const loop *l, gan_tensor *images) {
    return gan_mean_all(gan_reconstruction_error(images, gan_forward(l->D, images)));
}

/* L_D = L(x) - k_t L(G(z_D)): k_t is a number, no gradient passes through it. Returns L(x). */
static double discriminator_step(loop *l, double k) {
    gan_tensor *x = gan_loader_next(l->loader);
    gan_recording(l->ctx, 0); /* G is not trained here */
    gan_tensor *fake = gan_forward(l->G, latents(l, BATCH));
    gan_recording(l->ctx, 1);
    gan_tensor *of_real = reconstruction_loss(l, x);
    gan_tensor *loss = gan_sub(of_real, gan_scale(reconstruction_loss(l, fake), k));
    loop_check(l, gan_optimizer_minimize(l->optimizer_D, loss));
    return loop_item(l, of_real);
}

/* L_G = L(G(z_G)), with latents of its own. */
static double generator_step(loop *l) {
    gan_tensor *loss = reconstruction_loss(l, gan_forward(l->G, latents(l, BATCH)));
    loop_check(l, gan_optimizer_minimize(l->optimizer_G, loss));
    return loop_item(l, loss);
}

int main(int argc, char **argv) {
    loop l;
    loop_open(&l, "began", "trains a BEGAN (Berthelot et al. 2017)", argc, argv);
    l.loader = loop_batches(&l, l.images, BATCH);
    l.G = network(&l, 0);
    l.D = network(&l, 1);
    l.optimizer_G = loop_adam(&l, l.G, RATE, 0.9, 0.999);
    l.optimizer_D = loop_adam(&l, l.D, RATE, 0.9, 0.999);
    double k = 0, measure = 0; /* k_0 = 0; M tells of convergence */
    while (loop_next(&l)) {
        double of_real = discriminator_step(&l, k), of_fake = generator_step(&l);
        /* k_{t+1} = k_t + lambda_k (gamma L(x) - L(G(z_G))), in [0, 1] */
        k = gan_began_balance(k, of_real, of_fake, GAMMA, LAMBDA_K, &measure);
        loop_tell(&l, "M", measure, "k", k);
    }
    loop_begin_samples(&l);
    return loop_close(&l, gan_forward(l.G, latents(&l, LOOP_SAMPLES)));
}
