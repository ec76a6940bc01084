/* Initial values of parameters. */
#ifndef GAN_NN_INIT_H
#define GAN_NN_INIT_H

#include "core/tensor.h"

/* Of a weight whose first axis counts outputs and whose last counts inputs, with the places of the
 * kernel between them. For transposed convolutions, whose first axis counts inputs, this is
 * PyTorch's definition still: it looks at the axes only. */
double init_fan_in(const shape *s);

void init_constant(gan_tensor *t, double value);
void init_normal(gan_tensor *t, double std);
void init_uniform(gan_tensor *t, double bound);

/* By GAN_INIT_ number, which the caller has checked, as it has the rank, >= 2. */
int32_t init_tensor(gan_tensor *t, int32_t method, double a);

#endif
