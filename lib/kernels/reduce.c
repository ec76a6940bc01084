#include "kernels/kernels.h"

#include "core/alloc.h"
#include "kernels/cut.h"
#include "kernels/vmath.h"

#include <stdatomic.h>
#include <string.h>

/* ---- sums ------------------------------------------------------------------------------------ */

/* Columns that one block of accumulators covers, and the least width worth a vector loop. */
enum { BLOCK = 512, WIDE = 64 };

/* What is summed: x or x^2. */
typedef enum power { POWER_1 = 1, POWER_2 = 2 } power;

static inline double term(real x, power p) {
    return p == POWER_1 ? (double)x : (double)x * (double)x;
}

/* sum[j] += over `rows` rows that are `stride` apart, of term(x[row, j]), j < width. Four rows at a
 * time, to load and store the accumulators less often. */
static inline void add_rows(int64_t rows, int64_t width, int64_t stride, const real *restrict x,
                            power p, double *restrict sum) {
    int64_t i = 0;
    for (; i + 4 <= rows; i += 4, x += 4 * stride)
        for (int64_t j = 0; j < width; j++)
            sum[j] += (term(x[j], p) + term(x[stride + j], p)) +
                      (term(x[2 * stride + j], p) + term(x[3 * stride + j], p));
    for (; i < rows; i++, x += stride)
        for (int64_t j = 0; j < width; j++) sum[j] += term(x[j], p);
}

/* sum[j] = over `rows` rows that are `stride` apart, of term(x[row, j]), j < cols <= BLOCK. */
static inline void sum_rows(int64_t rows, int64_t cols, int64_t stride, const real *restrict x,
                            power p, double *restrict sum) {
    /* Short whole rows: `fold` of them are treated as one row, whose parts are added at the end. */
    const int64_t fold =
        cols == stride ? max_i64(1, min_i64(WIDE / cols, rows / 4)) : 1; /* at most WIDE columns */
    const int64_t whole = rows / fold;
    for (int64_t j = 0; j < fold * cols; j++) sum[j] = 0.0;
    add_rows(whole, fold * cols, fold * stride, x, p, sum);
    for (int64_t f = 1; f < fold; f++)
        for (int64_t j = 0; j < cols; j++) sum[j] += sum[f * cols + j];
    add_rows(rows - whole * fold, cols, stride, x + whole * fold * stride, p, sum);
}

/* x (a, r, b) summed over r. A task is one a, one block of columns and one part of the rows. */
typedef struct axis_sum {
    int64_t a, r, b;
    const real *x;
    real *y;
    double *partial; /* (parts, a, b), or NULL: one part, which goes to y */
    int64_t rows;    /* of a part */
    int64_t parts, col_blocks;
} axis_sum;

/* More parts would help no machine, and their sums need memory. */
enum { MAX_PARTS = 64 };

static void sum_tasks(const void *arg, int64_t begin, int64_t end) {
    const axis_sum *job = arg;
    double sum[BLOCK];
    for (int64_t task = begin; task < end; task++) {
        const int64_t part = task % job->parts;
        const int64_t block = task / job->parts % job->col_blocks;
        const int64_t i = task / job->parts / job->col_blocks;
        const int64_t row = part * job->rows, col = block * BLOCK;
        const int64_t cols = min_i64(BLOCK, job->b - col);
        sum_rows(min_i64(job->rows, job->r - row), cols, job->b,
                 job->x + (i * job->r + row) * job->b + col, POWER_1, sum);
        if (job->partial != NULL) {
            memcpy(job->partial + (part * job->a + i) * job->b + col, sum,
                   (size_t)cols * sizeof *sum);
        } else {
            for (int64_t j = 0; j < cols; j++) job->y[i * job->b + col + j] = (real)sum[j];
        }
    }
}

static void sum_parts(const void *arg, int64_t begin, int64_t end) {
    const axis_sum *job = arg;
    for (int64_t i = begin; i < end; i++) {
        double sum = 0.0;
        for (int64_t p = 0; p < job->parts; p++) sum += job->partial[p * job->a * job->b + i];
        job->y[i] = (real)sum;
    }
}

