/* The activation that fused kernels end with. */
#ifndef GAN_KERNELS_ACTIVATE_H
#define GAN_KERNELS_ACTIVATE_H

#include "core/real.h"

#include <stdint.h>

/* y = y below 0 times slope; 1 leaves it as it is. With 0, -infinity becomes 0 and not NaN. */
static inline void activate_row(int64_t n, real slope, real *y) {
    if (slope == 1) return;
    if (slope == 0) {
        for (int64_t i = 0; i < n; i++) y[i] = y[i] < 0 ? 0 : y[i];
    } else {
        for (int64_t i = 0; i < n; i++) y[i] = y[i] > 0 ? y[i] : slope * y[i];
    }
}

#endif
