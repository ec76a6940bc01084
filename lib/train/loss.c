#include "train/loss.h"

#include "ops/op.h"

/* With p = sigmoid(x): -t log p - (1 - t) log(1 - p) = softplus(x) - t x. */
gan_tensor *loss_bce_with_logits(gan_tensor *logits, double target) {
    return op_mean_all(op_sub(op_softplus(logits), op_affine(logits, target, 0)));
}

gan_tensor *loss_wasserstein_critic(gan_tensor *real_scores, gan_tensor *fake_scores) {
    return op_sub(op_mean_all(fake_scores), op_mean_all(real_scores));
}

gan_tensor *loss_wasserstein_generator(gan_tensor *fake_scores) {
    return op_affine(op_mean_all(fake_scores), -1, 0);
}
