/* Loops over plain arrays: what the operators' forward functions call. Nothing here knows tensors,
 * scopes or the tape. Arrays are contiguous and row-major; inputs and outputs never overlap unless
 * said. Every kernel cuts its work by shape (core/threads.h), so bits do not depend on threads.
 * Kernels that need scratch return 0 or GAN_ENOMEM; the others cannot fail.
 *
 * They are compiled once for each instruction set (isa.h): each has its line in kernels.def too. */
#ifndef GAN_KERNELS_H
#define GAN_KERNELS_H

#include "gan/base.h"
#include "core/activation.h"
#include "core/real.h"

#include <stddef.h>
#include <stdint.h>

/* ---- gemm.c ---------------------------------------------------------------------------------- */

/* C(m,n) = op(A) op(B), or C += with `accumulate`; row-major; ta/tb: 0 as is, 1 transposed. lda,
 * ldb, ldc are row lengths in memory. One call on the calling thread: usable inside a parallel
 * region, by kernels only. By BLAS (gemm_blas.c) or by the own product (gemm_serial.c). */
void gemm_serial(int ta, int tb, int64_t m, int64_t n, int64_t k, const real *a, int64_t lda,
                 const real *b, int64_t ldb, int accumulate, real *c, int64_t ldc);

/* C(m,n) = op(A) op(B), contiguous, cut into tiles over the context's threads. */
void gemm(gan_context *ctx, int ta, int tb, int64_t m, int64_t n, int64_t k, const real *a,
          const real *b, real *c);

/* gemm_double.c: C(m,n) += op(A) op(B) in double. With `symmetric` (m == n, and the product and C
 * are known to be symmetric) half of it is computed. */
void gemm_double(gan_context *ctx, int ta, int tb, int64_t m, int64_t n, int64_t k, int symmetric,
                 const double *a, const double *b, double *c);

/* ---- conv.c: the three partial derivatives of one trilinear form ----------------------------- */

/* T(x, w, g) = <conv(x, w), g>. x is (n, h, w, c), the kernel (o, kh, kw, c), g and y are
 * (n, ho, wo, o). y[n,i,j,o] = sum over (a,b,c) of x[n, i*sh + a*dh - pt, j*sw + b*dw - pl, c] *
 * w[o,a,b,c], with zeros outside x. Bottom and right padding are implied by ho and wo. */
typedef struct conv_geom {
    int64_t n, h, w, c; /* x */
    int64_t o, kh, kw;  /* kernel */
    int64_t ho, wo;     /* y */
    int64_t sh, sw;     /* stride */
    int64_t dh, dw;     /* dilation, 1 = dense */
    int64_t pt, pl;     /* zeros above and to the left */
} conv_geom;

/* What becomes of a result in the pass that stores it: y = act(y + bias), bias (o). */
typedef struct conv_epilogue {
    const real *bias;
    activation act;
} conv_epilogue;

/* epilogue NULL: none. */
int32_t conv_forward(gan_context *ctx, const conv_geom *geom, const conv_epilogue *epilogue,
                     const real *x, const real *w, real *y);
int32_t conv_data_grad(gan_context *ctx, const conv_geom *geom, const real *g, const real *w,
                       real *dx);
int32_t conv_weight_grad(gan_context *ctx, const conv_geom *geom, const real *x, const real *g,
                         real *dw);

/* ---- frozen.c: convolutions whose kernel does not change any more -----------------------------
 */

/* Images at once of which a unit is short, for who has a budget of time. */
enum { FROZEN_STEPPED = 4 };

/* How one is computed: chosen by the geometry of one image, so that an image's bits depend neither
 * on how many are computed together nor on how the work is cut. Its fields are for frozen*.c. */
typedef struct frozen_conv {
    conv_geom geom; /* of one image */
    int32_t forward, method, algorithm;
    int32_t stages;    /* one after the other, each cut into units */
    int64_t channels;  /* of the result as the method sees it: its bias has so many elements */
    int64_t kernel;    /* elements: of the kernel as frozen_pack leaves it, */
    int64_t factors;   /* (of each of its channels, */
    int64_t pack_rows; /* and rows that are packed at once) */
    int64_t workspace; /* of what a stage leaves to the next, for all images, */
    int64_t scratch;   /* and of one worker */
} frozen_conv;

/* What is computed: y = act(conv(x, w) + bias), or the data gradient of conv in place of it. */
typedef struct frozen_call {
    const frozen_conv *plan;
    int64_t images;
    const real *x, *bias;
    activation act;
    real *kernel;                  /* is read only */
    real *y, *workspace, *scratch; /* scratch: parallel_workers(ctx) times plan->scratch */
} frozen_call;

