/* The table of one instruction set, GAN_ISA. Everything else in its objects becomes local to them
 * (lib/CMakeLists.txt), so that the same names can be there once for each. */
#include "kernels/isa.h"

#define TEXT(x) #x
#define TEXT_OF(x) TEXT(x)
#define JOIN(a, b) a##b
#define TABLE_OF(isa) JOIN(kernels_, isa)

extern const struct kernels TABLE_OF(GAN_ISA);

const struct kernels TABLE_OF(GAN_ISA) = {
    .isa = TEXT_OF(GAN_ISA),
#define KERNEL(result, name, parameters, arguments) .name = name,
#include "kernels/kernels.def"
#undef KERNEL
};
