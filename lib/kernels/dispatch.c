/* The functions of kernels.h as the rest of the library sees them: each calls the context's. */
#include "core/context.h"
#include "kernels/isa.h"

#define KERNEL(result, name, parameters, arguments)                                                \
    result name parameters { return ctx->kernels->name arguments; }
#include "kernels/kernels.def"
#undef KERNEL
