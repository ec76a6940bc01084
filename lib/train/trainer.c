/* How a trainer is made, and how its networks are run. */
#include "train/trainer.h"

#include "autograd/grad.h"
#include "core/alloc.h"
#include "core/error.h"
#include "data/pixels.h"
#include "nn/onnx.h"
#include "nn/trace.h"
#include "ops/draw.h"
#include "ops/op.h"
#include "train/augment.h"

#include <math.h>
#include <string.h>

/* ---- lifetime -------------------------------------------------------------------------------- */

static void unref(void *o) {
    if (o) object_unref(o);
}

static void trainer_destroy(object *base) {
    gan_trainer *t = (gan_trainer *)base;
    checkpoint_release(t);
    arena_free(base->ctx, t->labels);
    unref(t->optimizer_g);
    unref(t->optimizer_d);
    unref(t->generator);
    unref(t->discriminator);
    unref(t->averaged);
    unref(t->loader);
    object_free(base);
}

static gan_optimizer *make_optimizer(gan_module *m, const gan_trainer_opts *o, double lr) {
    const gan_adam_opts adam = {
        .struct_size = sizeof adam, .lr = lr, .beta1 = o->beta1, .beta2 = o->beta2, .eps = 1e-8};
    const gan_rmsprop_opts rmsprop = {.struct_size = sizeof rmsprop,
                                      .tf1 = o->rmsprop_tf1,
                                      .lr = lr,
                                      .alpha = o->alpha,
                                      .eps = o->rmsprop_tf1 ? 1e-10 : 1e-8};
    const gan_sgd_opts sgd = {.struct_size = sizeof sgd, .lr = lr, .momentum = o->momentum};
    if (o->optimizer == GAN_OPTIMIZER_RMSPROP) return rmsprop_new(m, &rmsprop);
    return o->optimizer == GAN_OPTIMIZER_SGD ? sgd_new(m, &sgd) : adam_new(m, &adam);
}

static int32_t make_averaged(gan_trainer *t) {
    if (t->opts.average == 0) return GAN_OK;
    t->averaged = t->networks->generator(t->base.ctx, &t->opts);
    if (!t->averaged) return GAN_ENOMEM;
    module_train(t->averaged, 0);
    return module_copy(t->averaged, t->generator);
}

static int32_t begin_at_data(gan_trainer *t) {
    if (!t->loader || t->opts.network != GAN_NETWORK_MAXOUT) return GAN_OK;
    gan_tensor *means = dataset_means(t->loader->data, t->opts.premultiply);
    return means ? network_begin_at_means(t->generator, means, t->opts.unit_range) : GAN_ENOMEM;
}

static int32_t fill(gan_trainer *t) {
    gan_context *ctx = t->base.ctx;
    const gan_trainer_opts *o = &t->opts;
    size_t batch = t->loader ? (size_t)t->loader->opts.batch : 0;
    if (!(t->generator = t->networks->generator(ctx, o)) ||
        !(t->discriminator = t->networks->discriminator(ctx, o)) || begin_at_data(t) ||
        make_averaged(t) || !(t->optimizer_g = make_optimizer(t->generator, o, o->lr_g)) ||
        !(t->optimizer_d = make_optimizer(t->discriminator, o, o->lr_d)) ||
        !(t->labels = arena_alloc_array(ctx, batch, sizeof *t->labels)))
        return GAN_ENOMEM;
    return checkpoint_list(t, "gan_trainer_create");
}

gan_trainer *trainer_new(gan_context *ctx, const gan_trainer_opts *opts, gan_loader *loader) {
    gan_trainer *t = object_new(ctx, sizeof *t, trainer_destroy);
    if (!t) return NULL;
    t->opts = *opts;
    t->networks = network_find(opts);
    t->state.m_best = INFINITY;
    if (loader) {
        object_ref(&loader->base);
        t->loader = loader;
        t->state.images = loader->data->dims[0];
    }
    int before = autograd_recording(ctx, 0);
    int32_t code = fill(t);
    autograd_recording(ctx, before);
    if (!code) return t;
    object_unref(&t->base);
    return NULL;
}

/* ---- inputs ---------------------------------------------------------------------------------- */

gan_tensor *trainer_latents(gan_trainer *t, int64_t n) {
    const gan_trainer_opts *o = &t->opts;
    shape s = shape_2(n, o->latent);
    return o->latent_kind == GAN_LATENT_NORMAL
               ? draw_normal(t->base.ctx, &s)
               : draw_uniform(t->base.ctx, &s, o->latent_lo, o->latent_hi);
}

gan_tensor *trainer_one_hot(gan_trainer *t, const int32_t *labels, int64_t n) {
    if (labels) return op_one_hot("gan_trainer", t->base.ctx, labels, n, t->opts.classes);
    error_set(t->base.ctx, GAN_EINVAL,
              "gan_trainer: labels are NULL, but %s is conditioned on them",
              preset_name(t->opts.system));
    return NULL;
}

