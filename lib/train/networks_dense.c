/* Fully connected networks. */
#include "train/networks.h"

#include "nn/init.h"
#include "ops/op.h"

static int64_t pixels(const gan_trainer_opts *o) {
    return (int64_t)o->side * o->side * o->channels;
}

/* What the discriminator sees at once. */
static int64_t packed_pixels(const gan_trainer_opts *o) { return pixels(o) * o->packing; }

/* From the last hidden layer to images. */
static void to_images(builder *b, const gan_trainer_opts *o, int64_t in) {
    build_dense(b, in, pixels(o), 1);
    build_output(b, o);
    build_unflatten(b, o->channels, o->side, o->side);
}

/* x or x with the one-hot labels behind each row's features. */
static gan_tensor *with_labels(gan_tensor *features, gan_tensor *labels) {
    if (!features || !labels) return features;
    return op_concat((gan_tensor *[]){features, labels}, 2, 1);
}

/* One sequential for all but its input, to which labels are joined as features. */
static gan_tensor *score_joined(gan_module *d, gan_tensor *x, gan_tensor *labels) {
    return module_forward(d, with_labels(op_flatten(x), labels));
}

static int64_t score_size(const gan_trainer_opts *o) {
    return packed_pixels(o) + (o->condition ? o->classes : 0);
}

/* ---- Goodfellow et al. 2014, mnist.yaml ------------------------------------------------------ */

/* z -> w relu -> w relu -> images; weights from U(+-0.05). */
static gan_module *maxout_generator(gan_context *ctx, const gan_trainer_opts *o) {
    builder b = build_sequential(ctx);
    build_dense(&b, network_code_size(o), o->width, 1);
    build_relu(&b);
    build_dense(&b, o->width, o->width, 1);
    build_relu(&b);
    to_images(&b, o, o->width);
    build_init(&b, GAN_INIT_UNIFORM, 0.05, 0);
    return build_finish(&b);
}

/* Units of a maxout layer: 240 beside 1200. */
static int64_t maxout_units(const gan_trainer_opts *o) { return o->width < 5 ? 1 : o->width / 5; }

/* Maxout twice, each behind dropout, which keeps 0.8 of the image and 0.5 of the rest; weights from
 * U(+-0.005). */
static gan_module *maxout_discriminator(gan_context *ctx, const gan_trainer_opts *o) {
    int64_t units = maxout_units(o);
    builder b = build_sequential(ctx);
    build_flatten(&b);
    build_dropout(&b, 0.2);
    build_maxout(&b, score_size(o), units, 5);
    build_dropout(&b, 0.5);
    build_maxout(&b, units, units, 5);
    build_dropout(&b, 0.5);
    build_dense(&b, units, 1, 1);
    build_init(&b, GAN_INIT_UNIFORM, 0.005, 0);
    return build_finish(&b);
}

int32_t network_begin_at_means(gan_module *g, gan_tensor *means, int unit_range) {
    gan_tensor *bias = module_find(g, "4.bias")->tensor;
    gan_tensor *p = op_clamp(op_flatten(means), 1e-3, 1 - 1e-3);
    gan_tensor *logit = op_log(op_div(p, op_affine(p, -1, 1)));
    /* tanh(x / 2) = 2 sigmoid(x) - 1 */
    gan_tensor *values = unit_range ? logit : op_affine(logit, 0.5, 0);
    if (!values) return GAN_ENOMEM;
    tensor_copy(bias, values);
    return GAN_OK;
}

const network_class network_maxout = {
    .generator = maxout_generator, .discriminator = maxout_discriminator, .score = score_joined};

/* ---- the notebook of DRAGAN ------------------------------------------------------------------ */

/* One hidden layer; weights from N(0, 1 / sqrt(in / 2)), He's. */
static gan_module *dense_generator(gan_context *ctx, const gan_trainer_opts *o) {
    builder b = build_sequential(ctx);
    build_dense(&b, network_code_size(o), o->width, 1);
    build_relu(&b);
    to_images(&b, o, o->width);
    build_init(&b, GAN_INIT_HE_NORMAL, 1.4142135623730951, 0);
    return build_finish(&b);
}

