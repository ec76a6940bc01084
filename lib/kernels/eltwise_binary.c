/* Element-wise kernels of two operands, with broadcasting. */
#include "kernels/kernels.h"

#include "kernels/cut.h"

/* y[i] = op(a[sa * i], b[sb * i]) for i < n, with strides 0 or 1. */
typedef void (*row_fn)(int64_t n, const real *a, int64_t sa, const real *b, int64_t sb, real *y);

#define ROW(op, expression)                                                                        \
    static void op##_row(int64_t n, const real *restrict a, int64_t sa, const real *restrict b,    \
                         int64_t sb, real *restrict y) {                                           \
        if (sa != 0 && sb != 0) {                                                                  \
            for (int64_t i = 0; i < n; i++) {                                                      \
                const real u = a[i], v = b[i];                                                     \
                y[i] = (expression);                                                               \
            }                                                                                      \
        } else if (sa != 0) {                                                                      \
            const real v = b[0];                                                                   \
            for (int64_t i = 0; i < n; i++) {                                                      \
                const real u = a[i];                                                               \
                y[i] = (expression);                                                               \
            }                                                                                      \
        } else if (sb != 0) {                                                                      \
            const real u = a[0];                                                                   \
            for (int64_t i = 0; i < n; i++) {                                                      \
                const real v = b[i];                                                               \
                y[i] = (expression);                                                               \
            }                                                                                      \
        } else {                                                                                   \
            const real u = a[0], v = b[0];                                                         \
            const real w = (expression);                                                           \
            for (int64_t i = 0; i < n; i++) y[i] = w;                                              \
        }                                                                                          \
    }

ROW(add, u + v)
ROW(sub, u - v)
ROW(mul, (u * v))
ROW(div, u / v)
/* A NaN on either side wins: in u by the first comparison, in v because u > v is then false. */
ROW(max, u != u || u > v ? u : v)
ROW(min, u != u || u < v ? u : v)

/* Rows shorter than this are gathered into blocks, over which one call of the row loop runs. */
enum { SHORT_ROW = 64, BLOCK = 1024 };

typedef struct binary {
    row_fn row;
    const real *a, *b;
    real *y;
} binary;

/* The `rows` by `cols` places of one operand as a contiguous run: where they are, if they are one
 * already, else in `block`. */
static const real *gather(int64_t rows, int64_t cols, const real *x, int64_t row_stride,
                          int64_t col_stride, real *restrict block) {
    if (col_stride == 1 && (row_stride == cols || rows == 1)) return x;
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < cols; j++) block[i * cols + j] = x[i * row_stride + j * col_stride];
    return block;
}

static void binary_short_rows(const binary *op, const bcast *s, const box *part) {
    const int32_t row = s->rank - 2, col = s->rank - 1;
    const int64_t ra = s->stride_a[row], rb = s->stride_b[row];
    const int64_t step = min_i64(BLOCK / part->cols, part->rows);
    real block_a[BLOCK], block_b[BLOCK];
    const real *a = NULL, *b = NULL;
    for (int64_t i = 0; i < part->rows; i += step) {
        const int64_t rows = min_i64(step, part->rows - i);
        /* An operand that repeats from row to row is gathered once. */
        if (i == 0 || ra != 0)
            a = gather(rows, part->cols, op->a + part->a + i * ra, ra, s->stride_a[col], block_a);
        if (i == 0 || rb != 0)
            b = gather(rows, part->cols, op->b + part->b + i * rb, rb, s->stride_b[col], block_b);
        op->row(rows * part->cols, a, 1, b, 1, op->y + part->flat + i * part->cols);
    }
}

static void binary_box(const void *arg, const bcast *s, const box *part) {
    const binary *op = arg;
    const int32_t row = s->rank - 2, col = s->rank - 1;
    if (part->rows > 1 && part->cols < SHORT_ROW) {
        binary_short_rows(op, s, part);
        return;
    }
    for (int64_t i = 0; i < part->rows; i++)
        op->row(part->cols, op->a + part->a + i * s->stride_a[row], s->stride_a[col],
                op->b + part->b + i * s->stride_b[row], s->stride_b[col],
                op->y + part->flat + i * s->dim[col]);
}

#define BINARY(op)                                                                                 \
    void eltwise_##op(gan_context *ctx, const bcast *s, const real *a, const real *b, real *y) {   \
        const bcast merged = bcast_merge(s);                                                       \
        const binary arg = {op##_row, a, b, y};                                                    \
        box_for(ctx, &merged, binary_box, &arg);                                                   \
    }

BINARY(add)
BINARY(sub)
BINARY(mul)
BINARY(div)
BINARY(max)
BINARY(min)
