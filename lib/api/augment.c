#include "gan/augment.h"

#include "core/error.h"
#include "core/options.h"
#include "core/scope.h"
#include "train/augment.h"

#include <math.h>

void gan_augment_opts_init(gan_augment_opts *opts, size_t size) {
    options_init(opts, size, &augment_defaults, sizeof augment_defaults);
}

static int32_t check(gan_context *ctx, const char *name, double value, double most) {
    if (value >= 0 && value <= most && isfinite(value)) return GAN_OK;
    return error_set(ctx, GAN_EINVAL, "gan_augment: %s is %g, must be %s", name, value,
                     most == 1 ? "in [0, 1]" : "finite, 0 or more");
}

static int32_t load(gan_context *ctx, const gan_augment_opts *given, gan_augment_opts *o) {
    *o = augment_defaults;
    int32_t code =
        options_load(ctx, "gan_augment", o, sizeof *o, V1_SIZE(gan_augment_opts, cutout), given);
    if (!code) code = options_check_reserved(ctx, "gan_augment", o, o->reserved);
    if (!code && o->policy & ~(uint32_t)AUGMENT_ALL)
        code = error_set(ctx, GAN_EINVAL, "gan_augment: policy %u is no sum of GAN_AUGMENT_...",
                         (unsigned)o->policy);
    if (!code) code = check(ctx, "brightness", o->brightness, INFINITY);
    if (!code) code = check(ctx, "saturation", o->saturation, INFINITY);
    if (!code) code = check(ctx, "contrast", o->contrast, INFINITY);
    if (!code) code = check(ctx, "translation", o->translation, 1);
    if (!code) code = check(ctx, "cutout", o->cutout, 1);
    if (!code && (o->unit_range & ~1))
        code = error_set(ctx, GAN_EINVAL, "gan_augment: unit_range is %d, must be 0 or 1",
                         (int)o->unit_range);
    return code;
}

gan_tensor *gan_augment(gan_tensor *x, const gan_augment_opts *opts) {
    int64_t mark = scope_begin_for(x);
    if (mark < 1) return NULL;
    gan_context *ctx = tensor_context(x);
    gan_augment_opts o;
    gan_tensor *changed = load(ctx, opts, &o) ? NULL : augment(x, &o);
    return scope_escape(ctx, mark, changed);
}
