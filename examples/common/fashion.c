/* SPDX-License-Identifier: MIT */
#include "common/fashion.h"
#include "common/idx.h"
#include "common/layers.h"

enum {
    WIDTH = 32, /* channels of the critic's first and the generator's last hidden layer */
    BASE = 7    /* side of the generator's first image: 7, 14, 28                       */
};

int fashion_is_there(const char *folder) { return idx_is_there(folder, IDX_TRAIN); }

int32_t fashion_open(gan_context *ctx, const char *folder, int labelled, const gan_data_opts *opts,
                     gan_dataset **out) {
    return idx_open(ctx, folder, IDX_TRAIN, labelled, opts, out);
}

int fashion_fits(const gan_dataset *d) {
    const int64_t *shape = gan_dataset_shape(d);
    return shape[1] == FASHION_SIDE && shape[2] == FASHION_SIDE &&
           gan_dataset_class_count(d) <= FASHION_CLASSES;
}

int32_t fashion_loader(gan_dataset *d, int64_t batch, int64_t seed, gan_loader **out) {
    gan_loader_opts opts;
    gan_loader_opts_init(&opts, sizeof opts);
    opts.batch = (int32_t)batch;
    opts.seed = (uint64_t)seed;
    opts.remainder = GAN_REMAINDER_WRAP;
    return gan_loader_create(d, &opts, out);
}

/* Hands over a tree in which every layer was added, with DCGAN's initial weights, or drops it with
 * the error of the layer that was not. Weights that small begin at grey pictures; from larger ones
 * the generator first spends a thousand steps on losing black and white noise. */
static int32_t finish(gan_context *ctx, gan_module *root, gan_module **out) {
    int32_t status = gan_error_code(ctx);
    if (status == GAN_OK) status = gan_module_init(root, GAN_INIT_NORMAL, 0.02);
    if (status < 0)
        gan_module_unref(root);
    else
        *out = root;
    return status;
}

int32_t fashion_generator(gan_context *ctx, int64_t inputs, gan_module **out) {
    gan_conv2d_opts doubling = conv_options(2, 1, 0), last = conv_options(2, 1, 1);
    gan_module *root = NULL;
    int32_t status = gan_sequential_create(ctx, &root);
    if (status < 0) return status;

    gan_module *net = gan_add_sequential(root, "main");
    gan_add_dense(net, NULL, inputs, 4 * WIDTH * BASE * BASE, 0);
    gan_add_unflatten(net, NULL, 4 * WIDTH, BASE, BASE);
    gan_add_batch_norm(net, NULL, 4 * WIDTH, NULL);
    gan_add_relu(net, NULL);
    gan_add_conv_transpose2d(net, NULL, 4 * WIDTH, WIDTH, 4, &doubling); /* (N,14,14,WIDTH) */
    gan_add_batch_norm(net, NULL, WIDTH, NULL);
    gan_add_relu(net, NULL);
    gan_add_conv_transpose2d(net, NULL, WIDTH, 1, 4, &last); /* (N,28,28,1) */
    gan_add_tanh(net, NULL);
    return finish(ctx, root, out);
}

/* Half the side. Where batch norm takes the mean away, a bias would do nothing. */
static void add_half(gan_module *net, int64_t in, int64_t out, int batch_norm) {
    gan_conv2d_opts half = conv_options(2, 1, !batch_norm);
    gan_add_conv2d(net, NULL, in, out, 4, &half);
    if (batch_norm) gan_add_batch_norm(net, NULL, out, NULL);
    gan_add_leaky_relu(net, NULL, 0.2);
}

int32_t fashion_critic(gan_context *ctx, int64_t channels, int batch_norm, gan_module **out) {
    gan_module *root = NULL;
    int32_t status = gan_sequential_create(ctx, &root);
    if (status < 0) return status;

    gan_module *net = gan_add_sequential(root, "main");
    add_half(net, channels, WIDTH, 0);               /* (N,14,14,WIDTH)  */
    add_half(net, WIDTH, 2 * WIDTH, batch_norm);     /* (N,7,7,2 WIDTH)  */
    add_half(net, 2 * WIDTH, 4 * WIDTH, batch_norm); /* (N,3,3,4 WIDTH)  */
    gan_add_flatten(net, NULL);
    gan_add_dense(net, NULL, 4 * WIDTH * 3 * 3, 1, 1);
    return finish(ctx, root, out);
}
