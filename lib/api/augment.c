#include "gan/augment.h"

#include "core/error.h"
#include "core/options.h"
#include "core/scope.h"
#include "train/augment.h"

#include <math.h>

enum { ALL = GAN_AUGMENT_COLOR | GAN_AUGMENT_TRANSLATION | GAN_AUGMENT_CUTOUT };

static const gan_augment_opts defaults = {.struct_size = sizeof(gan_augment_opts),
                                          .policy = ALL,
                                          .brightness = 0.5,
                                          .saturation = 1,
                                          .contrast = 0.5,
                                          .translation = 0.125,
                                          .cutout = 0.5};

void gan_augment_opts_init(gan_augment_opts *opts, size_t size) {
    options_init(opts, size, &defaults, sizeof defaults);
}

static int32_t check(gan_context *ctx, const char *name, double value, double most) {
    if (value >= 0 && value <= most && isfinite(value)) return GAN_OK;
    return error_set(ctx, GAN_EINVAL, "gan_augment: %s is %g, must be %s", name, value,
                     most == 1 ? "in [0, 1]" : "finite, 0 or more");
}

static int32_t load(gan_context *ctx, const gan_augment_opts *given, gan_augment_opts *o) {
    *o = defaults;
    int32_t code =
        options_load(ctx, "gan_augment", o, sizeof *o, V1_SIZE(gan_augment_opts, cutout), given);
    if (!code && o->policy & ~(uint32_t)ALL)
        code = error_set(ctx, GAN_EINVAL, "gan_augment: policy %u is no sum of GAN_AUGMENT_...",
                         (unsigned)o->policy);
    if (!code) code = check(ctx, "brightness", o->brightness, INFINITY);
    if (!code) code = check(ctx, "saturation", o->saturation, INFINITY);
    if (!code) code = check(ctx, "contrast", o->contrast, INFINITY);
    if (!code) code = check(ctx, "translation", o->translation, 1);
    return code ? code : check(ctx, "cutout", o->cutout, 1);
}

gan_tensor *gan_augment(gan_tensor *x, const gan_augment_opts *opts) {
    int64_t mark = scope_begin_for(x);
    if (mark < 1) return NULL;
    gan_context *ctx = tensor_context(x);
    gan_augment_opts o;
    gan_tensor *changed = load(ctx, opts, &o) ? NULL : augment(x, &o);
    return scope_escape(ctx, mark, changed);
}
