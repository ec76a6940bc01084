#include "check.h"

#include "core/scope.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Four-point differences: the error is of order STEP^4 from the formula and 1e-16 / STEP from
 * rounding. */
#define STEP 1e-4
static const double stencil_at[4] = {-2, -1, 1, 2};
static const double stencil_weight[4] = {1. / 12, -8. / 12, 8. / 12, -1. / 12};

#define RELATIVE 1e-7
#define ABSOLUTE 1e-9

/* Third order of five inputs: 5 + 1 + 5 + 6 tensors. */
enum { MOST = 20 };

/* ---- numbers --------------------------------------------------------------------------------- */

typedef struct rng {
    uint64_t s;
} rng;

/* Uniform in [0, 1): xorshift64*, Vigna 2016. */
static double uniform(rng *r) {
    r->s ^= r->s >> 12;
    r->s ^= r->s << 25;
    r->s ^= r->s >> 27;
    return (double)((r->s * 2685821657736338717u) >> 11) * 0x1p-53;
}

/* An array of tensors' worth of numbers. */
typedef struct point {
    int32_t count;
    struct {
        int32_t rank;
        int64_t dim[GAN_MAX_RANK], size;
        double *value;
    } at[MOST];
} point;

/* Another entry of the shape, zeroed. */
static double *point_add(point *p, int32_t rank, const int64_t *dim) {
    int64_t size = 1;
    for (int32_t i = 0; i < rank; i++) {
        p->at[p->count].dim[i] = dim[i];
        size *= dim[i];
    }
    p->at[p->count].rank = rank;
    p->at[p->count].size = size;
    double *value = calloc((size_t)size + 1, sizeof *value);
    p->at[p->count].value = value;
    p->count++;
    return value;
}

static void point_free(point *p) {
    while (p->count) free(p->at[--p->count].value);
}

/* Entries uniform in [-1, 1). */
static void point_randomize(point *p, int32_t from, rng *r) {
    for (int32_t i = from; i < p->count; i++)
        for (int64_t e = 0; e < p->at[i].size; e++) p->at[i].value[e] = 2 * uniform(r) - 1;
}

int32_t sample_inputs(const sample *s) {
    int32_t n = 0;
    while (n < SAMPLE_INPUTS && s->in[n].lo < s->in[n].hi) n++;
    return n;
}

/* All elements of all inputs lie on one grid, shuffled: no two are close to each other, nor, as the
 * grid's points are the middles of an even number of cells, to zero. So no difference steps over
 * the kink of a maximum or an absolute value. */
static point draw(const sample *s, rng *r) {
    point p = {0};
    int64_t total = 0;
    for (int32_t i = 0; i < sample_inputs(s); i++) {
        point_add(&p, s->in[i].rank, s->in[i].dim);
        total += p.at[i].size;
    }
    int64_t cells = total + (total & 1), next = 0;
    int64_t *order = calloc((size_t)cells, sizeof *order);
    for (int64_t i = 0; i < cells; i++) {
        int64_t k = (int64_t)(uniform(r) * (double)(i + 1));
        order[i] = order[k];
        order[k] = i;
    }
    for (int32_t i = 0; i < p.count; i++) {
        double lo = s->in[i].lo, hi = s->in[i].hi;
        for (int64_t e = 0; e < p.at[i].size; e++)
            p.at[i].value[e] = lo + (hi - lo) * ((double)order[next++] + 0.5) / (double)cells;
    }
    free(order);
    return p;
}

/* The point + step * direction as tracked leaves; direction NULL: none. 0 on success. */
static int leaves(gan_context *ctx, const point *p, const point *direction, double step,
                  gan_tensor **x) {
    for (int32_t i = 0; i < p->count; i++) {
        int64_t n = p->at[i].size;
        double *moved = malloc((size_t)(n + 1) * sizeof *moved);
        for (int64_t e = 0; e < n; e++)
            moved[e] = p->at[i].value[e] + (direction ? step * direction->at[i].value[e] : 0);
        x[i] = gan_track(gan_from_doubles(ctx, moved, p->at[i].dim, p->at[i].rank));
        free(moved);
        if (!x[i]) return -1;
    }
    return 0;
}

void sample_draw(gan_context *ctx, const sample *s, gan_tensor **x) {
    rng r = {88172645463325252u};
    point p = draw(s, &r);
    leaves(ctx, &p, NULL, 0, x);
    point_free(&p);
}

/* ---- derivatives of derivatives -------------------------------------------------------------- */

/* Level 1 is the sample itself; level k + 1 is the vjp of level k, a function of level k's inputs
 * and of a cotangent for each of its outputs. */
static int32_t inputs_at(const sample *s, int32_t level);
static int32_t outputs_at(const sample *s, int32_t level) {
    return level == 1 ? 1 : inputs_at(s, level - 1);
}
static int32_t inputs_at(const sample *s, int32_t level) {
    return level == 1 ? sample_inputs(s) : inputs_at(s, level - 1) + outputs_at(s, level - 1);
}

