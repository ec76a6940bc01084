// Losses, penalties and augmentation: gan/loss.h and gan/augment.h.
//
// SPDX-License-Identifier: MIT
#ifndef GAN_LOSS_HPP
#define GAN_LOSS_HPP

#include "gan/nn.hpp"

namespace gan {

inline tensor bce_with_logits(const tensor &logits, double target) {
    return detail::result(logits, gan_bce_with_logits(logits.get(), target));
}
inline tensor wasserstein_critic(const tensor &real_scores, const tensor &fake_scores) {
    return detail::result(real_scores, fake_scores,
                          gan_wasserstein_critic(real_scores.get(), fake_scores.get()));
}
inline tensor wasserstein_generator(const tensor &fake_scores) {
    return detail::result(fake_scores, gan_wasserstein_generator(fake_scores.get()));
}
inline tensor relativistic_discriminator(const tensor &real_scores, const tensor &fake_scores) {
    return detail::result(real_scores, fake_scores,
                          gan_relativistic_discriminator(real_scores.get(), fake_scores.get()));
}
inline tensor relativistic_generator(const tensor &real_scores, const tensor &fake_scores) {
    return detail::result(real_scores, fake_scores,
                          gan_relativistic_generator(real_scores.get(), fake_scores.get()));
}

inline tensor interpolate(const tensor &real, const tensor &fake) {
    return detail::result(real, fake, gan_interpolate(real.get(), fake.get()));
}
inline tensor penalty(const tensor &scores, const tensor &points,
                      const gan_penalty_opts &opts = penalty_opts()) {
    return detail::result(scores, points, gan_penalty(scores.get(), points.get(), &opts));
}
inline tensor penalty_of(module_ref critic, const tensor &points,
                         const gan_penalty_opts &opts = penalty_opts()) {
    return detail::result(points, gan_penalty_of(critic.get(), points.get(), &opts));
}
inline tensor zero_penalty(const tensor &scores, const tensor &points, double gamma,
                           bool allow_mixing = false) {
    return detail::result(scores, points,
                          gan_zero_penalty(scores.get(), points.get(), gamma, allow_mixing));
}
inline tensor zero_penalty_of(module_ref critic, const tensor &points, double gamma,
                              bool allow_mixing = false) {
    return detail::result(points,
                          gan_zero_penalty_of(critic.get(), points.get(), gamma, allow_mixing));
}

inline tensor augment(const tensor &x, const gan_augment_opts &opts = augment_opts()) {
    return detail::result(x, gan_augment(x.get(), &opts));
}

} // namespace gan

#endif
