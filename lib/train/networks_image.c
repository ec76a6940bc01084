/* Networks from images to images: the U-Net of pix2pix and the autoencoder of BEGAN. */
#include "train/networks.h"

#include "ops/op.h"
#include "train/loss.h"

#include <stdio.h>

enum { PART_NAME = 16, LEVELS_MOST = 16 };

static int halvings(int32_t from, int32_t to) {
    int n = 0;
    for (; from > to; from /= 2) n++;
    return n;
}

/* ---- Isola et al. 2017, models.lua ----------------------------------------------------------- */

static const conv_plan halve = {4, 2, 1, 1, 1}, keep = {4, 1, 1, 1, 1};

static const char *level_name(const char *what, int level, char text[PART_NAME]) {
    snprintf(text, PART_NAME, "%s%d", what, level);
    return text;
}

/* Channels after level i's halving: w, 2w, 4w, and 8w from there on. */
static int64_t level_channels(const gan_trainer_opts *o, int level) {
    return (int64_t)o->width << (level < 3 ? level : 3);
}

/* Batch norm with batches of one image is instance norm, also when the network is used. */
static void build_down(builder *b, const gan_trainer_opts *o, int level, int levels) {
    char name[PART_NAME];
    int64_t out = level_channels(o, level);
    build_part(b, level_name("down", level, name));
    if (level > 0) build_leaky_relu(b);
    build_conv(b, level ? level_channels(o, level - 1) : o->input_channels, out, halve);
    if (level > 0 && level < levels - 1) build_norm(b, GAN_NORM_INSTANCE, 0, out);
}

/* From the result of the level below, with skips joined with the mirrored one above the innermost.
 */
static void build_up(builder *b, const gan_trainer_opts *o, int level, int levels) {
    char name[PART_NAME];
    int64_t in = level_channels(o, level) * (o->skips && level < levels - 1 ? 2 : 1);
    build_part(b, level_name("up", level, name));
    build_relu(b);
    if (level == 0) {
        build_conv_up(b, in, o->channels, halve);
        build_output(b, o);
        return;
    }
    build_conv_up(b, in, level_channels(o, level - 1), halve);
    build_norm(b, GAN_NORM_INSTANCE, 0, level_channels(o, level - 1));
    if (level >= levels - 3) build_dropout(b, 0.5);
}

static gan_module *unet_generator(gan_context *ctx, const gan_trainer_opts *o) {
    int levels = halvings(o->side, 1);
    builder b = build_tree(ctx);
    for (int i = 0; i < levels; i++) build_down(&b, o, i, levels);
    for (int i = levels - 1; i >= 0; i--) build_up(&b, o, i, levels);
    build_init(&b, GAN_INIT_NORMAL, 0.02, 0.02);
    return build_finish(&b);
}

static gan_tensor *down_and_up(gan_module *g, gan_tensor *x, int skips) {
    char name[PART_NAME];
    gan_tensor *mirror[LEVELS_MOST];
    gan_module *part;
    int levels = 0;
    for (; (part = network_part(g, level_name("down", levels, name))); levels++)
        x = mirror[levels] = module_forward(part, x);
    for (int i = levels - 1; i >= 0 && x; i--) {
        if (skips && i < levels - 1) x = op_concat((gan_tensor *[]){x, mirror[i]}, 2, 3);
        x = module_forward(network_part(g, level_name("up", i, name)), x);
    }
    return x;
}

static gan_tensor *unet_generate(gan_module *g, gan_tensor *x) { return down_and_up(g, x, 1); }

/* The U-Net's rival (section 4.2): all has to pass the innermost level. */
static gan_tensor *encoder_decoder_generate(gan_module *g, gan_tensor *x) {
    return down_and_up(g, x, 0);
}

