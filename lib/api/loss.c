#include "gan/loss.h"

#include "core/context.h"
#include "core/error.h"
#include "core/options.h"
#include "core/scope.h"
#include "train/loss.h"
#include "train/penalty.h"

#include <math.h>

/* Begins the inner scope of a function of two tensors. One NULL: an earlier error is pending, or
 * here is one. */
static int64_t begin_two(const char *function, gan_tensor *a, gan_tensor *b) {
    gan_tensor *t = a ? a : b;
    if (!t) return 0;
    if (!a || !b || tensor_context(a) != tensor_context(b)) {
        error_set(tensor_context(t), GAN_EINVAL, "%s: %s", function,
                  a && b ? "tensors of different contexts" : "a tensor is NULL");
        return 0;
    }
    return scope_begin_for(a);
}

gan_tensor *gan_bce_with_logits(gan_tensor *logits, double target) {
    int64_t mark = scope_begin_for(logits);
    if (mark < 1) return NULL;
    gan_context *ctx = tensor_context(logits);
    if (!isfinite(target))
        error_set(ctx, GAN_EINVAL, "gan_bce_with_logits: target is %g, must be finite", target);
    gan_tensor *loss = isfinite(target) ? loss_bce_with_logits(logits, target) : NULL;
    return scope_escape(ctx, mark, loss);
}

gan_tensor *gan_wasserstein_critic(gan_tensor *real_scores, gan_tensor *fake_scores) {
    int64_t mark = begin_two("gan_wasserstein_critic", real_scores, fake_scores);
    if (mark < 1) return NULL;
    return scope_escape(tensor_context(real_scores), mark,
                        loss_wasserstein_critic(real_scores, fake_scores));
}

gan_tensor *gan_wasserstein_generator(gan_tensor *fake_scores) {
    int64_t mark = scope_begin_for(fake_scores);
    if (mark < 1) return NULL;
    return scope_escape(tensor_context(fake_scores), mark, loss_wasserstein_generator(fake_scores));
}

static gan_tensor *relativistic(const char *function, gan_tensor *winner, gan_tensor *loser) {
    int64_t mark = begin_two(function, winner, loser);
    if (mark < 1) return NULL;
    return scope_escape(tensor_context(winner), mark, loss_relativistic(function, winner, loser));
}

gan_tensor *gan_relativistic_discriminator(gan_tensor *real_scores, gan_tensor *fake_scores) {
    return relativistic("gan_relativistic_discriminator", real_scores, fake_scores);
}

gan_tensor *gan_relativistic_generator(gan_tensor *real_scores, gan_tensor *fake_scores) {
    return relativistic("gan_relativistic_generator", fake_scores, real_scores);
}

gan_tensor *gan_interpolate(gan_tensor *real_x, gan_tensor *fake_x) {
    int64_t mark = begin_two("gan_interpolate", real_x, fake_x);
    if (mark < 1) return NULL;
    return scope_escape(tensor_context(real_x), mark, penalty_interpolate(real_x, fake_x));
}

/* ---- penalty --------------------------------------------------------------------------------- */

static const gan_penalty_opts penalty_defaults = {
    .struct_size = sizeof(gan_penalty_opts), .lambda = 10, .target = 1};

void gan_penalty_opts_init(gan_penalty_opts *opts, size_t size) {
    options_init(opts, size, &penalty_defaults, sizeof penalty_defaults);
}

static int32_t load(gan_context *ctx, const char *function, const gan_penalty_opts *given,
                    gan_penalty_opts *o) {
    *o = penalty_defaults;
    int32_t code =
        options_load(ctx, function, o, sizeof *o, V1_SIZE(gan_penalty_opts, reserved), given);
    if (!code) code = options_check_reserved(ctx, function, o, o->reserved);
    if (code) return code;
    if (isfinite(o->lambda) && isfinite(o->target)) return GAN_OK;
    return error_set(ctx, GAN_EINVAL, "%s: lambda is %g and target %g, must be finite", function,
                     o->lambda, o->target);
}

gan_tensor *gan_penalty(gan_tensor *scores, gan_tensor *points, const gan_penalty_opts *opts) {
    const char *function = "gan_penalty";
    int64_t mark = begin_two(function, scores, points);
    if (mark < 1) return NULL;
    gan_context *ctx = tensor_context(points);
    gan_penalty_opts o;
    gan_tensor *penalty = load(ctx, function, opts, &o) ? NULL : penalty_at(scores, points, &o);
    return scope_escape(ctx, mark, penalty);
}

/* Begins the inner scope of a function of a critic and points. */
static int64_t begin_critic(const char *function, const gan_module *critic, gan_tensor *points) {
    if (points && (!critic || critic->base.ctx != tensor_context(points))) {
        error_set(tensor_context(points), GAN_EINVAL, "%s: the critic is %s", function,
                  critic ? "of another context" : "NULL");
        return 0;
    }
    return scope_begin_for(points);
}

gan_tensor *gan_penalty_of(gan_module *critic, gan_tensor *points, const gan_penalty_opts *opts) {
    const char *function = "gan_penalty_of";
    int64_t mark = begin_critic(function, critic, points);
    if (mark < 1) return NULL;
    gan_context *ctx = tensor_context(points);
    gan_penalty_opts o;
    gan_tensor *penalty = load(ctx, function, opts, &o) ? NULL : penalty_of(critic, points, &o);
    return scope_escape(ctx, mark, penalty);
}

static int gamma_ok(gan_context *ctx, const char *function, double gamma) {
    if (isfinite(gamma)) return 1;
    error_set(ctx, GAN_EINVAL, "%s: gamma is %g, must be finite", function, gamma);
    return 0;
}

gan_tensor *gan_zero_penalty(gan_tensor *scores, gan_tensor *points, double gamma,
                             int32_t allow_mixing) {
    const char *function = "gan_zero_penalty";
    int64_t mark = begin_two(function, scores, points);
    if (mark < 1) return NULL;
    gan_context *ctx = tensor_context(points);
    int ok = gamma_ok(ctx, function, gamma);
    return scope_escape(ctx, mark,
                        ok ? penalty_zero_at(scores, points, gamma, allow_mixing) : NULL);
}

gan_tensor *gan_zero_penalty_of(gan_module *critic, gan_tensor *points, double gamma,
                                int32_t allow_mixing) {
    const char *function = "gan_zero_penalty_of";
    int64_t mark = begin_critic(function, critic, points);
    if (mark < 1) return NULL;
    gan_context *ctx = tensor_context(points);
    int ok = gamma_ok(ctx, function, gamma);
    return scope_escape(ctx, mark,
                        ok ? penalty_zero_of(critic, points, gamma, allow_mixing) : NULL);
}
