#include "train/networks.h"

#include "nn/init.h"
#include "nn/layers.h"
#include "ops/op.h"

#include <string.h>

static const network_class *const classes[] = {[GAN_NETWORK_MAXOUT] = &network_maxout,
                                               [GAN_NETWORK_DCGAN] = &network_dcgan,
                                               [GAN_NETWORK_SAME5] = &network_same5,
                                               [GAN_NETWORK_DENSE] = &network_dense,
                                               [GAN_NETWORK_JOINT] = &network_joint,
                                               [GAN_NETWORK_UNET] = &network_unet,
                                               [GAN_NETWORK_AUTOENCODER] = &network_autoencoder,
                                               [GAN_NETWORK_INFO] = &network_info,
                                               [GAN_NETWORK_INFO_AUTOENCODER] =
                                                   &network_info_autoencoder,
                                               [GAN_NETWORK_LABELLED] = &network_labelled};

enum { CLASSES = sizeof classes / sizeof *classes };

int network_is_known(int32_t network) { return network >= GAN_NETWORK_MAXOUT && network < CLASSES; }

const network_class *network_find(const gan_trainer_opts *o) {
    int plain = o->network == GAN_NETWORK_UNET && !o->skips;
    return plain ? &network_encoder_decoder : classes[o->network];
}

int network_reconstructs(int32_t network) {
    return network == GAN_NETWORK_AUTOENCODER || network == GAN_NETWORK_INFO_AUTOENCODER;
}

gan_tensor *network_generate(const network_class *class, gan_module *g, gan_tensor *code) {
    if (!code) return NULL;
    return class->generate ? class->generate(g, code) : module_forward(g, code);
}

gan_tensor *network_score(const network_class *class, gan_module *d, gan_tensor *x,
                          gan_tensor *condition) {
    if (!x) return NULL;
    return class->score ? class->score(d, x, condition) : module_forward(d, x);
}

int64_t network_code_size(const gan_trainer_opts *o) {
    return o->latent + (o->condition ? o->classes : 0);
}

int64_t network_quarter(const gan_trainer_opts *o) { return o->side / 4; }

int64_t network_quarter_size(const gan_trainer_opts *o) {
    return 2 * (int64_t)o->width * network_quarter(o) * network_quarter(o);
}

gan_module *network_part(gan_module *m, const char *name) {
    return module_child(m, name, strlen(name));
}

/* ---- building -------------------------------------------------------------------------------- */

static builder begin(gan_context *ctx, const module_class *class) {
    gan_module *root = module_new(ctx, class, NULL, NULL);
    return (builder){
        .root = root, .at = root, .norm_eps = 1e-5, .norm_momentum = 0.1, .failed = !root};
}

builder build_sequential(gan_context *ctx) { return begin(ctx, &module_sequential); }

builder build_tree(gan_context *ctx) { return begin(ctx, &module_tree); }

gan_module *build_finish(builder *b) {
    if (!b->failed) return b->root;
    if (b->root) object_unref(&b->root->base);
    return NULL;
}

void build_part(builder *b, const char *name) {
    if (b->failed) return;
    gan_context *ctx = b->root->base.ctx;
    gan_module *part = module_new(ctx, &module_sequential, b->root, name);
    b->at = module_attach(b->root, part, GAN_OK);
    b->failed = !b->at;
}

/* Evaluates `layer`, which adds one to b->at, unless something failed before. */
#define ADD(layer)                                                                                 \
    do {                                                                                           \
        if (!b->failed) b->failed = !(layer);                                                      \
    } while (0)

void build_dense(builder *b, int64_t in, int64_t out, int bias) {
    ADD(dense_add(b->at, NULL, in, out, bias));
}

void build_maxout(builder *b, int64_t in, int64_t out, int32_t pieces) {
    ADD(maxout_add(b->at, NULL, in, out, pieces));
}

void build_dropout(builder *b, double p) { ADD(dropout_add(b->at, NULL, p)); }

void build_flatten(builder *b) { ADD(flatten_add(b->at, NULL)); }

void build_unflatten(builder *b, int64_t c, int64_t h, int64_t w) {
    ADD(unflatten_add(b->at, NULL, c, h, w));
}

void build_upsample(builder *b, int32_t factor) { ADD(upsample_add(b->at, NULL, factor)); }

static gan_conv2d_opts conv_opts(conv_plan p) {
    return (gan_conv2d_opts){.struct_size = sizeof(gan_conv2d_opts),
                             .stride_h = p.stride,
                             .stride_w = p.stride,
                             .dilation_h = 1,
                             .dilation_w = 1,
                             .pad_top = p.before,
                             .pad_bottom = p.after,
                             .pad_left = p.before,
                             .pad_right = p.after,
                             .bias = p.bias};
}

conv_plan conv_before(conv_plan plan, int32_t norm) {
    plan.bias = norm != GAN_NORM_BATCH;
    return plan;
}

void build_conv(builder *b, int64_t in, int64_t out, conv_plan plan) {
    gan_conv2d_opts opts = conv_opts(plan);
    ADD(conv2d_add(b->at, NULL, in, out, plan.k, &opts));
}

void build_conv_up(builder *b, int64_t in, int64_t out, conv_plan plan) {
    gan_conv2d_opts opts = conv_opts(plan);
    ADD(conv_transpose2d_add(b->at, NULL, in, out, plan.k, &opts));
}

void build_norm(builder *b, int32_t norm, int64_t side, int64_t channels) {
    const gan_norm_opts opts = {.struct_size = sizeof opts,
                                .affine = !b->norm_plain,
                                .eps = b->norm_eps,
                                .momentum = b->norm_momentum};
    const shape sample = shape_of(3, (int64_t[]){side, side, channels});
    if (norm == GAN_NORM_BATCH) ADD(batch_norm_add(b->at, NULL, channels, &opts));
    if (norm == GAN_NORM_INSTANCE) ADD(instance_norm_add(b->at, NULL, channels, &opts));
    if (norm == GAN_NORM_LAYER) ADD(layer_norm_add(b->at, NULL, &sample, &opts));
}

void build_relu(builder *b) { ADD(activation_add(b->at, NULL, &module_relu, 0)); }

void build_leaky_relu(builder *b) { ADD(activation_add(b->at, NULL, &module_leaky_relu, 0.2)); }

void build_elu(builder *b) { ADD(activation_add(b->at, NULL, &module_elu, 1)); }

void build_output(builder *b, const gan_trainer_opts *o) {
    ADD(activation_add(b->at, NULL, o->unit_range ? &module_sigmoid : &module_tanh, 0));
}

/* N(1, std) */
static int draw_gain(gan_tensor *gain, double std) {
    init_normal(gain, std);
    gan_tensor *shifted = op_affine(gain, 1, 1);
    if (shifted) tensor_copy(gain, shifted);
    return shifted != NULL;
}

void build_init(builder *b, int32_t method, double a, double gain_std) {
    if (b->failed) return;
    b->failed = module_init(b->root, method, a) != GAN_OK;
    for (size_t i = 0; i < b->root->parameter_total && gain_std > 0; i++) {
        const entry *e = module_parameter(b->root, i);
        if (e->role == ROLE_GAIN) ADD(draw_gain(e->tensor, gain_std));
    }
}
