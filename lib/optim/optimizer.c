#include "optim/optimizer.h"

#include "autograd/grad.h"
#include "core/alloc.h"
#include "core/error.h"
#include "core/node.h"
#include "core/scope.h"
#include "kernels/kernels.h"

#include <math.h>

/* ---- lifetime -------------------------------------------------------------------------------- */

static void optimizer_destroy(object *base) {
    gan_optimizer *o = (gan_optimizer *)base;
    for (size_t i = 0; i < o->count; i++) {
        slot *s = &o->slots[i];
        tensor_unref(s->parameter);
        arena_free(base->ctx, s->name);
        for (int k = 0; k < OPTIMIZER_STATES; k++) arena_free(base->ctx, s->state[k]);
    }
    arena_free(base->ctx, o->slots);
    arena_free(base->ctx, o->parameters);
    arena_free(base->ctx, o->grads);
    object_free(base);
}

/* Fills a cleared slot; what is there on failure, optimizer_destroy releases. */
static int32_t fill_slot(gan_context *ctx, slot *s, gan_tensor *parameter, const char *name,
                         int states) {
    s->parameter = tensor_ref(parameter);
    s->name = arena_strdup(ctx, name);
    if (!s->name) return GAN_ENOMEM;
    for (int k = 0; k < states; k++) {
        s->state[k] = arena_calloc(ctx, (size_t)tensor_size(parameter) * sizeof(real));
        if (!s->state[k]) return GAN_ENOMEM;
    }
    return GAN_OK;
}

static int32_t fill(gan_optimizer *o, const gan_module *m, int states) {
    gan_context *ctx = o->base.ctx;
    size_t n = m->parameter_total;
    o->slots = arena_calloc(ctx, n * sizeof *o->slots);
    o->parameters = arena_alloc_array(ctx, n, sizeof *o->parameters);
    o->grads = arena_alloc_array(ctx, n, sizeof *o->grads);
    if (!o->slots || !o->parameters || !o->grads) return GAN_ENOMEM;
    for (size_t i = 0; i < n; i++) {
        const entry *e = module_parameter(m, i);
        o->count = i + 1;
        o->parameters[i] = e->tensor;
        if (fill_slot(ctx, &o->slots[i], e->tensor, module_entry_name(m, e), states))
            return GAN_ENOMEM;
    }
    return GAN_OK;
}

gan_optimizer *optimizer_new(gan_module *m, const optimizer_class *class, int states, double lr,
                             double momentum, double max_grad_norm) {
    gan_optimizer *o = object_new(m->base.ctx, sizeof *o, optimizer_destroy);
    if (!o) return NULL;
    o->class = class;
    o->lr = lr;
    o->momentum = momentum;
    o->has_velocity = momentum > 0;
    o->max_grad_norm = max_grad_norm;
    if (!fill(o, m, states)) return o;
    object_unref(&o->base);
    return NULL;
}

/* ---- a step ---------------------------------------------------------------------------------- */

static int takes_part(const slot *s, const gan_tensor *g) {
    return g && tensor_tracked(s->parameter);
}

/* The norm of all gradients as one vector; an error if an element is not finite. */
static int32_t measure(const gan_optimizer *o, gan_tensor *const *grads, double *norm) {
    gan_context *ctx = o->base.ctx;
    double sum = 0;
    for (size_t i = 0; i < o->count; i++) {
        if (!takes_part(&o->slots[i], grads[i])) continue;
        int64_t n = tensor_size(grads[i]);
        double squares = reduce_sum_squares(ctx, n, tensor_values(grads[i]));
        sum += squares;
        /* A sum that overflowed is no error: look at the elements. */
        if (!isfinite(squares) && !reduce_all_finite(ctx, n, tensor_values(grads[i])))
            return error_set(
                ctx, GAN_ENONFINITE,
                "gan_optimizer_step: the gradient of \"%s\" has an infinite or NaN element",
                o->slots[i].name);
    }
    *norm = sqrt(sum);
    return GAN_OK;
}

int32_t optimizer_step(gan_optimizer *o, gan_tensor *const *grads) {
    double norm = 0;
    int32_t code = measure(o, grads, &norm);
    if (code) return code;
    /* PyTorch's clip_grad_norm_. */
    double scale = o->max_grad_norm > 0 ? fmin(1, o->max_grad_norm / (norm + 1e-6)) : 1;
    /* A second moment that overflowed stays infinite: the parameter would never move again. */
    if (o->class->squares && norm * scale > sqrt((double)REAL_MAX))
        return error_set(o->base.ctx, GAN_ENONFINITE,
                         "gan_optimizer_step: the square of the gradient's norm, %g, overflows",
                         norm * scale);
    for (size_t i = 0; i < o->count; i++) {
        slot *s = &o->slots[i];
        if (!takes_part(s, grads[i])) continue;
        s->step++;
        o->class->update(o, s, scale, tensor_values(grads[i]));
        tensor_touch(s->parameter);
    }
    o->grad_norm = norm;
    return GAN_OK;
}

static int reaches_any(const gan_optimizer *o) {
    for (size_t i = 0; i < o->count; i++)
        if (takes_part(&o->slots[i], o->grads[i])) return 1;
    return o->count == 0;
}

int32_t optimizer_sweep(gan_optimizer *o, gan_tensor *loss, uint32_t flags) {
    gan_tensor *one = tensor_new(o->base.ctx, tensor_shape(loss));
    if (!one) return GAN_ENOMEM;
    *tensor_data(one) = 1;
    int32_t code = autograd_sweep("gan_optimizer_minimize", loss, one, o->parameters, o->count,
                                  flags, o->grads);
    if (code || reaches_any(o)) return code;
    return error_set(o->base.ctx, GAN_EUNREACHED,
                     "gan_optimizer_minimize: the loss reaches none of the parameters "
                     "(recording off? all frozen?)");
}

int32_t optimizer_minimize(gan_optimizer *o, gan_tensor *loss) {
    int64_t mark = scope_begin(o->base.ctx);
    if (mark < 0) return (int32_t)mark;
    int32_t code = optimizer_sweep(o, loss, 0);
    if (!code) code = optimizer_step(o, o->grads);
    scope_escape(o->base.ctx, mark, NULL);
    return code;
}
