/* Mirza & Osindero 2014, "Conditional Generative Adversarial Nets", on Fashion-MNIST with
 * convolutions: both networks are told the label y. In the picture each column is a class.
 *
 *     cgan --data FOLDER [--minutes 3] [--out samples.png]
 *
 * SPDX-License-Identifier: MIT */
#include "common/fashion.h"
#include "common/loop.h"

enum { BATCH = 64, LATENT = 64, CLASSES = FASHION_CLASSES };

/* ---- conditioning: figure 1 of the paper ----------------------------------------------------- */

/* G(z|y): the label's one-hot row behind the noise. */
static gan_tensor *generate(const loop *l, gan_tensor *labels, int64_t n) {
    gan_tensor *z = gan_randn(l->ctx, (int64_t[]){n, LATENT}, 2);
    return gan_forward(l->G, gan_concat((gan_tensor *[]){z, labels}, 2, 1));
}

/* D(x|y): the label as constant channels beside the image's, (N,28,28,1 + CLASSES). */
static gan_tensor *score(const loop *l, gan_tensor *images, gan_tensor *labels) {
    gan_tensor *maps = gan_label_maps(labels, FASHION_SIDE, FASHION_SIDE);
    return gan_forward(l->D, gan_concat((gan_tensor *[]){images, maps}, 2, 3));
}

static gan_tensor *one_hot(const loop *l, const int32_t *labels, int64_t n) {
    return gan_one_hot(l->ctx, labels, n, CLASSES);
}

/* ---- training: equation 2 -------------------------------------------------------------------- */

/* D: max log D(x|y) + log(1 - D(G(z|y))), fakes under the labels of the real batch. */
static double discriminator_step(loop *l) {
    gan_tensor *real = gan_loader_next(l->loader);
    gan_tensor *labels = one_hot(l, gan_loader_labels(l->loader), BATCH);
    gan_recording(l->ctx, 0); /* G is not trained here */
    gan_tensor *fake = generate(l, labels, BATCH);
    gan_recording(l->ctx, 1);
    gan_tensor *loss = gan_discriminator_loss(GAN_LOSS_NON_SATURATING, score(l, real, labels),
                                              score(l, fake, labels));
    loop_check(l, gan_optimizer_minimize(l->optimizer_D, loss));
    return loop_item(l, loss);
}

/* G: max log D(G(z|y)), y drawn as labels are distributed in the data; D judges the image under the
 * label that G was asked for. */
static double generator_step(loop *l) {
    int32_t drawn[BATCH];
    loop_check(l, gan_dataset_draw_labels(l->images, drawn, BATCH));
    gan_tensor *labels = one_hot(l, drawn, BATCH);
    gan_tensor *fake = generate(l, labels, BATCH);
    gan_tensor *loss = gan_generator_loss(GAN_LOSS_NON_SATURATING, score(l, fake, labels));
    loop_check(l, gan_optimizer_minimize(l->optimizer_G, loss));
    return loop_item(l, loss);
}

/* Rows of the picture hold one image of each class. */
static gan_tensor *samples(loop *l) {
    int32_t labels[LOOP_SAMPLES];
    for (int i = 0; i < LOOP_SAMPLES; i++) labels[i] = i % LOOP_COLUMNS % CLASSES;
    loop_begin_samples(l);
    return generate(l, one_hot(l, labels, LOOP_SAMPLES), LOOP_SAMPLES);
}

int main(int argc, char **argv) {
    loop l;
    loop_open(&l, "cgan", "trains a conditional GAN (Mirza & Osindero 2014)", argc, argv);
    l.loader = loop_batches(&l, l.images, BATCH);
    loop_check(&l, fashion_generator(l.ctx, LATENT + CLASSES, &l.G));
    loop_check(&l, fashion_critic(l.ctx, 1 + CLASSES, 1, &l.D));
    l.optimizer_G = loop_adam(&l, l.G, 2e-4, 0.5, 0.999);
    l.optimizer_D = loop_adam(&l, l.D, 2e-4, 0.5, 0.999);
    while (loop_next(&l)) {
        double loss_D = discriminator_step(&l), loss_G = generator_step(&l);
        loop_tell(&l, "D", loss_D, "G", loss_G);
    }
    return loop_close(&l, samples(&l));
}