/* geom: of one image (n is not read); images: at most so many at once. */
void frozen_plan(gan_context *ctx, const conv_geom *geom, int forward, int64_t images,
                 frozen_conv *plan);

/* Rows [row, row + plan->pack_rows) of w (o, kh, kw, c), as many as there are, to their places in
 * the kernel. w is the first of them, and is multiplied by scale: one factor for each channel of
 * geom's result. On the calling thread, while others pack other rows. row: a multiple of pack_rows.
 */
void frozen_pack(gan_context *ctx, const frozen_conv *plan, int64_t row, const real *scale, real *w,
                 real *kernel);
int64_t frozen_units(gan_context *ctx, const frozen_conv *plan, int32_t stage, int64_t images);

/* Units [begin, end) of a stage, in any order. */
int32_t frozen_run(gan_context *ctx, const frozen_call *call, int32_t stage, int64_t begin,
                   int64_t end);

/* ---- pool.c ---------------------------------------------------------------------------------- */

typedef struct pool_geom {
    int64_t n, h, w, c; /* x, the larger image */
    int64_t ho, wo;     /* y */
    int64_t kh, kw, sh, sw, pt, pl;
} pool_geom;

/* y[n,i,j,c] = sum of x over window (i,j); places outside x count as 0. */
void pool_sum(gan_context *ctx, const pool_geom *geom, const real *x, real *y);

/* Its adjoint: x[n,i,j,c] = sum of y over the windows that hold (i,j). */
void pool_spread(gan_context *ctx, const pool_geom *geom, const real *y, real *x);

/* index[n,i,j,c] = flat position in x of the window's largest element (the first of equals; NaN
 * wins, as in PyTorch); places outside x never win. */
void pool_argmax(gan_context *ctx, const pool_geom *geom, const real *x, int32_t *index);

/* ---- norm.c: statistics over the r1 and r2 axes of x seen as (a, r1, b, r2) ------------------ */

/* Group (i, j) is x[i, :, j, :], of r1 * r2 elements. NHWC images: batch norm is (1, NHW, C, 1),
 * instance norm (N, HW, C, 1), layer norm (N, 1, 1, HWC), group norm (N, HW, G, C/G). */
typedef struct norm_geom {
    int64_t a, r1, b, r2;
} norm_geom;

/* stats (3, a, b): of each group the mean, the biased variance and s = 1 / sqrt(var + eps). The
 * other kernels are handed those of x. */
int32_t norm_stats(gan_context *ctx, const norm_geom *geom, double eps, const real *x, real *stats);

/* y = xhat = (x - mean) * s. */
int32_t norm_normalize(gan_context *ctx, const norm_geom *geom, const real *stats, const real *x,
                       real *y);

/* y (a, b) = sum of g * xhat over each group. */
int32_t norm_dot(gan_context *ctx, const norm_geom *geom, const real *stats, const real *x,
                 const real *g, real *y);

/* y = s * (g - <g> - xhat * <g * xhat>) with <> the mean over the group. */
int32_t norm_project(gan_context *ctx, const norm_geom *geom, const real *stats, const real *x,
                     const real *g, real *y);

/* y = the gradient in x of the sum of u * norm_project(x, g). */
int32_t norm_project_grad(gan_context *ctx, const norm_geom *geom, const real *stats, const real *x,
                          const real *g, const real *u, real *y);

/* y = act(xhat * gain + shift). gain and shift are (b, r2). */
int32_t norm_affine(gan_context *ctx, const norm_geom *geom, activation act, const real *stats,
                    const real *x, const real *gain, const real *shift, real *y);

/* Its gradients dx, dgain and dshift, each NULL where not wanted, for the gradient g of y; y NULL
 * without an activation. */
typedef struct norm_affine_arrays {
    activation act;
    const real *stats, *x, *gain, *y, *g;
    real *dx, *dgain, *dshift;
} norm_affine_arrays;
int32_t norm_affine_grad(gan_context *ctx, const norm_geom *geom, const norm_affine_arrays *of);

/* ---- bias.c ---------------------------------------------------------------------------------- */

/* y (rows, cols) = act(x + bias (cols)); x may be y. */
void bias_act(gan_context *ctx, int64_t rows, int64_t cols, activation act, const real *x,
              const real *bias, real *y);

/* dx = g through the activation whose result is y, and dbias (cols) = the sums of its columns; each
 * NULL where not wanted. */
int32_t bias_act_grad(gan_context *ctx, int64_t rows, int64_t cols, activation act, const real *g,
                      const real *y, real *dx, real *dbias);

/* ---- eltwise_*.c ----------------------------------------------------------------------------- */

#define KERNEL_MAX_RANK 6

/* Two operands broadcast to dim[]: stride 0 where an operand repeats, in elements. The caller need
 * not merge axes; the kernel does. */
