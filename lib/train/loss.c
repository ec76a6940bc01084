#include "train/loss.h"

#include "core/error.h"
#include "gan/train.h"
#include "ops/op.h"

#include <math.h>

/* With p = sigmoid(x): -t log p - (1 - t) log(1 - p) = softplus(x) - t x, and the same of -x and
 * 1 - t. Of the two the one with the smaller target: with the other the terms would cancel where x
 * is on the target's side. */
gan_tensor *loss_bce_with_logits(gan_tensor *logits, double target) {
    gan_tensor *x = target > 0.5 ? op_affine(logits, -1, 0) : logits;
    double t = target > 0.5 ? 1 - target : target;
    gan_tensor *loss = op_softplus(x);
    return op_mean_all(t == 0 ? loss : op_sub(loss, op_affine(x, t, 0)));
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

/* ---- the table at GAN_LOSS_ ------------------------------------------------------------------ */

/* mean (s - t)^2 / 2 */
static gan_tensor *least_squares(gan_tensor *scores, double target) {
    gan_tensor *d = op_affine(scores, 1, -target);
    return op_affine(op_mean_all(op_mul(d, d)), 0.5, 0);
}

/* mean max(0, 1 + sign s) */
static gan_tensor *hinge(gan_tensor *scores, double sign) {
    return op_mean_all(op_leaky_relu(op_affine(scores, sign, 1), 0));
}

gan_tensor *loss_real(int32_t loss, gan_tensor *scores, double target) {
    switch (loss) {
    case GAN_LOSS_LSGAN:
        return least_squares(scores, 1);
    case GAN_LOSS_HINGE:
        return hinge(scores, -1);
    case GAN_LOSS_WASSERSTEIN:
        return op_affine(op_mean_all(scores), -1, 0);
    case GAN_LOSS_BEGAN:
        return op_mean_all(scores);
    default:
        return loss_bce_with_logits(scores, target);
    }
}

gan_tensor *loss_fake(int32_t loss, gan_tensor *scores) {
    switch (loss) {
    case GAN_LOSS_LSGAN:
        return least_squares(scores, 0);
    case GAN_LOSS_HINGE:
        return hinge(scores, 1);
    case GAN_LOSS_WASSERSTEIN:
        return op_mean_all(scores);
    case GAN_LOSS_BEGAN:
        return op_affine(op_mean_all(scores), -1, 0);
    default:
        return op_mean_all(op_softplus(scores));
    }
}

gan_tensor *loss_generator(int32_t loss, gan_tensor *scores) {
    switch (loss) {
    case GAN_LOSS_MINIMAX:
        return op_affine(op_mean_all(op_softplus(scores)), -1, 0);
    case GAN_LOSS_NON_SATURATING:
        return loss_bce_with_logits(scores, 1);
    case GAN_LOSS_LSGAN:
        return least_squares(scores, 1);
    case GAN_LOSS_BEGAN:
        return op_mean_all(scores);
    default:
        return loss_wasserstein_generator(scores);
    }
}

/* ---- autoencoders ---------------------------------------------------------------------------- */

gan_tensor *loss_reconstruction(gan_tensor *x, gan_tensor *reconstruction) {
    int64_t n = tensor_shape(x)->dim[0];
    shape rows = shape_2(n, n ? tensor_size(x) / n : 0);
    gan_tensor *error = op_abs(op_sub(x, reconstruction));
    return error ? op_mean_axes(op_reshape(error, &rows), (int32_t[]){1}, 1, 0, "gan_mean") : NULL;
}

double loss_began_balance(double k, double real_loss, double fake_loss, double gamma,
                          double lambda_k, double *measure) {
    double balance = gamma * real_loss - fake_loss;
    if (measure) *measure = real_loss + fabs(balance);
    return fmin(1, fmax(0, k + lambda_k * balance));
}
