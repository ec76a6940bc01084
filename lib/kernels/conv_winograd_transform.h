/* The transforms of Winograd's algorithms, in two dimensions and for many channels at once. */
#ifndef GAN_KERNELS_CONV_WINOGRAD_TRANSFORM_H
#define GAN_KERNELS_CONV_WINOGRAD_TRANSFORM_H

#include "kernels/gemm_packed.h"

/* A line is GEMM_PANEL channels of one pixel or of one point. Lines lie in grids (rows, columns),
 * `count` grids side by side; the distances are in elements. */
typedef struct line_steps {
    int64_t row, col, next;
} line_steps;

/* Every grid D of `from` becomes M D M^T in `to`. */
typedef void (*line_transform)(int64_t count, const real *from, line_steps from_steps, real *to,
                               line_steps to_steps);

/* F(m x m, taps x taps): m + taps - 1 = points, each way. The matrices are those of
 * conv_winograd_points.h. Of the trilinear form T(x, w, g) = sum over the points of (B^T x)(G w)(A
 * g), each partial derivative takes two of the operands to the points and the result back by the
 * third matrix's transpose. */
typedef struct winograd_algorithm {
    int64_t m, taps, points;
    line_transform x_to_points; /* B^T: (points, points) pixels of x */
    line_transform w_to_points; /* G: (taps, taps) */
    line_transform g_to_points; /* A: (m, m) pixels of g */
    line_transform points_to_x; /* B */
    line_transform points_to_w; /* G^T */
    line_transform points_to_g; /* A^T */
} winograd_algorithm;

/* The largest algorithm. */
enum { WINOGRAD_POINTS = 6, WINOGRAD_TAPS = 3 };

enum { WINOGRAD_ALGORITHMS = 5 };

extern const winograd_algorithm winograd_algorithms[WINOGRAD_ALGORITHMS];

#endif
