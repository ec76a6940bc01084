#include "gan/train.h"

#include "autograd/grad.h"
#include "core/context.h"
#include "core/error.h"
#include "core/options.h"
#include "core/scope.h"
#include "data/pixels.h"
#include "ops/op.h"
#include "train/loss.h"
#include "train/penalty.h"
#include "train/trainer.h"

#include <math.h>

/* ---- systems --------------------------------------------------------------------------------- */

const char *gan_system_name(int32_t system) { return preset_name(system); }

int32_t gan_system_find(const char *name) { return name ? preset_find(name) : 0; }

int32_t gan_system_side(int32_t system, int32_t side) {
    gan_trainer_opts o;
    preset_fill(system, GAN_VARIANT_DEFAULT, &o);
    return o.system ? preset_side(o.network, side) : 0;
}

int32_t gan_network_side(int32_t network, int32_t side) {
    return network_is_known(network) ? preset_side(network, side) : 0;
}

void gan_trainer_opts_init(gan_trainer_opts *opts, size_t size, int32_t system, int32_t variant) {
    gan_trainer_opts o;
    preset_fill(system, variant, &o);
    options_init(opts, size, &o, sizeof o);
}

/* The host's options over the preset of their system. */
static int32_t load(gan_context *ctx, const char *function, const gan_trainer_opts *given,
                    gan_trainer_opts *o) {
    preset_fill(GAN_SYSTEM_GAN, GAN_VARIANT_DEFAULT, o);
    int32_t code =
        options_load(ctx, function, o, sizeof *o, V1_SIZE(gan_trainer_opts, average), given);
    if (!code) code = options_check_reserved(ctx, function, o, o->reserved | o->reserved2);
    if (code || preset_name(o->system)) return code;
    return error_set(ctx, GAN_EINVAL, "%s: system is %d, none of GAN_SYSTEM_...", function,
                     (int)o->system);
}

int32_t gan_trainer_loader_opts(const gan_trainer_opts *opts, gan_loader_opts *loader) {
    const char *function = "gan_trainer_loader_opts";
    if (!opts || !loader || !preset_name(opts->system) ||
        options_check_size(NULL, function, V1_SIZE(gan_trainer_opts, average), opts) ||
        options_check_size(NULL, function, V1_SIZE(gan_loader_opts, hi), loader))
        return GAN_EINVAL;
    /* Fields that came later are not in every struct. */
    const int32_t premultiply =
        opts->struct_size >= V1_SIZE(gan_trainer_opts, premultiply) ? opts->premultiply : 0;
    const int has_room = loader->struct_size >= V1_SIZE(gan_loader_opts, premultiply);
    if (premultiply && !has_room) return GAN_EINVAL;
    loader->batch = opts->batch;
    loader->remainder = GAN_REMAINDER_WRAP;
    loader->lo = pixels_lowest(opts->unit_range);
    loader->hi = 1;
    if (has_room) loader->premultiply = premultiply;
    return GAN_OK;
}

/* ---- making ---------------------------------------------------------------------------------- */

/* Fills a size that is 0, or compares it. */
static int32_t agree(gan_context *ctx, const char *what, int32_t *ours, int64_t theirs) {
    if (*ours == 0 && theirs <= INT32_MAX) *ours = (int32_t)theirs;
    if (*ours == theirs) return GAN_OK;
    return error_set(ctx, GAN_EINVAL, "gan_trainer_create: %s is %d, the loader's data has %lld",
                     what, (int)*ours, (long long)theirs);
}

static int32_t check_range(gan_context *ctx, const gan_loader *l, const gan_trainer_opts *o) {
    double lo = pixels_lowest(o->unit_range);
    if (!l->opts.premultiply != !o->premultiply)
        return error_set(ctx, GAN_EINVAL,
                         "gan_trainer_create: premultiply is %d, the loader's is %d (see "
                         "gan_trainer_loader_opts)",
                         (int)o->premultiply, (int)l->opts.premultiply);
    if (l->opts.lo == lo && l->opts.hi == 1) return GAN_OK;
    return error_set(ctx, GAN_EINVAL,
                     "gan_trainer_create: the loader's pixels are %g to %g, must be %g to 1 (see "
                     "gan_trainer_loader_opts)",
                     l->opts.lo, l->opts.hi, lo);
}

