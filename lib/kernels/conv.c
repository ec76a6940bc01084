/* Chooses the algorithm by geometry. Winograd's has its conditions, each of the others works for
 * every geometry. */
#include "kernels/conv_algorithms.h"

#include "core/alloc.h"
#include "kernels/conv_winograd.h"
#include "kernels/tiling.h"

#include <string.h>

/* Results of at most this many channels leave a GEMM's registers mostly empty. */
static const int64_t FEW = 8;

/* The product in place needs so many positions of a line, and so many at all to make use of the
 * packed kernel; to sum over, so many of an image. */
static const int64_t ACROSS = 6, POSITIONS = 256, SUMMED = 128;

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

static int multiplies_in_place(const window *win) {
    return win->x.out >= ACROSS && window_rows(win) >= POSITIONS;
}

/* Applied here where the algorithm does not know it. */
static void finish(gan_context *ctx, const conv_pass *pass) {
    const conv_geom *q = pass->geom;
    const conv_epilogue *e = pass->epilogue;
    if (e) bias_act(ctx, q->n * q->ho * q->wo, q->o, e->act, pass->out, e->bias, pass->out);
}

int32_t conv_forward(gan_context *ctx, const conv_geom *q, const conv_epilogue *epilogue,
                     const real *x, const real *w, real *y) {
    const conv_pass pass = {q, 1, x, w, y, epilogue};
    const window win = window_forward(q);
    winograd_plan plan;
    int32_t status = GAN_OK;
    if (is_empty(q)) {
        clear(y, y_size(q));
    } else if (window_is_matrix(&win)) {
        gemm(ctx, 0, 1, window_rows(&win), q->o, window_taps(&win) * q->c, x, w, y);
    } else if (winograd_suits(q, &plan)) {
        return conv_winograd(ctx, &plan, &pass);
    } else if (q->o <= FEW && q->c > q->o && is_stride_one(q) && q->dw == 1) {
        /* with a stride, folding would project pixels for taps that never meet them */
        status = conv_folded(ctx, &pass);
    } else if (multiplies_in_place(&win)) {
        return conv_implicit(ctx, &pass);
    } else {
        status = conv_unfolded(ctx, &pass);
    }
    if (status == GAN_OK && y_size(q) > 0) finish(ctx, &pass);
    return status;
}

int32_t conv_data_grad(gan_context *ctx, const conv_geom *q, const real *g, const real *w,
                       real *dx) {
    if (is_empty(q)) return clear(dx, x_size(q));
    const window win = window_forward(q);
    if (window_is_matrix(&win)) {
        gemm(ctx, 0, 0, window_rows(&win), window_taps(&win) * q->c, q->o, g, w, dx);
        return GAN_OK;
    }
    const conv_pass pass = {q, 0, g, w, dx, NULL};
    winograd_plan plan;
    if (winograd_suits(q, &plan)) return conv_winograd(ctx, &plan, &pass);
    if (conv_scattered_suits(q)) return conv_scattered(ctx, &pass);
    if (q->c <= FEW && q->o > q->c && q->dw == 1) return conv_folded(ctx, &pass);
    const window first = window_data_grad(q, 0);
    return multiplies_in_place(&first) ? conv_implicit(ctx, &pass) : conv_unfolded(ctx, &pass);
}

/* products (kernel taps, c, o) = unfold(x)^T * g, brought to (o, kh, kw, c). */
static int32_t correlate_x(gan_context *ctx, const conv_geom *q, const real *x, const real *g,
                           real *products, real *dw) {
    const window win = window_forward(q);
    const int32_t status = conv_correlate_implicit(ctx, &win, x, g, q->o, products);
    const int64_t dim[2] = {q->kh * q->kw * q->c, q->o};
    if (status == GAN_OK) layout_transpose(ctx, 2, dim, (const int32_t[]){1, 0}, products, dw);
    return status;
}

/* At stride 1, where unfolding g, of few channels, serves as well: products (kernel taps reversed,
 * o, c) = unfold(g)^T * x, brought to (o, kh, kw, c). */
static int32_t correlate_g(gan_context *ctx, const conv_geom *q, const real *x, const real *g,
                           real *products, real *dw) {
    const window win = window_data_grad(q, 0);
    const int32_t status = conv_correlate_implicit(ctx, &win, g, x, q->c, products);
    const int64_t taps = q->kh * q->kw;
    for (int64_t o = 0; o < q->o && status == GAN_OK; o++)
        for (int64_t t = 0; t < taps; t++)
            memcpy(dw + (o * taps + t) * q->c, products + ((taps - 1 - t) * q->o + o) * q->c,
                   (size_t)q->c * sizeof(real));
    return status;
}

int32_t conv_weight_grad(gan_context *ctx, const conv_geom *q, const real *x, const real *g,
                         real *dw) {
    if (is_empty(q)) return clear(dw, w_size(q));
    winograd_plan plan;
    const window win = window_forward(q);
    const int matrix = window_is_matrix(&win);
    if (!matrix && winograd_suits(q, &plan)) return conv_winograd_weight_grad(ctx, &plan, x, g, dw);
    const int few = q->o <= FEW && q->c > q->o && is_stride_one(q);
    if (matrix || (!few && q->ho * q->wo < SUMMED))
        return conv_correlate(ctx, &win, x, g, q->o, dw);
    real *products = arena_alloc_array(ctx, (size_t)w_size(q), sizeof(real));
    if (!products) return GAN_ENOMEM;
    const int32_t status =
        few ? correlate_g(ctx, q, x, g, products, dw) : correlate_x(ctx, q, x, g, products, dw);
    arena_free(ctx, products);
    return status;
}
