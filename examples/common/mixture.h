/* Toy distributions in the plane: a ring of 8 and a grid of 25 Gaussians (Srivastava et al. 2017,
 * VEEGAN; Lin et al. 2018, PacGAN) and a swiss roll (Gulrajani et al. 2017).
 *
 * SPDX-License-Identifier: MIT */
#ifndef COMMON_MIXTURE_H
#define COMMON_MIXTURE_H

#include <gan.h>

typedef struct mixture {
    const char *name;
    int centres;
    double std;
    void (*point)(double u, double xy[2]); /* without noise; equal shares of [0,1) go to centres */
} mixture;

enum { MIXTURE_RING, MIXTURE_GRID, MIXTURE_ROLL, MIXTURES, MIXTURE_POINTS = 8192 };
extern mixture mixtures[MIXTURES];

/* n points (n,2), at most MIXTURE_POINTS, of the current scope. */
gan_tensor *mixture_draw(gan_context *ctx, const mixture *m, int64_t n);

/* Centre i. */
void mixture_centre(const mixture *m, int i, double xy[2]);

#endif