/* Batches of one image, or the last of each epoch. */
static int32_t check_smallest_batch(gan_context *ctx, const gan_loader *l,
                                    const gan_trainer_opts *o) {
    const int32_t batch = l->opts.batch;
    const int alone = l->opts.remainder == GAN_REMAINDER_KEEP && l->data->dims[0] % batch == 1;
    const int packed = o->norm == GAN_NORM_BATCH && batch == o->packing; /* one row to score */
    if ((batch > 1 && !alone && !packed) || !network_find(o)->norm_of_vectors) return GAN_OK;
    return error_set(ctx, GAN_EINVAL,
                     "gan_trainer_create: the loader gives batches of one image, or of one pack, "
                     "which the batch norm of this network cannot take (batch %d of %lld images, "
                     "remainder %d, packing %d)",
                     (int)batch, (long long)l->data->dims[0], (int)l->opts.remainder,
                     (int)o->packing);
}

/* Sizes of the data; with a U-Net the loader's images are the given ones. */
static int32_t fit_to_loader(gan_context *ctx, const gan_loader *l, gan_trainer_opts *o) {
    const gan_dataset *target = l->data;
    int unet = o->network == GAN_NETWORK_UNET;
    if (l->base.ctx != ctx)
        return error_set(ctx, GAN_EINVAL, "gan_trainer_create: the loader is of another context");
    if (unet && !(target = l->data->pair))
        return error_set(ctx, GAN_EINVAL,
                         "gan_trainer_create: %s needs a data set with pairs "
                         "(gan_dataset_from_pairs, gan_dataset_outlines)",
                         preset_name(o->system));
    const int64_t *dims = target->dims;
    if (dims[1] != dims[2])
        return error_set(ctx, GAN_EINVAL,
                         "gan_trainer_create: images are %lld x %lld, must be square (pad_to of "
                         "gan_data_opts)",
                         (long long)dims[2], (long long)dims[1]);
    if (unet && (l->data->dims[1] != dims[1] || l->data->dims[2] != dims[2]))
        return error_set(ctx, GAN_EINVAL, "gan_trainer_create: pairs are of different sizes");
    int32_t code = agree(ctx, "side", &o->side, dims[1]);
    if (!code) code = agree(ctx, "channels", &o->channels, dims[3]);
    if (!code && unet) code = agree(ctx, "input_channels", &o->input_channels, l->data->dims[3]);
    if (!code && o->condition && l->data->labels)
        code = agree(ctx, "classes", &o->classes, l->data->classes);
    if (!code && o->condition && !l->data->labels)
        code = error_set(ctx, GAN_EINVAL,
                         "gan_trainer_create: condition is set, but the data has no labels");
    if (!code &&
        (l->opts.batch % o->packing || (o->packing > 1 && l->opts.remainder == GAN_REMAINDER_KEEP)))
        code = error_set(ctx, GAN_EINVAL,
                         "gan_trainer_create: batches must be multiples of packing %d",
                         (int)o->packing);
    return code ? code : check_range(ctx, l, o);
}

static int32_t create(gan_context *ctx, const gan_trainer_opts *opts, gan_loader *loader,
                      gan_trainer **out) {
    gan_trainer_opts o;
    int32_t code = load(ctx, "gan_trainer_create", opts, &o);
    if (!code && o.packing < 1)
        code = error_set(ctx, GAN_EINVAL, "gan_trainer_create: packing is %d, must be 1 or more",
                         (int)o.packing);
    if (!code && loader) code = fit_to_loader(ctx, loader, &o);
    if (!code) code = preset_check(ctx, &o);
    if (!code && loader) code = check_smallest_batch(ctx, loader, &o);
    int64_t mark = code ? code : scope_begin(ctx);
    if (mark < 0) return (int32_t)mark;
    gan_trainer *t = trainer_new(ctx, &o, loader);
    scope_escape(ctx, mark, NULL);
    if (!t) return GAN_ENOMEM;
    *out = t;
    return GAN_OK;
}

int32_t gan_trainer_create(gan_context *ctx, const gan_trainer_opts *opts, gan_loader *loader,
                           gan_trainer **out) {
    if (!ctx || !opts || !out) return error_null(ctx, "gan_trainer_create");
    int32_t code = context_enter(ctx);
    return error_report(ctx, code ? code : create(ctx, opts, loader, out));
}

void gan_trainer_unref(gan_trainer *t) {
    if (t) object_release(&t->base);
}

/* ---- training -------------------------------------------------------------------------------- */

