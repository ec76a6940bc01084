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

/* Elements of short rows that are taken at once, the bias repeated. */
enum { JOINED = 256 };

static void add_bias(int64_t n, const real *restrict x, const real *bias, real *restrict y) {
    for (int64_t j = 0; j < n; j++) y[j] = x[j] + bias[j];
}

static void add_bias_to(int64_t n, const real *bias, real *restrict y) {
    for (int64_t j = 0; j < n; j++) y[j] += bias[j];
}

static void bias_some(const bias_job *m, int64_t n, const real *x, const real *bias, real *y) {
    if (x == y)
        add_bias_to(n, bias, y);
    else
        add_bias(n, x, bias, y);
    activate_row(n, m->act, y);
}

static void bias_rows(const void *arg, int64_t begin, int64_t end) {
    const bias_job *m = arg;
    const int64_t cols = m->cols;
    const int64_t join = max_i64(1, min_i64(JOINED / max_i64(1, cols), end - begin));
    const real *bias = m->bias;
    real repeated[JOINED];
    if (join > 1) {
        for (int64_t i = 0; i < join * cols; i += cols)
            for (int64_t j = 0; j < cols; j++) repeated[i + j] = m->bias[j];
        bias = repeated;
    }
    for (int64_t row = begin; row < end; row += join)
        bias_some(m, min_i64(join, end - row) * cols, m->x + row * cols, bias, m->y + row * cols);
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

void epilogue_apply_pixels(const conv_epilogue *e, int64_t pixels, int64_t channels, real *y) {
    bias_rows(&(bias_job){channels, e->act, y, e->bias, y}, 0, pixels);
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
