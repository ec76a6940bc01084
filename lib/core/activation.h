/* The activations that other operators can end with, in the same pass over memory. */
#ifndef GAN_CORE_ACTIVATION_H
#define GAN_CORE_ACTIVATION_H

#include <stdint.h>

enum {
    ACTIVATION_NONE = 0,
    ACTIVATION_LEAKY_RELU = 1, /* x > 0 ? x : number * x           */
    ACTIVATION_ELU = 2         /* x > 0 ? x : number * (e^x - 1)   */
};

/* The number is >= 0: then the result is positive where x is, and the derivative is told from the
 * result, which the next operator keeps anyway. */
typedef struct activation {
    int32_t kind;
    double number;
} activation;

#endif
