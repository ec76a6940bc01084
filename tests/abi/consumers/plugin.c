/* A plug-in of some host: a shared library with libgan inside, of which only plugin_run is meant to
 * be seen.
 *
 * SPDX-License-Identifier: MIT */
#include <gan.h>

__attribute__((visibility("default"))) int plugin_run(void);

int plugin_run(void) {
    gan_context *ctx = NULL;
    const int64_t shape[] = {8, 8};
    double total = 0;
    if (gan_context_create(NULL, &ctx) < 0) return 1;
    gan_tensor *x = gan_full(ctx, shape, 2, 0.5);
    int32_t code = gan_tensor_item(gan_sum_all(gan_matmul(x, x, 0, 0)), &total);
    gan_context_destroy(ctx);
    return code < 0 || total != 128;
}