/* Scores of patches: of 70 x 70 pixels from side 128 on, as published; of 22 x 22 below. */
static gan_module *patch_discriminator(gan_context *ctx, const gan_trainer_opts *o) {
    int levels = o->side >= 128 ? 3 : 2;
    int64_t in = o->input_channels + o->channels, side = o->side;
    builder b = build_sequential(ctx);
    for (int i = 0; i < levels; i++, side /= 2) {
        build_conv(&b, in, level_channels(o, i), halve);
        if (i > 0) build_norm(&b, o->norm, side / 2, level_channels(o, i));
        build_leaky_relu(&b);
        in = level_channels(o, i);
    }
    if (levels == 3) {
        build_conv(&b, in, 2 * in, keep);
        build_norm(&b, o->norm, side - 1, 2 * in);
        build_leaky_relu(&b);
        in *= 2;
    }
    build_conv(&b, in, 1, keep);
    build_init(&b, GAN_INIT_NORMAL, 0.02, 0.02);
    return build_finish(&b);
}

static gan_tensor *patch_score(gan_module *d, gan_tensor *x, gan_tensor *given) {
    return given ? module_forward(d, op_concat((gan_tensor *[]){given, x}, 2, 3)) : NULL;
}

const network_class network_unet = {.generator = unet_generator,
                                    .discriminator = patch_discriminator,
                                    .generate = unet_generate,
                                    .score = patch_score,
                                    .dropout_is_noise = 1};

const network_class network_encoder_decoder = {.generator = unet_generator,
                                               .discriminator = patch_discriminator,
                                               .generate = encoder_decoder_generate,
                                               .score = patch_score,
                                               .dropout_is_noise = 1};

/* ---- Berthelot et al. 2017; models.py of carpedm20 ------------------------------------------- */

static const conv_plan same3 = {3, 1, 1, 1, 1}, halve3 = {3, 2, 1, 1, 1};

static void build_conv_elu(builder *b, int64_t in, int64_t out, conv_plan plan) {
    build_conv(b, in, out, plan);
    build_elu(b);
}

/* Blocks of layers between 8 x 8 pixels and the image, both included. */
static int blocks_of(const gan_trainer_opts *o) { return halvings(o->side, 8) + 1; }

/* code -> 8 x 8 x w, doubled between blocks of two convolutions -> images, as they come out. */
static void build_decoder(builder *b, const gan_trainer_opts *o) {
    int blocks = blocks_of(o);
    build_dense(b, o->latent, 64 * (int64_t)o->width, 1);
    build_unflatten(b, o->width, 8, 8);
    for (int i = 0; i < blocks; i++) {
        if (i > 0) build_upsample(b, 2);
        build_conv_elu(b, o->width, o->width, same3);
        build_conv_elu(b, o->width, o->width, same3);
    }
    build_conv(b, o->width, o->channels, same3);
}

/* Images -> w, 2w, 3w, … channels, halved between blocks -> code. */
static void build_encoder(builder *b, const gan_trainer_opts *o) {
    int blocks = blocks_of(o);
    int64_t channels = o->width;
    build_conv_elu(b, o->channels, channels, same3);
    for (int i = 0; i < blocks; i++) {
        if (i > 0) build_conv_elu(b, channels, channels, halve3);
        int64_t out = (int64_t)o->width * (i + 1);
        build_conv_elu(b, channels, out, same3);
        build_conv_elu(b, out, out, same3);
        channels = out;
    }
    build_flatten(b);
    build_dense(b, 64 * channels, o->latent, 1);
}

static gan_module *began_generator(gan_context *ctx, const gan_trainer_opts *o) {
    builder b = build_sequential(ctx);
    build_decoder(&b, o);
    build_init(&b, GAN_INIT_XAVIER_UNIFORM, 1, 0);
    return build_finish(&b);
}

static gan_module *began_discriminator(gan_context *ctx, const gan_trainer_opts *o) {
    builder b = build_sequential(ctx);
    build_encoder(&b, o);
    build_decoder(&b, o);
    build_init(&b, GAN_INIT_XAVIER_UNIFORM, 1, 0);
    return build_finish(&b);
}

gan_tensor *network_reconstruction_score(gan_module *d, gan_tensor *x, gan_tensor *condition) {
    (void)condition;
    gan_tensor *reconstruction = module_forward(d, x);
    return reconstruction ? loss_reconstruction(x, reconstruction) : NULL;
}

const network_class network_autoencoder = {.generator = began_generator,
                                           .discriminator = began_discriminator,
                                           .score = network_reconstruction_score};
