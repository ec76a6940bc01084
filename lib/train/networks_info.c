/* The networks that Lucic et al. 2018 compare systems with: those of Chen et al. 2016, InfoGAN, as
 * in their code, whose layers before a norm have biases besides; and the autoencoder that takes
 * BEGAN's discriminator's place. Weights are N(0, 0.02). */
#include "train/networks.h"

static const conv_plan halve = {4, 2, 1, 1, 0};

/* The running statistics are slow: TensorFlow's decay of 0.999. */
static void use_norm(builder *b) {
    b->norm_eps = 1e-3;
    b->norm_momentum = 1e-3;
}

/* Of rows of features batch norm is the only one there is. */
static void dense(builder *b, int32_t norm, int64_t in, int64_t out) {
    build_dense(b, in, out, norm != GAN_NORM_BATCH);
    if (norm == GAN_NORM_BATCH) build_norm(b, norm, 1, out);
    build_leaky_relu(b);
}

/* Features -> 2w of a quarter of the side -> w of half -> images. */
static void to_images(builder *b, const gan_trainer_opts *o, int32_t norm, int64_t in) {
    conv_plan last = halve;
    last.bias = 1;
    dense(b, norm, in, network_quarter_size(o));
    build_unflatten(b, 2 * (int64_t)o->width, network_quarter(o), network_quarter(o));
    build_conv_up(b, 2 * (int64_t)o->width, o->width, conv_before(halve, norm));
    build_norm(b, norm, 0, o->width);
    build_leaky_relu(b);
    build_conv_up(b, o->width, o->channels, last);
    build_output(b, o);
}

/* z -> 16w -> images. */
static gan_module *info_generator(gan_context *ctx, const gan_trainer_opts *o) {
    int64_t units = 16 * (int64_t)o->width;
    builder b = build_sequential(ctx);
    use_norm(&b);
    dense(&b, GAN_NORM_BATCH, network_code_size(o), units);
    to_images(&b, o, GAN_NORM_BATCH, units);
    build_init(&b, GAN_INIT_NORMAL, 0.02, 0);
    return build_finish(&b);
}

/* images -> w of half the side -> 2w of a quarter -> 16w -> score. */
static void info_scores(builder *b, const gan_trainer_opts *o, int64_t in) {
    int64_t channels = 2 * (int64_t)o->width, units = 16 * (int64_t)o->width;
    use_norm(b);
    build_conv(b, in, o->width, conv_before(halve, GAN_NORM_NONE));
    build_leaky_relu(b);
    build_conv(b, o->width, channels, conv_before(halve, o->norm));
    build_norm(b, o->norm, network_quarter(o), channels);
    build_leaky_relu(b);
    build_flatten(b);
    dense(b, o->norm, network_quarter_size(o), units);
    build_dense(b, units, 1, 1);
}

static gan_module *info_discriminator(gan_context *ctx, const gan_trainer_opts *o) {
    builder b = discriminator_with_maps(ctx, o, info_scores);
    build_init(&b, GAN_INIT_NORMAL, 0.02, 0);
    return build_finish(&b);
}

const network_class network_info = {.generator = info_generator,
                                    .discriminator = info_discriminator,
                                    .score = conv_score,
                                    .norm_of_vectors = 1};

/* ---- BEGAN's place --------------------------------------------------------------------------- */

/* images -> w of half the side -> 2w of a quarter -> a code as long as z -> images. */
static gan_module *info_autoencoder(gan_context *ctx, const gan_trainer_opts *o) {
    builder b = build_sequential(ctx);
    build_conv(&b, o->channels, o->width, conv_before(halve, GAN_NORM_NONE));
    build_leaky_relu(&b);
    build_conv(&b, o->width, 2 * (int64_t)o->width, conv_before(halve, GAN_NORM_NONE));
    build_flatten(&b);
    dense(&b, GAN_NORM_NONE, network_quarter_size(o), o->latent);
    to_images(&b, o, GAN_NORM_NONE, o->latent);
    build_init(&b, GAN_INIT_NORMAL, 0.02, 0);
    return build_finish(&b);
}

const network_class network_info_autoencoder = {.generator = info_generator,
                                                .discriminator = info_autoencoder,
                                                .score = network_reconstruction_score,
                                                .norm_of_vectors = 1};
