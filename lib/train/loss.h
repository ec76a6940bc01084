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

#endif
