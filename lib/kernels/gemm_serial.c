/* One product on the calling thread, of matrices as they lie. The right factor goes through one
 * panel on the stack, so that no memory is asked for. */
#include "kernels/kernels.h"

#include "kernels/gemm_packed.h"

typedef real vec __attribute__((vector_size(GEMM_VECTOR)));
typedef real vec_at __attribute__((vector_size(GEMM_VECTOR), aligned(sizeof(real)), may_alias));

enum {
    LANES = GEMM_VECTOR / (int)sizeof(real),
    CHAINS = 4,  /* sums side by side, so that additions do not wait for each other */
    BLOCK = 480, /* rows of the left factor that stay in the second-level cache */
    T_FAR = 512,
    T_WIDE = 256,
    T_DEPTH = GEMM_DEPTH / 2,
    T_BLOCK = 512 / (int)sizeof(real) /* with that depth, 64 KiB of the stack */
};

/* ---- with a vector --------------------------------------------------------------------------- */

/* y = M x, or y += M x, whose elements are y_step and x_step apart; the rows of M are ldm apart. */
typedef struct vector_product {
    int64_t rows, cols;
    const real *m;
    int64_t ldm;
    const real *x;
    int64_t x_step;
    int accumulate;
    real *y;
    int64_t y_step;
} vector_product;

static real dot(int64_t n, const real *a, const real *b) {
    vec sum[CHAINS] = {{0}};
    int64_t i = 0;
    for (; i + CHAINS * LANES <= n; i += CHAINS * LANES)
        for (int v = 0; v < CHAINS; v++)
            sum[v] += *(const vec_at *)(a + i + v * LANES) * *(const vec_at *)(b + i + v * LANES);
    const vec all = (sum[0] + sum[1]) + (sum[2] + sum[3]);
    real total[LANES];
    for (int l = 0; l < LANES; l++) total[l] = all[l];
    for (int half = LANES / 2; half > 0; half /= 2)
        for (int l = 0; l < half; l++) total[l] += total[l + half];
    for (; i < n; i++) total[0] += a[i] * b[i];
    return total[0];
}

/* M is (rows, cols). A strided x is gathered, a part at a time. */
static void multiply_rows(const vector_product *q) {
    real buffer[GEMM_DEPTH];
    const int64_t most = q->x_step == 1 ? max_i64(1, q->cols) : GEMM_DEPTH;
    int accumulate = q->accumulate;
    for (int64_t from = 0; from < q->cols || from == 0; from += most) {
        const int64_t count = min_i64(most, q->cols - from);
        const real *x = q->x + from * q->x_step;
        if (q->x_step != 1) {
            for (int64_t p = 0; p < count; p++) buffer[p] = x[p * q->x_step];
            x = buffer;
        }
        for (int64_t i = 0; i < q->rows; i++) {
            real *y = q->y + i * q->y_step;
            *y = (accumulate ? *y : 0) + dot(count, q->m + i * q->ldm + from, x);
        }
        accumulate = 1;
    }
}

/* M is the transpose of (cols, rows). */
static void multiply_columns(const vector_product *q) {
    for (int64_t from = 0; from < q->rows; from += GEMM_DEPTH) {
        const int64_t count = min_i64(GEMM_DEPTH, q->rows - from);
        const int64_t ld = q->ldm, step = q->x_step;
        const real *m = q->m + from, *x = q->x;
        real sum[GEMM_DEPTH] = {0};
        int64_t p = 0;
        for (; p + 4 <= q->cols; p += 4, m += 4 * ld, x += 4 * step)
            for (int64_t i = 0; i < count; i++)
                sum[i] += (x[0] * m[i] + x[step] * m[ld + i]) +
                          (x[2 * step] * m[2 * ld + i] + x[3 * step] * m[3 * ld + i]);
        for (; p < q->cols; p++, m += ld, x += step)
            for (int64_t i = 0; i < count; i++) sum[i] += *x * m[i];
        for (int64_t i = 0; i < count; i++) {
            real *y = q->y + (from + i) * q->y_step;
            *y = (q->accumulate ? *y : 0) + sum[i];
        }
    }
}

