/* Losses, composed of operators. All return a scalar of the current scope, or NULL with the error
 * set; NULL in gives NULL out. */
#ifndef GAN_TRAIN_LOSS_H
#define GAN_TRAIN_LOSS_H

#include "core/tensor.h"

gan_tensor *loss_bce_with_logits(gan_tensor *logits, double target);
gan_tensor *loss_wasserstein_critic(gan_tensor *real_scores, gan_tensor *fake_scores);
gan_tensor *loss_wasserstein_generator(gan_tensor *fake_scores);

/* Mean of softplus(-(winner - loser)) over pairs; equal shapes. `function` is for the error text.
 */
gan_tensor *loss_relativistic(const char *function, gan_tensor *winner, gan_tensor *loser);

/* By GAN_LOSS_ number, which has been checked. */
gan_tensor *loss_real(int32_t loss, gan_tensor *scores, double target);
gan_tensor *loss_fake(int32_t loss, gan_tensor *scores);
gan_tensor *loss_generator(int32_t loss, gan_tensor *scores);

/* (N): mean |x - reconstruction| of each sample. */
gan_tensor *loss_reconstruction(gan_tensor *x, gan_tensor *reconstruction);

/* Berthelot et al. 2017, section 3.4: the next k; M in *measure (NULL is allowed). */
double loss_began_balance(double k, double real_loss, double fake_loss, double gamma,
                          double lambda_k, double *measure);

#endif
