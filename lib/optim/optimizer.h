/* Optimizers: one step for all, and for each kind what it does to one parameter. */
#ifndef GAN_OPTIM_OPTIMIZER_H
#define GAN_OPTIM_OPTIMIZER_H

#include "core/object.h"
#include "core/tensor.h"
#include "gan/optim.h"
#include "nn/module.h"

enum { OPTIMIZER_STATES = 3 };

/* One parameter. */
typedef struct slot {
    gan_tensor *parameter;         /* a reference of its own */
    char *name;                    /* dotted, at creation */
    real *state[OPTIMIZER_STATES]; /* moments, or NULL: of the parameter's size */
    uint64_t step;                 /* how often it was updated */
} slot;

typedef struct optimizer_class {
    int squares; /* keeps means of squared gradients */
    /* Updates s, whose step counts this one; the gradient is scale * g. Cannot fail. */
    void (*update)(const gan_optimizer *o, slot *s, double scale, const real *g);
} optimizer_class;

struct gan_optimizer {
    object base;
    const optimizer_class *class;
    /* What its states are of: "adam", "rmsprop_centered", "sgd_velocity"; static storage. */
    const char *kind;
    union {
        gan_adam_opts adam;
        gan_rmsprop_opts rmsprop;
        gan_sgd_opts sgd;
    } options; /* as given; the rate and the momentum are below */
    double lr, max_grad_norm;
    double momentum;  /* of the velocity */
    int has_velocity; /* the momentum was above 0 at creation */
    double grad_norm; /* of the last step */

    slot *slots;
    size_t count;
    /* For a sweep: the parameters, and room for their gradients. */
    gan_tensor **parameters, **grads;
};

/* An optimizer of m's parameters as they are now, with states [0, states) at zero; a velocity is
 * the caller's to count among them. NULL with the error set. */
gan_optimizer *optimizer_new(gan_module *m, const optimizer_class *class, int states, double lr,
                             double momentum, double max_grad_norm);

/* The options have been checked. */
gan_optimizer *adam_new(gan_module *m, const gan_adam_opts *opts);
gan_optimizer *rmsprop_new(gan_module *m, const gan_rmsprop_opts *opts);
gan_optimizer *sgd_new(gan_module *m, const gan_sgd_opts *opts);

/* grads[i], of parameter i's shape, may be NULL: it is skipped, as frozen ones are. On an error
 * nothing has changed. */
int32_t optimizer_step(gan_optimizer *o, gan_tensor *const *grads);

/* The gradients of a loss of one element, with flags of gan_grad, left in o->grads as tensors of
 * the current scope. */
int32_t optimizer_sweep(gan_optimizer *o, gan_tensor *loss, uint32_t flags);

/* The sweep of a loss of one element, and a step. */
int32_t optimizer_minimize(gan_optimizer *o, gan_tensor *loss);

#endif
