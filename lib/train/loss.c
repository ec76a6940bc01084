#include "train/loss.h"

#include "core/error.h"
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

gan_tensor *loss_relativistic(const char *function, gan_tensor *winner, gan_tensor *loser) {
    const shape *a = tensor_shape(winner), *b = tensor_shape(loser);
    if (!shape_equal(a, b)) {
        char ta[SHAPE_TEXT], tb[SHAPE_TEXT];
        error_set(tensor_context(winner), GAN_EINVAL,
                  "%s: scores are %s and %s, must be pairs of one shape", function,
                  shape_text(a, ta), shape_text(b, tb));
        return NULL;
    }
    return op_mean_all(op_softplus(op_sub(loser, winner)));
}
