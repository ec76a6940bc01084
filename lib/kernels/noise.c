/* Random numbers as functions of a key and a counter: Salmon, Moraes, Dror and Shaw, "Parallel
 * Random Numbers: As Easy as 1, 2, 3", 2011. */
#include "kernels/kernels.h"

#include "kernels/cut.h"
#include "kernels/vmath.h"

#include <string.h>

/* Elements that are drawn together: LANES counters, four words each. */
enum { LANES = 64, BATCH = 4 * LANES };

/* Philox 4x32-10: ten rounds of two 32x32-bit products whose high and low halves are mixed with the
 * key, which advances by a Weyl sequence. The counter is in the low two of its four words. Draws
 * the blocks of LANES counters from `counter` on, side by side so that the loop vectorises. */
static void philox(uint64_t key, uint64_t counter, uint32_t *restrict bits) {
    uint32_t c0[LANES], c1[LANES], c2[LANES] = {0}, c3[LANES] = {0};
    uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);
    for (int l = 0; l < LANES; l++) {
        c0[l] = (uint32_t)(counter + (uint64_t)l);
        c1[l] = (uint32_t)((counter + (uint64_t)l) >> 32);
    }
    for (int round = 0; round < 10; round++) {
        for (int l = 0; l < LANES; l++) {
            const uint64_t p0 = (uint64_t)0xD2511F53u * c0[l];
            const uint64_t p1 = (uint64_t)0xCD9E8D57u * c2[l];
            c0[l] = (uint32_t)(p1 >> 32) ^ c1[l] ^ k0;
            c1[l] = (uint32_t)p1;
            c2[l] = (uint32_t)(p0 >> 32) ^ c3[l] ^ k1;
            c3[l] = (uint32_t)p0;
        }
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    for (int l = 0; l < LANES; l++) {
        bits[4 * l] = c0[l];
        bits[4 * l + 1] = c1[l];
        bits[4 * l + 2] = c2[l];
        bits[4 * l + 3] = c3[l];
    }
}

void noise_words(gan_context *ctx, uint64_t key, uint64_t counter, int64_t n, uint64_t *words) {
    (void)ctx;
    uint32_t bits[BATCH];
    for (int64_t first = 0; first < n; first += BATCH / 2, counter += LANES) {
        philox(key, counter, bits);
        const int64_t count = min_i64(BATCH / 2, n - first);
        for (int64_t i = 0; i < count; i++)
            words[first + i] = (uint64_t)bits[2 * i] << 32 | bits[2 * i + 1];
    }
}

/* ---- from bits to numbers -------------------------------------------------------------------- */

typedef struct noise_job noise_job;

/* Turns BATCH draws of 24 bits, what a float holds, into numbers. Both builds take the same bits,
 * so that they draw the same numbers up to rounding. */
typedef void (*shape_fn)(const noise_job *job, const uint32_t *bits, real *z);

struct noise_job {
    uint64_t key, counter;
    int64_t n;
    shape_fn shape;
    double scale, shift; /* what the shape multiplies by and adds */
    double bound;        /* truncation, or the probability of dropping */
    real least, most;    /* of the rounded result */
    const real *x;       /* the factor, or NULL */
    real *y;
};

static void draw_batches(const void *arg, int64_t begin, int64_t end) {
    const noise_job *job = arg;
    uint32_t bits[BATCH];
    real z[BATCH];
    for (int64_t batch = begin; batch < end; batch++) {
        const int64_t first = batch * BATCH, n = min_i64(BATCH, job->n - first);
        philox(job->key, job->counter + (uint64_t)(batch * LANES), bits);
        for (int64_t i = 0; i < BATCH; i++) bits[i] >>= 8;
        job->shape(job, bits, z);
        if (job->x == NULL) {
            memcpy(job->y + first, z, (size_t)n * sizeof *z);
        } else {
            for (int64_t i = 0; i < n; i++) job->y[first + i] = job->x[first + i] * z[i];
        }
    }
}

static void draw(gan_context *ctx, const noise_job *job) {
    span_for(ctx, ceil_div(job->n, BATCH), CUT_GRAIN / 4 / BATCH, draw_batches, job);
}

static const double unit = 1.0 / 16777216.0; /* 2^-24 */

static real clamp(double value, real least, real most) {
    const real v = (real)value;
    return v < least ? least : v > most ? most : v;
}

static void shape_uniform(const noise_job *job, const uint32_t *bits, real *z) {
    for (int i = 0; i < BATCH; i++)
        z[i] = clamp(job->shift + job->scale * ((double)bits[i] * unit), job->least, job->most);
}

