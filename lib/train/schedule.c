/* Rates, momentum and the average: functions of the step, but for BEGAN's look at M. */
#include "train/trainer.h"

#include "optim/rates.h"

#include <math.h>

/* A rate that begins below the floor stays there. */
static double rate(const gan_trainer *t, double first) {
    const gan_trainer_opts *o = &t->opts;
    double now = first * pow(0.5, (double)t->state.halvings);
    if (o->linear_steps) now *= rates_ramp(1, 0, t->state.step, o->linear_from, o->linear_steps);
    return rates_step_decay(now, 1 / o->lr_decay, t->state.step, 1, fmin(first, o->lr_floor));
}

static void set_momentum(const gan_trainer *t, gan_optimizer *o) {
    const gan_trainer_opts *p = &t->opts;
    if (p->optimizer == GAN_OPTIMIZER_SGD && p->momentum_end > 0)
        o->momentum =
            rates_ramp(p->momentum, p->momentum_end, t->loader->epoch, 0, p->momentum_epochs);
}

void schedule_begin(gan_trainer *t) {
    t->optimizer_g->lr = rate(t, t->opts.lr_g);
    t->optimizer_d->lr = rate(t, t->opts.lr_d);
    set_momentum(t, t->optimizer_g);
    set_momentum(t, t->optimizer_d);
}

/* 1 where the mean of M has not fallen by a ten-thousandth of the least so far. */
static int has_stalled(trainer_state *s, double mean) {
    gan_plateau p = {.factor = 0.5, .threshold = 1e-4, .best = s->m_best};
    double left = rates_plateau_next(&p, 1, mean);
    s->m_best = p.best;
    return left < 1;
}

/* Both rates are halved when M stalls, or in any case. */
static void look_at_rates(gan_trainer *t, double measure) {
    trainer_state *s = &t->state;
    int32_t every = t->opts.halve_every;
    if (!every) return;
    s->m_sum += measure;
    if (s->step % every) return;
    /* NaN: of a period that was begun with another length (checkpoint_load), and tells nothing. */
    if (!t->opts.halve_stalled || (!isnan(s->m_sum) && has_stalled(s, s->m_sum / every)))
        s->halvings++;
    s->m_sum = 0;
}

/* The average has the names of the generator (checkpoint_list), so this cannot fail. */
void schedule_end(gan_trainer *t, double measure) {
    t->state.step++;
    look_at_rates(t, measure);
    if (t->averaged) module_average(t->averaged, t->generator, t->opts.average);
}