static int32_t step(gan_trainer *t, gan_trainer_stats *stats) {
    gan_context *ctx = t->base.ctx;
    gan_trainer_stats s;
    uint32_t room = stats ? stats->struct_size : 0;
    int32_t code = context_enter(ctx);
    if (!code && stats && room < sizeof room)
        code = error_set(ctx, GAN_EINVAL, "gan_trainer_step: set stats->struct_size");
    if (!code && !t->loader)
        code = error_set(ctx, GAN_ESTATE, "gan_trainer_step: the trainer has no loader");
    if (!code) code = trainer_step(t, &s);
    if (!code && stats) result_give(stats, &s, sizeof s);
    return code;
}

/* What is pending is of operators of the host's, and not for the step to fail by. */
int32_t gan_trainer_step(gan_trainer *t, gan_trainer_stats *stats) {
    if (!t) return error_null(NULL, "gan_trainer_step");
    gan_context *ctx = t->base.ctx;
    const int32_t pending = error_put_aside(ctx);
    const int32_t code = error_report(ctx, step(t, stats));
    error_put_back(ctx, pending);
    return code;
}

gan_module *gan_trainer_generator(const gan_trainer *t) { return t ? t->generator : NULL; }

gan_module *gan_trainer_discriminator(const gan_trainer *t) { return t ? t->discriminator : NULL; }

gan_module *gan_trainer_averaged(const gan_trainer *t) { return t ? t->averaged : NULL; }

const gan_trainer_opts *gan_trainer_options(const gan_trainer *t) { return t ? &t->opts : NULL; }

int64_t gan_trainer_steps(const gan_trainer *t) { return t ? t->state.step : 0; }

gan_tensor *gan_trainer_latents(gan_trainer *t, int64_t n) {
    shape s;
    if (!t || context_enter(t->base.ctx) ||
        shape_check(t->base.ctx, "gan_trainer_latents", (int64_t[]){n, t->opts.latent}, 2, &s))
        return NULL;
    if (t->opts.latent) return trainer_latents(t, n);
    error_set(t->base.ctx, GAN_EINVAL, "gan_trainer_latents: %s has no latents",
              preset_name(t->opts.system));
    return NULL;
}

/* ---- networks run ---------------------------------------------------------------------------- */

static int is_unet(const gan_trainer *t) { return t->opts.network == GAN_NETWORK_UNET; }

/* 1 if x has the rank and, from axis 1 on, the sizes. */
static int fits(gan_trainer *t, const char *function, gan_tensor *x, int32_t rank, int64_t a,
                int64_t b, int64_t c) {
    gan_context *ctx = t->base.ctx;
    const shape *s = tensor_shape(x);
    shape wanted = rank == 2 ? shape_2(s->dim[0], a) : shape_4(s->dim[0], a, b, c);
    char got[SHAPE_TEXT], text[SHAPE_TEXT];
    if (tensor_context(x) == ctx && shape_equal(s, &wanted)) return 1;
    if (tensor_context(x) != ctx)
        error_set(ctx, GAN_EINVAL, "%s: a tensor is of another context", function);
    else
        error_set(ctx, GAN_EINVAL, "%s: input is %s, must be like %s", function, shape_text(s, got),
                  shape_text(&wanted, text));
    return 0;
}

static int code_fits(gan_trainer *t, const char *function, gan_tensor *z) {
    const gan_trainer_opts *o = &t->opts;
    return is_unet(t) ? fits(t, function, z, 4, o->side, o->side, o->input_channels)
                      : fits(t, function, z, 2, o->latent, 0, 0);
}

/* One-hot labels where the system has them. 0: the error is set. */
static int condition_of(gan_trainer *t, const int32_t *labels, int64_t n, gan_tensor **condition) {
    *condition = t->opts.condition ? trainer_one_hot(t, labels, n) : NULL;
    return !t->opts.condition || *condition;
}

/* The generator's images in an inner scope of their own. */
static gan_tensor *images_of(const char *function, gan_trainer *t, gan_tensor *z,
                             const int32_t *labels, int sampled) {
    if (!t || !z || context_enter(t->base.ctx) || !code_fits(t, function, z)) return NULL;
    gan_context *ctx = t->base.ctx;
    int64_t mark = scope_begin(ctx);
    if (mark < 0) return NULL;
    int before = autograd_recording(ctx, 0);
    if (!sampled) autograd_recording(ctx, before);
    gan_tensor *condition, *images = NULL;
    if (condition_of(t, labels, tensor_shape(z)->dim[0], &condition))
        images = sampled ? trainer_sample(t, z, condition)
                         : trainer_generate(t, t->generator, z, condition);
    autograd_recording(ctx, before);
    return scope_escape(ctx, mark, images);
}

