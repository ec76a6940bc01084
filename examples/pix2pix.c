/* Isola et al. 2017, "Image-to-Image Translation with Conditional Adversarial Networks": from
 * outlines of Fashion-MNIST to the garments.
 *
 *     pix2pix --data FOLDER [--minutes 3] [--out samples.png]
 *
 * SPDX-License-Identifier: MIT */
#include "common/layers.h"
#include "common/loop.h"

enum { BATCH = 20, WIDTH = 32, LEVELS = 3 };

static const double L1_WEIGHT = 100; /* lambda of equation 4 */

/* ---- networks: section 3.2 and 6.1 ----------------------------------------------------------- */

/* How level i of the U-Net shrinks an image, and its mirror grows it: 28 -> 14 -> 7 -> 1. */
static const struct level {
    const char *down, *up;
    int64_t channels;
    int32_t kernel, stride, pad;
} levels[LEVELS] = {{"down0", "up0", WIDTH, 4, 2, 1},
                    {"down1", "up1", 2 * WIDTH, 4, 2, 1},
                    {"down2", "up2", 4 * WIDTH, 7, 1, 0}};

/* The norm is instance norm, as the paper's batch norm of single images; dropout is the only noise.
 */
static gan_module *generator(const loop *l) {
    gan_module *G = NULL;
    loop_check(l, gan_module_create(l->ctx, &G));
    for (int i = 0; i < LEVELS; i++) {
        const struct level *v = &levels[i];
        gan_conv2d_opts opts = conv_options(v->stride, v->pad, 1);
        gan_module *down = gan_add_sequential(G, v->down);
        if (i > 0) gan_add_leaky_relu(down, NULL, 0.2);
        gan_add_conv2d(down, NULL, i ? levels[i - 1].channels : 1, v->channels, v->kernel, &opts);
        if (i > 0 && i < LEVELS - 1) gan_add_instance_norm(down, NULL, v->channels, NULL);

        gan_module *up = gan_add_sequential(G, v->up);
        int64_t in = v->channels * (i < LEVELS - 1 ? 2 : 1), out = i ? levels[i - 1].channels : 1;
        gan_add_relu(up, NULL);
        gan_add_conv_transpose2d(up, NULL, in, out, v->kernel, &opts);
        if (i > 0) gan_add_instance_norm(up, NULL, out, NULL);
        if (i > 0) gan_add_dropout(up, NULL, 0.5);
        if (i == 0) gan_add_tanh(up, NULL);
    }
    loop_check(l, gan_module_init(G, GAN_INIT_NORMAL, 0.02));
    return G;
}

/* Down, and up again; each level above the innermost also sees what its mirror made. */
static gan_tensor *generate(const loop *l, gan_tensor *x) {
    gan_tensor *skips[LEVELS];
    for (int i = 0; i < LEVELS; i++)
        x = skips[i] = gan_forward(gan_module_child(l->G, levels[i].down), x);
    for (int i = LEVELS - 1; i >= 0; i--) {
        if (i < LEVELS - 1) x = gan_concat((gan_tensor *[]){x, skips[i]}, 2, 3);
        x = gan_forward(gan_module_child(l->G, levels[i].up), x);
    }
    return x;
}

/* Scores of patches of 22 x 22 pixels, (N,6,6,1), each of which judges by itself. */
static gan_module *discriminator(const loop *l) {
    gan_conv2d_opts half = conv_options(2, 1, 1), score = conv_options(1, 1, 1);
    gan_module *D = loop_sequential(l);
    gan_add_conv2d(D, NULL, 2, WIDTH, 4, &half); /* (N,14,14,WIDTH) */
    gan_add_leaky_relu(D, NULL, 0.2);
    gan_add_conv2d(D, NULL, WIDTH, 2 * WIDTH, 4, &half); /* (N,7,7,2 WIDTH) */
    gan_add_instance_norm(D, NULL, 2 * WIDTH, NULL);
    gan_add_leaky_relu(D, NULL, 0.2);
    gan_add_conv2d(D, NULL, 2 * WIDTH, 1, 4, &score);
    loop_check(l, gan_module_init(D, GAN_INIT_NORMAL, 0.02));
    return D;
}

/* D(x, y): the given image and the one to judge as channels of one. */
static gan_tensor *score(const loop *l, gan_tensor *x, gan_tensor *y) {
    return gan_forward(l->D, gan_concat((gan_tensor *[]){x, y}, 2, 3));
}

/* ---- training: section 3.3 ------------------------------------------------------------------- */

static void train_step(loop *l) {
    gan_tensor *x = gan_loader_next(l->loader);  /* outlines */
    gan_tensor *y = gan_loader_pairs(l->loader); /* their garments */
    gan_tensor *fake = generate(l, x);           /* recorded: G learns from it below */

    /* One gradient step of D, on half its loss, "which slows down the rate at which D learns". */
    gan_tensor *loss_D = gan_scale(gan_discriminator_loss(GAN_LOSS_NON_SATURATING, score(l, x, y),
                                                          score(l, x, gan_detach(fake))),
                                   0.5);
    loop_check(l, gan_optimizer_minimize(l->optimizer_D, loss_D));

    /* Then one of G against the new D: log D(x, G(x)) is maximised, and equation 3 keeps the result
     * near the garment. */
    gan_tensor *l1 = gan_mean_all(gan_abs(gan_sub(y, fake)));
    gan_tensor *loss_G = gan_add(gan_generator_loss(GAN_LOSS_NON_SATURATING, score(l, x, fake)),
                                 gan_scale(l1, L1_WEIGHT));
    loop_check(l, gan_optimizer_minimize(l->optimizer_G, loss_G));
    loop_tell(l, "D", loop_item(l, loss_D), "L1", loop_item(l, l1));
}

/* Outline, generated and real image below each other. Dropout stays on, as in the paper. */
static gan_tensor *samples(loop *l) {
    loop_begin_samples(l);
    gan_module_train(l->G, 1);
    gan_tensor *x = gan_loader_next(l->loader), *y = gan_loader_pairs(l->loader);
    return gan_concat((gan_tensor *[]){x, generate(l, x), y}, 3, 1);
}

int main(int argc, char **argv) {
    loop l;
    loop_open(&l, "pix2pix", "trains a pix2pix (Isola et al. 2017)", argc, argv);
    gan_dataset *outlines = NULL; /* whose pairs are l.images */
    loop_check(&l, gan_dataset_outlines(l.images, 0.2, &outlines));
    l.loader = loop_batches(&l, outlines, BATCH);
    gan_dataset_unref(outlines); /* the loader keeps it */
    l.G = generator(&l);
    l.D = discriminator(&l);
    l.optimizer_G = loop_adam(&l, l.G, 2e-4, 0.5, 0.999);
    l.optimizer_D = loop_adam(&l, l.D, 2e-4, 0.5, 0.999);
    while (loop_next(&l)) train_step(&l);
    return loop_close(&l, samples(&l));
}
