/* Rates, momentum and the average: functions of the step, but for BEGAN's look at M. */
#include "train/trainer.h"

#include "kernels/kernels.h"

#include <math.h>

/* The share of the first rate that is left at this step. */
static double factor(const gan_trainer *t) {
    return pow(t->opts.lr_decay, -(double)t->state.step) * pow(0.5, (double)t->state.halvings);
}

/* A rate that begins below the floor stays there. */
static double rate(const gan_trainer *t, double first) {
    return fmax(first * factor(t), fmin(first, t->opts.lr_floor));
}

static void set_momentum(const gan_trainer *t, gan_optimizer *o) {
    const gan_trainer_opts *p = &t->opts;
    double done = p->momentum_epochs ? (double)t->loader->epoch / p->momentum_epochs : 1;
    if (p->optimizer == GAN_OPTIMIZER_SGD && p->momentum_end > 0)
        o->options.sgd.momentum = p->momentum + (p->momentum_end - p->momentum) * fmin(1, done);
}

void schedule_begin(gan_trainer *t) {
    t->optimizer_g->lr = rate(t, t->opts.lr_g);
    t->optimizer_d->lr = rate(t, t->opts.lr_d);
    set_momentum(t, t->optimizer_g);
    set_momentum(t, t->optimizer_d);
}

/* Both rates are halved when the mean of M has not fallen by a ten-thousandth. */
static void look_at_rates(gan_trainer *t, double measure) {
    trainer_state *s = &t->state;
    int32_t every = t->opts.halve_every;
    if (!every) return;
    s->m_sum += measure;
    if (s->step % every) return;
    double mean = s->m_sum / every;
    if (!t->opts.halve_stalled || (s->m_last >= 0 && mean > 0.9999 * s->m_last)) s->halvings++;
    s->m_last = mean;
    s->m_sum = 0;
}

/* a = average a + (1 - average) w: a step down the gradient a - w. */
static void move_average(gan_trainer *t, gan_tensor *a, const gan_tensor *w) {
    const update_sgd_args args = {.scale = -1, .weight_decay = 1, .rate = 1 - t->opts.average};
    update_sgd(t->base.ctx, tensor_size(a), &args, tensor_values(w), tensor_data(a), NULL);
    tensor_touch(a);
}

static void average(gan_trainer *t) {
    for (size_t i = 0; t->averaged && i < t->averaged->entry_total; i++) {
        const entry *to = module_entry(t->averaged, i), *from = module_entry(t->generator, i);
        if (to->role == ROLE_BUFFER)
            tensor_copy(to->tensor, from->tensor);
        else
            move_average(t, to->tensor, from->tensor);
    }
}

void schedule_end(gan_trainer *t, double measure) {
    t->state.step++;
    look_at_rates(t, measure);
    average(t);
}
