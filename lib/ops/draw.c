#include "ops/draw.h"

#include "core/context.h"
#include "kernels/kernels.h"

gan_tensor *draw_uniform(gan_context *ctx, const shape *s, double lo, double hi) {
    gan_tensor *t = tensor_new(ctx, s);
    if (!t) return NULL;
    int64_t n = tensor_size(t);
    noise_uniform(ctx, ctx->random_key, random_take(ctx, noise_blocks(n)), n, lo, hi,
                  tensor_data(t));
    return t;
}

gan_tensor *draw_normal(gan_context *ctx, const shape *s) {
    gan_tensor *t = tensor_new(ctx, s);
    if (!t) return NULL;
    int64_t n = tensor_size(t);
    noise_normal(ctx, ctx->random_key, random_take(ctx, noise_blocks(n)), n, 0, 1, tensor_data(t));
    return t;
}

gan_tensor *draw_per_sample(gan_context *ctx, const shape *s, double lo, double hi) {
    shape each = *s;
    for (int32_t i = 1; i < each.rank; i++) each.dim[i] = 1;
    return draw_uniform(ctx, &each, lo, hi);
}
