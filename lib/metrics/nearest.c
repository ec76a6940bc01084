#include "metrics/pairs.h"

#include "core/alloc.h"

#include <math.h>

typedef struct nearest_job {
    const points *rows, *columns;
    int64_t k;
    int same;
    double *square;
    int64_t *index; /* or NULL */
} nearest_job;

/* Into its place in a row's list of k, behind equally near ones; the last one falls out. */
static void insert(const nearest_job *job, int64_t row, double square, int64_t column) {
    double *squares = job->square + row * job->k;
    int64_t *index = job->index ? job->index + row * job->k : NULL;
    int64_t at = job->k - 1;
    for (; at > 0 && squares[at - 1] > square; at--) {
        squares[at] = squares[at - 1];
        if (index) index[at] = index[at - 1];
    }
    squares[at] = square;
    if (index) index[at] = column;
}

static void keep_nearest(void *arg, const pair_row *r) {
    const nearest_job *job = arg;
    const double *last = job->square + r->row * job->k + job->k - 1;
    for (int64_t j = 0; j < r->count; j++) {
        const int64_t column = r->begin + j;
        if (pair_square(r, j) - pair_slack(r, j) >= *last || (job->same && column == r->row))
            continue;
        const double square = pair_exact(job->rows, r->row, job->columns, column);
        if (square < *last) insert(job, r->row, square, column);
    }
}

int32_t nearest(gan_context *ctx, const points *rows, const points *columns, int64_t k, int same,
                double *square, int64_t *index) {
    nearest_job job = {rows, columns, k, same, square, index};
    for (int64_t i = 0; i < rows->n * k; i++) square[i] = INFINITY;
    return pairs_each_centred(ctx, rows, columns, keep_nearest, &job);
}

int32_t nearest_one(gan_context *ctx, const points *rows, const points *reference,
                    const int32_t *labels, const int32_t *reference_labels, int64_t *index,
                    double *distance, double *error) {
    const int64_t m = rows->n;
    double *square = arena_alloc_array(ctx, (size_t)m, sizeof *square);
    int64_t *found = arena_alloc_array(ctx, (size_t)m, sizeof *found), wrong = 0;
    int32_t code = square && found ? GAN_OK : GAN_ENOMEM;
    if (!code) code = nearest(ctx, rows, reference, 1, 0, square, found);
    for (int64_t i = 0; i < m && !code; i++) {
        if (index) index[i] = found[i];
        if (distance) distance[i] = sqrt(square[i]);
        if (labels) wrong += labels[i] != reference_labels[found[i]];
    }
    if (error && !code) *error = (double)wrong / (double)m;
    arena_free(ctx, found);
    arena_free(ctx, square);
    return code;
}
