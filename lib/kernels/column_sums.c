#include "kernels/column_sums.h"

#include "core/alloc.h"
#include "kernels/activate.h"
#include "kernels/cut.h"

/* Columns of a block of accumulators; rows that are added before they go to double; parts into
 * which the rows are cut at most: more would help no machine, and their sums need memory. */
enum { BLOCK = 256, RUN = 32, MAX_PARTS = 64 };

typedef struct sums_job {
    sum_terms terms;
    int64_t a, r, c;
    int64_t rows, parts, blocks; /* rows of a part; parts and blocks of columns there are */
    double *partial;             /* (parts, 2, a, c) */
} sums_job;

/* ---- a row ----------------------------------------------------------------------------------- */

static void add_squares(int64_t n, const real *restrict x, const real *restrict shift,
                        real *restrict sum, real *restrict product) {
    for (int64_t j = 0; j < n; j++) {
        const real d = x[j] - shift[j];
        sum[j] += d;
        product[j] += d * d;
    }
}

static void add_products(int64_t n, const real *restrict e, const real *restrict x,
                         const real *restrict shift, real *restrict sum, real *restrict product) {
    for (int64_t j = 0; j < n; j++) {
        sum[j] += e[j];
        product[j] += e[j] * (x[j] - shift[j]);
    }
}

static void add_values(int64_t n, const real *restrict e, real *restrict sum) {
    for (int64_t j = 0; j < n; j++) sum[j] += e[j];
}

/* e of n neighbours from place `at` on: where it is already, or in `room` for 2 * BLOCK numbers. */
static const real *values(const sum_terms *t, int64_t at, int64_t n, real *room) {
    const real *e =
        through_activation(n, t->act, t->g + at, t->y ? t->y + at : NULL, t->e ? t->e + at : room);
    return t->gain ? through_gain(n, t->gain + at % t->period, e, room + BLOCK) : e;
}

/* ---- a box ----------------------------------------------------------------------------------- */

/* Adds `rows` <= RUN rows of `width`, `stride` apart, to the sums of `cols` columns, which repeat
 * along the width. */
static void add_run(const sum_terms *t, int64_t at, int64_t rows, int64_t width, int64_t stride,
                    const real *shift, int64_t cols, double *restrict sum,
                    double *restrict product) {
    real e[2 * BLOCK], sum_e[BLOCK], sum_ed[BLOCK];
    for (int64_t j = 0; j < width; j++) sum_e[j] = sum_ed[j] = 0;
    for (int64_t i = 0; i < rows; i++, at += stride) {
        if (!t->g)
            add_squares(width, t->x + at, shift, sum_e, sum_ed);
        else if (t->x)
            add_products(width, values(t, at, width, e), t->x + at, shift, sum_e, sum_ed);
        else
            add_values(width, values(t, at, width, e), sum_e);
    }
    for (int64_t k = 0; k < width; k += cols)
        for (int64_t j = 0; j < cols; j++) {
            sum[j] += (double)sum_e[k + j];
            product[j] += (double)sum_ed[k + j];
        }
}

/* Rows [first, first + rows) of plane i, columns [col, col + cols). Short whole rows are taken
 * several at a time, as one row in which the columns repeat. */
static void add_box(const sums_job *job, int64_t i, int64_t first, int64_t rows, int64_t col,
                    int64_t cols, double *sum, double *product) {
    const sum_terms *t = &job->terms;
    const int64_t fold = cols == job->c ? max_i64(1, min_i64(BLOCK / cols, rows)) : 1;
    const int64_t width = fold * cols, stride = fold * job->c;
    real shift[BLOCK];
    for (int64_t j = 0; j < width && t->x; j++) shift[j] = t->shift[i * job->c + col + j % cols];
    for (int64_t j = 0; j < cols; j++) sum[j] = product[j] = 0;
    int64_t at = (i * job->r + first) * job->c + col;
    for (int64_t left = rows / fold; left > 0; left -= RUN, at += RUN * stride)
        add_run(t, at, min_i64(RUN, left), width, stride, shift, cols, sum, product);
    const int64_t rest = rows % fold;
    at = (i * job->r + first + rows - rest) * job->c + col;
    if (rest > 0) add_run(t, at, 1, rest * cols, 0, shift, cols, sum, product);
}

/* ---- all ------------------------------------------------------------------------------------- */

static void sum_tasks(const void *arg, int64_t begin, int64_t end) {
    const sums_job *job = arg;
    const int64_t plane = job->a * job->c;
    for (int64_t task = begin; task < end; task++) {
        const int64_t part = task % job->parts, block = task / job->parts % job->blocks;
        const int64_t i = task / job->parts / job->blocks;
        const int64_t first = part * job->rows, col = block * BLOCK;
        double *sum = job->partial + 2 * part * plane + i * job->c + col;
        add_box(job, i, first, min_i64(job->rows, job->r - first), col,
                min_i64(BLOCK, job->c - col), sum, sum + plane);
    }
}

int32_t column_sums(gan_context *ctx, int64_t a, int64_t r, int64_t c, const sum_terms *terms,
                    double *sum, double *product) {
    sums_job job = {.terms = *terms, .a = a, .r = r, .c = c};
    const int64_t plane = a * c, cols = max_i64(1, min_i64(c, BLOCK));
    job.rows = max_i64(1, min_i64(r, max_i64(CUT_GRAIN / cols, ceil_div(r, MAX_PARTS))));
    job.parts = ceil_div(r, job.rows);
    job.blocks = ceil_div(c, BLOCK);
    job.partial = arena_alloc_array(ctx, (size_t)(2 * plane * job.parts), sizeof *job.partial);
    if (!job.partial) return GAN_ENOMEM;
    span_for(ctx, a * job.blocks * job.parts, max_i64(1, CUT_GRAIN / (job.rows * cols)), sum_tasks,
             &job);
    for (int64_t k = 0; k < plane; k++) {
        double e = 0, ed = 0;
        for (int64_t part = 0; part < job.parts; part++) {
            e += job.partial[2 * part * plane + k];
            ed += job.partial[(2 * part + 1) * plane + k];
        }
        sum[k] = e;
        if (product) product[k] = ed;
    }
    arena_free(ctx, job.partial);
    return GAN_OK;
}
