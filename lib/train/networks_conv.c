/* Convolutional networks for latents: DCGAN's, and those of WGAN-GP for MNIST; each with labels as
 * maps or by projection. */
#include "train/networks.h"

#include "ops/op.h"

enum { LEVELS_MOST = 8 };

/* ---- labels ---------------------------------------------------------------------------------- */

/* An embedding of the labels as one more channel of the image. */
static void build_label_map(builder *b, const gan_trainer_opts *o) {
    build_part(b, "label");
    build_dense(b, o->classes, (int64_t)o->side * o->side, 0);
    build_unflatten(b, 1, o->side, o->side);
}

builder discriminator_with_maps(gan_context *ctx, const gan_trainer_opts *o, build_fn main) {
    if (o->condition == GAN_CONDITION_NONE) {
        builder b = build_sequential(ctx);
        main(&b, o, (int64_t)o->channels * o->packing);
        return b;
    }
    builder b = build_tree(ctx);
    build_label_map(&b, o);
    build_part(&b, "main");
    main(&b, o, o->channels + 1);
    return b;
}

static gan_tensor *score_with_map(gan_module *d, gan_tensor *x, gan_tensor *labels) {
    gan_tensor *map = module_forward(network_part(d, "label"), labels);
    gan_tensor *both = x && map ? op_concat((gan_tensor *[]){x, map}, 2, 3) : NULL;
    return module_forward(network_part(d, "main"), both);
}

/* Miyato & Koyama 2018, equation 3: with features phi, summed over the image, psi phi + y^T V phi.
 */
static gan_tensor *score_by_projection(gan_module *d, gan_tensor *x, gan_tensor *labels) {
    gan_tensor *features = module_forward(network_part(d, "main"), x);
    gan_tensor *phi = op_sum_axes(features, (int32_t[]){1, 2}, 2, 0, "gan_sum");
    gan_tensor *row = module_forward(network_part(d, "label"), labels);
    return op_add(module_forward(network_part(d, "out"), phi), op_projection(phi, row));
}

gan_tensor *conv_score(gan_module *d, gan_tensor *x, gan_tensor *labels) {
    if (!labels) return module_forward(d, x);
    return network_part(d, "out") ? score_by_projection(d, x, labels)
                                  : score_with_map(d, x, labels);
}

/* ---- DCGAN (Radford et al. 2016; dcgan.torch) ------------------------------------------------ */

static const conv_plan halve = {4, 2, 1, 1, 0};

/* Doublings between the smallest image, 4 to 7 pixels, and the whole. */
static int doublings(const gan_trainer_opts *o) {
    int n = 0;
    for (int32_t side = o->side; side > 7; side /= 2) n++;
    return n;
}

/* The kernel between one pixel and the smallest image. */
static conv_plan whole(const gan_trainer_opts *o) {
    return (conv_plan){o->side >> doublings(o), 1, 0, 0, 0};
}

/* z -> 8w 4x4 -> 4w -> 2w -> w -> images, for 64 pixels; N(0, 0.02), gains N(1, 0.02). */
static gan_module *dcgan_generator(gan_context *ctx, const gan_trainer_opts *o) {
    int n = doublings(o);
    int64_t channels = (int64_t)o->width << (n - 1);
    builder b = build_sequential(ctx);
    build_unflatten(&b, network_code_size(o), 1, 1);
    build_conv_up(&b, network_code_size(o), channels, whole(o));
    for (int i = 1; i < n; i++, channels /= 2) {
        build_norm(&b, GAN_NORM_BATCH, 0, channels);
        build_relu(&b);
        build_conv_up(&b, channels, channels / 2, halve);
    }
    build_norm(&b, GAN_NORM_BATCH, 0, channels);
    build_relu(&b);
    build_conv_up(&b, channels, o->channels, halve);
    build_output(&b, o);
    build_init(&b, GAN_INIT_NORMAL, 0.02, 0.02);
    return build_finish(&b);
}

/* All but the last layer: images -> w -> 2w -> 4w -> 8w, 4x4 for 64 pixels. Returns the channels.
 */
static int64_t dcgan_features(builder *b, const gan_trainer_opts *o, int64_t in) {
    int n = doublings(o);
    int64_t channels = o->width;
    build_conv(b, in, channels, conv_before(halve, o->norm));
    build_leaky_relu(b);
    for (int i = 1; i < n; i++, channels *= 2) {
        build_conv(b, channels, 2 * channels, conv_before(halve, o->norm));
        build_norm(b, o->norm, o->side >> (i + 1), 2 * channels);
        build_leaky_relu(b);
    }
    return channels;
}

static void dcgan_scores(builder *b, const gan_trainer_opts *o, int64_t in) {
    int64_t channels = dcgan_features(b, o, in);
    build_conv(b, channels, 1, conv_before(whole(o), o->norm));
    build_flatten(b);
}

