#define _GNU_SOURCE /* memfd_create */
#include "fuzz.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { CONSTANT_BYTES = 4 << 20 };

void fuzz_require(int condition) {
    if (!condition) __builtin_trap();
}

const char *fuzz_file(const uint8_t *data, size_t size) {
    static int descriptor = -1;
    static char path[64];
    if (descriptor < 0) descriptor = memfd_create("fuzz", MFD_CLOEXEC);
    fuzz_require(descriptor >= 0 && ftruncate(descriptor, 0) == 0 &&
                 pwrite(descriptor, data, size, 0) == (ssize_t)size);
    snprintf(path, sizeof path, "/proc/self/fd/%d", descriptor);
    return path;
}

gan_context *fuzz_context(size_t size, size_t factor) {
    gan_context_opts o;
    gan_context *ctx = NULL;
    gan_context_opts_init(&o, sizeof o);
    o.threads = 1;
    o.byte_limit = factor * size + CONSTANT_BYTES;
    fuzz_require(gan_context_create(&o, &ctx) == GAN_OK);
    return ctx;
}

int32_t fuzz_check(gan_context *ctx, int32_t code) {
    fuzz_require(gan_error_code(ctx) == GAN_OK);
    if (code == GAN_OK) return code;
    if (code != GAN_EFORMAT && code != GAN_EINVAL && code != GAN_ENOTSUP)
        fprintf(stderr, "%s: %s\n", gan_status_name(code), gan_last_error(ctx));
    fuzz_require(code == GAN_EFORMAT || code == GAN_EINVAL || code == GAN_ENOTSUP);
    fuzz_require(gan_last_error(ctx)[0] && !strchr(gan_last_error(ctx), '\n'));
    return code;
}

void fuzz_end(gan_context *ctx) {
    gan_stats stats = {.struct_size = sizeof stats};
    fuzz_require(gan_context_stats(ctx, &stats) == GAN_OK && stats.live_tensors == 0);
    gan_context_destroy(ctx);
}

gan_module *fuzz_network(gan_context *ctx) {
    gan_module *m = NULL;
    fuzz_require(gan_sequential_create(ctx, &m) == GAN_OK);
    gan_add_conv2d(m, NULL, 2, 3, 2, NULL);
    fuzz_require(gan_add_batch_norm(m, NULL, 3, NULL) != NULL);
    return m;
}

void fuzz_load_weights(const uint8_t *data, size_t size, size_t factor) {
    gan_context *ctx = fuzz_context(size, factor);
    gan_module *m = fuzz_network(ctx);
    fuzz_check(ctx, gan_module_load(m, fuzz_file(data, size)));
    fuzz_check(ctx, gan_module_load_part(m, fuzz_file(data, size), "G"));
    gan_module_unref(m);
    fuzz_end(ctx);
}