gan_tensor *gan_trainer_sample(gan_trainer *t, gan_tensor *z, const int32_t *labels) {
    return images_of("gan_trainer_sample", t, z, labels, 1);
}

gan_tensor *gan_trainer_generate(gan_trainer *t, gan_tensor *z, const int32_t *labels) {
    return images_of("gan_trainer_generate", t, z, labels, 0);
}

gan_tensor *gan_trainer_score(gan_trainer *t, gan_tensor *images, gan_tensor *given,
                              const int32_t *labels) {
    const char *function = "gan_trainer_score";
    if (!t || !images || context_enter(t->base.ctx)) return NULL;
    gan_context *ctx = t->base.ctx;
    const gan_trainer_opts *o = &t->opts;
    if (!fits(t, function, images, 4, o->side, o->side, o->channels)) return NULL;
    if (is_unet(t) && !given) {
        error_set(ctx, GAN_EINVAL, "%s: given is NULL", function);
        return NULL;
    }
    if (is_unet(t) && !code_fits(t, function, given)) return NULL;
    int64_t mark = scope_begin(ctx);
    if (mark < 0) return NULL;
    gan_tensor *condition, *scores = NULL;
    if (condition_of(t, labels, tensor_shape(images)->dim[0], &condition))
        scores = trainer_score(t, trainer_pack(t, images), is_unet(t) ? given : condition);
    return scope_escape(ctx, mark, scores);
}

/* ---- files ----------------------------------------------------------------------------------- */

/* Writes the generator in a scope of its own. */
static int32_t write_generator(const char *function, gan_trainer *t, const char *path,
                               int32_t (*write)(gan_trainer *t, const char *path)) {
    if (!t || !path) return error_null(t ? t->base.ctx : NULL, function);
    gan_context *ctx = t->base.ctx;
    int32_t code = context_enter(ctx);
    int64_t mark = code ? code : scope_begin(ctx);
    if (mark < 0) return error_report(ctx, (int32_t)mark);
    code = write(t, path);
    scope_escape(ctx, mark, NULL);
    return error_report(ctx, code);
}

int32_t gan_trainer_save_model(gan_trainer *t, const char *path) {
    return write_generator("gan_trainer_save_model", t, path, trainer_save_model);
}

int32_t gan_trainer_save_onnx(gan_trainer *t, const char *path) {
    return write_generator("gan_trainer_save_onnx", t, path, trainer_save_onnx);
}

int32_t gan_trainer_save(gan_trainer *t, const char *path) {
    if (!t || !path) return error_null(t ? t->base.ctx : NULL, "gan_trainer_save");
    int32_t code = context_enter(t->base.ctx);
    return error_report(t->base.ctx, code ? code : checkpoint_save(t, path));
}

int32_t gan_trainer_load(gan_trainer *t, const char *path) {
    if (!t || !path) return error_null(t ? t->base.ctx : NULL, "gan_trainer_load");
    int32_t code = context_enter(t->base.ctx);
    return error_report(t->base.ctx, code ? code : checkpoint_load(t, path));
}

/* An option that the host's struct has no place for is as it was before there was one. */
static int32_t check_room(gan_context *ctx, const char *path, const gan_trainer_opts *o,
                          uint32_t room) {
    gan_trainer_opts plain;
    preset_fill(GAN_SYSTEM_GAN, GAN_VARIANT_DEFAULT, &plain);
    for (size_t i = 0; i < preset_option_count; i++) {
        const preset_option *row = &preset_options[i];
        if (row->offset >= room && preset_option_value(row, o) != preset_option_value(row, &plain))
            return error_set(
                ctx, GAN_EABI,
                "gan_trainer_opts_load: %s: was made with %s %.10g, for which opts has "
                "no room: struct_size is %u",
                path, row->name, preset_option_value(row, o), (unsigned)room);
    }
    return GAN_OK;
}

int32_t gan_trainer_opts_load(gan_context *ctx, const char *path, gan_trainer_opts *opts) {
    if (!ctx || !path || !opts) return error_null(ctx, "gan_trainer_opts_load");
    gan_trainer_opts o;
    preset_fill(GAN_SYSTEM_GAN, GAN_VARIANT_DEFAULT, &o);
    int32_t code = context_enter(ctx);
    if (!code)
        code = options_check_size(ctx, "gan_trainer_opts_load", V1_SIZE(gan_trainer_opts, average),
                                  opts);
    if (!code) code = checkpoint_options(ctx, path, &o);
    if (!code) code = check_room(ctx, path, &o, opts->struct_size);
    if (!code) options_init(opts, opts->struct_size, &o, sizeof o);
    return error_report(ctx, code);
}

