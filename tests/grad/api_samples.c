/* Public functions that are composed of operators, losses and the penalty as a whole included. */
#include "check.h"

BUILD_1(neg, gan_neg)
BUILD_1(square, gan_square)
BUILD_1(relu, gan_relu)
BUILD_1(sum_all, gan_sum_all)
BUILD_1(mean_all, gan_mean_all)
BUILD_1(l2_norm, gan_l2_norm)
BUILD_1(flatten, gan_flatten)
BUILD_1(softmax, gan_softmax)
BUILD_1(root, gan_sqrt)
BUILD_1(wasserstein_generator, gan_wasserstein_generator)
BUILD_2(wasserstein_critic, gan_wasserstein_critic)
BUILD_2(relativistic_discriminator, gan_relativistic_discriminator)
BUILD_2(relativistic_generator, gan_relativistic_generator)
BUILD_2(projection, gan_projection)
BUILD_NUMBER(pack, gan_pack, int64_t)
BUILD_NUMBER(minibatch_std, gan_minibatch_std, int64_t)
BUILD(label_maps, gan_label_maps(x[0], (int64_t)p[0], (int64_t)p[1]))
BUILD_NUMBER(scale, gan_scale, double)
BUILD_NUMBER(add_scalar, gan_add_scalar, double)
BUILD_NUMBER(elu, gan_elu, double)
BUILD_NUMBER(upsample_nearest, gan_upsample_nearest, int32_t)
BUILD_NUMBER(batch_normalize, gan_batch_normalize, double)
BUILD_NUMBER(instance_normalize, gan_instance_normalize, double)
BUILD_NUMBER(layer_normalize, gan_layer_normalize, double)
BUILD_NUMBER(bce_with_logits, gan_bce_with_logits, double)
BUILD(group_normalize, gan_group_normalize(x[0], (int32_t)p[0], p[1]))

/* ---- over axes ------------------------------------------------------------------------------- */

/* p: keep, number of axes, axes; for std a correction. */
static int32_t axes_from(const double *p, int32_t *axes) {
    int32_t n = (int32_t)p[1];
    for (int32_t i = 0; i < n; i++) axes[i] = (int32_t)p[2 + i];
    return n;
}

#define OVER_AXES(name)                                                                            \
    static gan_tensor *name(gan_tensor *const *x, const double *p) {                               \
        int32_t axes[GAN_MAX_RANK], n = axes_from(p, axes);                                        \
        return gan_##name(x[0], axes, n, (int32_t)p[0]);                                           \
    }
OVER_AXES(sum)
OVER_AXES(mean)
OVER_AXES(max)
#undef OVER_AXES

static gan_tensor *standard_deviation(gan_tensor *const *x, const double *p) {
    int32_t axes[GAN_MAX_RANK], n = axes_from(p, axes);
    return gan_std(x[0], axes, n, (int32_t)p[0], (int32_t)p[2 + n]);
}

/* The four kinds of axis lists: last, first, inner and outer, all. */
#define AXES_OF(name, build, order)                                                                \
    {name, build, order, {0, 1, -1}, {X(3, 4)}}, {name, build, order, {1, 1, 0}, {X(3, 4)}},       \
        {name, build, order, {0, 2, 2, 0}, {X(3, 2, 4)}},                                          \
        {name, build, order, {1, 2, 1, 2}, {X(2, 2, 3, 2)}}, {                                     \
        name, build, order, {0}, { X(2, 3) }                                                       \
    }

/* ---- images ---------------------------------------------------------------------------------- */

BUILD(unflatten, gan_unflatten(x[0], (int64_t)p[0], (int64_t)p[1], (int64_t)p[2]))
BUILD(avg_pool2d, gan_avg_pool2d(x[0], (int32_t)p[0], (int32_t)p[1], (int32_t)p[2]))
BUILD(max_pool2d, gan_max_pool2d(x[0], (int32_t)p[0], (int32_t)p[1], (int32_t)p[2]))

static gan_tensor *broadcast(gan_tensor *const *x, const double *p) {
    return gan_broadcast(x[0], (const int64_t[]){(int64_t)p[0], (int64_t)p[1], (int64_t)p[2]}, 3);
}

static gan_tensor *reshape(gan_tensor *const *x, const double *p) {
    return gan_reshape(x[0], (const int64_t[]){(int64_t)p[0], (int64_t)p[1]}, 2);
}

