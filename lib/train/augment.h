/* Zhao et al. 2020, "Differentiable Augmentation for Data-Efficient GAN Training". */
#ifndef GAN_TRAIN_AUGMENT_H
#define GAN_TRAIN_AUGMENT_H

#include "core/tensor.h"
#include "gan/augment.h"

/* x (N,H,W,C) changed at random, a sample at a time; opts have been checked. */
gan_tensor *augment(gan_tensor *x, const gan_augment_opts *opts);

#endif