void noise_uniform(gan_context *ctx, uint64_t key, uint64_t counter, int64_t n, double lo,
                   double hi, real *y) {
    const noise_job job = {.key = key,
                           .counter = counter,
                           .n = n,
                           .shape = shape_uniform,
                           .scale = hi - lo,
                           .shift = lo,
                           .least = (real)lo,
                           .most = real_nextafter((real)hi, (real)lo), /* hi itself is excluded */
                           .y = y};
    draw(ctx, &job);
}

/* Box and Muller: from u in (0, 1] and v in [0, 1), both of 24 bits, two independent normal
 * numbers. The angle 2 pi v is pi/2 (q + t) with a whole q and |t| <= 1/2, both exact. */
static void shape_normal(const noise_job *job, const uint32_t *bits, real *z) {
    const real scale = (real)job->scale, shift = (real)job->shift;
    for (int i = 0; i < BATCH; i += 2) {
        const real u = (real)(int32_t)(bits[i] + 1) * (real)unit;
        const int32_t v = (int32_t)bits[i + 1], quarter = (v + (1 << 21)) >> 22;
        const real t = (real)(v - quarter * (1 << 22)) * (real)(4.0 * unit);
        const real c = vmath_cos_quarter(t), s = vmath_sin_quarter(t);
        const real along = quarter & 1 ? -s : c, across = quarter & 1 ? c : s;
        const real radius = scale * real_sqrt(REAL(-2.0) * vmath_log(u));
        const real signed_radius = quarter & 2 ? -radius : radius;
        z[i] = shift + signed_radius * along;
        z[i + 1] = shift + signed_radius * across;
    }
}

void noise_normal(gan_context *ctx, uint64_t key, uint64_t counter, int64_t n, double mean,
                  double std, real *y) {
    const noise_job job = {.key = key,
                           .counter = counter,
                           .n = n,
                           .shape = shape_normal,
                           .scale = std,
                           .shift = mean,
                           .y = y};
    draw(ctx, &job);
}

/* The normal quantile of 1/2 + q: Wichura, "Algorithm AS 241", 1988, the form PPND7, whose relative
 * error is about 1e-7. Its farthest range, tails below e^-25, is out of reach of 24 bits. */
static double normal_quantile(double q) {
    if (fabs(q) <= 0.425) {
        const double r = 0.180625 - q * q;
        return q * (((59.109374720 * r + 159.29113202) * r + 50.434271938) * r + 3.3871327179) /
               (((67.187563600 * r + 78.757757664) * r + 17.895169469) * r + 1.0);
    }
    const double s = sqrt(-log(0.5 - fabs(q))) - 1.6;
    const double z = (((0.17023821103 * s + 1.3067284816) * s + 2.7568153900) * s + 1.4234372777) /
                     ((0.12021132975 * s + 0.73700164250) * s + 1.0);
    return copysign(z, q);
}

static void shape_truncated(const noise_job *job, const uint32_t *bits, real *z) {
    const double mass = erf(job->bound * 0.7071067811865476); /* within +- bound */
    for (int i = 0; i < BATCH; i++) {
        const double u = ((double)bits[i] + 0.5) * unit;
        z[i] = clamp(job->shift + job->scale * normal_quantile((u - 0.5) * mass), job->least,
                     job->most);
    }
}

/* The largest real that is at most `value`. */
static real round_down(double value) {
    const real nearest = (real)value;
    return (double)nearest > value ? real_nextafter(nearest, -REAL_MAX) : nearest;
}

void noise_truncated_normal(gan_context *ctx, uint64_t key, uint64_t counter, int64_t n,
                            double mean, double std, double bound, real *y) {
    const noise_job job = {.key = key,
                           .counter = counter,
                           .n = n,
                           .shape = shape_truncated,
                           .scale = std,
                           .shift = mean,
                           .bound = bound,
                           .least = -round_down(bound * std - mean),
                           .most = round_down(mean + bound * std),
                           .y = y};
    draw(ctx, &job);
}

static void shape_keep(const noise_job *job, const uint32_t *bits, real *z) {
    const real scale = (real)job->scale;
    for (int i = 0; i < BATCH; i++) z[i] = (double)bits[i] * unit < job->bound ? 0 : scale;
}

void noise_dropout(gan_context *ctx, uint64_t key, uint64_t counter, int64_t n, double p,
                   const real *x, real *y) {
    const noise_job job = {.key = key,
                           .counter = counter,
                           .n = n,
                           .shape = shape_keep,
                           .scale = p < 1.0 ? 1.0 / (1.0 - p) : 0.0,
                           .bound = p,
                           .x = x,
                           .y = y};
    draw(ctx, &job);
}
