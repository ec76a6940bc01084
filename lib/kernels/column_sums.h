/* Sums down the columns of arrays seen as (a, r, c): what norms and biases need of their inputs and
 * gradients, in one pass over memory. A contiguous run is a column too: c = 1. */
#ifndef GAN_KERNELS_COLUMN_SUMS_H
#define GAN_KERNELS_COLUMN_SUMS_H

#include "core/activation.h"
#include "kernels/kernels.h"

/* What is added up: e and e * d. */
typedef struct sum_terms {
    const real *x;     /* d = x - shift; NULL: no products */
    const real *shift; /* (a, c) */
    const real *g;     /* e = g; NULL: e = d */
    const real *y;     /* the result of `act`, through which g passes first */
    activation act;
    const real *gain; /* then e is times gain[place % period]; NULL: it is not */
    int64_t period;
    real *e; /* where g through an activation goes as well, or NULL */
} sum_terms;

/* sum and product (a, c) = the sums of e and e * d over r; product NULL: without. Runs of up to 32
 * terms are added as real, these partial sums in double. */
int32_t column_sums(gan_context *ctx, int64_t a, int64_t r, int64_t c, const sum_terms *terms,
                    double *sum, double *product);

#endif
