/* What the Fréchet distance asks of symmetric matrices. */
#include "metrics/metrics.h"

#include "core/alloc.h"
#include "core/threads.h"
#include "kernels/tiling.h"

#include <float.h>
#include <math.h>

/* Elements per chunk of a loop over a matrix. */
enum { GRAIN = 16384 };

/* ---- Cholesky's factor, with pivots ---------------------------------------------------------- */

typedef struct factor_job {
    int64_t d, step, pivot;
    const double *a;
    double *factor, *rest;
    int64_t grain; /* columns of a chunk */
} factor_job;

/* Row `step` of the factor: what the rows before leave of the pivot's row of a. */
static void factor_columns(void *arg, int64_t chunk, int worker) {
    (void)worker;
    const factor_job *job = arg;
    const int64_t d = job->d, begin = chunk * job->grain, end = min_i64(begin + job->grain, d);
    double *row = job->factor + job->step * d;
    for (int64_t j = begin; j < end; j++) row[j] = job->a[job->pivot * d + j];
    for (int64_t k = 0; k < job->step; k++) {
        const double *before = job->factor + k * d, weight = before[job->pivot];
        for (int64_t j = begin; j < end; j++) row[j] -= weight * before[j];
    }
    const double scale = 1 / sqrt(job->rest[job->pivot]);
    for (int64_t j = begin; j < end; j++) row[j] *= scale;
}

/* Higham 2002, section 10.3: the largest remaining diagonal element is next, until all are what
 * rounding leaves of zeros. Rows and columns keep their places, so the factor is no triangle. */
int64_t spectrum_factor(gan_context *ctx, int64_t d, const double *a, double *factor,
                        double *rest) {
    double largest = 0;
    for (int64_t i = 0; i < d; i++) {
        rest[i] = a[i * d + i];
        largest = fmax(largest, rest[i]);
    }
    const double least = (double)d * DBL_EPSILON * largest;
    for (int64_t step = 0; step < d; step++) {
        int64_t pivot = 0;
        for (int64_t i = 1; i < d; i++)
            if (rest[i] > rest[pivot]) pivot = i;
        if (!(rest[pivot] > least)) return step;
        factor_job job = {d, step, pivot, a, factor, rest, max_i64(GRAIN / (step + 1), 256)};
        parallel_for(ctx, ceil_div(d, job.grain), factor_columns, &job);
        const double *row = factor + step * d;
        for (int64_t i = 0; i < d; i++) rest[i] -= row[i] * row[i];
        rest[pivot] = 0;
    }
    return d;
}

/* ---- Householder's tridiagonal form ---------------------------------------------------------- */

typedef struct householder_job {
    int64_t n, from, grain; /* rows and columns from `from` on; rows of a chunk */
    double *a;
    const double *v, *w; /* the last reflection, to be applied: a -= v w^T + w v^T */
    const double *next;  /* the next reflection's v */
    double *image;       /* a next */
} householder_job;

static void householder_update(const householder_job *job, int64_t i) {
    double *row = job->a + i * job->n;
    const double v = job->v[i], w = job->w[i];
    for (int64_t j = job->from; j < job->n; j++) row[j] -= v * job->w[j] + w * job->v[j];
}

/* One pass over the matrix serves the last reflection and the next. */
static void householder_rows(void *arg, int64_t chunk, int worker) {
    (void)worker;
    const householder_job *job = arg;
    const int64_t begin = job->from + chunk * job->grain;
    for (int64_t i = begin; i < min_i64(begin + job->grain, job->n); i++) {
        householder_update(job, i);
        const double *row = job->a + i * job->n;
        double sum = 0;
        for (int64_t j = job->from; j < job->n; j++) sum += row[j] * job->next[j];
        job->image[i] = sum;
    }
}

/* next = v of the reflection 1 - v v^T that leaves only the first element, `first`, of x (n). v is
 * scaled to ||v||^2 = 2, or 0 where there is nothing to do. Returns that element after it. */