static gan_module *dense_discriminator(gan_context *ctx, const gan_trainer_opts *o) {
    builder b = build_sequential(ctx);
    build_flatten(&b);
    build_dense(&b, score_size(o), o->width, 1);
    build_relu(&b);
    build_dense(&b, o->width, 1, 1);
    build_init(&b, GAN_INIT_HE_NORMAL, 1.4142135623730951, 0);
    return build_finish(&b);
}

const network_class network_dense = {
    .generator = dense_generator, .discriminator = dense_discriminator, .score = score_joined};

/* ---- Mirza & Osindero 2014, section 4.1 ------------------------------------------------------ */

/* The published sizes are those of width 1200: z -> 200, y -> 1000, joint 1200. */
static int64_t joint_latent(const gan_trainer_opts *o) { return 1 + (o->width - 1) / 6; }

static gan_module *joint_generator(gan_context *ctx, const gan_trainer_opts *o) {
    int64_t latent = joint_latent(o), label = o->width;
    builder b = build_tree(ctx);
    build_part(&b, "latent");
    build_dense(&b, o->latent, latent, 1);
    build_relu(&b);
    build_part(&b, "label");
    build_dense(&b, o->classes, label - label / 6, 1);
    build_relu(&b);
    build_part(&b, "joint");
    build_dropout(&b, 0.5);
    build_dense(&b, latent + label - label / 6, o->width, 1);
    build_relu(&b);
    build_dropout(&b, 0.5);
    to_images(&b, o, o->width);
    build_init(&b, GAN_INIT_UNIFORM, 0.05, 0);
    return build_finish(&b);
}

/* Runs the parts "latent" and "label" on the columns of the code, and "joint" on both. */
static gan_tensor *joint_generate(gan_module *g, gan_tensor *code) {
    int64_t n = tensor_shape(code)->dim[0], all = tensor_shape(code)->dim[1];
    gan_module *from_latent = network_part(g, "latent"), *from_label = network_part(g, "label");
    int64_t latent = tensor_shape(module_entry(from_latent, 0)->tensor)->dim[1];
    gan_tensor *z = op_slice(code, (int64_t[]){0, 0}, (int64_t[]){n, latent});
    gan_tensor *y = op_slice(code, (int64_t[]){0, latent}, (int64_t[]){n, all - latent});
    gan_tensor *a = module_forward(from_latent, z), *b = module_forward(from_label, y);
    return module_forward(network_part(g, "joint"), a && b ? with_labels(a, b) : NULL);
}

static gan_module *joint_discriminator(gan_context *ctx, const gan_trainer_opts *o) {
    int64_t image = maxout_units(o), label = 1 + (image - 1) * 5 / 24; /* 240 and 50 */
    builder b = build_tree(ctx);
    build_part(&b, "image");
    build_flatten(&b);
    build_maxout(&b, pixels(o), image, 5);
    build_part(&b, "label");
    build_maxout(&b, o->classes, label, 5);
    build_part(&b, "joint");
    build_dropout(&b, 0.5);
    build_maxout(&b, image + label, image, 4);
    build_dropout(&b, 0.5);
    build_dense(&b, image, 1, 1);
    build_init(&b, GAN_INIT_UNIFORM, 0.005, 0);
    return build_finish(&b);
}

static gan_tensor *joint_score(gan_module *d, gan_tensor *x, gan_tensor *labels) {
    gan_tensor *a = module_forward(network_part(d, "image"), x);
    gan_tensor *b = module_forward(network_part(d, "label"), labels);
    return module_forward(network_part(d, "joint"), a && b ? with_labels(a, b) : NULL);
}

const network_class network_joint = {.generator = joint_generator,
                                     .discriminator = joint_discriminator,
                                     .generate = joint_generate,
                                     .score = joint_score,
                                     .dropout_is_noise = 1};
