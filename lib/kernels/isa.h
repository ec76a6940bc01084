/* The kernels are compiled once for each instruction set. A context is given those of the best one
 * that the processor has, and the functions of kernels.h call them through it (dispatch.c).
 *
 * Results may differ in their last bits between instruction sets, not between thread counts. */
#ifndef GAN_KERNELS_ISA_H
#define GAN_KERNELS_ISA_H

#include "kernels/kernels.h"

struct kernels {
    const char *isa; /* "baseline", "avx2", "avx512" */
#define KERNEL(result, name, parameters, arguments) result(*name) parameters;
#include "kernels/kernels.def"
#undef KERNEL
};

/* The kernels for this processor, or those that the environment variable GAN_ISA names; NULL if
 * this build or this processor does not have them. */
const struct kernels *kernels_choose(void);

#endif
