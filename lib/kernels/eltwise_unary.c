/* Element-wise kernels of one operand, the gate, and activations. */
#include "kernels/kernels.h"

#include "kernels/activate.h"
#include "kernels/cut.h"
#include "kernels/vmath.h"

#include <string.h>

typedef struct unary {
    const real *g, *x;
    real *y;
    real p, q, r, t; /* parameters, as the kernel reads them */
} unary;

/* Loop `name`: y = expression of u = x[i] and the parameters of m. The struct is copied so that the
 * compiler sees that storing y does not change it. */
#define LOOP(name, expression)                                                                     \
    static void name(const void *arg, int64_t begin, int64_t end) {                                \
        const unary m = *(const unary *)arg;                                                       \
        const real *restrict x = m.x;                                                              \
        real *restrict y = m.y;                                                                    \
        for (int64_t i = begin; i < end; i++) {                                                    \
            const real u = x[i];                                                                   \
            y[i] = (expression);                                                                   \
        }                                                                                          \
    }

/* Elements per chunk of the loops that evaluate a function. */
enum { FUNCTION_GRAIN = CUT_GRAIN / 4 };

/* Kernel eltwise_<op> without parameters, and its loop. */
#define UNARY(op, grain, expression)                                                               \
    LOOP(op##_span, expression)                                                                    \
    void eltwise_##op(gan_context *ctx, int64_t n, const real *x, real *y) {                       \
        const unary arg = {.x = x, .y = y};                                                        \
        span_for(ctx, n, grain, op##_span, &arg);                                                  \
    }

UNARY(exp, FUNCTION_GRAIN, vmath_exp(u))
/* libm scales denormals before it takes them for zeros, as all arithmetic here does: the sum is 0.
 */
#define FLUSHED(u) ((u) + REAL(0.0))
UNARY(log, FUNCTION_GRAIN, real_log(FLUSHED(u)))
UNARY(sqrt, CUT_GRAIN, real_sqrt(u))
UNARY(abs, CUT_GRAIN, real_fabs(u))
UNARY(tanh, FUNCTION_GRAIN, vmath_tanh(u))
UNARY(sigmoid, FUNCTION_GRAIN, vmath_sigmoid(u))
UNARY(softplus, FUNCTION_GRAIN, vmath_softplus(u))
UNARY(safe_reciprocal, CUT_GRAIN, real_fabs(u) < REAL(1e-12) ? REAL(0.0) : REAL(1.0) / u)

LOOP(affine_span, m.q + u * m.p)

void eltwise_affine(gan_context *ctx, int64_t n, double p, double q, const real *x, real *y) {
    const unary arg = {.x = x, .y = y, .p = (real)p, .q = (real)q};
    span_for(ctx, n, CUT_GRAIN, affine_span, &arg);
}

LOOP(square_span, (u * u))
LOOP(reciprocal_span, REAL(1.0) / u)
LOOP(rsqrt_span, REAL(1.0) / real_sqrt(u))
LOOP(pow_span, real_pow(FLUSHED(u), m.p))

void eltwise_pow(gan_context *ctx, int64_t n, double p, const real *x, real *y) {
    const unary arg = {.x = x, .y = y, .p = (real)p};
    if (p == 0.0) {
        layout_fill(ctx, n, 1.0, y);
    } else if (p == 1.0) {
        eltwise_affine(ctx, n, 1.0, 0.0, x, y);
    } else if (p == 2.0) {
        span_for(ctx, n, CUT_GRAIN, square_span, &arg);
    } else if (p == 0.5) {
        eltwise_sqrt(ctx, n, x, y);
    } else if (p == -1.0) {
        span_for(ctx, n, CUT_GRAIN, reciprocal_span, &arg);
    } else if (p == -0.5) {
        span_for(ctx, n, CUT_GRAIN, rsqrt_span, &arg);
    } else {
        span_for(ctx, n, FUNCTION_GRAIN, pow_span, &arg);
    }
}

LOOP(clamp_span, u<m.p ? m.p : u> m.q ? m.q : u)

void eltwise_clamp(gan_context *ctx, int64_t n, double lo, double hi, const real *x, real *y) {
    const unary arg = {.x = x, .y = y, .p = (real)lo, .q = (real)hi};
    span_for(ctx, n, CUT_GRAIN, clamp_span, &arg);
}

LOOP(gate_span, m.g[i] * (u > m.t ? m.r : u < m.t ? m.p : u == m.t ? m.q : u))

void eltwise_gate(gan_context *ctx, int64_t n, double t, double below, double at, double above,
                  const real *g, const real *x, real *y) {
    const unary arg = {
        .g = g, .x = x, .y = y, .p = (real)below, .q = (real)at, .r = (real)above, .t = (real)t};
    span_for(ctx, n, CUT_GRAIN, gate_span, &arg);
}

/* ---- activations ----------------------------------------------------------------------------- */

typedef struct activate_job {
    activation act;
    const real *g, *x;
    real *y;
} activate_job;

static void activate_span(const void *arg, int64_t begin, int64_t end) {
    const activate_job *job = arg;
    memcpy(job->y + begin, job->x + begin, (size_t)(end - begin) * sizeof *job->y);
    activate_row(end - begin, job->act, job->y + begin);
}

/* Chunks that the first cache holds, as they are gone through twice. */
void eltwise_activate(gan_context *ctx, int64_t n, activation act, const real *x, real *y) {
    const activate_job job = {.act = act, .x = x, .y = y};
    span_for(ctx, n, FUNCTION_GRAIN, activate_span, &job);
}

static void activate_grad_span(const void *arg, int64_t begin, int64_t end) {
    const activate_job *job = arg;
    through_activation(end - begin, job->act, job->g + begin, job->x + begin, job->y + begin);
}

void eltwise_activate_grad(gan_context *ctx, int64_t n, activation act, const real *g,
                           const real *y, real *e) {
    const activate_job job = {.act = act, .g = g, .x = y, .y = e};
    span_for(ctx, n, CUT_GRAIN, activate_grad_span, &job);
}
