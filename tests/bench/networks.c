#include "networks.h"

#include "common/layers.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- counting -------------------------------------------------------------------------------- */

static int64_t elements(const network *net) { return net->side * net->side * net->channels; }

/* A derivative reads the result so far. */
static void keep(network *net) {
    if (!net->counted) net->kept += elements(net);
    net->counted = 1;
}

static void produce(network *net, int64_t side, int64_t channels) {
    net->side = side;
    net->channels = channels;
    net->counted = 0;
}

/* The result came of `products`. */
static void multiplied(network *net, int64_t products) {
    net->cotangents += elements(net);
    net->work += 2 * products;
}

/* ---- layers ---------------------------------------------------------------------------------- */

static network begin(gan_context *ctx, int64_t side, int64_t channels) {
    network net = {.copies = 1, .side = side, .channels = channels, .counted = 1};
    if (gan_sequential_create(ctx, &net.module) == GAN_OK) return net;
    fprintf(stderr, "bench: %s\n", gan_last_error(ctx));
    exit(1);
}

static network finish(gan_context *ctx, network net) {
    if (gan_error_code(ctx) == GAN_OK) return net;
    fprintf(stderr, "bench: %s\n", gan_last_error(ctx));
    exit(1);
}

static void add_conv(network *net, int64_t out, int32_t k, int32_t stride, int32_t pad,
                     int32_t bias) {
    gan_conv2d_opts opts = conv_options(stride, pad, bias);
    gan_add_conv2d(net->module, NULL, net->channels, out, k, &opts);
    int64_t in = net->channels;
    keep(net);
    produce(net, (net->side + 2 * pad - k) / stride + 1, out);
    multiplied(net, in * k * k * elements(net));
}

static void add_conv_transpose(network *net, int64_t out, int32_t k, int32_t stride, int32_t pad,
                               int32_t bias) {
    gan_conv2d_opts opts = conv_options(stride, pad, bias);
    gan_add_conv_transpose2d(net->module, NULL, net->channels, out, k, &opts);
    int64_t in = elements(net);
    keep(net);
    produce(net, (net->side - 1) * stride + k - 2 * pad, out);
    multiplied(net, in * k * k * out);
}

static void add_dense(network *net, int64_t out) {
    int64_t in = elements(net);
    gan_add_dense(net->module, NULL, in, out, 1);
    keep(net);
    produce(net, 1, out);
    multiplied(net, in * out);
}

static void add_norm(network *net, int norm) {
    if (norm == NO_NORM) return;
    if (norm == BATCH_NORM) gan_add_batch_norm(net->module, NULL, net->channels, NULL);
    if (norm == INSTANCE_NORM) gan_add_instance_norm(net->module, NULL, net->channels, NULL);
    keep(net);
    produce(net, net->side, net->channels);
    net->cotangents += elements(net);
}

/* After the module's activation has been added. */
static void activated(network *net) {
    produce(net, net->side, net->channels);
    keep(net);
}

static void add_relu(network *net) {
    gan_add_relu(net->module, NULL);
    activated(net);
}

static void add_leaky_relu(network *net) {
    gan_add_leaky_relu(net->module, NULL, 0.2);
    activated(net);
}

static void add_tanh(network *net) {
    gan_add_tanh(net->module, NULL);
    activated(net);
}

static void add_elu(network *net) {
    gan_add_elu(net->module, NULL, 1);
    activated(net);
}

static void add_upsample(network *net) {
    gan_add_upsample(net->module, NULL, 2);
    produce(net, 2 * net->side, net->channels);
}

/* ---- DCGAN ----------------------------------------------------------------------------------- */

network dcgan_generator(gan_context *ctx, int64_t width) {
    network net = begin(ctx, 1, LATENT);
    for (int64_t out = 16 * width; out >= 2 * width; out /= 2) {
        int first = net.side == 1; /* 1 x 1 to 4 x 4; the others double the side */
        add_conv_transpose(&net, out, 4, first ? 1 : 2, first ? 0 : 1, 0);
        add_norm(&net, BATCH_NORM);
        add_relu(&net);
    }
    add_conv_transpose(&net, 3, 4, 2, 1, 1);
    add_tanh(&net);
    return finish(ctx, net);
}

