#include "metrics/pairs.h"

#include "core/alloc.h"
#include "kernels/kernels.h"

#include <math.h>
#include <string.h>

/* ---- the estimate for one pair of subsets ---------------------------------------------------- */

typedef struct kernel_job {
    double by_d;
    int same;    /* both sides are one set: a row is not paired with itself */
    double *sum; /* (rows) */
} kernel_job;

static void add_kernels(void *arg, const pair_row *r) {
    const kernel_job *job = arg;
    double sum = 0;
    for (int64_t j = 0; j < r->count; j++) {
        const double base = (double)r->product[j] * job->by_d + 1;
        if (!job->same || r->begin + j != r->row) sum += base * base * base;
    }
    job->sum[r->row] += sum;
}

/* The sum of the kernel over all pairs; rows (a->n) is scratch. */
static int32_t sum_kernels(gan_context *ctx, const points *a, const points *b, double *rows,
                           double *sum) {
    kernel_job job = {1 / (double)a->d, a == b, rows};
    memset(rows, 0, (size_t)a->n * sizeof *rows);
    const int32_t code = pairs_each(ctx, a, b, NULL, add_kernels, &job);
    *sum = 0;
    for (int64_t i = 0; i < a->n; i++) *sum += rows[i];
    return code;
}

/* Gretton et al. 2012, eq. 3, for sets of one size. */
static int32_t discrepancy(gan_context *ctx, const points *a, const points *b, double *rows,
                           double *out) {
    double within_a, within_b, across;
    int32_t code = sum_kernels(ctx, a, a, rows, &within_a);
    if (!code) code = sum_kernels(ctx, b, b, rows, &within_b);
    if (!code) code = sum_kernels(ctx, a, b, rows, &across);
    const double n = (double)a->n;
    if (!code) *out = (within_a + within_b) / (n * (n - 1)) - 2 * across / (n * n);
    return code;
}

/* ---- subsets --------------------------------------------------------------------------------- */

/* Rows of a set in an order that each draw shuffles further. */
typedef struct deck {
    const points *from;
    int32_t *order; /* (from->n) */
    float *x;       /* the rows drawn last */
} deck;

static int32_t deck_create(gan_context *ctx, deck *k, const points *from, int64_t size) {
    k->from = from;
    k->order = arena_alloc_array(ctx, (size_t)from->n, sizeof *k->order);
    k->x = arena_alloc_array(ctx, (size_t)(size * from->d), sizeof *k->x);
    for (int64_t i = 0; k->order && i < from->n; i++) k->order[i] = (int32_t)i;
    return k->order && k->x ? GAN_OK : GAN_ENOMEM;
}

static void deck_release(gan_context *ctx, deck *k) {
    arena_free(ctx, k->x);
    arena_free(ctx, k->order);
}

/* Fisher and Yates's shuffle of the first `size` places by as many uniform numbers; those rows. */
static points deck_draw(deck *k, int64_t size, const real *uniform) {
    const int64_t n = k->from->n, d = k->from->d;
    for (int64_t i = 0; i < size; i++) {
        const int64_t j = i + (int64_t)((double)uniform[i] * (double)(n - i));
        const int32_t drawn = k->order[j];
        k->order[j] = k->order[i];
        k->order[i] = drawn;
        memcpy(k->x + i * d, k->from->x + drawn * d, (size_t)d * sizeof *k->x);
    }
    return (points){k->x, size, d};
}

/* Scratch of the whole: a deck for each side, the subsets' values, sums of rows. */
typedef struct subsets {
    deck a, b;
    double *value; /* (subsets) */
    double *rows;  /* (size)    */
    real *uniform; /* (2, size) */
} subsets;

static int32_t each_subset(gan_context *ctx, subsets *s, const gan_kernel_opts *opts) {
    const int64_t size = opts->subset_size;
    int32_t code = GAN_OK;
    uint64_t counter = 0;
    for (int32_t i = 0; i < opts->subsets && !code; i++) {
        noise_uniform(ctx, opts->seed, counter, 2 * size, 0, 1, s->uniform);
        counter += noise_blocks(2 * size);
        const points a = deck_draw(&s->a, size, s->uniform);
        const points b = deck_draw(&s->b, size, s->uniform + size);
        code = discrepancy(ctx, &a, &b, s->rows, &s->value[i]);
    }
    return code;
}

static void summarize(const double *value, int32_t count, double *mean, double *error) {
    double sum = 0, squares = 0;
    for (int32_t i = 0; i < count; i++) sum += value[i];
    *mean = sum / count;
    for (int32_t i = 0; i < count; i++) squares += (value[i] - *mean) * (value[i] - *mean);
    *error = count > 1 ? sqrt(squares / (count - 1)) / sqrt(count) : 0;
}

int32_t kernel_distance(gan_context *ctx, const points *a, const points *b,
                        const gan_kernel_opts *opts, double *mean, double *error) {
    const int64_t size = opts->subset_size;
    subsets s = {.value = arena_alloc_array(ctx, (size_t)opts->subsets, sizeof(double)),
                 .rows = arena_alloc_array(ctx, (size_t)size, sizeof(double)),
                 .uniform = arena_alloc_array(ctx, (size_t)(2 * size), sizeof(real))};
    int32_t code = s.value && s.rows && s.uniform ? GAN_OK : GAN_ENOMEM;
    if (!code) code = deck_create(ctx, &s.a, a, size);
    if (!code) code = deck_create(ctx, &s.b, b, size);
    if (!code) code = each_subset(ctx, &s, opts);
    if (!code) summarize(s.value, opts->subsets, mean, error);
    deck_release(ctx, &s.b);
    deck_release(ctx, &s.a);
    arena_free(ctx, s.uniform);
    arena_free(ctx, s.rows);
    arena_free(ctx, s.value);
    return code;
}