/* p: stride, dilation, pads (top, bottom, left, right), output pads. */
static gan_tensor *conv_transpose2d(gan_tensor *const *x, const double *p) {
    gan_conv2d_opts o;
    gan_conv2d_opts_init(&o, sizeof o);
    o.stride_h = o.stride_w = (int32_t)p[0];
    o.dilation_h = o.dilation_w = (int32_t)p[1];
    o.pad_top = (int32_t)p[2], o.pad_bottom = (int32_t)p[3];
    o.pad_left = (int32_t)p[4], o.pad_right = (int32_t)p[5];
    o.output_pad_h = (int32_t)p[6], o.output_pad_w = (int32_t)p[7];
    return gan_conv_transpose2d(x[0], x[1], &o);
}

/* ---- probability and losses ------------------------------------------------------------------ */

static const int32_t labels[] = {2, 0, 3, 2, 1};

BUILD(embedding, gan_embedding(x[0], labels, 5))
BUILD(cross_entropy, gan_cross_entropy(x[0], labels, 5))

/* The seed is set anew so that every evaluation has the same mask. */
static gan_tensor *dropout(gan_tensor *const *x, const double *p) {
    gan_context_seed(gan_tensor_context(x[0]), 3);
    return gan_dropout(x[0], p[0]);
}

/* Likewise. p: policy. */
static gan_tensor *augmented(gan_tensor *const *x, const double *p) {
    gan_augment_opts o;
    gan_augment_opts_init(&o, sizeof o);
    o.policy = (uint32_t)p[0];
    o.translation = 0.5;
    gan_context_seed(gan_tensor_context(x[0]), 3);
    return gan_augment(x[0], &o);
}

/* d tanh(x) / dx as an expression, with gan_grad_of inside. */
static gan_tensor *grad_of(gan_tensor *const *x, const double *p) {
    (void)p;
    gan_tensor *y = gan_sum_all(gan_mul(gan_tanh(x[0]), x[1]));
    return gan_mul(gan_grad_of(y, x[0], GAN_GRAD_CREATE_GRAPH), x[1]);
}

/* ---- the gradient penalty -------------------------------------------------------------------- */

static gan_tensor *penalty(gan_tensor *scores, gan_tensor *points, const double *p) {
    gan_penalty_opts o;
    gan_penalty_opts_init(&o, sizeof o);
    o.one_sided = (int32_t)p[0];
    o.target = p[1];
    return gan_penalty(scores, points, &o);
}

/* x (N,I), w (H,I), b (H), v (1,H): a critic of two dense layers. */
static gan_tensor *penalty_mlp(gan_tensor *const *x, const double *p) {
    gan_tensor *h = gan_leaky_relu(gan_add(gan_matmul(x[0], x[1], 0, 1), x[2]), 0.2);
    return penalty(gan_matmul(h, x[3], 0, 1), x[0], p);
}

static gan_tensor *penalty_tanh(gan_tensor *const *x, const double *p) {
    gan_tensor *h = gan_tanh(gan_add(gan_matmul(x[0], x[1], 0, 1), x[2]));
    return penalty(gan_matmul(h, x[3], 0, 1), x[0], p);
}

static gan_tensor *zero_penalty_tanh(gan_tensor *const *x, const double *p) {
    gan_tensor *h = gan_tanh(gan_add(gan_matmul(x[0], x[1], 0, 1), x[2]));
    return gan_zero_penalty(gan_matmul(h, x[3], 0, 1), x[0], p[0], 0);
}

/* A critic that sees augmented images and the batch's deviation. */
static gan_tensor *zero_penalty_mixed(gan_tensor *const *x, const double *p) {
    gan_tensor *seen = gan_minibatch_std(augmented(x, p), 2);
    gan_tensor *h = gan_tanh(gan_matmul(gan_flatten(seen), x[1], 0, 1));
    return gan_zero_penalty(gan_sum(h, (const int32_t[]){1}, 1, 0), x[0], 2, 1);
}

/* x (2,6,6,2), w (3,4,4,2), gain (3), dense (1,27): convolution, norm, leaky, flatten, dense. */
static gan_tensor *penalty_conv(gan_tensor *const *x, const double *p) {
    gan_conv2d_opts o;
    gan_conv2d_opts_init(&o, sizeof o);
    o.stride_h = o.stride_w = 2;
    o.pad_top = o.pad_bottom = o.pad_left = o.pad_right = 1;
    gan_tensor *h = gan_conv2d(x[0], x[1], &o);
    if (p[2] == 1) h = gan_instance_normalize(h, 1e-5);
    if (p[2] == 2) h = gan_layer_normalize(h, 1e-5);
    h = gan_leaky_relu(gan_mul(h, x[2]), 0.2);
    return penalty(gan_matmul(gan_flatten(h), x[3], 0, 1), x[0], p);
}

