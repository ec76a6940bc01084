/* What the kernels of the norms share: the array as columns, coefficients, sums over groups. */
#ifndef GAN_KERNELS_NORM_GROUPS_H
#define GAN_KERNELS_NORM_GROUPS_H

#include "kernels/column_sums.h"
#include "kernels/cut.h"

/* x (a, r1, b, r2) as (a, r, c). Where r1 = 1, groups are contiguous runs: (a b, r2, 1). Else they
 * are `repeat` = r2 neighbouring columns of (a, r1, b r2). A coefficient by group is spread to one
 * by column, of which there are a * c. */
typedef struct norm_view {
    int64_t a, r, c, repeat;
    int64_t period; /* columns after which a plane's groups come again: c, or less where joined */
} norm_view;

static inline norm_view norm_view_of(const norm_geom *q) {
    if (q->r1 == 1 && q->r2 > 1) return (norm_view){q->a * q->b, q->r2, 1, 1, 1};
    return (norm_view){q->a, q->r1, q->b * q->r2, q->r2, q->b * q->r2};
}

/* For what looks at each element on its own: short rows are joined, several to one. */
norm_view norm_view_joined(const norm_geom *q);

static inline int norm_view_runs(const norm_geom *q) { return q->r1 == 1 && q->r2 > 1; }

static inline int64_t norm_columns(const norm_view *v) { return v->a * v->c; }

static inline int64_t norm_groups(const norm_geom *q) { return q->a * q->b; }

/* The group of column k of all. */
static inline int64_t norm_group_of(const norm_view *v, int64_t k) {
    return (k / v->c * v->period + k % v->period) / v->repeat;
}

/* The statistics of kernels.h, (3, a, b). */
static inline const real *norm_mean(const real *stats) { return stats; }

static inline const real *norm_scales(const norm_geom *q, const real *stats) {
    return stats + 2 * norm_groups(q);
}

static inline void norm_spread(const norm_view *v, const real *by_group, real *by_column) {
    for (int64_t k = 0; k < norm_columns(v); k++) by_column[k] = by_group[norm_group_of(v, k)];
}

/* sum and product by group; terms->shift is by group too. */
int32_t norm_sums(gan_context *ctx, const norm_geom *q, const sum_terms *terms, double *sum,
                  double *product);

/* Calls fn on pieces of rows, or of runs where a plane is one column: n neighbours from place `at`
 * on, of which the first is in column k of all. */
typedef void (*norm_piece_fn)(const void *arg, int64_t at, int64_t k, int64_t n);
enum { NORM_PIECE = 1024 };
void norm_for(gan_context *ctx, const norm_view *view, norm_piece_fn fn, const void *arg);

/* y = (x - mean) * p + e * q + u * t + r with coefficients by column; e as in sum_terms. g NULL:
 * only the first term; u NULL: without it. */
typedef struct norm_terms {
    norm_view view;
    const real *x, *g, *u, *y, *gain;
    activation act;
    int64_t period;
    const real *mean, *p, *q, *r, *t;
    real *out;
} norm_terms;

void norm_combine(gan_context *ctx, const norm_terms *terms);

#endif