/* y (a, b) = sum over r of x (a, r, b); no size is 0. */
static int32_t sum_axis(gan_context *ctx, int64_t a, int64_t r, int64_t b, const real *x, real *y) {
    axis_sum job = {.a = a, .r = r, .b = b, .x = x, .y = y};
    const int64_t cols = min_i64(b, BLOCK);
    job.rows = min_i64(r, max_i64(CUT_GRAIN / cols, ceil_div(r, MAX_PARTS)));
    job.parts = ceil_div(r, job.rows);
    job.col_blocks = ceil_div(b, BLOCK);
    if (job.parts > 1) {
        job.partial = arena_alloc_array(ctx, (size_t)(job.parts * a * b), sizeof *job.partial);
        if (job.partial == NULL) return GAN_ENOMEM;
    }
    span_for(ctx, a * job.col_blocks * job.parts, max_i64(1, CUT_GRAIN / (job.rows * cols)),
             sum_tasks, &job);
    if (job.parts > 1) {
        span_for(ctx, a * b, max_i64(1, CUT_GRAIN / job.parts), sum_parts, &job);
        arena_free(ctx, job.partial);
    }
    return GAN_OK;
}

/* Sums over the axes of s where stride_b is 0: the last one first, then the others from scratch.
 * Merging has left no two of them next to each other, so one is the usual number. */
static int32_t sum_axes(gan_context *ctx, const bcast *s, const real *x, real *y) {
    int64_t a = 1, r = 1, b = 1;
    int32_t more = 0, axis = s->rank - 1;
    for (; axis > 0 && (s->stride_b[axis] != 0 || s->dim[axis] == 1); axis--) b *= s->dim[axis];
    r = s->dim[axis];
    bcast rest = *s;
    rest.dim[axis] = 1;
    for (int32_t i = 0; i < axis; i++) {
        a *= s->dim[i];
        more |= s->stride_b[i] == 0 && s->dim[i] > 1;
    }
    if (!more) return sum_axis(ctx, a, r, b, x, y);

    real *inner = arena_alloc_array(ctx, (size_t)(a * b), sizeof *inner);
    if (inner == NULL) return GAN_ENOMEM;
    int32_t status = sum_axis(ctx, a, r, b, x, inner);
    if (status == GAN_OK) status = sum_axes(ctx, &rest, inner, y);
    arena_free(ctx, inner);
    return status;
}

int32_t reduce_sum(gan_context *ctx, int32_t rank, const int64_t *x_dim, const int64_t *y_dim,
                   const real *x, real *y) {
    bcast s = {.rank = rank};
    int64_t x_size = 1, y_size = 1;
    for (int32_t i = rank - 1; i >= 0; i--) {
        s.dim[i] = x_dim[i];
        s.stride_a[i] = x_size;
        s.stride_b[i] = y_dim[i] == x_dim[i] ? y_size : 0;
        x_size *= x_dim[i];
        y_size *= y_dim[i];
    }
    if (x_size == 0) {
        layout_fill(ctx, y_size, 0.0, y);
        return GAN_OK;
    }
    if (x_size == y_size) {
        memcpy(y, x, (size_t)x_size * sizeof *x);
        return GAN_OK;
    }
    s = bcast_merge(&s);
    return sum_axes(ctx, &s, x, y);
}

/* ---- squares --------------------------------------------------------------------------------- */

static double sum_squares(int64_t n, const real *x) {
    double sum[WIDE];
    sum_rows(n, 1, 1, x, POWER_2, sum);
    return sum[0];
}

typedef struct square_job {
    int64_t n, length; /* length of a row, or of a part */
    const real *x;
    real *norm;
    double *sum;
} square_job;

static void row_norms(const void *arg, int64_t begin, int64_t end) {
    const square_job *job = arg;
    for (int64_t i = begin; i < end; i++)
        job->norm[i] = (real)sqrt(sum_squares(job->length, job->x + i * job->length));
}

void reduce_row_norm(gan_context *ctx, int64_t rows, int64_t cols, const real *x, real *y) {
    const square_job job = {.length = cols, .x = x, .norm = y};
    span_for(ctx, rows, max_i64(1, CUT_GRAIN / max_i64(1, cols)), row_norms, &job);
}

static void part_squares(const void *arg, int64_t begin, int64_t end) {
    const square_job *job = arg;
    for (int64_t i = begin; i < end; i++) {
        const int64_t first = i * job->length;
        job->sum[i] = sum_squares(min_i64(job->length, job->n - first), job->x + first);
    }
}