/* The whole critic loss: scores of real and fake and the penalty, with the critic's weights met
 * three times. */
static gan_tensor *critic_loss(gan_tensor *const *x, const double *p) {
    gan_tensor *w = x[2], *v = x[3], *middle = gan_scale(gan_add(x[0], x[1]), 0.5);
    gan_tensor *real = gan_matmul(gan_tanh(gan_matmul(x[0], w, 0, 1)), v, 0, 1);
    gan_tensor *fake = gan_matmul(gan_tanh(gan_matmul(x[1], w, 0, 1)), v, 0, 1);
    gan_tensor *between = gan_matmul(gan_tanh(gan_matmul(middle, w, 0, 1)), v, 0, 1);
    return gan_add(gan_wasserstein_critic(real, fake), penalty(between, middle, p));
}

#define CONV_CRITIC                                                                                \
    { X(2, 6, 6, 2), X(3, 4, 4, 2), POSITIVE(3), X(1, 27) }

/* ---- the table ------------------------------------------------------------------------------- */

const sample api_samples[] = {
    {"gan_neg", neg, 2, {0}, {X(3, 4)}},
    {"gan_scale", scale, 2, {-0.3}, {X(3, 4)}},
    {"gan_add_scalar", add_scalar, 2, {0.7}, {X(3, 4)}},
    {"gan_square", square, 3, {0}, {X(3, 4)}},
    {"gan_sqrt", root, 3, {0}, {POSITIVE(3, 4)}},
    {"gan_relu", relu, 2, {0}, {X(3, 4)}},
    {"gan_elu", elu, 3, {0.7}, {X(3, 4)}},
    AXES_OF("gan_sum", sum, 2),
    AXES_OF("gan_mean", mean, 2),
    AXES_OF("gan_max", max, 2),
    {"gan_std", standard_deviation, 3, {0, 1, -1, 1}, {X(3, 4)}},
    {"gan_std", standard_deviation, 2, {1, 1, 0, 0}, {X(3, 4)}},
    {"gan_std", standard_deviation, 2, {0, 2, 2, 0, 1}, {X(3, 2, 4)}},
    {"gan_std", standard_deviation, 2, {0, 0, 0}, {X(2, 3)}},
    {"gan_sum_all", sum_all, 3, {0}, {X(2, 3, 2)}},
    {"gan_mean_all", mean_all, 3, {0}, {X(2, 3, 2)}},
    {"gan_l2_norm", l2_norm, 3, {0}, {X(3, 2, 2)}},
    {"gan_reshape", reshape, 2, {3, -1}, {X(2, 3, 2)}},
    {"gan_broadcast", broadcast, 2, {2, 3, 4}, {X(3, 1)}},
    {"gan_flatten", flatten, 3, {0}, {X(2, 2, 3, 4)}},
    {"gan_unflatten", unflatten, 3, {4, 2, 3}, {X(2, 24)}},
    {"gan_upsample_nearest", upsample_nearest, 2, {2}, {X(2, 2, 3, 2)}},
    {"gan_upsample_nearest", upsample_nearest, 2, {3}, {X(1, 2, 1, 2)}},
    {"gan_avg_pool2d", avg_pool2d, 2, {2, 2, 0}, {X(2, 4, 5, 2)}},
    {"gan_avg_pool2d", avg_pool2d, 2, {3, 2, 1}, {X(2, 5, 4, 2)}},
    {"gan_max_pool2d", max_pool2d, 2, {2, 2, 0}, {X(2, 4, 5, 2)}},
    {"gan_max_pool2d", max_pool2d, 2, {3, 2, 1}, {X(2, 5, 4, 2)}},
    {"gan_conv_transpose2d",
     conv_transpose2d,
     3,
     {2, 1, 1, 1, 1, 1},
     {X(2, 3, 2, 3), X(3, 4, 4, 2)}},
    {"gan_conv_transpose2d",
     conv_transpose2d,
     2,
     {2, 1, 1, 0, 0, 1, 1, 0},
     {X(2, 3, 2, 2), X(2, 3, 2, 3)}},
    {"gan_conv_transpose2d", conv_transpose2d, 2, {1, 2}, {X(2, 2, 3, 1), X(1, 2, 3, 2)}},
    {"gan_batch_normalize", batch_normalize, 2, {1e-5}, {X(4, 3)}},
    {"gan_batch_normalize", batch_normalize, 3, {1e-5}, {X(2, 2, 2, 2)}},
    {"gan_instance_normalize", instance_normalize, 3, {1e-5}, {X(2, 2, 3, 2)}},
    {"gan_layer_normalize", layer_normalize, 3, {1e-5}, {X(3, 5)}},
    {"gan_layer_normalize", layer_normalize, 2, {1e-5}, {X(2, 2, 2, 3)}},
    {"gan_group_normalize", group_normalize, 3, {2, 1e-5}, {X(2, 2, 2, 4)}},
    {"gan_group_normalize", group_normalize, 2, {1, 1e-5}, {X(2, 6)}},
    {"gan_pack", pack, 2, {2}, {X(4, 2, 3, 2)}},
    {"gan_pack", pack, 2, {3}, {X(6, 2)}},
    {"gan_minibatch_std", minibatch_std, 3, {2}, {X(4, 2, 2, 2)}},
    {"gan_minibatch_std", minibatch_std, 2, {0}, {X(3, 5)}},
    {"gan_projection", projection, 2, {0}, {X(3, 4), X(3, 4)}},
    {"gan_label_maps", label_maps, 2, {2, 3}, {X(3, 4)}},
    {"gan_softmax", softmax, 3, {0}, {X(3, 4)}},
    {"gan_embedding", embedding, 2, {0}, {X(4, 3)}},
    {"gan_cross_entropy", cross_entropy, 3, {0}, {X(5, 4)}},
    {"gan_dropout", dropout, 2, {0.4}, {X(4, 5)}},
    {"gan_augment, color", augmented, 2, {GAN_AUGMENT_COLOR}, {X(3, 4, 4, 3)}},
    {"gan_augment, translation", augmented, 2, {GAN_AUGMENT_TRANSLATION}, {X(3, 4, 5, 2)}},
    {"gan_augment, cutout", augmented, 2, {GAN_AUGMENT_CUTOUT}, {X(3, 5, 4, 2)}},
    {"gan_augment, all", augmented, 2, {7}, {X(2, 4, 4, 3)}},
    {"gan_grad_of", grad_of, 2, {0}, {X(3, 4), X(3, 4)}},

    {"gan_bce_with_logits", bce_with_logits, 3, {1}, {X(4, 1)}},
    {"gan_bce_with_logits", bce_with_logits, 2, {0.9}, {IN(-9, 9, 5)}},
    {"gan_wasserstein_critic", wasserstein_critic, 2, {0}, {X(4, 1), X(3, 1)}},
    {"gan_relativistic_discriminator", relativistic_discriminator, 3, {0}, {X(4, 1), X(4, 1)}},
    {"gan_relativistic_generator", relativistic_generator, 3, {0}, {X(4, 1), X(4, 1)}},
    {"gan_wasserstein_generator", wasserstein_generator, 2, {0}, {X(4, 1)}},

    /* one-sided, target, norm */
    {"gan_penalty, dense critic", penalty_mlp, 2, {0, 1}, {X(3, 4), X(5, 4), X(5), X(1, 5)}},
    {"gan_penalty, tanh critic", penalty_tanh, 2, {0, 1}, {X(3, 4), X(5, 4), X(5), X(1, 5)}},
    {"gan_penalty, one-sided", penalty_tanh, 2, {1, 0.5}, {X(4, 4), X(5, 4), X(5), X(1, 5)}},
    {"gan_penalty, convolution", penalty_conv, 2, {0, 1, 0}, CONV_CRITIC},
    {"gan_penalty, instance norm", penalty_conv, 2, {0, 1, 1}, CONV_CRITIC},
    {"gan_penalty, layer norm", penalty_conv, 2, {0, 1, 2}, CONV_CRITIC},
    {"gan_zero_penalty, tanh critic", zero_penalty_tanh, 2, {5}, {X(3, 4), X(5, 4), X(5), X(1, 5)}},
    {"gan_zero_penalty, mixed", zero_penalty_mixed, 2, {7}, {X(4, 3, 3, 1), X(2, 18)}},
    {"critic loss", critic_loss, 2, {0, 1}, {X(3, 4), X(3, 4), X(5, 4), X(1, 5)}},
};

const int32_t api_sample_count = (int32_t)(sizeof api_samples / sizeof api_samples[0]);
