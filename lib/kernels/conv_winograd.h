/* Convolution by Winograd's minimal filtering, with strides 1 and 2.
 *
 * With stride s, tap a = s t + r of the kernel meets pixel s (i + t) + r - pad of x: the
 * convolution is the sum over the phases r of convolutions of stride 1 on every s-th pixel, with
 * taps t. Along both axes that makes s^2 phases, whose channels are put side by side. A 4x4 kernel
 * with stride 2 becomes a 2x2 one over four times the channels, and F(4x4, 2x2) does 25
 * multiplications where the direct method does 64.
 *
 * g is cut into tiles of m x m. In the points' domain the trilinear form is a sum of products,
 *
 *     T(x, w, g) = sum over points k of  sum over tiles, o, (r, c) of  X_k W_k G_k,
 *     X_k (tiles, phases * c),  W_k (o, phases * c),  G_k (tiles, o),
 *
 * so that the three directions are one algorithm: two operands go to the points, each point is one
 * matrix product, the result comes back (conv_winograd_transform.h). Tiles of x overlap by taps - 1
 * lines; the data gradient adds up there. */
#ifndef GAN_KERNELS_CONV_WINOGRAD_H
#define GAN_KERNELS_CONV_WINOGRAD_H

#include "kernels/conv_algorithms.h"
#include "kernels/conv_winograd_transform.h"

typedef struct winograd_plan {
    const conv_geom *geom;
    const winograd_algorithm *f;
    int64_t points;        /* in two dimensions */
    int64_t across, lines; /* tiles in a line, lines of tiles of all images */
    int64_t image_lines;   /* of one image */
    int64_t c_panels;      /* of one phase */
    int64_t x_panels;      /* of all phases: panels of x and columns of w */
    int64_t o_panels;      /* panels of g, rows of w */
} winograd_plan;

typedef struct range {
    int64_t begin, end;
} range;

static inline int64_t range_size(range r) { return r.end - r.begin; }

/* ---- conv_winograd_tiles.c ------------------------------------------------------------------- */

/* An operand at the points: the line of a row (a tile, or a channel) and a panel at
 *     data + point index * point + row index * row + panel index * panel.
 * Indices count from the beginning of the part that is there. */
typedef struct spectrum {
    real *data;
    int64_t point, row, panel;
} spectrum;

/* As matrices of `panels` panels side by side, with their rows whole; or panel after panel, each of
 * `rows` rows, as gemm_packed.h has them. Distances avoid powers of two, whose lines would evict
 * each other from the caches. */
spectrum spectrum_rows(int64_t rows, int64_t panels);
spectrum spectrum_panels(int64_t rows, int64_t panels);

/* Rows are the tiles of these lines. */
void winograd_load_x(const winograd_plan *p, const real *x, range lines, range panels,
                     const spectrum *to);
void winograd_load_g(const winograd_plan *p, const real *g, range lines, range panels,
                     const spectrum *to);

/* w begins with the first of these channels of o. Rows are o, panels those of x. */
void winograd_load_w(const winograd_plan *p, const real *w, range o_panels, range x_panels,
                     const spectrum *to);
/* Rows are those of x's channels, panels those of o. */
void winograd_load_w_transposed(const winograd_plan *p, const real *w, range x_panels,
                                range o_panels, const spectrum *to);

/* Then the epilogue, if there is one. */
void winograd_store_g(const winograd_plan *p, const spectrum *from, range lines, range panels,
                      const conv_epilogue *epilogue, real *g);
/* What neighbouring lines of tiles, above and below, have already stored is added to. */
void winograd_store_x(const winograd_plan *p, const spectrum *from, range lines, range panels,
                      int above, int below, real *x);
/* Rows are o. */
void winograd_store_w(const winograd_plan *p, const spectrum *from, range o_panels, range x_panels,
                      int accumulate, real *w);

/* ---- conv_winograd_product.c ----------------------------------------------------------------- */

/* What is read soon: while point k is multiplied by a single panel, `count` rows of one from
 * data + k * step on are asked for. */
typedef struct lookahead {
    const real *data;
    int64_t step, count;
} lookahead;

/* At every point, for `rows` tiles: to (tiles, out) = source (tiles, in) kernel (in, out), or adds
 * it up. source is in rows and kernel in panels, of this part, to in rows of it. next: NULL for
 * the kernel's next point. */
void winograd_multiply(const winograd_plan *p, int forward, int64_t rows, range in, range out,
                       const spectrum *source, const spectrum *kernel, const lookahead *next,
                       int accumulate, const spectrum *to);

/* At every point: to (o, x's channels) = g^T x, summed over the tiles. g is in panels from panel 0
 * on, x in panels of this part, to in rows of it. */
void winograd_correlate(const winograd_plan *p, int64_t tiles, range o_panels, range x_panels,
                        const spectrum *g, const spectrum *x, const spectrum *to);

/* ---- conv_winograd.c ------------------------------------------------------------------------- */

/* Whether the convolution and its gradients are done faster here; if so, fills the plan, which
 * keeps the geometry's address. */
int winograd_suits(const conv_geom *geom, winograd_plan *plan);

/* Whether the algorithm can be used there at all, and its plan. */
int winograd_allows(const conv_geom *geom, const winograd_algorithm *f);
winograd_plan winograd_plan_of(const conv_geom *geom, const winograd_algorithm *f);

/* Whether the tiles' patches hold all pixels of x, also those that no window reads. */
int winograd_covers_x(const winograd_plan *p);

/* Both passes, the epilogue included. */
int32_t conv_winograd(gan_context *ctx, const winograd_plan *p, const conv_pass *pass);
int32_t conv_winograd_weight_grad(gan_context *ctx, const winograd_plan *p, const real *x,
                                  const real *g, real *dw);

#endif
