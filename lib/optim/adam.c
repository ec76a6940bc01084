#include "optim/optimizer.h"

#include "kernels/kernels.h"

#include <math.h>

enum { FIRST_MOMENT, SECOND_MOMENT, STATES };

static void update(const gan_optimizer *o, slot *s, double scale, const real *g) {
    const gan_adam_opts *a = &o->options.adam;
    double step = (double)s->step;
    const update_adam_args args = {.scale = scale,
                                   .weight_decay = a->weight_decay,
                                   .beta1 = a->beta1,
                                   .beta2 = a->beta2,
                                   .eps = a->eps,
                                   .rate = o->lr / (1 - pow(a->beta1, step)),
                                   .root_factor = 1 / sqrt(1 - pow(a->beta2, step))};
    update_adam(o->base.ctx, tensor_size(s->parameter), &args, g, tensor_data(s->parameter),
                s->state[FIRST_MOMENT], s->state[SECOND_MOMENT]);
}

static const optimizer_class adam = {.squares = 1, .update = update};

gan_optimizer *adam_new(gan_module *m, const gan_adam_opts *opts) {
    gan_optimizer *o = optimizer_new(m, &adam, STATES, opts->lr, 0, opts->max_grad_norm);
    if (!o) return NULL;
    o->options.adam = *opts;
    o->kind = "adam";
    return o;
}
