#include "kernels/isa.h"

#include <stdlib.h>
#include <string.h>

extern const struct kernels kernels_baseline;
#if GAN_ISA_AVX2
extern const struct kernels kernels_avx2;

static int has_avx2(void) {
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}
#endif

const struct kernels *kernels_choose(void) {
    const char *const wanted = getenv("GAN_ISA");
    const int any = wanted == NULL || wanted[0] == '\0';
#if GAN_ISA_AVX2
    if ((any || strcmp(wanted, kernels_avx2.isa) == 0) && has_avx2()) return &kernels_avx2;
#endif
    if (any || strcmp(wanted, kernels_baseline.isa) == 0) return &kernels_baseline;
    return NULL;
}
