/* Schedules: arithmetic on numbers, without a context. */
#include "core/options.h"
#include "optim/rates.h"

#include <math.h>

double gan_ramp(double first, double last, int64_t step, int64_t begin, int64_t end) {
    return rates_ramp(first, last, step, begin, end);
}

double gan_step_decay(double first, double factor, int64_t step, int64_t every, double floor) {
    return rates_step_decay(first, factor, step, every, floor);
}

double gan_average_decay(double decay, int64_t step) { return rates_average_decay(decay, step); }

static const gan_plateau plateau_defaults = {.struct_size = sizeof(gan_plateau),
                                             .patience = 10,
                                             .factor = 0.5,
                                             .threshold = 1e-4,
                                             .best = INFINITY};

void gan_plateau_init(gan_plateau *p, size_t size) {
    options_init(p, size, &plateau_defaults, sizeof plateau_defaults);
}

double gan_plateau_next(gan_plateau *p, double lr, double measure) {
    return p ? rates_plateau_next(p, lr, measure) : lr;
}