/* ---- of two matrices ------------------------------------------------------------------------- */

typedef struct product {
    int ta, tb;
    int64_t m, n, k;
    const real *a;
    int64_t lda;
    const real *b;
    int64_t ldb;
    int accumulate;
    real *c;
    int64_t ldc;
} product;

/* C += A B for rows [row, row + rows) and depth [from, from + depth), the first part of the depth
 * as the product says. `left` is that piece of A. */
static void multiply_piece(const product *q, int64_t row, int64_t rows, int64_t from, int64_t depth,
                           const gemm_left *left) {
    real panel[GEMM_DEPTH * GEMM_PANEL] __attribute__((aligned(64)));
    for (int64_t j = 0; j < q->n; j += GEMM_PANEL) {
        const int64_t cols = min_i64(GEMM_PANEL, q->n - j);
        gemm_pack(q->tb, depth, cols, q->b + (q->tb ? j * q->ldb + from : from * q->ldb + j),
                  q->ldb, panel);
        const gemm_right right = gemm_right_panels(panel, depth);
        gemm_packed(rows, cols, depth, left, &right, q->accumulate || from > 0,
                    q->c + row * q->ldc + j, q->ldc);
    }
}

/* A as it lies. */
static void multiply_plain(const product *q) {
    const int64_t parts = max_i64(1, ceil_div(q->k, GEMM_DEPTH));
    for (int64_t i = 0; i < q->m; i += BLOCK)
        for (int64_t part = 0; part < parts; part++) {
            const int64_t from = q->k * part / parts, to = q->k * (part + 1) / parts;
            const gemm_left left = q->ta ? gemm_left_transposed(q->a + from * q->lda + i, q->lda)
                                         : gemm_left_rows(q->a + i * q->lda + from, q->lda);
            multiply_piece(q, i, min_i64(BLOCK, q->m - i), from, to - from, &left);
        }
}

/* A transposed, through panels: its rows are so far apart that they collide in the cache, and there
 * are columns enough to pay for the packing. */
static void multiply_transposed(const product *q) {
    real panels[T_DEPTH * T_BLOCK] __attribute__((aligned(64)));
    const int64_t parts = max_i64(1, ceil_div(q->k, T_DEPTH));
    for (int64_t i = 0; i < q->m; i += T_BLOCK)
        for (int64_t part = 0; part < parts; part++) {
            const int64_t from = q->k * part / parts, depth = q->k * (part + 1) / parts - from;
            const int64_t rows = min_i64(T_BLOCK, q->m - i);
            gemm_pack(0, depth, rows, q->a + from * q->lda + i, q->lda, panels);
            const gemm_left left = gemm_left_panels(panels, depth);
            multiply_piece(q, i, rows, from, depth, &left);
        }
}

void gemm_serial(int ta, int tb, int64_t m, int64_t n, int64_t k, const real *a, int64_t lda,
                 const real *b, int64_t ldb, int accumulate, real *c, int64_t ldc) {
    if (m == 1) {
        const vector_product q = {n, k, b, ldb, a, ta ? lda : 1, accumulate, c, 1};
        (tb ? multiply_rows : multiply_columns)(&q);
        return;
    }
    if (n == 1) {
        const vector_product q = {m, k, a, lda, b, tb ? 1 : ldb, accumulate, c, ldc};
        (ta ? multiply_columns : multiply_rows)(&q);
        return;
    }
    const product q = {ta, tb, m, n, k, a, lda, b, ldb, accumulate, c, ldc};
    if (ta && lda >= T_FAR && n >= T_WIDE)
        multiply_transposed(&q);
    else
        multiply_plain(&q);
}
