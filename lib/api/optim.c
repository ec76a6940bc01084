#include "gan/optim.h"

#include "core/context.h"
#include "core/error.h"
#include "core/options.h"
#include "optim/optimizer.h"

#include <float.h>
#include <math.h>

/* ---- options --------------------------------------------------------------------------------- */

static const gan_adam_opts adam_defaults = {
    .struct_size = sizeof(gan_adam_opts), .lr = 1e-3, .beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8};
static const gan_rmsprop_opts rmsprop_defaults = {
    .struct_size = sizeof(gan_rmsprop_opts), .lr = 1e-2, .alpha = 0.99, .eps = 1e-8};
static const gan_sgd_opts sgd_defaults = {.struct_size = sizeof(gan_sgd_opts), .lr = 1e-2};

void gan_adam_opts_init(gan_adam_opts *opts, size_t size) {
    options_init(opts, size, &adam_defaults, sizeof adam_defaults);
}

void gan_rmsprop_opts_init(gan_rmsprop_opts *opts, size_t size) {
    options_init(opts, size, &rmsprop_defaults, sizeof rmsprop_defaults);
}

void gan_sgd_opts_init(gan_sgd_opts *opts, size_t size) {
    options_init(opts, size, &sgd_defaults, sizeof sgd_defaults);
}

/* NORMAL: no denormal of float, which kernels take for 0. */
typedef enum range { AT_LEAST_0, NORMAL, FRACTION } range;

typedef struct option {
    const char *name;
    double value;
    range range;
} option;

static int in_range(double value, range r) {
    if (!isfinite(value)) return 0;
    return r == NORMAL ? value >= FLT_MIN : value >= 0 && (r == AT_LEAST_0 || value < 1);
}

static int32_t check(gan_context *ctx, const char *function, const option *options, size_t count) {
    static const char *const texts[] = {"finite, 0 or more", "finite, 1.2e-38 or more",
                                        "in [0, 1)"};
    for (size_t i = 0; i < count; i++)
        if (!in_range(options[i].value, options[i].range))
            return error_set(ctx, GAN_EINVAL, "%s: %s is %g, must be %s", function, options[i].name,
                             options[i].value, texts[options[i].range]);
    return GAN_OK;
}

#define CHECK(ctx, function, ...)                                                                  \
    check(ctx, function, (const option[]){__VA_ARGS__},                                            \
          sizeof((const option[]){__VA_ARGS__}) / sizeof(option))

static int32_t check_adam(gan_context *ctx, const char *function, const gan_adam_opts *o) {
    int32_t code = options_check_reserved(ctx, function, o, o->reserved);
    if (code) return code;
    return CHECK(ctx, function, {"lr", o->lr, AT_LEAST_0}, {"beta1", o->beta1, FRACTION},
                 {"beta2", o->beta2, FRACTION}, {"eps", o->eps, NORMAL},
                 {"weight_decay", o->weight_decay, AT_LEAST_0},
                 {"max_grad_norm", o->max_grad_norm, AT_LEAST_0});
}

static int32_t check_rmsprop(gan_context *ctx, const char *function, const gan_rmsprop_opts *o) {
    int32_t code = options_check_reserved(ctx, function, o, o->reserved);
    if (code) return code;
    return CHECK(ctx, function, {"lr", o->lr, AT_LEAST_0}, {"alpha", o->alpha, FRACTION},
                 {"eps", o->eps, NORMAL}, {"momentum", o->momentum, FRACTION},
                 {"weight_decay", o->weight_decay, AT_LEAST_0},
                 {"max_grad_norm", o->max_grad_norm, AT_LEAST_0});
}

static int32_t check_sgd(gan_context *ctx, const char *function, const gan_sgd_opts *o) {
    if (o->nesterov && o->momentum == 0)
        return error_set(ctx, GAN_EINVAL, "%s: nesterov needs a momentum above 0", function);
    return CHECK(ctx, function, {"lr", o->lr, AT_LEAST_0}, {"momentum", o->momentum, FRACTION},
                 {"weight_decay", o->weight_decay, AT_LEAST_0},
                 {"max_grad_norm", o->max_grad_norm, AT_LEAST_0});
}

/* ---- lifetime -------------------------------------------------------------------------------- */

static int32_t hand_out(gan_context *ctx, gan_optimizer *o, gan_optimizer **out) {
    if (!o) return error_report(ctx, GAN_ENOMEM);
    *out = o;
    return GAN_OK;
}

