/* Zhao et al. 2020, "Differentiable Augmentation for Data-Efficient GAN Training". */
#ifndef GAN_TRAIN_AUGMENT_H
#define GAN_TRAIN_AUGMENT_H

#include "core/tensor.h"
#include "gan/augment.h"

enum { AUGMENT_ALL = GAN_AUGMENT_COLOR | GAN_AUGMENT_TRANSLATION | GAN_AUGMENT_CUTOUT };

extern const gan_augment_opts augment_defaults;

/* x (N,H,W,C) changed at random, a sample at a time; opts have been checked. */
gan_tensor *augment(gan_tensor *x, const gan_augment_opts *opts);

#endif
