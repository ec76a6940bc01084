#include "optim/optimizer.h"

#include "kernels/kernels.h"

/* The second moment, and as far as the options ask for them, the first moment and the velocity. */
enum { SECOND_MOMENT, OTHERS };

static void update(const gan_optimizer *o, slot *s, double scale, const real *g) {
    const gan_rmsprop_opts *r = &o->options.rmsprop;
    int next = OTHERS;
    real *mean = r->centered ? s->state[next++] : NULL;
    real *velocity = o->has_velocity ? s->state[next] : NULL;
    /* TensorFlow 1 has eps under the root, and the rate inside the velocity. */
    const update_rmsprop_args args = {.scale = scale,
                                      .weight_decay = r->weight_decay,
                                      .alpha = r->alpha,
                                      .momentum = o->momentum,
                                      .inner_eps = r->tf1 ? r->eps : 0,
                                      .outer_eps = r->tf1 ? 0 : r->eps,
                                      .inner_rate = r->tf1 ? o->lr : 1,
                                      .outer_rate = r->tf1 ? 1 : o->lr};
    update_rmsprop(o->base.ctx, tensor_size(s->parameter), &args, g, tensor_data(s->parameter),
                   s->state[SECOND_MOMENT], mean, velocity);
}

static const optimizer_class rmsprop = {.squares = 1, .update = update};

gan_optimizer *rmsprop_new(gan_module *m, const gan_rmsprop_opts *opts) {
    static const char *const kinds[2][2] = {{"rmsprop", "rmsprop_velocity"},
                                            {"rmsprop_centered", "rmsprop_centered_velocity"}};
    int states = OTHERS + (opts->centered ? 1 : 0) + (opts->momentum > 0 ? 1 : 0);
    gan_optimizer *o =
        optimizer_new(m, &rmsprop, states, opts->lr, opts->momentum, opts->max_grad_norm);
    if (!o) return NULL;
    o->options.rmsprop = *opts;
    o->kind = kinds[opts->centered != 0][opts->momentum > 0];
    if (opts->tf1)
        for (size_t i = 0; i < o->count; i++)
            layout_fill(o->base.ctx, tensor_size(o->parameters[i]), 1,
                        o->slots[i].state[SECOND_MOMENT]);
    return o;
}