typedef struct bcast {
    int32_t rank;
    int64_t dim[KERNEL_MAX_RANK];
    int64_t stride_a[KERNEL_MAX_RANK];
    int64_t stride_b[KERNEL_MAX_RANK];
} bcast;

void eltwise_add(gan_context *ctx, const bcast *s, const real *a, const real *b, real *y);
void eltwise_sub(gan_context *ctx, const bcast *s, const real *a, const real *b, real *y);
void eltwise_mul(gan_context *ctx, const bcast *s, const real *a, const real *b, real *y);
void eltwise_div(gan_context *ctx, const bcast *s, const real *a, const real *b, real *y);
void eltwise_max(gan_context *ctx, const bcast *s, const real *a, const real *b, real *y);
void eltwise_min(gan_context *ctx, const bcast *s, const real *a, const real *b, real *y);

/* y = g * f(x), f being `below` for x < t, `at` for x == t, `above` for x > t; NaN in x gives NaN.
 * g and x have n elements each. */
void eltwise_gate(gan_context *ctx, int64_t n, double t, double below, double at, double above,
                  const real *g, const real *x, real *y);

/* One-operand kernels over n elements; p and q are parameters where named. */
void eltwise_affine(gan_context *ctx, int64_t n, double p, double q, const real *x,
                    real *y); /* px+q */
void eltwise_exp(gan_context *ctx, int64_t n, const real *x, real *y);
void eltwise_log(gan_context *ctx, int64_t n, const real *x, real *y);
void eltwise_sqrt(gan_context *ctx, int64_t n, const real *x, real *y);
void eltwise_pow(gan_context *ctx, int64_t n, double p, const real *x, real *y);
void eltwise_abs(gan_context *ctx, int64_t n, const real *x, real *y);
void eltwise_clamp(gan_context *ctx, int64_t n, double lo, double hi, const real *x, real *y);
/* y = act(x), and e = g through the activation whose result is y; act is not none. */
void eltwise_activate(gan_context *ctx, int64_t n, activation act, const real *x, real *y);
void eltwise_activate_grad(gan_context *ctx, int64_t n, activation act, const real *g,
                           const real *y, real *e);
void eltwise_tanh(gan_context *ctx, int64_t n, const real *x, real *y);
void eltwise_sigmoid(gan_context *ctx, int64_t n, const real *x, real *y); /* stable at both ends */
void eltwise_softplus(gan_context *ctx, int64_t n, const real *x, real *y); /* max(x,0)+log1p(..) */
/* 1/x, and 0 where |x| < 1e-12. */
void eltwise_safe_reciprocal(gan_context *ctx, int64_t n, const real *x, real *y);

/* ---- reduce.c -------------------------------------------------------------------------------- */

/* y = sum of x over the axes where `y_dim` is 1 and x_dim is not; same rank. Sums are in
 * double, cut by shape; over axes that are not neighbours they are rounded after the last one. */
int32_t reduce_sum(gan_context *ctx, int32_t rank, const int64_t *x_dim, const int64_t *y_dim,
                   const real *x, real *y);

/* index (outer, inner) = flat position in x (outer, len, inner) of the largest along len (the first
 * of equals; NaN wins). */
void reduce_argmax(gan_context *ctx, int64_t outer, int64_t len, int64_t inner, const real *x,
                   int32_t *index);

/* y[i] = sqrt(sum_j x[i,j]^2), squares summed in double. x is (rows, cols). */
void reduce_row_norm(gan_context *ctx, int64_t rows, int64_t cols, const real *x, real *y);

/* y[i,:] = x[i,:] - log(sum_j exp(x[i,j])), stable. x and y are (rows, cols). */
void reduce_log_softmax(gan_context *ctx, int64_t rows, int64_t cols, const real *x, real *y);

/* 1 if every element is finite. */
int reduce_all_finite(gan_context *ctx, int64_t n, const real *x);
/* The same on the calling thread, which may be one of a region's. */
int reduce_finite_part(gan_context *ctx, int64_t n, const real *x);

/* Sum of squares, in double. */
double reduce_sum_squares(gan_context *ctx, int64_t n, const real *x);

/* ---- layout.c -------------------------------------------------------------------------------- */

/* y = x with axes permuted: y axis i is x axis perm[i]. */
void layout_transpose(gan_context *ctx, int32_t rank, const int64_t *x_dim, const int32_t *perm,
                      const real *x, real *y);

/* y (count, cols, rows) = x (count, rows, cols), on the calling thread, which may be one of a
 * region's. */
void layout_transpose_part(gan_context *ctx, int64_t count, int64_t rows, int64_t cols,
                           const real *x, real *y);

