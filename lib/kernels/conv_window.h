/* Windows on an image: what the algorithms of convolution have in common.
 *
 * Along one axis, position i of the output and tap t of the kernel meet at one place of the source
 * image, an affine function of both. This holds for the convolution itself and, split by stride,
 * for its transpose: with stride s, the output positions of one residue modulo s are reached by
 * every (s / gcd(s, d))-th tap only, and for these the transpose is a convolution of stride 1. */
#ifndef GAN_KERNELS_CONV_WINDOW_H
#define GAN_KERNELS_CONV_WINDOW_H

#include "kernels/kernels.h"

typedef struct tap_axis {
    int64_t out, in, taps;        /* lengths; places outside [0, in) of the source are zeros */
    int64_t stride, step, origin; /* source place = i * stride + t * step + origin; step > 0 */
    int64_t out_first, out_step;  /* position i is out_first + i * out_step of the whole output */
    int64_t tap_first, tap_step;  /* tap t is tap_first + t * tap_step of the whole kernel */
} tap_axis;

typedef struct window {
    tap_axis y, x;
    int64_t n; /* images */
    int64_t c; /* channels of the source */
} window;

/* The window of conv_forward: the source is x, the output y. */
window window_forward(const conv_geom *geom);

/* The windows of conv_data_grad, one per pair of residues: the source is g, the output dx. */
int64_t window_phases(const conv_geom *geom);
window window_data_grad(const conv_geom *geom, int64_t phase);

/* Taps of the phases before this one, or of all: where its part of a packed kernel begins. */
int64_t window_taps_before(const conv_geom *geom, int64_t phase);

static inline int64_t window_rows(const window *win) { return win->n * win->y.out * win->x.out; }

static inline int64_t window_taps(const window *win) { return win->y.taps * win->x.taps; }

/* Whether the source, as it lies in memory, is the unfolded matrix. */
int window_is_matrix(const window *win);

/* A run of the rows (output pixels) and of the taps, both row-major, end excluded. */
typedef struct window_part {
    int64_t row_begin, row_end;
    int64_t tap_begin, tap_end;
} window_part;

/* im2col: matrix (rows of the part, taps of the part * c) = what each output pixel sees. */
void window_unfold(const window *win, const window_part *part, const real *source, real *matrix);

/* A line of the source with the zeros around it, as `positions` neighbours of the output see it:
 * through a row of taps, each sees taps * c contiguous elements, window_line_step after those of
 * the one before. Only where the taps are not neighbours in the source are they repeated. */
int64_t window_line_step(const window *win);
int64_t window_line_size(const window *win, int64_t positions);

/* Line y of an image, from position j on; all zeros for y outside it. */
void window_copy_line(const window *win, int64_t image, int64_t y, int64_t j, int64_t positions,
                      const real *source, real *to);

/* A pixel's place in the window's output, advanced in row-major order. */
typedef struct window_pixel {
    int64_t image, i, j;
} window_pixel;

window_pixel window_pixel_at(const window *win, int64_t row);
void window_pixel_next(const window *win, window_pixel *p);

#endif
