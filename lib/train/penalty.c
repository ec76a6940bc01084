#include "train/penalty.h"

#include "autograd/grad.h"
#include "core/error.h"
#include "core/node.h"
#include "gan/train.h"
#include "ops/draw.h"
#include "ops/op.h"

#include <math.h>
#include <string.h>

/* ---- where the gradient is looked at (Algorithm 1, lines 4-6) -------------------------------- */

gan_tensor *penalty_interpolate(gan_tensor *real_x, gan_tensor *fake_x) {
    gan_context *ctx = tensor_context(real_x);
    const shape *a = tensor_shape(real_x), *b = tensor_shape(fake_x);
    if (a->rank == 0 || !shape_equal(a, b)) {
        char ta[SHAPE_TEXT], tb[SHAPE_TEXT];
        error_set(ctx, GAN_EINVAL, "gan_interpolate: real is %s, fake is %s, must be (N,...) both",
                  shape_text(a, ta), shape_text(b, tb));
        return NULL;
    }
    int before = autograd_recording(ctx, 0);
    gan_tensor *e = draw_per_sample(ctx, a, 0, 1);
    gan_tensor *mixed = op_add(fake_x, op_mul(e, op_sub(real_x, fake_x)));
    autograd_recording(ctx, before);
    return op_track(mixed);
}

/* Kodali et al. 2017: noise as large as the batch varies, by a factor of each sample. */
static gan_tensor *uniform_noise(gan_tensor *x, double scale) {
    gan_context *ctx = tensor_context(x);
    const shape *s = tensor_shape(x);
    int32_t axes[GAN_MAX_RANK];
    for (int32_t i = 0; i < s->rank; i++) axes[i] = i;
    gan_tensor *std = op_std_axes(x, axes, s->rank, 0, 0);
    gan_tensor *u = draw_uniform(ctx, s, 0, 1);
    gan_tensor *noise = op_mul(u, op_affine(std, scale, 0));
    return op_mul(draw_per_sample(ctx, s, 0, 1), noise);
}

gan_tensor *penalty_dragan_points(gan_tensor *x, int32_t mode, double scale) {
    gan_context *ctx = tensor_context(x);
    int before = autograd_recording(ctx, 0);
    gan_tensor *noise = mode == GAN_DRAGAN_GAUSSIAN
                            ? op_affine(draw_normal(ctx, tensor_shape(x)), sqrt(scale), 0)
                            : uniform_noise(x, scale);
    gan_tensor *points = op_add(x, noise);
    autograd_recording(ctx, before);
    return op_track(points);
}

/* ---- the penalty (Algorithm 1, line 7) ------------------------------------------------------- */

static int32_t check(const char *function, gan_tensor *scores, gan_tensor *points) {
    gan_context *ctx = tensor_context(points);
    const shape *s = tensor_shape(points);
    char ts[SHAPE_TEXT], tp[SHAPE_TEXT];
    if (tensor_context(scores) != ctx)
        return error_set(ctx, GAN_EINVAL, "%s: tensors of different contexts", function);
    if (!tensor_tracked(points))
        return error_set(ctx, GAN_EINVAL,
                         "%s: points must be tracked when the critic is "
                         "run on them (gan_interpolate, gan_track)",
                         function);
    if (s->rank == 0 || s->dim[0] == 0 || tensor_size(scores) == 0 ||
        tensor_size(scores) % s->dim[0] != 0)
        return error_set(ctx, GAN_EINVAL,
                         "%s: scores are %s for points %s: must be one, or equally many, a sample",
                         function, shape_text(tensor_shape(scores), ts), shape_text(s, tp));
    return GAN_OK;
}

/* The penalty is a mean over independent samples (section 4, "No critic batch normalization"). */
static int32_t check_apart(const char *function, gan_tensor *scores, gan_tensor *points) {
    gan_context *ctx = tensor_context(points);
    const char *name;
    int32_t code;
    if (autograd_rows_kept(scores, points, tensor_shape(points)->dim[0], &name, &code) || code)
        return code;
    if (!strcmp(name, "normalize") || !strcmp(name, "norm_affine"))
        return error_set(ctx, GAN_EMIXED,
                         "%s: batch norm (operator '%s') in the critic makes a sample's score "
                         "depend on the others: use layer norm or none",
                         function, name);
    return error_set(ctx, GAN_EMIXED,
                     "%s: operator '%s' in the critic makes a sample's score depend on the others "
                     "(packing? a statistic of the batch?)",
                     function, name);
}

/* d sum of scores / d points, recorded, for scores and points that pass the checks. */
static gan_tensor *input_gradient(const char *function, gan_tensor *scores, gan_tensor *points,
                                  int allow_mixing) {
    if (check(function, scores, points)) return NULL;
    if (!allow_mixing && check_apart(function, scores, points)) return NULL;
    gan_context *ctx = tensor_context(points);
    gan_tensor *ones = tensor_new(ctx, tensor_shape(scores)), *g = NULL;
    if (!ones) return NULL;
    layout_fill(ctx, tensor_size(ones), 1, tensor_data(ones));
    if (autograd_sweep(function, scores, ones, &points, 1, GAN_GRAD_CREATE_GRAPH, &g)) return NULL;
    if (!g)
        error_set(ctx, GAN_EINVAL,
                  "%s: the scores do not depend on the points: run the critic on them, recording "
                  "on",
                  function);
    return g;
}

gan_tensor *penalty_at(gan_tensor *scores, gan_tensor *points, const gan_penalty_opts *opts) {
    gan_tensor *norm =
        op_row_norm(input_gradient("gan_penalty", scores, points, opts->allow_mixing));
    gan_tensor *excess = op_affine(norm, 1, -opts->target);
    if (opts->one_sided) excess = op_leaky_relu(excess, 0);
    return op_affine(op_mean_all(op_mul(excess, excess)), opts->lambda, 0);
}

gan_tensor *penalty_of(gan_module *critic, gan_tensor *points, const gan_penalty_opts *opts) {
    gan_tensor *x = op_track(points);
    gan_tensor *scores = module_forward(critic, x);
    return scores ? penalty_at(scores, x, opts) : NULL;
}

/* ---- zero-centred (Mescheder et al. 2018, eq. 9) --------------------------------------------- */

gan_tensor *penalty_zero_at(gan_tensor *scores, gan_tensor *points, double gamma,
                            int allow_mixing) {
    gan_tensor *g = input_gradient("gan_zero_penalty", scores, points, allow_mixing);
    if (!g) return NULL;
    return op_affine(op_sum_all(op_mul(g, g)), gamma / 2 / (double)tensor_shape(g)->dim[0], 0);
}

gan_tensor *penalty_zero_of(gan_module *critic, gan_tensor *points, double gamma,
                            int allow_mixing) {
    gan_tensor *x = op_track(points);
    gan_tensor *scores = module_forward(critic, x);
    return scores ? penalty_zero_at(scores, x, gamma, allow_mixing) : NULL;
}
