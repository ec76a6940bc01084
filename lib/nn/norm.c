/* Normalisation layers: an operator without parameters, then a gain and a shift. */
#include "nn/layers.h"

#include "core/node.h"
#include "nn/init.h"
#include "ops/op.h"

#include <math.h>

/* ---- gain and shift -------------------------------------------------------------------------- */

/* "weight" and "bias", as PyTorch calls them, of shape s. */
static int32_t add_gain_and_shift(gan_module *m, const shape *s, int32_t layout) {
    gan_tensor *gain = module_add_entry(m, "weight", ROLE_GAIN, layout, s);
    if (!gain) return GAN_ENOMEM;
    init_constant(gain, 1);
    gan_tensor *shift = module_add_entry(m, "bias", ROLE_SHIFT, layout, s);
    if (!shift) return GAN_ENOMEM;
    init_constant(shift, 0);
    return GAN_OK;
}

/* act(normalize(x) * gain + shift). number: eps. stats: of x, or NULL. */
static gan_tensor *normalize(const gan_module *m, gan_tensor *x, const norm_geom *geom,
                             activation act, storage *stats) {
    gan_tensor *gain = module_own(m, "weight"), *shift = module_own(m, "bias");
    double eps = m->number[0];
    if (gain) return op_norm_affine(x, gain, shift, geom, eps, act, stats);
    return op_activate(op_normalize(x, geom, eps, stats), act);
}

/* A detached layer; s is the shape of gain and shift. number: eps, momentum. */
static gan_module *norm_new(gan_module *parent, const module_class *class, const char *name,
                            const shape *s, int32_t layout, const gan_norm_opts *opts) {
    gan_module *m = module_new(parent->base.ctx, class, parent, name);
    if (!m) return NULL;
    m->number[0] = opts->eps;
    m->number[1] = opts->momentum;
    m->size = *s;
    if (!opts->affine || !add_gain_and_shift(m, s, layout)) return m;
    return module_attach(parent, m, GAN_ENOMEM);
}

/* Whether x has `channels` = size[0] on its last axis, and the rank, if one is asked for; else that
 * of features or images. */
static int fits(const gan_module *m, gan_tensor *x, int32_t rank) {
    const shape *s = tensor_shape(x);
    long long channels = (long long)m->size.dim[0];
    int right = rank ? s->rank == rank : s->rank == 2 || s->rank == 4;
    if (right && s->dim[s->rank - 1] == channels) return 1;
    if (rank)
        layer_refuse(m, x, "(N, H, W, %lld)", channels);
    else
        layer_refuse(m, x, "(N, %lld) or (N, H, W, %lld)", channels, channels);
    return 0;
}

/* ---- batch norm ------------------------------------------------------------------------------ */

/* running = (1 - momentum) running + momentum batch, for the mean and the unbiased variance, unless
 * one of them is not finite: a single bad batch would spoil the evaluation mode for good. */
static void move_statistics(const gan_module *m, const norm_geom *geom, const real *stats) {
    gan_context *ctx = m->base.ctx;
    if (!reduce_all_finite(ctx, 2 * geom->b, stats)) return;
    gan_tensor *mean = module_own(m, "running_mean"), *var = module_own(m, "running_var");
    gan_tensor *batches = module_own(m, "num_batches_tracked");
    const real *batch_mean = stats, *batch_var = stats + geom->b;
    real *running_mean = tensor_data(mean), *running_var = tensor_data(var);
    double count = (double)geom->r1;
    double momentum = m->cumulative ? 1 / (1 + (double)*tensor_values(batches)) : m->number[1];
    double unbiased = momentum * count / (count - 1);
    for (int64_t c = 0; c < geom->b; c++) {
        running_mean[c] =
            (real)((1 - momentum) * (double)running_mean[c] + momentum * (double)batch_mean[c]);
        running_var[c] =
            (real)((1 - momentum) * (double)running_var[c] + unbiased * (double)batch_var[c]);
    }
    *tensor_data(batches) += 1;
    tensor_touch(mean);
    tensor_touch(var);
    tensor_touch(batches);
}

static gan_tensor *batch_norm_train(gan_module *m, gan_tensor *x, activation act) {
    norm_geom geom;
    if (norm_geom_batch(m->label, x, &geom)) return NULL;
    if (geom.r1 < 2)
        return layer_refuse(m, x, "of more than one value per channel in training mode");
    storage *stats = op_norm_stats(x, &geom, m->number[0]);
    if (!stats) return NULL;
    gan_tensor *y = normalize(m, x, &geom, act, stats);
    if (y) move_statistics(m, &geom, storage_data(stats));
    storage_unref(stats);
    return y;
}

/* 1 / sqrt(var + eps). Where x is tracked this is recorded too, though made of a constant, so that
 * a trace from x to the result says where every number comes from. */
static gan_tensor *running_scale(const gan_module *m, gan_tensor *x) {
    gan_tensor *var = module_own(m, "running_var");
    tensor_make_leaf(var, !tensor_tracked(x));
    gan_tensor *scale = op_pow(op_affine(var, 1, m->number[0]), -0.5);
    tensor_make_leaf(var, 1);
    return scale;
}

