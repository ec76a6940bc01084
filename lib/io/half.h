/* The two 16-bit floating-point types of weight files, as float: exact. */
#ifndef GAN_IO_HALF_H
#define GAN_IO_HALF_H

#include <math.h>
#include <stdint.h>
#include <string.h>

/* bfloat16 is the upper half of a float. */
static inline float half_from_bf16(uint16_t bits) {
    uint32_t wide = (uint32_t)bits << 16;
    float value;
    memcpy(&value, &wide, sizeof value);
    return value;
}

/* IEEE 754 binary16: sign, 5 bits of exponent with bias 15, 10 bits of fraction. */
static inline float half_from_f16(uint16_t bits) {
    int exponent = bits >> 10 & 0x1f, fraction = bits & 0x3ff;
    float value = exponent == 0x1f ? (fraction ? NAN : INFINITY)
                  : exponent       ? ldexpf((float)(fraction | 0x400), exponent - 25)
                                   : ldexpf((float)fraction, -24);
    return bits & 0x8000 ? -value : value;
}

#endif