static double reflect(int64_t n, const double *x, double *next) {
    double largest = 0, sum = 0;
    for (int64_t i = 0; i < n; i++) largest = fmax(largest, fabs(x[i]));
    for (int64_t i = 0; i < n; i++) next[i] = largest > 0 ? x[i] / largest : 0;
    for (int64_t i = 0; i < n; i++) sum += next[i] * next[i];
    if (!(largest > 0)) return 0;
    const double length = next[0] > 0 ? -sqrt(sum) : sqrt(sum);
    /* ||x - length e||^2 = 2 (sum - length x_0) */
    const double scale = 1 / sqrt(sum - length * next[0]);
    next[0] -= length;
    for (int64_t i = 0; i < n; i++) next[i] *= scale;
    return length * largest;
}

/* w = a v - (v^T a v / 2) v, so that (1 - v v^T) a (1 - v v^T) = a - v w^T - w v^T. */
static void reflect_image(int64_t from, int64_t n, const double *v, double *image) {
    double dot = 0;
    for (int64_t i = from; i < n; i++) dot += v[i] * image[i];
    for (int64_t i = from; i < n; i++) image[i] -= dot / 2 * v[i];
}

/* a (n,n) becomes tridiagonal: diagonal (n) and off (n), off[i] beside diagonal[i] and i + 1.
 * Golub and Van Loan, "Matrix Computations", section 8.3.1. vectors (4,n): scratch. */
static void tridiagonalize(gan_context *ctx, int64_t n, double *a, double *vectors,
                           double *diagonal, double *off) {
    double *v = vectors, *w = v + n, *next = w + n, *image = next + n;
    for (int64_t i = 0; i < n; i++) v[i] = w[i] = 0;
    for (int64_t k = 0; k < n; k++) {
        householder_job job = {n, k, max_i64(GRAIN / (n - k), 1), a, v, w, next, image};
        householder_update(&job, k);
        diagonal[k] = a[k * n + k];
        off[k] = 0;
        if (k + 1 == n) return;
        job.from = k + 1;
        off[k] = reflect(n - k - 1, a + k * n + k + 1, next + k + 1);
        parallel_for(ctx, ceil_div(n - k - 1, job.grain), householder_rows, &job);
        reflect_image(k + 1, n, next, image);
        double *old_v = v, *old_w = w;
        v = next, w = image, next = old_v, image = old_w;
    }
}

/* ---- eigenvalues by bisection ---------------------------------------------------------------- */

typedef struct bisect_job {
    int64_t n;
    const double *diagonal, *square; /* of the elements beside the diagonal */
    double largest;                  /* no eigenvalue is above */
    double *root;                    /* (n) */
} bisect_job;

/* The number of eigenvalues below x, by Sturm's sequence (Golub and Van Loan, section 8.4.1). */
static int64_t count_below(const bisect_job *job, double x) {
    int64_t count = 0;
    double q = 1;
    for (int64_t i = 0; i < job->n; i++) {
        q = job->diagonal[i] - x - (i ? job->square[i - 1] / q : 0);
        if (fabs(q) < DBL_MIN) q = -DBL_MIN;
        count += q < 0;
    }
    return count;
}

/* The i-th smallest, from 0 on: one below comes out as 0. */
static void bisect(void *arg, int64_t i, int worker) {
    (void)worker;
    const bisect_job *job = arg;
    double low = 0, high = job->largest;
    for (int step = 0; step < 64; step++) {
        const double middle = (low + high) / 2;
        if (count_below(job, middle) > i)
            high = middle;
        else
            low = middle;
    }
    job->root[i] = sqrt(low);
}

int32_t spectrum_sum_of_roots(gan_context *ctx, int64_t n, double *a, double *sum) {
    double *scratch = arena_alloc_array(ctx, (size_t)(7 * n), sizeof *scratch);
    if (!scratch) return GAN_ENOMEM;
    double *diagonal = scratch + 4 * n, *off = diagonal + n, *root = off + n;
    tridiagonalize(ctx, n, a, scratch, diagonal, off);
    bisect_job job = {.n = n, .diagonal = diagonal, .square = off, .root = root};
    for (int64_t i = 0; i < n; i++) { /* Gershgorin's circles */
        const double radius = fabs(off[i]) + (i ? fabs(off[i - 1]) : 0);
        job.largest = fmax(job.largest, diagonal[i] + radius);
    }
    for (int64_t i = 0; i < n; i++) off[i] *= off[i];
    parallel_for(ctx, n, bisect, &job);
    *sum = 0;
    for (int64_t i = 0; i < n; i++) *sum += root[i];
    arena_free(ctx, scratch);
    return GAN_OK;
}