/* The running statistics, gain and shift as one affine map of each channel: y = x a + b with
 * a = gain / sqrt(var + eps) and b = shift - mean a. */
static gan_tensor *batch_norm_eval(const gan_module *m, gan_tensor *x, activation act) {
    gan_tensor *gain = module_own(m, "weight"), *shift = module_own(m, "bias");
    gan_tensor *a = running_scale(m, x);
    if (gain) a = op_mul(gain, a);
    gan_tensor *b = op_mul(module_own(m, "running_mean"), a);
    b = shift ? op_sub(shift, b) : op_affine(b, -1, 0);
    return op_bias_act(op_mul(x, a), b, act);
}

static gan_tensor *batch_norm_forward(gan_module *m, gan_tensor *x, activation act) {
    if (!fits(m, x, 0)) return NULL;
    return m->training ? batch_norm_train(m, x, act) : batch_norm_eval(m, x, act);
}

static int32_t add_statistics(gan_module *m, const shape *s) {
    const shape one = shape_scalar();
    gan_tensor *mean = module_add_entry(m, "running_mean", ROLE_BUFFER, LAYOUT_SAME, s);
    gan_tensor *var = module_add_entry(m, "running_var", ROLE_BUFFER, LAYOUT_SAME, s);
    gan_tensor *batches =
        module_add_entry(m, "num_batches_tracked", ROLE_BUFFER, LAYOUT_SAME, &one);
    if (!mean || !var || !batches) return GAN_ENOMEM;
    init_constant(mean, 0);
    init_constant(var, 1);
    init_constant(batches, 0);
    module_own_entry(m, "num_batches_tracked")->integer = 1;
    module_own_entry(m, "running_mean")->statistic = 1;
    module_own_entry(m, "running_var")->statistic = 1;
    return GAN_OK;
}

static const module_class module_batch_norm = {
    .name = "batch_norm", .two_modes = 1, .forward_activated = batch_norm_forward};

gan_module *batch_norm_add(gan_module *parent, const char *name, int64_t channels,
                           const gan_norm_opts *opts) {
    shape s = shape_1(channels);
    gan_module *m = norm_new(parent, &module_batch_norm, name, &s, LAYOUT_SAME, opts);
    return module_attach(parent, m, m ? add_statistics(m, &s) : GAN_OK);
}

/* ---- norms within a sample ------------------------------------------------------------------- */

static gan_tensor *instance_norm_forward(gan_module *m, gan_tensor *x, activation act) {
    norm_geom geom;
    if (!fits(m, x, 4) || norm_geom_instance(m->label, x, &geom)) return NULL;
    return normalize(m, x, &geom, act, NULL);
}

static const module_class module_instance_norm = {.name = "instance_norm",
                                                  .forward_activated = instance_norm_forward};

gan_module *instance_norm_add(gan_module *parent, const char *name, int64_t channels,
                              const gan_norm_opts *opts) {
    shape s = shape_1(channels);
    gan_module *m = norm_new(parent, &module_instance_norm, name, &s, LAYOUT_SAME, opts);
    return module_attach(parent, m, GAN_OK);
}

/* size: the sample's shape. */
static gan_tensor *layer_norm_forward(gan_module *m, gan_tensor *x, activation act) {
    const shape *s = tensor_shape(x);
    shape sample = s->rank ? shape_of(s->rank - 1, s->dim + 1) : *s;
    norm_geom geom;
    if (s->rank < 2 || !shape_equal(&sample, &m->size)) {
        char text[SHAPE_TEXT];
        return layer_refuse(m, x, "samples of %s", shape_text(&m->size, text));
    }
    if (norm_geom_layer(m->label, x, &geom)) return NULL;
    return normalize(m, x, &geom, act, NULL);
}

static const module_class module_layer_norm = {.name = "layer_norm",
                                               .forward_activated = layer_norm_forward};

gan_module *layer_norm_add(gan_module *parent, const char *name, const shape *sample,
                           const gan_norm_opts *opts) {
    int32_t layout = sample->rank == 3 ? LAYOUT_CHW : LAYOUT_SAME;
    gan_module *m = norm_new(parent, &module_layer_norm, name, sample, layout, opts);
    return module_attach(parent, m, GAN_OK);
}

/* size: channels, groups. */
static gan_tensor *group_norm_forward(gan_module *m, gan_tensor *x, activation act) {
    norm_geom geom;
    if (!fits(m, x, 0) || norm_geom_group(m->label, x, (int32_t)m->size.dim[1], &geom)) return NULL;
    return normalize(m, x, &geom, act, NULL);
}

static const module_class module_group_norm = {.name = "group_norm",
                                               .forward_activated = group_norm_forward};

gan_module *group_norm_add(gan_module *parent, const char *name, int32_t groups, int64_t channels,
                           const gan_norm_opts *opts) {
    shape s = shape_1(channels);
    gan_module *m = norm_new(parent, &module_group_norm, name, &s, LAYOUT_SAME, opts);
    if (m) m->size = shape_2(channels, groups);
    return module_attach(parent, m, GAN_OK);
}
