/* All pairs of rows of two sets, by blocks of one matrix product, so that memory stays bounded. */
#ifndef GAN_METRICS_PAIRS_H
#define GAN_METRICS_PAIRS_H

#include "core/real.h"
#include "metrics/metrics.h"

/* One row against a block of columns, begin <= column < begin + count. Products and norms are those
 * of both sides moved by the centre and rounded to real. */
typedef struct pair_row {
    int64_t row, begin, count;
    const real *product; /* (count) <row, column>                  */
    double norm;         /* ||row||^2                              */
    const double *norms; /* (count) ||column||^2                   */
    double slack;        /* of a distance, relative to both norms  */
} pair_row;

/* Called on any thread; a row's blocks come one after the other, in order. */
typedef void (*pair_fn)(void *arg, const pair_row *r);

/* centre (d), or NULL for none: distances do not depend on it, but a centre in the data's midst
 * keeps the norms, and so the slack, small. */
int32_t pairs_each(gan_context *ctx, const points *rows, const points *columns,
                   const double *centre, pair_fn fn, void *arg);

/* The same with the columns' mean as the centre. */
int32_t pairs_each_centred(gan_context *ctx, const points *rows, const points *columns, pair_fn fn,
                           void *arg);

/* The squared distance of the row to column begin + j up to pair_slack: ||x||^2 + ||y||^2 - 2<x,y>.
 */
static inline double pair_square(const pair_row *r, int64_t j) {
    return r->norm + r->norms[j] - 2 * (double)r->product[j];
}

/* How far that may be from pair_exact. The first term is for rounding (Higham, "Accuracy and
 * Stability of Numerical Algorithms", 2002, section 3.1), the second for denormals. */
static inline double pair_slack(const pair_row *r, int64_t j) {
    return r->slack * (r->norm + r->norms[j]) + 1e-28;
}

/* The squared distance of two rows as they are, in double. */
double pair_exact(const points *a, int64_t i, const points *b, int64_t j);

#endif
