/* The loops that change arrays in place, the optimizers' above all. Each element is its own
 * problem, so they are cut anywhere. */
#include "kernels/kernels.h"

#include "kernels/cut.h"

/* ---- clamp ----------------------------------------------------------------------------------- */

typedef struct clamp_job {
    real bound;
    real *w;
} clamp_job;

static void clamp_span(const void *arg, int64_t begin, int64_t end) {
    const clamp_job *job = arg;
    const real bound = job->bound;
    real *w = job->w;
    for (int64_t i = begin; i < end; i++) {
        const real x = w[i] > bound ? bound : w[i];
        w[i] = x < -bound ? -bound : x;
    }
}

void update_clamp(gan_context *ctx, int64_t n, double bound, real *w) {
    const clamp_job job = {(real)bound, w};
    span_for(ctx, n, CUT_GRAIN, clamp_span, &job);
}

/* ---- sum ------------------------------------------------------------------------------------- */

typedef struct add_job {
    const real *g;
    real *w;
} add_job;

static void add_span(const void *arg, int64_t begin, int64_t end) {
    const add_job *job = arg;
    const real *restrict g = job->g;
    real *restrict w = job->w;
    for (int64_t i = begin; i < end; i++) w[i] += g[i];
}

void update_add(gan_context *ctx, int64_t n, const real *g, real *w) {
    const add_job job = {g, w};
    span_for(ctx, n, CUT_GRAIN, add_span, &job);
}

/* ---- average --------------------------------------------------------------------------------- */

typedef struct average_job {
    real take;
    const real *w;
    real *average;
} average_job;

static void average_span(const void *arg, int64_t begin, int64_t end) {
    const average_job *job = arg;
    const real take = job->take;
    const real *w = job->w;
    real *average = job->average;
    for (int64_t i = begin; i < end; i++) average[i] += take * (w[i] - average[i]);
}

/* One factor: two would be rounded each, add up to another number than 1, and draw the average
 * towards 0 or away from it with every step. */
void update_average(gan_context *ctx, int64_t n, double decay, const real *w, real *average) {
    const average_job job = {(real)(1 - decay), w, average};
    span_for(ctx, n, CUT_GRAIN, average_span, &job);
}

/* ---- Adam ------------------------------------------------------------------------------------ */

typedef struct adam_job {
    const update_adam_args *args;
    const real *g;
    real *w, *m, *v;
} adam_job;

static void adam_span(const void *arg, int64_t begin, int64_t end) {
    const adam_job *job = arg;
    const update_adam_args *a = job->args;
    const real scale = (real)a->scale, decay = (real)a->weight_decay, eps = (real)a->eps;
    const real one_less_beta1 = (real)(1 - a->beta1), beta2 = (real)a->beta2;
    const real one_less_beta2 = (real)(1 - a->beta2);
    const real rate = (real)a->rate, root_factor = (real)a->root_factor;
    const real *restrict gradient = job->g;
    real *restrict w = job->w, *restrict m = job->m, *restrict v = job->v;
    for (int64_t i = begin; i < end; i++) {
        const real g = scale * gradient[i] + decay * w[i];
        m[i] += (g - m[i]) * one_less_beta1;
        v[i] = beta2 * v[i] + one_less_beta2 * g * g;
        w[i] -= rate * m[i] / (real_sqrt(v[i]) * root_factor + eps);
    }
}

void update_adam(gan_context *ctx, int64_t n, const update_adam_args *args, const real *g, real *w,
                 real *m, real *v) {
    const adam_job job = {args, g, w, m, v};
    span_for(ctx, n, CUT_GRAIN / 2, adam_span, &job);
}

/* ---- RMSProp --------------------------------------------------------------------------------- */

typedef struct rmsprop_job {
    const update_rmsprop_args *args;
    const real *g;
    real *w, *v, *mean, *velocity;
} rmsprop_job;

static void rmsprop_span(const void *arg, int64_t begin, int64_t end) {
    const rmsprop_job *job = arg;
    const update_rmsprop_args *a = job->args;
    const real scale = (real)a->scale, decay = (real)a->weight_decay;
    const real alpha = (real)a->alpha, one_less_alpha = (real)(1 - a->alpha);
    const real momentum = (real)a->momentum;
    const real inner_eps = (real)a->inner_eps, outer_eps = (real)a->outer_eps;
    const real inner_rate = (real)a->inner_rate, outer_rate = (real)a->outer_rate;
    const real *restrict gradient = job->g;
    real *restrict w = job->w, *restrict v = job->v;
    real *restrict mean = job->mean, *restrict velocity = job->velocity;
    for (int64_t i = begin; i < end; i++) {
        const real g = scale * gradient[i] + decay * w[i];
        v[i] = alpha * v[i] + one_less_alpha * g * g;
        real var = v[i];
        if (mean) {
            mean[i] += (g - mean[i]) * one_less_alpha;
            var -= mean[i] * mean[i];
            if (var < 0) var = 0; /* by rounding only */
        }
        real u = inner_rate * g / (real_sqrt(var + inner_eps) + outer_eps);
        if (velocity) u = velocity[i] = momentum * velocity[i] + u;
        w[i] -= outer_rate * u;
    }
}

void update_rmsprop(gan_context *ctx, int64_t n, const update_rmsprop_args *args, const real *g,
                    real *w, real *v, real *mean, real *velocity) {
    const rmsprop_job job = {args, g, w, v, mean, velocity};
    span_for(ctx, n, CUT_GRAIN / 2, rmsprop_span, &job);
}

/* ---- gradient descent ------------------------------------------------------------------------ */

typedef struct sgd_job {
    const update_sgd_args *args;
    const real *g;
    real *w, *velocity;
} sgd_job;

static void sgd_span(const void *arg, int64_t begin, int64_t end) {
    const sgd_job *job = arg;
    const update_sgd_args *a = job->args;
    const real scale = (real)a->scale, decay = (real)a->weight_decay;
    const real momentum = (real)a->momentum, rate = (real)a->rate;
    const int nesterov = a->nesterov;
    const real *restrict gradient = job->g;
    real *restrict w = job->w, *restrict velocity = job->velocity;
    for (int64_t i = begin; i < end; i++) {
        real g = scale * gradient[i] + decay * w[i];
        if (velocity) {
            velocity[i] = momentum * velocity[i] + g;
            g = nesterov ? g + momentum * velocity[i] : velocity[i];
        }
        w[i] -= rate * g;
    }
}

void update_sgd(gan_context *ctx, int64_t n, const update_sgd_args *args, const real *g, real *w,
                real *velocity) {
    const sgd_job job = {args, g, w, velocity};
    span_for(ctx, n, CUT_GRAIN, sgd_span, &job);
}
