#include "kernels/kernels.h"

#include "kernels/cut.h"
#include "kernels/transpose.h"

#include <string.h>

/* ---- strided copies -------------------------------------------------------------------------- */

typedef struct copy_job {
    const real *src;
    real *dst;
} copy_job;

/* Rows and columns that stay in the first-level cache when one side is read across. */
enum { TILE = 16 };

/* dst[i * di + j * dj] = src[i * si + j * sj] for i < rows, j < cols. */
static void copy_matrix(int64_t rows, int64_t cols, const real *restrict src, int64_t si,
                        int64_t sj, real *restrict dst, int64_t di, int64_t dj) {
    if (sj == 1 && dj == 1) {
        for (int64_t i = 0; i < rows; i++)
            memcpy(dst + i * di, src + i * si, (size_t)cols * sizeof *dst);
    } else if (sj == 0 && dj == 1) {
        for (int64_t i = 0; i < rows; i++)
            for (int64_t j = 0; j < cols; j++) dst[i * di + j] = src[i * si];
    } else {
        for (int64_t top = 0; top < rows; top += TILE)
            for (int64_t left = 0; left < cols; left += TILE)
                for (int64_t i = top; i < min_i64(top + TILE, rows); i++)
                    for (int64_t j = left; j < min_i64(left + TILE, cols); j++)
                        dst[i * di + j * dj] = src[i * si + j * sj];
    }
}

static void copy_box(const void *arg, const bcast *s, const box *part) {
    const copy_job *job = arg;
    const int32_t row = s->rank - 2, col = s->rank - 1;
    copy_matrix(part->rows, part->cols, job->src + part->a, s->stride_a[row], s->stride_a[col],
                job->dst + part->b, s->stride_b[row], s->stride_b[col]);
}

/* Moves axis `from` to the place before the last. */
static void move_axis(bcast *s, int32_t from) {
    const int64_t dim = s->dim[from], a = s->stride_a[from], b = s->stride_b[from];
    int32_t i = from;
    for (; i < s->rank - 2; i++) {
        s->dim[i] = s->dim[i + 1];
        s->stride_a[i] = s->stride_a[i + 1];
        s->stride_b[i] = s->stride_b[i + 1];
    }
    s->dim[i] = dim;
    s->stride_a[i] = a;
    s->stride_b[i] = b;
}

/* Copies src, at strides a, to dst, at strides b. */
static void copy_strided(gan_context *ctx, const bcast *s, const real *src, real *dst) {
    const copy_job job = {src, dst};
    bcast merged = bcast_merge(s);
    /* The axis along which src is contiguous takes part in the tiles, if it is not the last. */
    if (merged.stride_a[merged.rank - 1] != 1)
        for (int32_t axis = 0; axis < merged.rank - 2; axis++)
            if (merged.stride_a[axis] == 1) {
                move_axis(&merged, axis);
                break;
            }
    box_for(ctx, &merged, copy_box, &job);
}

/* Strides of a contiguous array: stride[i] = product of the sizes after axis i. */
static void row_major(int32_t rank, const int64_t *dim, int64_t *stride) {
    int64_t size = 1;
    for (int32_t i = rank - 1; i >= 0; i--) {
        stride[i] = size;
        size *= dim[i];
    }
}

void layout_transpose(gan_context *ctx, int32_t rank, const int64_t *x_dim, const int32_t *perm,
                      const real *x, real *y) {
    bcast s = {.rank = rank};
    int64_t x_stride[KERNEL_MAX_RANK];
    row_major(rank, x_dim, x_stride);
    for (int32_t i = 0; i < rank; i++) {
        s.dim[i] = x_dim[perm[i]];
        s.stride_a[i] = x_stride[perm[i]];
    }
    row_major(rank, s.dim, s.stride_b);
    copy_strided(ctx, &s, x, y);
}

void layout_transpose_part(gan_context *ctx, int64_t count, int64_t rows, int64_t cols,
                           const real *x, real *y) {
    (void)ctx;
    for (int64_t i = 0; i < count; i++, x += rows * cols, y += rows * cols)
        transpose_block(rows, cols, x, cols, y, rows);
}

void layout_broadcast(gan_context *ctx, int32_t rank, const int64_t *x_dim, const int64_t *y_dim,
                      const real *x, real *y) {
    bcast s = {.rank = rank};
    row_major(rank, x_dim, s.stride_a);
    row_major(rank, y_dim, s.stride_b);
    for (int32_t i = 0; i < rank; i++) {
        s.dim[i] = y_dim[i];
        if (x_dim[i] != y_dim[i]) s.stride_a[i] = 0;
    }
    copy_strided(ctx, &s, x, y);
}

void layout_copy_box(gan_context *ctx, int32_t rank, const int64_t *size, const int64_t *src_dim,
                     const int64_t *from, const real *src, const int64_t *dst_dim,
                     const int64_t *to, real *dst) {
    bcast s = {.rank = rank};
    int64_t src_offset = 0, dst_offset = 0;
    row_major(rank, src_dim, s.stride_a);
    row_major(rank, dst_dim, s.stride_b);
    for (int32_t i = 0; i < rank; i++) {
        s.dim[i] = size[i];
        src_offset += from[i] * s.stride_a[i];
        dst_offset += to[i] * s.stride_b[i];
    }
    copy_strided(ctx, &s, src + src_offset, dst + dst_offset);
}

typedef struct fill_job {
    real value;
    real *y;
} fill_job;

static void fill_span(const void *arg, int64_t begin, int64_t end) {
    const fill_job job = *(const fill_job *)arg;
    for (int64_t i = begin; i < end; i++) job.y[i] = job.value;
}

void layout_fill(gan_context *ctx, int64_t n, double value, real *y) {
    const fill_job job = {(real)value, y};
    span_for(ctx, n, CUT_GRAIN, fill_span, &job);
}

/* ---- rows by index --------------------------------------------------------------------------- */

typedef struct rows_job {
    int64_t count, rows, width;
    const int32_t *index;
    const real *from;
    real *to;
} rows_job;

static void gather_rows(const void *arg, int64_t begin, int64_t end) {
    const rows_job *job = arg;
    for (int64_t i = begin; i < end; i++)
        memcpy(job->to + i * job->width, job->from + job->index[i] * job->width,
               (size_t)job->width * sizeof *job->to);
}

void layout_gather(gan_context *ctx, int64_t count, int64_t width, const int32_t *index,
                   const real *x, real *y) {
    const rows_job job = {.count = count, .width = width, .index = index, .from = x, .to = y};
    if (width > 0) span_for(ctx, count, max_i64(1, CUT_GRAIN / width), gather_rows, &job);
}

/* Columns [begin, end) of the sum: cutting by columns keeps the order of the additions. */
static void scatter_columns(const void *arg, int64_t begin, int64_t end) {
    const rows_job *job = arg;
    for (int64_t r = 0; r < job->rows; r++)
        for (int64_t j = begin; j < end; j++) job->to[r * job->width + j] = 0;
    for (int64_t i = 0; i < job->count; i++) {
        const real *restrict from = job->from + i * job->width;
        real *restrict to = job->to + job->index[i] * job->width;
        for (int64_t j = begin; j < end; j++) to[j] += from[j];
    }
}

void layout_scatter_add(gan_context *ctx, int64_t count, int64_t rows, int64_t width,
                        const int32_t *index, const real *g, real *x) {
    const rows_job job = {count, rows, width, index, g, x};
    /* At least a cache line of columns. */
    const int64_t cols = max_i64(16, CUT_GRAIN / max_i64(1, count + rows));
    span_for(ctx, width, cols, scatter_columns, &job);
}
