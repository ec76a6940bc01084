/* The element type of every tensor, and the mathematics on it.
 *
 * The library is built twice from the same sources: with float, which is what is installed, and
 * with double (-DGAN_FLOAT64), which the tests differentiate numerically and compare with. */
#ifndef GAN_CORE_REAL_H
#define GAN_CORE_REAL_H

#include <math.h>

#ifdef GAN_FLOAT64
typedef double real;
#define REAL(x) x
#define real_log log
#define real_sqrt sqrt
#define real_pow pow
#define real_fabs fabs
#define real_copysign copysign
#define real_nextafter nextafter
#define REAL_MAX 1.7976931348623157e308
#define REAL_EPSILON 2.220446049250313e-16
#else
typedef float real;
#define REAL(x) x##f
#define real_log logf
#define real_sqrt sqrtf
#define real_pow powf
#define real_fabs fabsf
#define real_copysign copysignf
#define real_nextafter nextafterf
#define REAL_MAX 3.4028234663852886e38f
#define REAL_EPSILON 1.1920928955078125e-07f
#endif

#endif