/* gan_<kind>_create: the kinds differ only in their types. */
#define DEFINE_CREATE(kind)                                                                        \
    int32_t gan_##kind##_create(gan_module *m, const gan_##kind##_opts *opts,                      \
                                gan_optimizer **out) {                                             \
        static const char function[] = "gan_" #kind "_create";                                     \
        if (!m || !out) return error_null(m ? m->base.ctx : NULL, function);                       \
        gan_context *ctx = m->base.ctx;                                                            \
        gan_##kind##_opts o = kind##_defaults;                                                     \
        int32_t code = context_enter(ctx);                                                         \
        if (!code)                                                                                 \
            code = options_load(ctx, function, &o, sizeof o,                                       \
                                V1_SIZE(gan_##kind##_opts, max_grad_norm), opts);                  \
        if (!code) code = check_##kind(ctx, function, &o);                                         \
        return code ? error_report(ctx, code) : hand_out(ctx, kind##_new(m, &o), out);             \
    }

DEFINE_CREATE(adam)
DEFINE_CREATE(rmsprop)
DEFINE_CREATE(sgd)

void gan_optimizer_unref(gan_optimizer *o) {
    if (o) object_release(&o->base);
}

/* ---- steps ----------------------------------------------------------------------------------- */

int32_t gan_optimizer_minimize(gan_optimizer *o, gan_tensor *loss) {
    const char *function = "gan_optimizer_minimize";
    if (!o || !loss) {
        gan_context *known = o ? o->base.ctx : loss ? tensor_context(loss) : NULL;
        return error_null(known, function);
    }
    gan_context *ctx = o->base.ctx;
    char text[SHAPE_TEXT];
    int32_t code = context_enter(ctx);
    if (!code && tensor_context(loss) != ctx)
        code = error_set(ctx, GAN_EINVAL, "%s: the loss is of another context", function);
    if (!code && tensor_size(loss) != 1)
        code = error_set(ctx, GAN_EINVAL, "%s: the loss is %s, must have one element", function,
                         shape_text(tensor_shape(loss), text));
    return error_report(ctx, code ? code : optimizer_minimize(o, loss));
}

/* Gradient i fits its parameter. NULL skips it, unless it is the result of an earlier failure. */
static int32_t check_grad(const gan_optimizer *o, const gan_tensor *g, size_t i) {
    const char *function = "gan_optimizer_step";
    gan_context *ctx = o->base.ctx;
    if (!g) return ctx->error_code;
    if (tensor_context(g) != ctx)
        return error_set(ctx, GAN_EINVAL, "%s: grads[%zu] is of another context", function, i);
    const shape *a = tensor_shape(g), *b = tensor_shape(o->parameters[i]);
    if (shape_equal(a, b)) return GAN_OK;
    char ta[SHAPE_TEXT], tb[SHAPE_TEXT];
    return error_set(ctx, GAN_EINVAL, "%s: grads[%zu] is %s, \"%s\" is %s", function, i,
                     shape_text(a, ta), o->slots[i].name, shape_text(b, tb));
}

int32_t gan_optimizer_step(gan_optimizer *o, gan_tensor *const *grads, size_t n) {
    const char *function = "gan_optimizer_step";
    if (!o || (n && !grads)) return error_null(o ? o->base.ctx : NULL, function);
    gan_context *ctx = o->base.ctx;
    int32_t code = context_enter(ctx);
    if (!code && n != o->count)
        code = error_set(ctx, GAN_EINVAL, "%s: %zu gradients for %zu parameters", function, n,
                         o->count);
    for (size_t i = 0; i < n && !code; i++) code = check_grad(o, grads[i], i);
    return error_report(ctx, code ? code : optimizer_step(o, grads));
}

/* ---- looking --------------------------------------------------------------------------------- */

size_t gan_optimizer_parameter_count(const gan_optimizer *o) { return o ? o->count : 0; }

gan_tensor *gan_optimizer_parameter(const gan_optimizer *o, size_t i) {
    return o && i < o->count ? o->parameters[i] : NULL;
}

double gan_optimizer_lr(const gan_optimizer *o) { return o ? o->lr : 0; }

int32_t gan_optimizer_set_lr(gan_optimizer *o, double lr) {
    if (!o) return error_null(NULL, "gan_optimizer_set_lr");
    gan_context *ctx = o->base.ctx;
    int32_t code = context_enter(ctx);
    if (!code) code = CHECK(ctx, "gan_optimizer_set_lr", {"lr", lr, AT_LEAST_0});
    if (!code) o->lr = lr;
    return error_report(ctx, code);
}

double gan_optimizer_momentum(const gan_optimizer *o) { return o ? o->momentum : 0; }

int32_t gan_optimizer_set_momentum(gan_optimizer *o, double momentum) {
    const char *function = "gan_optimizer_set_momentum";
    if (!o) return error_null(NULL, function);
    gan_context *ctx = o->base.ctx;
    int32_t code = context_enter(ctx);
    if (!code) code = CHECK(ctx, function, {"momentum", momentum, FRACTION});
    if (!code && !o->has_velocity)
        code =
            error_set(ctx, GAN_ESTATE,
                      "%s: the optimizer keeps no velocity: RMSProp and SGD do that were created "
                      "with a momentum above 0",
                      function);
    if (!code) o->momentum = momentum;
    return error_report(ctx, code);
}

double gan_optimizer_grad_norm(const gan_optimizer *o) { return o ? o->grad_norm : 0; }