static int evaluate(const sample *s, int32_t level, gan_tensor *const *x, gan_tensor **y) {
    if (level == 1) {
        y[0] = s->build(x, s->p);
        return y[0] ? 0 : -1;
    }
    int32_t n = inputs_at(s, level - 1), m = outputs_at(s, level - 1);
    gan_tensor *inner[MOST], *g[MOST];
    if (evaluate(s, level - 1, x, inner)) return -1;
    for (int32_t j = 0; j < m; j++) {
        if (gan_vjp(inner[j], x[n + j], x, (size_t)n, GAN_GRAD_CREATE_GRAPH, g)) return -1;
        for (int32_t i = 0; i < n; i++) {
            if (!scope_adopt(g[i])) return -1;
            y[i] = j ? gan_add(y[i], g[i]) : g[i];
            if (!y[i]) return -1;
        }
    }
    return 0;
}

/* The level's outputs at p + step * direction, as new entries of `out`. 0 on success. */
static int outputs(gan_context *ctx, const sample *s, int32_t level, const point *p,
                   const point *direction, double step, point *out) {
    int64_t mark = gan_scope_begin(ctx);
    gan_tensor *x[MOST], *y[MOST];
    int failed = leaves(ctx, p, direction, step, x) || evaluate(s, level, x, y);
    for (int32_t i = 0; i < outputs_at(s, level) && !failed; i++) {
        double *value = point_add(out, gan_tensor_rank(y[i]), gan_tensor_shape(y[i]));
        failed = gan_tensor_read_doubles(y[i], value, gan_tensor_size(y[i]));
    }
    gan_scope_end(ctx, mark);
    return failed;
}

/* ---- comparison ------------------------------------------------------------------------------ */

typedef struct comparison {
    double numeric, analytic, slack;
} comparison;

static double dot(const point *a, const point *b, int32_t offset) {
    double sum = 0;
    for (int32_t i = 0; i < a->count; i++)
        for (int64_t e = 0; e < a->at[i].size; e++)
            sum += a->at[i].value[e] * b->at[offset + i].value[e];
    return sum;
}

/* <u, J v> by differences. The slack grows with the terms that were added up. */
static int differences(gan_context *ctx, const sample *s, int32_t level, const point *x,
                       const point *v, const point *u, comparison *c) {
    point y[4] = {{0}};
    int failed = 0;
    for (int32_t k = 0; k < 4 && !failed; k++)
        failed = outputs(ctx, s, level, x, v, STEP * stencil_at[k], &y[k]);
    double terms = 0, values = 0;
    c->numeric = 0;
    for (int32_t i = 0; i < u->count && !failed; i++)
        for (int64_t e = 0; e < u->at[i].size; e++) {
            double slope = 0;
            for (int32_t k = 0; k < 4; k++) slope += stencil_weight[k] * y[k].at[i].value[e] / STEP;
            double weight = u->at[i].value[e];
            c->numeric += weight * slope;
            terms += fabs(weight * slope);
            values += fabs(weight * y[1].at[i].value[e]);
        }
    c->slack = RELATIVE * terms + ABSOLUTE * (1 + values);
    for (int32_t k = 0; k < 4; k++) point_free(&y[k]);
    return failed;
}

/* One level: draws a cotangent u for every output (appended to x, for the level above) and a
 * direction v, and compares. 0 on success. */
static int compare(gan_context *ctx, const sample *s, int32_t level, point *x, rng *r,
                   comparison *c) {
    point u = {0}, v = {0}, g = {0};
    int32_t n = x->count;
    int failed = outputs(ctx, s, level, x, NULL, 0, &u);
    point_randomize(&u, 0, r);
    for (int32_t i = 0; i < n; i++) point_add(&v, x->at[i].rank, x->at[i].dim);
    point_randomize(&v, 0, r);
    if (!failed) failed = differences(ctx, s, level, x, &v, &u, c);
    for (int32_t j = 0; j < u.count; j++) {
        double *value = point_add(x, u.at[j].rank, u.at[j].dim);
        memcpy(value, u.at[j].value, (size_t)u.at[j].size * sizeof *value);
    }
    if (!failed) failed = outputs(ctx, s, level + 1, x, NULL, 0, &g);
    if (!failed) c->analytic = dot(&g, &v, 0);
    point_free(&u);
    point_free(&v);
    point_free(&g);
    return failed;
}

int32_t check_sample(gan_context *ctx, const sample *s, char text[CHECK_TEXT]) {
    rng r = {88172645463325252u};
    point x = draw(s, &r);
    int32_t failed_at = 0;
    text[0] = 0;
    for (int32_t level = 1; level <= s->order && !failed_at; level++) {
        comparison c = {0};
        if (compare(ctx, s, level, &x, &r, &c)) {
            snprintf(text, CHECK_TEXT, "%s, order %d: %s", s->name, level, gan_last_error(ctx));
            gan_error_code(ctx);
            failed_at = -1;
        } else if (!(fabs(c.numeric - c.analytic) <= c.slack)) {
            snprintf(text, CHECK_TEXT, "%s, order %d: %.12g by differences, %.12g by the tape",
                     s->name, level, c.numeric, c.analytic);
            failed_at = level;
        }
    }
    point_free(&x);
    return failed_at;
}
