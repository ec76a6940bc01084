/* Schedules of rates and of the momentum: arithmetic on numbers, without a context. The formulas
 * are those of gan/optim.h. */
#ifndef GAN_OPTIM_RATES_H
#define GAN_OPTIM_RATES_H

#include "gan/optim.h"

double rates_ramp(double first, double last, int64_t step, int64_t begin, int64_t end);
double rates_step_decay(double first, double factor, int64_t step, int64_t every, double floor);
double rates_average_decay(double decay, int64_t step);
double rates_plateau_next(gan_plateau *p, double lr, double measure);

#endif
