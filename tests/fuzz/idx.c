/* Data sets: gan_idx_open, plain or gzipped. */
#include "fuzz.h"

/* Deflate's ratio; and the floats of the images that are taken out. */
enum { FACTOR = 1032 * 5 };

static void look(gan_context *ctx, gan_idx *idx) {
    int32_t rank = gan_idx_rank(idx), first = 0;
    int64_t bytes = 1, sum = 0;
    for (int32_t i = 0; i < rank; i++) bytes *= gan_idx_dim(idx, i);
    for (int64_t i = 0; i < bytes; i++) sum += gan_idx_data(idx)[i];
    fuzz_require(sum >= 0 && gan_idx_dim(idx, rank) == 0);
    int64_t scope = gan_scope_begin(ctx);
    const gan_tensor *image = gan_idx_images(idx, &first, 1, 0, 1);
    fuzz_require(!image || gan_tensor_size(image) == gan_idx_dim(idx, 1) * gan_idx_dim(idx, 2));
    fuzz_check(ctx, gan_error_code(ctx));
    gan_scope_end(ctx, scope);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    gan_context *ctx = fuzz_context(size, FACTOR);
    gan_idx *idx = NULL;
    if (fuzz_check(ctx, gan_idx_open(ctx, fuzz_file(data, size), &idx)) == GAN_OK) look(ctx, idx);
    gan_idx_unref(idx);
    fuzz_end(ctx);
    return 0;
}
