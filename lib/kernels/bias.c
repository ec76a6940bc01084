/* A bias along the last axis and an activation, and both their gradients. */
#include "kernels/kernels.h"

#include "core/alloc.h"
#include "kernels/activate.h"
#include "kernels/conv_algorithms.h"
#include "kernels/column_sums.h"
#include "kernels/cut.h"

typedef struct bias_job {
    int64_t cols;
    activation act;
    const real *x, *bias;
    real *y;
} bias_job;

static void add_bias(int64_t cols, const real *restrict x, const real *bias, real *restrict y) {
    for (int64_t j = 0; j < cols; j++) y[j] = x[j] + bias[j];
}

static void add_bias_to(int64_t cols, const real *bias, real *restrict y) {
    for (int64_t j = 0; j < cols; j++) y[j] += bias[j];
}

static void bias_rows(const void *arg, int64_t begin, int64_t end) {
    const bias_job *m = arg;
    for (int64_t row = begin; row < end; row++) {
        real *y = m->y + row * m->cols;
        if (m->x == m->y)
            add_bias_to(m->cols, m->bias, y);
        else
            add_bias(m->cols, m->x + row * m->cols, m->bias, y);
        activate_row(m->cols, m->act, y);
    }
}

void bias_act(gan_context *ctx, int64_t rows, int64_t cols, activation act, const real *x,
              const real *bias, real *y) {
    const bias_job job = {cols, act, x, bias, y};
    span_for(ctx, rows, ceil_div(CUT_GRAIN, max_i64(cols, 1)), bias_rows, &job);
}

void epilogue_apply(const conv_epilogue *e, int64_t from, int64_t count, real *y) {
    add_bias_to(count, e->bias + from, y);
    activate_row(count, e->act, y);
}

int32_t bias_act_grad(gan_context *ctx, int64_t rows, int64_t cols, activation act, const real *g,
                      const real *y, real *dx, real *dbias) {
    if (!dbias) {
        eltwise_activate_grad(ctx, rows * cols, act, g, y, dx);
        return GAN_OK;
    }
    double *sum = arena_alloc_array(ctx, (size_t)cols, sizeof *sum);
    if (!sum) return GAN_ENOMEM;
    const sum_terms terms = {.g = g, .y = y, .act = act, .e = dx};
    const int32_t status = column_sums(ctx, 1, rows, cols, &terms, sum, NULL);
    for (int64_t j = 0; j < cols && status == GAN_OK; j++) dbias[j] = (real)sum[j];
    arena_free(ctx, sum);
    return status;
}