double reduce_sum_squares(gan_context *ctx, int64_t n, const real *x) {
    double part[MAX_PARTS], sum = 0.0;
    const int64_t length = max_i64(CUT_GRAIN, ceil_div(n, MAX_PARTS));
    const int64_t parts = ceil_div(n, length);
    const square_job job = {.n = n, .length = length, .x = x, .sum = part};
    span_for(ctx, parts, 1, part_squares, &job);
    for (int64_t i = 0; i < parts; i++) sum += part[i];
    return sum;
}

/* ---- largest, finite ------------------------------------------------------------------------- */

typedef struct argmax_job {
    int64_t len, inner, col_blocks;
    const real *x;
    int32_t *index;
} argmax_job;

/* A task is one outer position and one block of columns. */
static void argmax_tasks(const void *arg, int64_t begin, int64_t end) {
    const argmax_job *job = arg;
    real best[BLOCK];
    for (int64_t task = begin; task < end; task++) {
        const int64_t outer = task / job->col_blocks, col = task % job->col_blocks * BLOCK;
        const int64_t cols = min_i64(BLOCK, job->inner - col);
        const int64_t first = outer * job->len * job->inner + col;
        int32_t *restrict index = job->index + outer * job->inner + col;
        for (int64_t j = 0; j < cols; j++) {
            best[j] = job->x[first + j];
            index[j] = (int32_t)(first + j);
        }
        for (int64_t k = 1; k < job->len; k++) {
            const int32_t row = (int32_t)(first + k * job->inner);
            const real *restrict x = job->x + row;
            for (int64_t j = 0; j < cols; j++) {
                const int wins = (x[j] > best[j]) | ((x[j] != x[j]) & (best[j] == best[j]));
                best[j] = wins ? x[j] : best[j];
                index[j] = wins ? row + (int32_t)j : index[j];
            }
        }
    }
}

void reduce_argmax(gan_context *ctx, int64_t outer, int64_t len, int64_t inner, const real *x,
                   int32_t *index) {
    const argmax_job job = {len, inner, ceil_div(inner, BLOCK), x, index};
    const int64_t task = max_i64(1, len) * max_i64(1, min_i64(inner, BLOCK));
    span_for(ctx, outer * job.col_blocks, max_i64(1, CUT_GRAIN / task), argmax_tasks, &job);
}

typedef struct finite_job {
    const real *x;
    atomic_int *bad;
} finite_job;

int reduce_finite_part(gan_context *ctx, int64_t n, const real *x) {
    (void)ctx;
    int bad = 0;
    for (int64_t i = 0; i < n; i++) bad |= !(real_fabs(x[i]) <= REAL_MAX);
    return !bad;
}

static void check_finite(const void *arg, int64_t begin, int64_t end) {
    const finite_job *job = arg;
    if (!reduce_finite_part(NULL, end - begin, job->x + begin)) atomic_store(job->bad, 1);
}

int reduce_all_finite(gan_context *ctx, int64_t n, const real *x) {
    atomic_int bad = 0;
    const finite_job job = {x, &bad};
    span_for(ctx, n, CUT_GRAIN, check_finite, &job);
    return !atomic_load(&bad);
}

/* ---- log softmax ----------------------------------------------------------------------------- */

typedef struct softmax_job {
    int64_t cols;
    const real *x;
    real *y;
} softmax_job;

static void log_softmax_rows(const void *arg, int64_t begin, int64_t end) {
    const softmax_job *job = arg;
    for (int64_t i = begin; i < end; i++) {
        const real *restrict x = job->x + i * job->cols;
        real *restrict y = job->y + i * job->cols;
        real largest = -REAL_MAX;
        double sum = 0.0;
        for (int64_t j = 0; j < job->cols; j++) largest = x[j] > largest ? x[j] : largest;
        for (int64_t j = 0; j < job->cols; j++) y[j] = vmath_exp(x[j] - largest);
        for (int64_t j = 0; j < job->cols; j++) sum += (double)y[j];
        const real log_sum = (real)log(sum);
        for (int64_t j = 0; j < job->cols; j++) y[j] = x[j] - largest - log_sum;
    }
}

void reduce_log_softmax(gan_context *ctx, int64_t rows, int64_t cols, const real *x, real *y) {
    const softmax_job job = {cols, x, y};
    span_for(ctx, rows, max_i64(1, CUT_GRAIN / 4 / max_i64(1, cols)), log_softmax_rows, &job);
}
