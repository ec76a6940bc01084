/* Losses and the gradient penalty. Each runs in a scope of its own and returns a scalar (rank 0)
 * borrowed from the current one, or NULL with an error pending.
 *
 * SPDX-License-Identifier: MIT */
#ifndef GAN_LOSS_H
#define GAN_LOSS_H

#include "gan/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Mean binary cross-entropy of logits against one target for all (1 real, 0 fake, 0.9 smoothed):
 * mean of softplus(x) - target * x. Always from logits, hence stable. */
GAN_API gan_tensor *gan_bce_with_logits(gan_tensor *logits, double target);

/* mean f(fake) - mean f(real): what the critic minimises (Arjovsky et al. 2017, eq. 2, negated).
 * Minus its value estimates the Wasserstein distance, times the critic's Lipschitz constant. */
GAN_API gan_tensor *gan_wasserstein_critic(gan_tensor *real_scores, gan_tensor *fake_scores);

/* -mean f(fake): what the generator minimises. */
GAN_API gan_tensor *gan_wasserstein_generator(gan_tensor *fake_scores);

/* Relativistic pairing, RpGAN (Jolicoeur-Martineau 2019, in the form of Huang et al. 2024, eq. 2):
 * each real score is set against the fake score of the same position. The discriminator minimises
 * mean softplus(-(real - fake)), the generator mean softplus(-(fake - real)). Logits; same shapes.
 */
GAN_API gan_tensor *gan_relativistic_discriminator(gan_tensor *real_scores,
                                                   gan_tensor *fake_scores);
GAN_API gan_tensor *gan_relativistic_generator(gan_tensor *real_scores, gan_tensor *fake_scores);

/* Random averages e * real + (1 - e) * fake, one e ~ U[0,1) a sample (Gulrajani et al. 2017,
 * Algorithm 1, lines 4-6), as a tracked leaf cut from both graphs. Same shapes. */
GAN_API gan_tensor *gan_interpolate(gan_tensor *real, gan_tensor *fake);

/* The gradient penalty's weight and form (Gulrajani et al. 2017, eq. 3). */
typedef struct gan_penalty_opts {
    uint32_t struct_size;
    int32_t one_sided;    /* 1: only norms above the target count (Appendix C); 0  */
    double lambda;        /* 10                                                     */
    double target;        /* 1                                                      */
    int32_t allow_mixing; /* 1: do not refuse critics that mix samples; 0           */
    int32_t reserved;     /* 0                                                      */
} gan_penalty_opts;
GAN_API void gan_penalty_opts_init(gan_penalty_opts *opts, size_t size);

/* lambda * mean over samples of (|| d score / d points ||_2 - target)^2, the norm over all axes but
 * the first. `scores` is the recorded result of the critic at `points`, a tracked tensor
 * (gan_interpolate, gan_track): its size is the number of samples, or a multiple (patches).
 * Differentiable with respect to the critic's parameters; the scores' graph is kept.
 *
 * The penalty is a mean over independent samples, so a critic in which one sample's score depends
 * on another (batch norm, packing) is refused: GAN_EMIXED names the operator. opts NULL: defaults.
 */
GAN_API gan_tensor *gan_penalty(gan_tensor *scores, gan_tensor *points,
                                const gan_penalty_opts *opts);

/* gan_penalty(gan_forward(critic, points), points, opts), points being tracked here. */
GAN_API gan_tensor *gan_penalty_of(gan_module *critic, gan_tensor *points,
                                   const gan_penalty_opts *opts);

/* gamma / 2 * mean over samples of || d score / d points ||_2^2, zero-centred (Mescheder et al.
 * 2018, eq. 9): R1 with real images as points, R2 with generated ones (gan_track of them). gamma is
 * the paper's; code that writes reg_param * ||.||^2 has reg_param = gamma / 2. The square is not
 * taken of a root, so all derivatives are right where the gradient is 0.
 *
 * Scores, points and graph as for gan_penalty. allow_mixing 1: a critic that mixes samples
 * (gan_minibatch_std) is not refused; the gradient is then that of the sum of all scores. */
GAN_API gan_tensor *gan_zero_penalty(gan_tensor *scores, gan_tensor *points, double gamma,
                                     int32_t allow_mixing);

/* gan_zero_penalty(gan_forward(critic, points), points, ...), points being tracked here. */
GAN_API gan_tensor *gan_zero_penalty_of(gan_module *critic, gan_tensor *points, double gamma,
                                        int32_t allow_mixing);

#ifdef __cplusplus
}
#endif

#endif
