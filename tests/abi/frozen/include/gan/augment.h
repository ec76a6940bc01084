/* Differentiable augmentation: random changes of images that a discriminator sees, for training
 * with few of them (Zhao et al. 2020, "Differentiable Augmentation for Data-Efficient GAN
 * Training").
 *
 * The discriminator is shown T(x) for real images and T(G(z)) for generated ones, by the same
 * policy, in its own step and in the generator's; gradients flow through T, to any order. Each call
 * draws anew.
 *
 *     gan_tensor *real = gan_forward(D, gan_augment(images, NULL));
 *     gan_tensor *fake = gan_forward(D, gan_augment(gan_forward(G, z), NULL));
 *
 * SPDX-License-Identifier: MIT */
#ifndef GAN_AUGMENT_H
#define GAN_AUGMENT_H

#include "gan/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The kinds of change. */
enum {
    GAN_AUGMENT_COLOR = 1,       /* x + b; then p + s (x - p), p each pixel's mean over channels;
                                    then m + c (x - m), m the image's mean                      */
    GAN_AUGMENT_TRANSLATION = 2, /* moved by whole pixels, blanks coming in                     */
    GAN_AUGMENT_CUTOUT = 4       /* blanks in a rectangle                                       */
};

/* Blanks are the middle of the range, which is the paper's 0.
 *
 * Four channels are red, green, blue and alpha, and what cannot be seen is not changed: blanks are
 * transparent (all four lo), alpha is not coloured, and the colours x of a pixel become
 * x + a (x' - x), where a is its alpha as 0 to 1 and x' what GAN_AUGMENT_COLOR makes of the three.
 *
 * Defaults: the paper's. */
typedef struct gan_augment_opts {
    uint32_t struct_size;
    uint32_t policy;    /* a sum of GAN_AUGMENT_…; all three                              */
    double brightness;  /* b is U[-brightness, brightness) (hi - lo) / 2; 0.5             */
    double saturation;  /* s is U[1 - saturation, 1 + saturation); 1                      */
    double contrast;    /* c is U[1 - contrast, 1 + contrast); 0.5                        */
    double translation; /* by up to this part of height and width, rounded; 0.125; 0 to 1 */
    double cutout;      /* the rectangle's part of height and width, rounded, with its centre
                           anywhere in the image; 0.5; 0 to 1                             */
    int32_t unit_range; /* the range of the values, lo to hi, is 0: -1..1, 1: 0..1; 0      */
    int32_t reserved;   /* 0                                                              */
} gan_augment_opts;
GAN_API void gan_augment_opts_init(gan_augment_opts *opts, size_t size);

/* x (N,H,W,C), each sample changed by numbers of its own from the context's random numbers; the
 * result has x's shape. Samples stay apart, so gan_penalty takes a critic that augments. opts NULL:
 * the defaults. */
GAN_API gan_tensor *gan_augment(gan_tensor *x, const gan_augment_opts *opts);

#ifdef __cplusplus
}
#endif

#endif
