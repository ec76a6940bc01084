/* Optimizers: PyTorch's formulas.
 *
 * An optimizer keeps its parameters alive and works on those that are tracked and that the loss
 * reaches; the others, and their moments, stay as they are. State is allocated at creation, so a
 * step cannot fail half-way. A non-finite gradient stops the step before it changes anything:
 * GAN_ENONFINITE, and the text names the parameter. In Adam and RMSProp so does a norm of the
 * gradient whose square is beyond float: means of squares would stay infinite for good.
 *
 * SPDX-License-Identifier: MIT */
#ifndef GAN_OPTIM_H
#define GAN_OPTIM_H

#include "gan/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Adam (Kingma & Ba 2015): m and v with bias correction, eps added after the square root.
 * WGAN-GP: lr 1e-4, beta1 0, beta2 0.9. DCGAN: 2e-4, 0.5, 0.999. */
typedef struct gan_adam_opts {
    uint32_t struct_size;
    uint32_t reserved;
    double lr;            /* 1e-3 */
    double beta1;         /* 0.9 */
    double beta2;         /* 0.999 */
    double eps;           /* 1e-8; 1.2e-38 or more */
    double weight_decay;  /* added to the gradient: weight_decay * w; 0 */
    double max_grad_norm; /* gradients are scaled to this global norm if above; 0 = never */
} gan_adam_opts;
GAN_API void gan_adam_opts_init(gan_adam_opts *opts, size_t size);

/* RMSProp. PyTorch's form: g / (sqrt(v) + eps), v starting at 0. TensorFlow 1's (tf1 = 1):
 * g / sqrt(v + eps), v starting at 1. WGAN: lr 5e-5. */
typedef struct gan_rmsprop_opts {
    uint32_t struct_size;
    int32_t tf1;      /* 0 */
    int32_t centered; /* subtract the squared mean gradient; 0 */
    uint32_t reserved;
    double lr;            /* 1e-2 */
    double alpha;         /* 0.99 */
    double eps;           /* 1e-8; 1.2e-38 or more */
    double momentum;      /* 0 */
    double weight_decay;  /* 0 */
    double max_grad_norm; /* 0 */
} gan_rmsprop_opts;
GAN_API void gan_rmsprop_opts_init(gan_rmsprop_opts *opts, size_t size);

/* Gradient descent; with momentum v = momentum * v + g, w -= lr * v (nesterov: g + momentum * v).
 */
typedef struct gan_sgd_opts {
    uint32_t struct_size;
    int32_t nesterov;     /* 0 */
    double lr;            /* 1e-2 */
    double momentum;      /* 0 */
    double weight_decay;  /* 0 */
    double max_grad_norm; /* 0 */
} gan_sgd_opts;
GAN_API void gan_sgd_opts_init(gan_sgd_opts *opts, size_t size);

/* Over all parameters of the tree as it is now. opts NULL: defaults. *out is the caller's. */
GAN_API int32_t gan_adam_create(gan_module *m, const gan_adam_opts *opts, gan_optimizer **out);
GAN_API int32_t gan_rmsprop_create(gan_module *m, const gan_rmsprop_opts *opts,
                                   gan_optimizer **out);
GAN_API int32_t gan_sgd_create(gan_module *m, const gan_sgd_opts *opts, gan_optimizer **out);

/* From any thread; NULL is allowed. */
GAN_API void gan_optimizer_unref(gan_optimizer *o);

/* Differentiates a loss of one element with respect to the parameters and makes one step. The
 * loss's graph is consumed. On an error nothing has changed. A loss that reaches none of the
 * parameters is GAN_EUNREACHED: recording was off, or all are frozen. Two optimizers on one
 * graph want one gan_grad of the parameters of both, and gan_optimizer_step. */
GAN_API int32_t gan_optimizer_minimize(gan_optimizer *o, gan_tensor *loss);

/* One step with the caller's gradients: n = gan_optimizer_parameter_count, in its order; a NULL
 * gradient skips its parameter, unless an error is pending, whose result it then is. For
 * accumulation, several losses, simultaneous updates. */
GAN_API int32_t gan_optimizer_step(gan_optimizer *o, gan_tensor *const *grads, size_t n);

/* The parameters, in the module's order; borrowed. */
GAN_API size_t gan_optimizer_parameter_count(const gan_optimizer *o);
GAN_API gan_tensor *gan_optimizer_parameter(const gan_optimizer *o, size_t i);

/* The learning rate of the next step. Setting it: finite, 0 or more, else GAN_EINVAL. */
GAN_API double gan_optimizer_lr(const gan_optimizer *o);
GAN_API int32_t gan_optimizer_set_lr(gan_optimizer *o, double lr);

/* The momentum of an optimizer that was created with one above 0 (SGD, RMSProp); another has none:
 * 0, and setting it is GAN_ESTATE. In [0, 1). */
GAN_API double gan_optimizer_momentum(const gan_optimizer *o);
GAN_API int32_t gan_optimizer_set_momentum(gan_optimizer *o, double momentum);

/* The global gradient norm of the last step, before clipping; 0 before the first. */
GAN_API double gan_optimizer_grad_norm(const gan_optimizer *o);

/* ---- schedules ------------------------------------------------------------------------------- */

/* Numbers for gan_optimizer_set_lr and gan_optimizer_set_momentum, as functions of the step: plain
 * arithmetic without state, so a resumed run continues by giving the same step. They cannot fail.
 *
 *     gan_optimizer_set_lr(o, gan_ramp(2e-4, 0, step, steps / 2, steps));
 *     gan_optimizer_set_momentum(o, gan_ramp(0.5, 0.7, epoch, 1, 250));
 */

/* `first` up to step `begin`, `last` from step `end` on, a straight line between. */
GAN_API double gan_ramp(double first, double last, int64_t step, int64_t begin, int64_t end);

/* first * factor^floor(step / every), and not below `floor`. GAN's (2014): (0.1, 1 / 1.000004,
 * step, 1, 1e-6). every < 1 counts as 1. */
GAN_API double gan_step_decay(double first, double factor, int64_t step, int64_t every,
                              double floor);

/* The decay for the step-th update (from 1) of gan_module_average under which the average is the
 * mean of the weights seen so far, weighted by decay^age, without a share of where it began (Adam's
 * bias correction): decay (1 - decay^(step-1)) / (1 - decay^step). 0 at step 1: a copy. */
GAN_API double gan_average_decay(double decay, int64_t step);

/* Lowers a rate when a measure stalls: BEGAN's halving of the rate when M no longer falls;
 * PyTorch's ReduceLROnPlateau. A plain record of the host's, to be saved with the rest of its
 * state. */
typedef struct gan_plateau {
    uint32_t struct_size;
    int32_t patience; /* so many calls without improvement are let pass; 10                 */
    double factor;    /* 0.5                                                                */
    double floor;     /* the rate is not taken below this; 0                                */
    double threshold; /* an improvement is a measure below best * (1 - threshold); 1e-4     */
    double best;      /* the least measure so far; infinite                                 */
    int64_t stalled;  /* calls since it improved, or since the rate was lowered             */
} gan_plateau;
GAN_API void gan_plateau_init(gan_plateau *p, size_t size);

/* Takes the next measure in (NaN is no improvement), and gives the rate to go on with: lr, or after
 * more than `patience` stalled calls max(lr * factor, floor), never above lr. */
GAN_API double gan_plateau_next(gan_plateau *p, double lr, double measure);

#ifdef __cplusplus
}
#endif

#endif
