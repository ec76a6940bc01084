#include "kernels/isa.h"

#include <stdlib.h>
#include <string.h>

extern const struct kernels kernels_baseline;
static int has_baseline(void) { return 1; }

#ifdef GAN_ISA_AVX2
extern const struct kernels kernels_avx2;
static int has_avx2(void) {
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}
#endif

#ifdef GAN_ISA_AVX512
extern const struct kernels kernels_avx512;
static int has_avx512(void) {
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw");
}
#endif

typedef struct isa {
    const struct kernels *kernels;
    int (*has)(void);
} isa;

/* The best first. */
static const isa isas[] = {
#ifdef GAN_ISA_AVX512
    {&kernels_avx512, has_avx512},
#endif
#ifdef GAN_ISA_AVX2
    {&kernels_avx2, has_avx2},
#endif
    {&kernels_baseline, has_baseline},
};

const struct kernels *kernels_choose(void) {
    const char *const wanted = getenv("GAN_ISA");
    const int any = wanted == NULL || wanted[0] == '\0';
    for (size_t i = 0; i < sizeof isas / sizeof *isas; i++) {
        const struct kernels *const kernels = isas[i].kernels;
        if ((any || strcmp(wanted, kernels->isa) == 0) && isas[i].has()) return kernels;
    }
    return NULL;
}
