#include "core/context.h"

/* Counter-based random numbers (Salmon et al. 2011) need no more state than where in the stream
 * the next call begins. */
uint64_t random_take(gan_context *ctx, uint64_t blocks) {
    uint64_t first = ctx->random_counter;
    ctx->random_counter += blocks;
    return first;
}
