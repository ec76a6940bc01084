/* The activation that fused kernels end with, and what they do to a gradient on the way back. */
#ifndef GAN_KERNELS_ACTIVATE_H
#define GAN_KERNELS_ACTIVATE_H

#include "core/activation.h"
#include "core/real.h"
#include "kernels/vmath.h"

/* y = the activation of y, in place. Relu makes 0 of -infinity, not NaN. */
static inline void activate_row(int64_t n, activation act, real *y) {
    const real p = (real)act.number;
    if (act.kind == ACTIVATION_ELU) {
        for (int64_t i = 0; i < n; i++) y[i] = y[i] > 0 ? y[i] : p * vmath_expm1(y[i]);
    } else if (act.kind == ACTIVATION_LEAKY_RELU && p == 0) {
        for (int64_t i = 0; i < n; i++) y[i] = y[i] < 0 ? 0 : y[i];
    } else if (act.kind == ACTIVATION_LEAKY_RELU) {
        for (int64_t i = 0; i < n; i++) y[i] = y[i] > 0 ? y[i] : p * y[i];
    }
}

/* The gradient g through the activation whose result is y: g itself if there is none, else `room`,
 * filled with g times the derivative, which is NaN where y is. */
static inline const real *through_activation(int64_t n, activation act, const real *restrict g,
                                             const real *restrict y, real *restrict room) {
    const real p = (real)act.number;
    if (act.kind == ACTIVATION_NONE) return g;
    if (act.kind == ACTIVATION_ELU) {
        for (int64_t i = 0; i < n; i++) room[i] = g[i] * (y[i] > 0 ? 1 : y[i] + p);
    } else {
        for (int64_t i = 0; i < n; i++) room[i] = g[i] * (y[i] > 0 ? 1 : y[i] <= 0 ? p : y[i]);
    }
    return room;
}

/* The gradient e through a gain, in `room`. */
static inline const real *through_gain(int64_t n, const real *restrict gain, const real *restrict e,
                                       real *restrict room) {
    for (int64_t i = 0; i < n; i++) room[i] = e[i] * gain[i];
    return room;
}

#endif
