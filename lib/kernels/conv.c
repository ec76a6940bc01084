/* Chooses the algorithm by geometry. Winograd's has its conditions, each of the others works for
 * every geometry. */
#include "kernels/conv_algorithms.h"

#include "core/alloc.h"
#include "kernels/conv_winograd.h"
#include "kernels/tiling.h"

#include <string.h>

/* Results of at most this many channels leave a GEMM's registers mostly empty. */
static const int64_t FEW = 8;

static int64_t x_size(const conv_geom *q) { return q->n * q->h * q->w * q->c; }

static int64_t y_size(const conv_geom *q) { return q->n * q->ho * q->wo * q->o; }

static int64_t w_size(const conv_geom *q) { return q->o * q->kh * q->kw * q->c; }

/* With an empty operand the result, if it has elements at all, is zero. */
static int is_empty(const conv_geom *q) {
    return x_size(q) == 0 || y_size(q) == 0 || w_size(q) == 0;
}

static int32_t clear(real *y, int64_t count) {
    if (count > 0) memset(y, 0, (size_t)count * sizeof(real));
    return GAN_OK;
}

static int is_stride_one(const conv_geom *q) { return q->sh == 1 && q->sw == 1; }

int32_t conv_forward(gan_context *ctx, const conv_geom *q, const real *x, const real *w, real *y) {
    if (is_empty(q)) return clear(y, y_size(q));
    const window win = window_forward(q);
    if (window_is_matrix(&win)) {
        gemm(ctx, 0, 1, window_rows(&win), q->o, window_taps(&win) * q->c, x, w, y);
        return GAN_OK;
    }
    winograd_plan plan;
    if (winograd_suits(q, &plan)) return conv_winograd(ctx, &plan, 1, x, w, y);
    const conv_pass pass = {q, 1, x, w, y};
    /* with a stride, folding would project pixels for taps that never meet them */
    const int few = q->o <= FEW && q->c > q->o && is_stride_one(q);
    return few ? conv_folded(ctx, &pass) : conv_unfolded(ctx, &pass);
}

int32_t conv_data_grad(gan_context *ctx, const conv_geom *q, const real *g, const real *w,
                       real *dx) {
    if (is_empty(q)) return clear(dx, x_size(q));
    const window win = window_forward(q);
    if (window_is_matrix(&win)) {
        gemm(ctx, 0, 0, window_rows(&win), window_taps(&win) * q->c, q->o, g, w, dx);
        return GAN_OK;
    }
    winograd_plan plan;
    if (winograd_suits(q, &plan)) return conv_winograd(ctx, &plan, 0, g, w, dx);
    const conv_pass pass = {q, 0, g, w, dx};
    const int few = q->c <= FEW && q->o > q->c;
    return few ? conv_folded(ctx, &pass) : conv_unfolded(ctx, &pass);
}

/* dw of few o at stride 1, where unfolding g, the smaller image, serves as well:
 * products (c, kernel taps reversed, o) = x^T * unfold(g), brought to (o, kh, kw, c). */
static int32_t weight_grad_few(gan_context *ctx, const conv_geom *q, const real *x, const real *g,
                               real *dw) {
    real *products = arena_alloc_array(ctx, (size_t)w_size(q), sizeof(real));
    if (!products) return GAN_ENOMEM;
    const window win = window_data_grad(q, 0);
    const int32_t status = conv_correlate(ctx, &win, g, x, q->c, products);
    const int64_t taps = q->kh * q->kw;
    for (int64_t o = 0; o < q->o && status == GAN_OK; o++)
        for (int64_t t = 0; t < taps; t++)
            for (int64_t c = 0; c < q->c; c++)
                dw[(o * taps + t) * q->c + c] = products[(c * taps + taps - 1 - t) * q->o + o];
    arena_free(ctx, products);
    return status;
}

int32_t conv_weight_grad(gan_context *ctx, const conv_geom *q, const real *x, const real *g,
                         real *dw) {
    if (is_empty(q)) return clear(dw, w_size(q));
    winograd_plan plan;
    const window win = window_forward(q);
    if (!window_is_matrix(&win) && winograd_suits(q, &plan))
        return conv_winograd_weight_grad(ctx, &plan, x, g, dw);
    if (q->o <= FEW && q->c > q->o && is_stride_one(q) && !window_is_matrix(&win))
        return weight_grad_few(ctx, q, x, g, dw);
    return conv_correlate(ctx, &win, x, g, q->o, dw);
}
