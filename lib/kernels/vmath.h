/* Elementary functions written so that the compiler vectorises the loops that call them: no
 * branches, no table, no libm call in the float build. The float64 build, which serves as a
 * reference, takes them from libm; the rest is the same in both.
 *
 * float: e^x as 2^n (1 + q(r)), x = n ln2 + r, |r| <= ln2/2 (Cody and Waite's reduction), with
 * q(r) = e^r - 1 as r + r^2 P(r). The polynomials are minimax fits in the relative error. */
#ifndef GAN_KERNELS_VMATH_H
#define GAN_KERNELS_VMATH_H

#include "core/real.h"

#include <stdint.h>
#include <string.h>

#ifdef GAN_FLOAT64

static inline real vmath_exp(real x) { return exp(x); }
static inline real vmath_expm1(real x) { return expm1(x); }
static inline real vmath_log1p(real x) { return log1p(x); }
static inline real vmath_log(real x) { return log(x); }

/* cos and sin of pi/2 times t, |t| <= 1/2. */
static inline real vmath_cos_quarter(real t) { return cos(1.5707963267948966 * t); }
static inline real vmath_sin_quarter(real t) { return sin(1.5707963267948966 * t); }

#else

/* 2^n for n in [-126, 127]. */
static inline float vmath_pow2(int32_t n) {
    const uint32_t bits = ((uint32_t)n + 127u) << 23;
    float y;
    memcpy(&y, &bits, sizeof y);
    return y;
}

/* x = n ln2 + r; returns q(r). Needs |x| < 2^21; a NaN comes back as one, with an arbitrary n. */
static inline float vmath_reduce(float x, int32_t *n) {
    const float round = 12582912.0f; /* 1.5 * 2^23: adding it leaves the integer in the low bits */
    const float shifted = x * 1.44269504f + round;
    const float whole = shifted - round;
    const float r = x - whole * 0.693359375f + whole * 2.12194440e-4f; /* ln2 in two parts */
    uint32_t bits;
    memcpy(&bits, &shifted, sizeof bits);
    *n = (int32_t)(bits - 0x4b400000u);
    return r + r * r *
                   (0.500000007f +
                    r * (0.166665381f +
                         r * (0.041666267f + r * (0.00836723425f + r * 0.00139475713f))));
}

static inline float vmath_exp(float x) {
    const float low = x < -104.0f ? -104.0f : x; /* the result is 0 below, infinite above */
    const float clamped = low > 89.0f ? 89.0f : low;
    int32_t n;
    const float q = vmath_reduce(clamped, &n);
    /* In two factors: n reaches -150 for denormal results and 128 before overflow. */
    const int32_t half = n >> 1;
    return (1.0f + q) * vmath_pow2(half) * vmath_pow2(n - half);
}

/* e^x - 1 for x <= 0. */
static inline float vmath_expm1(float x) {
    const float clamped = x < -20.0f ? -20.0f : x; /* the result rounds to -1 below */
    int32_t n;
    const float q = vmath_reduce(clamped, &n);
    const float scale = vmath_pow2(n);
    return scale * q + (scale - 1.0f);
}

/* log(1 + x) for x in [-0.3, 1], as 2 atanh(s), s = x / (2 + x), |s| <= 1/3. */
static inline float vmath_log1p(float x) {
    const float s = x / (2.0f + x);
    const float t = s * s;
    return 2.0f * s +
           s * t *
               (0.666666756f +
                t * (0.399988777f + t * (0.286168849f + t * (0.214276569f + t * 0.243009381f))));
}

/* log x for normal x > 0, from x = 2^n m with m in [sqrt(1/2), sqrt(2)). */
static inline float vmath_log(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    const int32_t n = (int32_t)(bits - 0x3f3504f3u) >> 23; /* the bits of sqrt(1/2) */
    bits -= (uint32_t)n << 23;
    float m;
    memcpy(&m, &bits, sizeof m);
    const float whole = (float)n;
    return whole * 0.693359375f + (vmath_log1p(m - 1.0f) - whole * 2.12194440e-4f);
}

/* cos and sin of pi/2 times t, |t| <= 1/2. */
static inline float vmath_cos_quarter(float t) {
    const float u = t * t;
    return 1.0f +
           u * (-1.23370054f + u * (0.253669244f + u * (-0.0208602885f + u * 0.000904021666f)));
}

static inline float vmath_sin_quarter(float t) {
    const float u = t * t;
    return t * (1.57079632f + u * (-0.64596346f + u * (0.07968004f + u * -0.00460167f)));
}

#endif

/* With e = e^(-2|x|) - 1: tanh|x| = -e / (2 + e), exact to rounding also near 0. */
static inline real vmath_tanh(real x) {
    const real e = vmath_expm1(REAL(-2.0) * real_fabs(x));
    return real_copysign(e / (REAL(2.0) + e), x);
}

/* 1 / (1 + e^-x), from e^-|x| <= 1. */
static inline real vmath_sigmoid(real x) {
    const real z = vmath_exp(-real_fabs(x));
    return (x < 0 ? z : REAL(1.0)) / (REAL(1.0) + z);
}

/* log(1 + e^x) = max(x, 0) + log1p(e^-|x|). */
static inline real vmath_softplus(real x) {
    return (x > 0 ? x : REAL(0.0)) + vmath_log1p(vmath_exp(-real_fabs(x)));
}

#endif