/* ---- pieces ---------------------------------------------------------------------------------- */

/* Begins the inner scope of a loss of `scores`; below 1: the error is set. */
static int64_t begin_loss(const char *function, int32_t loss, gan_tensor *scores) {
    int64_t mark = scope_begin_for(scores);
    if (mark < 1 || (loss >= GAN_LOSS_MINIMAX && loss <= GAN_LOSS_BEGAN)) return mark;
    gan_context *ctx = tensor_context(scores);
    error_set(ctx, GAN_EINVAL, "%s: loss is %d, none of GAN_LOSS_...", function, (int)loss);
    scope_escape(ctx, mark, NULL);
    return 0;
}

gan_tensor *gan_real_loss(int32_t loss, gan_tensor *real_scores, double target) {
    const char *function = "gan_real_loss";
    int64_t mark = begin_loss(function, loss, real_scores);
    if (mark < 1) return NULL;
    gan_context *ctx = tensor_context(real_scores);
    if (!isfinite(target))
        error_set(ctx, GAN_EINVAL, "%s: target is %g, must be finite", function, target);
    return scope_escape(ctx, mark, isfinite(target) ? loss_real(loss, real_scores, target) : NULL);
}

gan_tensor *gan_fake_loss(int32_t loss, gan_tensor *fake_scores) {
    int64_t mark = begin_loss("gan_fake_loss", loss, fake_scores);
    if (mark < 1) return NULL;
    return scope_escape(tensor_context(fake_scores), mark, loss_fake(loss, fake_scores));
}

gan_tensor *gan_generator_loss(int32_t loss, gan_tensor *fake_scores) {
    int64_t mark = begin_loss("gan_generator_loss", loss, fake_scores);
    if (mark < 1) return NULL;
    return scope_escape(tensor_context(fake_scores), mark, loss_generator(loss, fake_scores));
}

gan_tensor *gan_discriminator_loss(int32_t loss, gan_tensor *real_scores, gan_tensor *fake_scores) {
    const char *function = "gan_discriminator_loss";
    if (real_scores && fake_scores && tensor_context(real_scores) != tensor_context(fake_scores)) {
        error_set(tensor_context(real_scores), GAN_EINVAL, "%s: tensors of different contexts",
                  function);
        return NULL;
    }
    if (!fake_scores) return NULL;
    int64_t mark = begin_loss(function, loss, real_scores);
    if (mark < 1) return NULL;
    return scope_escape(tensor_context(real_scores), mark,
                        op_add(loss_real(loss, real_scores, 1), loss_fake(loss, fake_scores)));
}

gan_tensor *gan_dragan_points(gan_tensor *real_x, int32_t mode, double scale) {
    const char *function = "gan_dragan_points";
    int64_t mark = scope_begin_for(real_x);
    if (mark < 1) return NULL;
    gan_context *ctx = tensor_context(real_x);
    int known = mode == GAN_DRAGAN_UNIFORM || mode == GAN_DRAGAN_GAUSSIAN;
    int right = known && scale >= 0 && isfinite(scale) && tensor_shape(real_x)->rank > 0;
    if (!right)
        error_set(ctx, GAN_EINVAL,
                  "%s: mode is %d, scale %g: must be one of GAN_DRAGAN_... and finite, 0 or more, "
                  "for samples (N,...)",
                  function, (int)mode, scale);
    return scope_escape(ctx, mark, right ? penalty_dragan_points(real_x, mode, scale) : NULL);
}

gan_tensor *gan_reconstruction_error(gan_tensor *x, gan_tensor *reconstruction) {
    if (!x || !reconstruction) return NULL;
    gan_context *ctx = tensor_context(x);
    int64_t mark = scope_begin_for(x);
    if (mark < 1) return NULL;
    const shape *a = tensor_shape(x), *b = tensor_shape(reconstruction);
    int right = tensor_context(reconstruction) == ctx && shape_equal(a, b) && a->rank > 0;
    char ta[SHAPE_TEXT], tb[SHAPE_TEXT];
    if (!right)
        error_set(ctx, GAN_EINVAL, "gan_reconstruction_error: x is %s, the other %s",
                  shape_text(a, ta), shape_text(b, tb));
    return scope_escape(ctx, mark, right ? loss_reconstruction(x, reconstruction) : NULL);
}

double gan_began_balance(double k, double real_loss, double fake_loss, double gamma,
                         double lambda_k, double *measure) {
    return loss_began_balance(k, real_loss, fake_loss, gamma, lambda_k, measure);
}
