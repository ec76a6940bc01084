#include "optim/rates.h"

#include <math.h>

double rates_ramp(double first, double last, int64_t step, int64_t begin, int64_t end) {
    if (step >= end) return last;
    if (step <= begin) return first;
    double part = ((double)step - (double)begin) / ((double)end - (double)begin);
    return first + (last - first) * part;
}

double rates_step_decay(double first, double factor, int64_t step, int64_t every, double floor) {
    int64_t times = step / (every < 1 ? 1 : every);
    return fmax(first * pow(factor, (double)times), floor);
}

double rates_average_decay(double decay, int64_t step) {
    if (step <= 1) return 0;
    if (decay == 1) return (double)(step - 1) / (double)step; /* the limit: a plain mean */
    return decay * (1 - pow(decay, (double)(step - 1))) / (1 - pow(decay, (double)step));
}

double rates_plateau_next(gan_plateau *p, double lr, double measure) {
    if (measure < p->best * (1 - p->threshold)) {
        p->best = measure;
        p->stalled = 0;
        return lr;
    }
    if (++p->stalled <= p->patience) return lr;
    p->stalled = 0;
    return fmin(lr, fmax(lr * p->factor, p->floor));
}
