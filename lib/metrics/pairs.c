#include "metrics/pairs.h"

#include "core/alloc.h"
#include "core/threads.h"
#include "kernels/kernels.h"
#include "kernels/tiling.h"

/* Rows of a block: enough for the product to run at full speed, fewer where rows are long. */
enum { BLOCK_ROWS = 1024, BLOCK_ROWS_LEAST = 32, BLOCK_NUMBERS = 1 << 21 };

/* Part of a set, moved by the centre. */
typedef struct block {
    const points *from;
    const double *centre;
    int64_t begin, count;
    real *x;      /* (count,d) */
    double *norm; /* (count)   */
} block;

static void fill_row(void *arg, int64_t i, int worker) {
    (void)worker;
    const block *b = arg;
    const int64_t d = b->from->d;
    const float *from = b->from->x + (b->begin + i) * d;
    real *to = b->x + i * d;
    double sum = 0;
    for (int64_t k = 0; k < d; k++) {
        to[k] = (real)((double)from[k] - (b->centre ? b->centre[k] : 0));
        sum += (double)to[k] * (double)to[k];
    }
    b->norm[i] = sum;
}

static void fill(gan_context *ctx, block *b, int64_t begin, int64_t most) {
    b->begin = begin;
    b->count = min_i64(most, b->from->n - begin);
    parallel_for(ctx, b->count, fill_row, b);
}

typedef struct visit {
    const block *rows, *columns;
    const real *product;
    double slack;
    pair_fn fn;
    void *arg;
} visit;

static void visit_row(void *arg, int64_t i, int worker) {
    (void)worker;
    const visit *v = arg;
    const pair_row r = {.row = v->rows->begin + i,
                        .begin = v->columns->begin,
                        .count = v->columns->count,
                        .product = v->product + i * v->columns->count,
                        .norm = v->rows->norm[i],
                        .norms = v->columns->norm,
                        .slack = v->slack};
    v->fn(v->arg, &r);
}

static void each_block(gan_context *ctx, block *rows, block *columns, int64_t most, real *product,
                       visit *v) {
    const int64_t d = rows->from->d;
    for (int64_t i = 0; i < rows->from->n; i += most) {
        fill(ctx, rows, i, most);
        for (int64_t j = 0; j < columns->from->n; j += most) {
            fill(ctx, columns, j, most);
            gemm(ctx, 0, 1, rows->count, columns->count, d, rows->x, columns->x, product);
            parallel_for(ctx, rows->count, visit_row, v);
        }
    }
}

int32_t pairs_each(gan_context *ctx, const points *rows, const points *columns,
                   const double *centre, pair_fn fn, void *arg) {
    const int64_t d = rows->d;
    int64_t most = max_i64(min_i64(BLOCK_NUMBERS / d, BLOCK_ROWS), BLOCK_ROWS_LEAST);
    most = min_i64(most, max_i64(rows->n, columns->n));
    const size_t count = (size_t)most;
    block a = {.from = rows, .centre = centre}, b = {.from = columns, .centre = centre};
    a.x = arena_alloc_array(ctx, 2 * count * (size_t)d, sizeof(real));
    a.norm = arena_alloc_array(ctx, 2 * count, sizeof(double));
    real *product = arena_alloc_array(ctx, count * count, sizeof(real));
    const int ready = a.x && a.norm && product;
    if (ready) {
        b.x = a.x + most * d;
        b.norm = a.norm + most;
        visit v = {.rows = &a,
                   .columns = &b,
                   .product = product,
                   .slack = (double)(d + 8) * REAL_EPSILON,
                   .fn = fn,
                   .arg = arg};
        each_block(ctx, &a, &b, most, product, &v);
    }
    arena_free(ctx, product);
    arena_free(ctx, a.norm);
    arena_free(ctx, a.x);
    return ready ? GAN_OK : GAN_ENOMEM;
}

int32_t pairs_each_centred(gan_context *ctx, const points *rows, const points *columns, pair_fn fn,
                           void *arg) {
    double *centre = arena_alloc_array(ctx, (size_t)columns->d, sizeof *centre);
    if (!centre) return GAN_ENOMEM;
    moments_mean(ctx, columns, centre);
    const int32_t code = pairs_each(ctx, rows, columns, centre, fn, arg);
    arena_free(ctx, centre);
    return code;
}

/* Four sums, so that additions need not wait for each other. */
double pair_exact(const points *a, int64_t i, const points *b, int64_t j) {
    const int64_t d = a->d;
    const float *x = a->x + i * d, *y = b->x + j * d;
    double sum[4] = {0};
    int64_t k = 0;
    for (; k + 4 <= d; k += 4)
        for (int s = 0; s < 4; s++) {
            const double difference = (double)x[k + s] - (double)y[k + s];
            sum[s] += difference * difference;
        }
    for (; k < d; k++) {
        const double difference = (double)x[k] - (double)y[k];
        sum[0] += difference * difference;
    }
    return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}
