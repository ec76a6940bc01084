/* SPDX-License-Identifier: MIT */
#include "common/mixture.h"

#include <math.h>

#define TAU 6.283185307179586

static void ring_point(double u, double xy[2]) {
    double angle = TAU / 8 * floor(8 * u);
    xy[0] = cos(angle);
    xy[1] = sin(angle);
}

static void grid_point(double u, double xy[2]) {
    int cell = (int)(25 * u);
    xy[0] = 2 * (cell / 5) - 4;
    xy[1] = 2 * (cell % 5) - 4;
}

/* t (cos t, sin t) / 7.5 with t from 1.5 pi to 4.5 pi. Noise is across the line and along it, so
 * that 200 centres less than three deviations apart stand for the line. */
static void roll_point(double u, double xy[2]) {
    double t = 0.75 * TAU * (1 + 2 * u);
    xy[0] = t * cos(t) / 7.5;
    xy[1] = t * sin(t) / 7.5;
}

mixture mixtures[MIXTURES] = {{"ring", 8, 0.01, ring_point},
                              {"grid", 25, 0.05, grid_point},
                              {"roll", 200, 0.25 / 7.5, roll_point}};

gan_tensor *mixture_draw(gan_context *ctx, const mixture *m, int64_t n) {
    float u[MIXTURE_POINTS];
    double points[MIXTURE_POINTS][2];
    if (gan_tensor_read(gan_rand(ctx, &n, 1, 0, 1), u, n) < 0) return NULL;
    for (int64_t i = 0; i < n; i++) m->point(u[i], points[i]);
    const int64_t shape[] = {n, 2};
    return gan_add(gan_from_doubles(ctx, &points[0][0], shape, 2),
                   gan_scale(gan_randn(ctx, shape, 2), m->std));
}

void mixture_centre(const mixture *m, int i, double xy[2]) { m->point((i + 0.5) / m->centres, xy); }
