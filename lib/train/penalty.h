/* Gradient penalties: Gulrajani et al. 2017, "Improved Training of Wasserstein GANs"; Mescheder et
 * al. 2018, "Which Training Methods for GANs do actually Converge?". */
#ifndef GAN_TRAIN_PENALTY_H
#define GAN_TRAIN_PENALTY_H

#include "gan/loss.h"
#include "nn/module.h"

/* e * real_x + (1 - e) * fake_x with one e ~ U[0,1) a sample, as a tracked leaf of the
 * current scope. */
gan_tensor *penalty_interpolate(gan_tensor *real_x, gan_tensor *fake_x);

/* Real samples with noise, by GAN_DRAGAN_ number, likewise. */
gan_tensor *penalty_dragan_points(gan_tensor *x, int32_t mode, double scale);

/* lambda * mean of (norm of the scores' gradient at each point - target)^2. */
gan_tensor *penalty_at(gan_tensor *scores, gan_tensor *points, const gan_penalty_opts *opts);

/* The same of a critic's scores at the points, which are tracked here. */
gan_tensor *penalty_of(gan_module *critic, gan_tensor *points, const gan_penalty_opts *opts);

/* gamma / 2 * mean of the squared norm of the scores' gradient at each point; likewise. */
gan_tensor *penalty_zero_at(gan_tensor *scores, gan_tensor *points, double gamma, int allow_mixing);
gan_tensor *penalty_zero_of(gan_module *critic, gan_tensor *points, double gamma, int allow_mixing);

#endif