static builder discriminator_with_projection(gan_context *ctx, const gan_trainer_opts *o) {
    builder b = build_tree(ctx);
    build_part(&b, "main");
    int64_t channels = dcgan_features(&b, o, o->channels);
    build_part(&b, "out");
    build_dense(&b, channels, 1, 1);
    build_part(&b, "label");
    build_dense(&b, o->classes, channels, 0);
    return b;
}

static gan_module *dcgan_discriminator(gan_context *ctx, const gan_trainer_opts *o) {
    builder b = o->condition == GAN_CONDITION_PROJECTION
                    ? discriminator_with_projection(ctx, o)
                    : discriminator_with_maps(ctx, o, dcgan_scores);
    build_init(&b, GAN_INIT_NORMAL, 0.02, 0.02);
    return build_finish(&b);
}

const network_class network_dcgan = {
    .generator = dcgan_generator, .discriminator = dcgan_discriminator, .score = conv_score};

/* ---- Gulrajani et al. 2017, gan_mnist.py ----------------------------------------------------- */

/* Sides from the whole image down to 4 pixels: 28, 14, 7, 4. Returns how often it was halved. */
static int sides_of(const gan_trainer_opts *o, int32_t sides[LEVELS_MOST]) {
    int n = 0;
    for (sides[0] = o->side; sides[n] > 4; n++) sides[n + 1] = (sides[n] + 1) / 2;
    return n;
}

/* TensorFlow's SAME padding of 5x5 kernels of stride 2 from `large` to `small` pixels; the other
 * way round, what grows to an odd side loses its last row. */
static conv_plan same_down(int32_t large, int32_t small) {
    int32_t pads = 2 * (small - 1) + 5 - large;
    return (conv_plan){5, 2, pads / 2, pads - pads / 2, 1};
}

static conv_plan same_up(int32_t small, int32_t large) {
    return (conv_plan){5, 2, 1, 2 * (small - 1) + 4 - large, 1};
}

/* The code draws uniform weights: of dense layers by Xavier's variance 2 / (in + out), of
 * convolutions by twice as much, where it divides one fan by the stride's square and this does not.
 */
static void same5_init(builder *b) {
    const double gain = 1.4142135623730951;
    build_init(b, GAN_INIT_XAVIER_UNIFORM, gain, 0);
    for (size_t i = 0; !b->failed && i < b->root->parameter_total; i++) {
        const entry *e = module_parameter(b->root, i);
        if (e->role != ROLE_WEIGHT || tensor_shape(e->tensor)->rank != 2) continue;
        gan_tensor *smaller = op_affine(e->tensor, 1 / gain, 0);
        b->failed = !smaller;
        if (smaller) tensor_copy(e->tensor, smaller);
    }
}

/* z -> 4w 4x4 -> 2w -> w -> images, for 28 and 32 pixels. */
static gan_module *same5_generator(gan_context *ctx, const gan_trainer_opts *o) {
    int32_t sides[LEVELS_MOST + 1];
    int n = sides_of(o, sides);
    int64_t channels = (int64_t)o->width << (n - 1);
    builder b = build_sequential(ctx);
    build_dense(&b, network_code_size(o), 16 * channels, 1);
    build_relu(&b);
    build_unflatten(&b, channels, 4, 4);
    for (int i = n; i > 1; i--, channels /= 2) {
        build_conv_up(&b, channels, channels / 2, same_up(sides[i], sides[i - 1]));
        build_relu(&b);
    }
    build_conv_up(&b, channels, o->channels, same_up(sides[1], sides[0]));
    build_output(&b, o);
    same5_init(&b);
    return build_finish(&b);
}

/* images -> w -> 2w -> 4w 4x4 -> score. */
static void same5_scores(builder *b, const gan_trainer_opts *o, int64_t in) {
    int32_t sides[LEVELS_MOST + 1];
    int n = sides_of(o, sides);
    int64_t channels = o->width;
    for (int i = 0; i < n; i++) {
        channels = (int64_t)o->width << i;
        build_conv(b, in, channels, same_down(sides[i], sides[i + 1]));
        if (i > 0) build_norm(b, o->norm, sides[i + 1], channels);
        build_leaky_relu(b);
        in = channels;
    }
    build_flatten(b);
    build_dense(b, 16 * channels, 1, 1);
}

static gan_module *same5_discriminator(gan_context *ctx, const gan_trainer_opts *o) {
    builder b = discriminator_with_maps(ctx, o, same5_scores);
    same5_init(&b);
    return build_finish(&b);
}

const network_class network_same5 = {
    .generator = same5_generator, .discriminator = same5_discriminator, .score = conv_score};
