#include "kernels/cut.h"

#include "core/threads.h"

typedef struct span_job {
    span_fn fn;
    const void *arg;
    int64_t n, grain;
} span_job;

static void run_span(void *arg, int64_t chunk, int worker) {
    const span_job *job = arg;
    const int64_t begin = chunk * job->grain;
    (void)worker;
    job->fn(job->arg, begin, min_i64(begin + job->grain, job->n));
}

void span_for(gan_context *ctx, int64_t n, int64_t grain, span_fn fn, const void *arg) {
    span_job job = {fn, arg, n, grain};
    if (n > 0) parallel_for(ctx, ceil_div(n, grain), run_span, &job);
}

bcast bcast_merge(const bcast *s) {
    bcast m = {0};
    for (int32_t i = 0; i < s->rank; i++) {
        int32_t last = m.rank - 1;
        if (s->dim[i] == 1) continue;
        if (last >= 0 && m.stride_a[last] == s->stride_a[i] * s->dim[i] &&
            m.stride_b[last] == s->stride_b[i] * s->dim[i]) {
            m.dim[last] *= s->dim[i];
        } else {
            last = m.rank++;
            m.dim[last] = s->dim[i];
        }
        m.stride_a[last] = s->stride_a[i];
        m.stride_b[last] = s->stride_b[i];
    }
    while (m.rank < 2) {
        m.dim[1] = m.rank > 0 ? m.dim[0] : 1;
        m.stride_a[1] = m.stride_a[0];
        m.stride_b[1] = m.stride_b[0];
        m.dim[0] = 1;
        m.stride_a[0] = m.stride_b[0] = 0;
        m.rank++;
    }
    return m;
}

typedef struct box_job {
    const bcast *s;
    box_fn fn;
    const void *arg;
    int64_t rows, cols;           /* of a full box */
    int64_t row_boxes, col_boxes; /* boxes along the last two axes */
} box_job;

/* Box `index` of the job, found from its number without looking at the others. */
static box find_box(const box_job *job, int64_t index) {
    const bcast *s = job->s;
    const int32_t row = s->rank - 2, col = s->rank - 1;
    int64_t matrix = index / (job->row_boxes * job->col_boxes);
    const int64_t inside = index % (job->row_boxes * job->col_boxes);
    const int64_t i = inside / job->col_boxes * job->rows;
    const int64_t j = inside % job->col_boxes * job->cols;
    box part = {.rows = min_i64(job->rows, s->dim[row] - i),
                .cols = min_i64(job->cols, s->dim[col] - j),
                .a = i * s->stride_a[row] + j * s->stride_a[col],
                .b = i * s->stride_b[row] + j * s->stride_b[col],
                .flat = (matrix * s->dim[row] + i) * s->dim[col] + j};
    for (int32_t axis = row - 1; axis >= 0; axis--) {
        const int64_t k = matrix % s->dim[axis];
        matrix /= s->dim[axis];
        part.a += k * s->stride_a[axis];
        part.b += k * s->stride_b[axis];
    }
    return part;
}

static void run_boxes(const void *arg, int64_t begin, int64_t end) {
    const box_job *job = arg;
    for (int64_t index = begin; index < end; index++) {
        const box part = find_box(job, index);
        job->fn(job->arg, job->s, &part);
    }
}

void box_for(gan_context *ctx, const bcast *s, box_fn fn, const void *arg) {
    const int64_t m = s->dim[s->rank - 2], n = s->dim[s->rank - 1];
    box_job job = {.s = s, .fn = fn, .arg = arg};
    int64_t boxes = 1;
    for (int32_t axis = 0; axis < s->rank; axis++) {
        if (s->dim[axis] == 0) return;
        if (axis < s->rank - 2) boxes *= s->dim[axis];
    }
    job.cols = min_i64(n, CUT_GRAIN);
    job.rows = min_i64(m, CUT_GRAIN / job.cols);
    job.row_boxes = ceil_div(m, job.rows);
    job.col_boxes = ceil_div(n, job.cols);
    boxes *= job.row_boxes * job.col_boxes;
    span_for(ctx, boxes, CUT_GRAIN / (job.rows * job.cols), run_boxes, &job);
}