network dcgan_critic(gan_context *ctx, int64_t width, int norm) {
    network net = begin(ctx, 64, 3);
    add_conv(&net, width, 4, 2, 1, 1);
    add_leaky_relu(&net);
    for (int64_t out = 2 * width; out <= 8 * width; out *= 2) {
        add_conv(&net, out, 4, 2, 1, norm == NO_NORM);
        add_norm(&net, norm);
        add_leaky_relu(&net);
    }
    add_conv(&net, 1, 4, 2, 0, 1);
    return finish(ctx, net);
}

network small_generator(gan_context *ctx) {
    network net = begin(ctx, 1, LATENT);
    add_conv_transpose(&net, 128, 7, 1, 0, 0);
    add_norm(&net, BATCH_NORM);
    add_relu(&net);
    add_conv_transpose(&net, 64, 4, 2, 1, 0);
    add_norm(&net, BATCH_NORM);
    add_relu(&net);
    add_conv_transpose(&net, 1, 4, 2, 1, 1);
    add_tanh(&net);
    return finish(ctx, net);
}

network small_critic(gan_context *ctx) {
    network net = begin(ctx, 28, 1);
    add_conv(&net, 64, 4, 2, 1, 1);
    add_leaky_relu(&net);
    add_conv(&net, 128, 4, 2, 1, 0);
    add_norm(&net, BATCH_NORM);
    add_leaky_relu(&net);
    add_conv(&net, 1, 7, 1, 0, 1);
    return finish(ctx, net);
}

/* ---- dense ----------------------------------------------------------------------------------- */

network mlp(gan_context *ctx, const int64_t *sizes, int count, int tanh_last) {
    network net = begin(ctx, 1, sizes[0]);
    for (int i = 1; i < count; i++) {
        add_dense(&net, sizes[i]);
        if (i + 1 < count) add_leaky_relu(&net);
    }
    if (tanh_last) add_tanh(&net);
    return finish(ctx, net);
}

/* ---- BEGAN ----------------------------------------------------------------------------------- */

static void add_conv_elu(network *net, int64_t out, int32_t stride) {
    add_conv(net, out, 3, stride, 1, 1);
    add_elu(net);
}

static void add_decoder(network *net) {
    add_dense(net, 64 * BEGAN_FILTERS);
    gan_add_unflatten(net->module, NULL, BEGAN_FILTERS, 8, 8);
    net->side = 8;
    net->channels = BEGAN_FILTERS;
    for (;;) {
        add_conv_elu(net, BEGAN_FILTERS, 1);
        add_conv_elu(net, BEGAN_FILTERS, 1);
        if (net->side == 64) break;
        add_upsample(net);
    }
    add_conv(net, 3, 3, 1, 1, 1);
}

static void add_encoder(network *net) {
    add_conv_elu(net, BEGAN_FILTERS, 1);
    for (int64_t i = 1; i <= 4; i++) {
        int64_t in = i * BEGAN_FILTERS, out = i < 4 ? in + BEGAN_FILTERS : in;
        add_conv_elu(net, in, 1);
        add_conv_elu(net, out, 1);
        if (i < 4) add_conv_elu(net, out, 2);
    }
    gan_add_flatten(net->module, NULL);
    add_dense(net, BEGAN_LATENT);
}

network began_generator(gan_context *ctx) {
    network net = begin(ctx, 1, BEGAN_LATENT);
    add_decoder(&net);
    return finish(ctx, net);
}

network began_autoencoder(gan_context *ctx) {
    network net = begin(ctx, 64, 3);
    add_encoder(&net);
    add_decoder(&net);
    return finish(ctx, net);
}