/* y(y_dim) = x(x_dim) with x broadcast: x_dim[i] is y_dim[i] or 1. */
void layout_broadcast(gan_context *ctx, int32_t rank, const int64_t *x_dim, const int64_t *y_dim,
                      const real *x, real *y);

/* Copies the box `size` at `from` in src (dims src_dim) to `to` in dst (dims dst_dim). */
void layout_copy_box(gan_context *ctx, int32_t rank, const int64_t *size, const int64_t *src_dim,
                     const int64_t *from, const real *src, const int64_t *dst_dim,
                     const int64_t *to, real *dst);

void layout_fill(gan_context *ctx, int64_t n, double value, real *y);

/* y[i,:] = x[index[i],:] for rows of `width`; index is in range (checked by the caller). */
void layout_gather(gan_context *ctx, int64_t count, int64_t width, const int32_t *index,
                   const real *x, real *y);

/* x (rows, width) = 0, then x[index[i],:] += g[i,:], in the order of i. */
void layout_scatter_add(gan_context *ctx, int64_t count, int64_t rows, int64_t width,
                        const int32_t *index, const real *g, real *x);

/* ---- noise.c: counter-based random numbers (Philox 4x32-10) ---------------------------------- */

/* Element i depends only on (key, counter + i / 4, i % 4): the same bits for any thread count.
 * Each call uses noise_blocks(n) counter values. */
static inline uint64_t noise_blocks(int64_t n) { return ((uint64_t)n + 3) / 4; }
void noise_uniform(gan_context *ctx, uint64_t key, uint64_t counter, int64_t n, double lo,
                   double hi, real *y); /* [lo, hi) */
void noise_normal(gan_context *ctx, uint64_t key, uint64_t counter, int64_t n, double mean,
                  double std, real *y);
/* Normal conditioned on |value - mean| <= bound * std, by inversion. */
void noise_truncated_normal(gan_context *ctx, uint64_t key, uint64_t counter, int64_t n,
                            double mean, double std, double bound, real *y);
/* y = x * keep / (1 - p), keep being 0 with probability p. */
void noise_dropout(gan_context *ctx, uint64_t key, uint64_t counter, int64_t n, double p,
                   const real *x, real *y);

/* n words of 64 random bits; two to a counter value. */
static inline uint64_t noise_word_blocks(int64_t n) { return ((uint64_t)n + 1) / 2; }
void noise_words(gan_context *ctx, uint64_t key, uint64_t counter, int64_t n, uint64_t *words);

/* ---- update.c: what optimizers do to a parameter, in one pass over memory -------------------- */

/* w = w clamped to [-bound, bound], in place; NaN stays. */
void update_clamp(gan_context *ctx, int64_t n, double bound, real *w);

/* w += g. */
void update_add(gan_context *ctx, int64_t n, const real *g, real *w);
/* average = decay * average + (1 - decay) * w. */
void update_average(gan_context *ctx, int64_t n, double decay, const real *w, real *average);

/* In all of them the gradient is scale * g + weight_decay * w. */

/* m = beta1 m + (1 - beta1) g; v = beta2 v + (1 - beta2) g^2; with the t-th step's corrections
 * c1 = 1 - beta1^t and c2 = 1 - beta2^t: w -= lr / c1 * m / (sqrt(v / c2) + eps). */
typedef struct update_adam_args {
    double scale, weight_decay;
    double beta1, beta2, eps;
    double rate;        /* lr / c1 */
    double root_factor; /* 1 / sqrt(c2) */
} update_adam_args;
void update_adam(gan_context *ctx, int64_t n, const update_adam_args *args, const real *g, real *w,
                 real *m, real *v);

/* v = alpha v + (1 - alpha) g^2; with `mean`, mean = alpha mean + (1 - alpha) g and var = v -
 * mean^2, else var = v; u = inner_rate * g / (sqrt(var + inner_eps) + outer_eps); with `velocity`,
 * velocity = u = momentum * velocity + u; w -= outer_rate * u. mean, velocity: or NULL. */
typedef struct update_rmsprop_args {
    double scale, weight_decay;
    double alpha, momentum;
    double inner_eps, outer_eps, inner_rate, outer_rate;
} update_rmsprop_args;
void update_rmsprop(gan_context *ctx, int64_t n, const update_rmsprop_args *args, const real *g,
                    real *w, real *v, real *mean, real *velocity);

/* With `velocity`, velocity = momentum * velocity + g, and g is that, or g + momentum * velocity
 * with nesterov; w -= rate * g. velocity: or NULL. */
typedef struct update_sgd_args {
    double scale, weight_decay;
    double momentum, rate;
    int nesterov;
} update_sgd_args;
void update_sgd(gan_context *ctx, int64_t n, const update_sgd_args *args, const real *g, real *w,
                real *velocity);

#endif