gan_tensor *trainer_pack(gan_trainer *t, gan_tensor *x) {
    return t->opts.packing > 1 ? op_pack(x, t->opts.packing) : x;
}

/* ---- networks -------------------------------------------------------------------------------- */

gan_tensor *trainer_generate(gan_trainer *t, gan_module *generator, gan_tensor *z,
                             gan_tensor *labels) {
    gan_tensor *code = z;
    if (t->opts.condition) code = z && labels ? op_concat((gan_tensor *[]){z, labels}, 2, 1) : NULL;
    return network_generate(t->networks, generator, code);
}

static gan_tensor *augmented(const gan_trainer *t, gan_tensor *x) {
    gan_augment_opts o = augment_defaults;
    if (!t->opts.augment || !x) return x;
    o.policy = (uint32_t)t->opts.augment;
    o.unit_range = t->opts.unit_range;
    return augment(x, &o);
}

gan_tensor *trainer_score(gan_trainer *t, gan_tensor *x, gan_tensor *condition) {
    if (t->opts.condition && !condition) return NULL;
    x = augmented(t, x);
    if (!x) return NULL;
    return network_score(t->networks, t->discriminator, x, condition);
}

static gan_module *shown(const gan_trainer *t) { return t->averaged ? t->averaged : t->generator; }

/* The generator's RGBA images as they are seen. */
static gan_tensor *straightened(const gan_trainer *t, gan_tensor *images) {
    const shape *s = tensor_shape(images);
    gan_tensor *straight = tensor_new(t->base.ctx, s);
    if (!straight) return NULL;
    memcpy(tensor_data(straight), tensor_values(images),
           (size_t)tensor_size(images) * sizeof(real));
    pixels_straighten(tensor_data(straight), tensor_size(images) / s->dim[3],
                      pixels_lowest(t->opts.unit_range), 1);
    return straight;
}

gan_tensor *trainer_sample(gan_trainer *t, gan_tensor *z, gan_tensor *labels) {
    gan_module *g = shown(t);
    const int32_t mode = g->training;
    module_train(g, t->networks->dropout_is_noise);
    gan_tensor *images = trainer_generate(t, g, z, labels);
    module_train(g, mode);
    return t->opts.premultiply && images ? straightened(t, images) : images;
}

/* An input of the generator. */
static gan_tensor *example(gan_trainer *t) {
    const gan_trainer_opts *o = &t->opts;
    shape s = o->network == GAN_NETWORK_UNET ? shape_4(1, o->side, o->side, o->input_channels)
                                             : shape_2(1, network_code_size(o));
    gan_tensor *x = tensor_new(t->base.ctx, &s);
    if (x) layout_fill(t->base.ctx, tensor_size(x), 0, tensor_data(x));
    return op_track(x);
}

/* Runs the generator that is shown on an example, recorded; *y is NULL on failure. */
static gan_tensor *record(gan_trainer *t, gan_tensor **y) {
    gan_context *ctx = t->base.ctx;
    gan_module *g = shown(t);
    int before = autograd_recording(ctx, 1);
    const int32_t mode = g->training;
    module_train(g, 0);
    gan_tensor *x = example(t);
    *y = network_generate(t->networks, g, x);
    module_train(g, mode);
    autograd_recording(ctx, before);
    return x;
}

static const char *range_of(const gan_trainer *t) { return t->opts.unit_range ? "0..1" : "-1..1"; }

static trace_facts facts_of(const gan_trainer *t) {
    const gan_trainer_opts *o = &t->opts;
    const char *law = o->latent_kind == GAN_LATENT_NORMAL ? "normal" : "uniform";
    return (trace_facts){.function = "gan_trainer_save_model",
                         .range = range_of(t),
                         .premultiplied = o->premultiply,
                         .classes = o->latent ? (int32_t)(network_code_size(o) - o->latent) : 0,
                         .latent = o->latent ? law : NULL,
                         .latent_lo = o->latent_lo,
                         .latent_hi = o->latent_hi};
}

int32_t trainer_save_model(gan_trainer *t, const char *path) {
    gan_tensor *y, *x = record(t, &y);
    const trace_facts facts = facts_of(t);
    return y ? trace_save(shown(t), path, x, y, &facts) : error_report(t->base.ctx, GAN_ENOMEM);
}

int32_t trainer_save_onnx(gan_trainer *t, const char *path) {
    const onnx_names names = {.function = "gan_trainer_save_onnx",
                              .input = t->opts.network == GAN_NETWORK_UNET ? "image" : "latent",
                              .output = "images",
                              .classes = network_code_size(&t->opts) - t->opts.latent};
    gan_tensor *y, *x = record(t, &y);
    return y ? onnx_save(shown(t), path, &names, x, y, range_of(t))
             : error_report(t->base.ctx, GAN_ENOMEM);
}
