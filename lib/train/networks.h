/* The networks of the systems: how they are built and run. All are modules; a generator takes one
 * tensor (latents, with the label's one-hot row behind them, or images), a discriminator an image
 * and what it is conditioned on. */
#ifndef GAN_TRAIN_NETWORKS_H
#define GAN_TRAIN_NETWORKS_H

#include "gan/train.h"
#include "nn/module.h"

/* A kind of networks. The options have been checked, sizes filled in. Builders give a root, the
 * caller's, or NULL with the error set. */
typedef struct network_class {
    gan_module *(*generator)(gan_context *ctx, const gan_trainer_opts *o);
    gan_module *(*discriminator)(gan_context *ctx, const gan_trainer_opts *o);
    /* NULL: module_forward. */
    gan_tensor *(*generate)(gan_module *g, gan_tensor *code);
    /* condition: one-hot labels (N, classes), given images, or NULL. NULL: module_forward. */
    gan_tensor *(*score)(gan_module *d, gan_tensor *x, gan_tensor *condition);
    /* Images vary by the generator's dropout, little or not at all by its input: it stays on. */
    int dropout_is_noise;
    /* Batch norm of vectors (N,C), which training of one image cannot normalise. */
    int norm_of_vectors;
} network_class;

extern const network_class network_maxout, network_dense, network_joint; /* networks_dense.c */
extern const network_class network_dcgan, network_same5;                 /* networks_conv.c */
extern const network_class network_info, network_info_autoencoder;       /* networks_info.c */
extern const network_class network_labelled;                             /* networks_labelled.c */
extern const network_class network_unet, network_encoder_decoder;        /* networks_image.c */
extern const network_class network_autoencoder;

/* By a network's number, and `skips`, which have been checked. */
const network_class *network_find(const gan_trainer_opts *o);

/* A GAN_NETWORK_ number. */
int network_is_known(int32_t network);

/* Whether the discriminator's scores are errors of reconstruction; and these, of an autoencoder
 * (networks_image.c). */
int network_reconstructs(int32_t network);
gan_tensor *network_reconstruction_score(gan_module *d, gan_tensor *x, gan_tensor *condition);

gan_tensor *network_generate(const network_class *class, gan_module *g, gan_tensor *code);
gan_tensor *network_score(const network_class *class, gan_module *d, gan_tensor *x,
                          gan_tensor *condition);

/* Columns of the generator's input. */
int64_t network_code_size(const gan_trainer_opts *o);

/* Goodfellow et al. 2014: the output of a generator of network_maxout begins at the data's mean
 * image (1,s,s,c), means in [0, 1], which the bias of its last layer stands for. */
int32_t network_begin_at_means(gan_module *g, gan_tensor *means, int unit_range);

/* Of images of a quarter of the side, with 2w channels: the side, and elements. */
int64_t network_quarter(const gan_trainer_opts *o);
int64_t network_quarter_size(const gan_trainer_opts *o);

/* A child of a tree. */
gan_module *network_part(gan_module *m, const char *name);

/* ---- building -------------------------------------------------------------------------------- */

/* Layers are added to `at` until one cannot be made; the end is seen by build_finish. */
typedef struct builder {
    gan_module *root, *at;
    double norm_eps, norm_momentum; /* of norms; PyTorch's unless they are set */
    int norm_plain;                 /* norms without gain and shift */
    int failed;
} builder;

builder build_sequential(gan_context *ctx);
builder build_tree(gan_context *ctx);

/* Gives the root, or NULL after a failure. */
gan_module *build_finish(builder *b);

/* Goes on in a new sequential of the root, which is a tree. */
void build_part(builder *b, const char *name);

void build_dense(builder *b, int64_t in, int64_t out, int bias);
void build_maxout(builder *b, int64_t in, int64_t out, int32_t pieces);
void build_dropout(builder *b, double p);
void build_flatten(builder *b);
void build_unflatten(builder *b, int64_t c, int64_t h, int64_t w);
void build_upsample(builder *b, int32_t factor);

/* k x k, stride, and pads before and after on both axes. */
typedef struct conv_plan {
    int32_t k, stride, before, after, bias;
} conv_plan;

/* In front of a norm by GAN_NORM_ number: where no batch norm takes the mean away, with biases. */
conv_plan conv_before(conv_plan plan, int32_t norm);

void build_conv(builder *b, int64_t in, int64_t out, conv_plan plan);
void build_conv_up(builder *b, int64_t in, int64_t out, conv_plan plan);

/* GAN_NORM_ of images of side x side x channels; none for GAN_NORM_NONE. */
void build_norm(builder *b, int32_t norm, int64_t side, int64_t channels);

void build_relu(builder *b);
void build_leaky_relu(builder *b); /* slope 0.2 */
void build_elu(builder *b);
/* The generator's last: into the range of the data. */
void build_output(builder *b, const gan_trainer_opts *o);

/* Draws the weights anew by a GAN_INIT_ number, and zeroes biases; gains too from N(1, gain_std).
 */
void build_init(builder *b, int32_t method, double a, double gain_std);

/* ---- labels (networks_conv.c) ---------------------------------------------------------------- */

/* Adds layers that score images of `in` channels, the last one or the one before it included. */
typedef void (*build_fn)(builder *b, const gan_trainer_opts *o, int64_t in);

/* `main` on packed images, or on images with an embedding of the labels as one more channel; and
 * how such a discriminator is run. */
builder discriminator_with_maps(gan_context *ctx, const gan_trainer_opts *o, build_fn main);
gan_tensor *conv_score(gan_module *d, gan_tensor *x, gan_tensor *labels);

#endif
