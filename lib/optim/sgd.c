#include "optim/optimizer.h"

#include "kernels/kernels.h"

enum { VELOCITY };

static void update(const gan_optimizer *o, slot *s, double scale, const real *g) {
    const gan_sgd_opts *d = &o->options.sgd;
    const update_sgd_args args = {.scale = scale,
                                  .weight_decay = d->weight_decay,
                                  .momentum = o->momentum,
                                  .rate = o->lr,
                                  .nesterov = d->nesterov};
    update_sgd(o->base.ctx, tensor_size(s->parameter), &args, g, tensor_data(s->parameter),
               s->state[VELOCITY]);
}

static const optimizer_class sgd = {.update = update};

gan_optimizer *sgd_new(gan_module *m, const gan_sgd_opts *opts) {
    /* The velocity, if there is momentum. */
    int states = opts->momentum > 0 ? 1 : 0;
    gan_optimizer *o =
        optimizer_new(m, &sgd, states, opts->lr, opts->momentum, opts->max_grad_norm);
    if (!o) return NULL;
    o->options.sgd = *opts;
    o->kind = states ? "sgd_velocity" : "sgd";
    return o;
}
