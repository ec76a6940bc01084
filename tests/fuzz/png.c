/* Pictures: gan_png_read. Checksums are set right first, since a fuzzer does not find them. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* Deflate's ratio, pixels of one bit that become four bytes, and those four floats. */
enum { FACTOR = 1032 * 8 * 4 * 5, SIGNATURE = 8 };

/* Chunks: length, type and data, the checksum of both. */
static void repair(uint8_t *bytes, size_t size) {
    for (size_t at = SIGNATURE; size >= 12 && at <= size - 12;) {
        const uint8_t *b = bytes + at;
        size_t length = (size_t)b[0] << 24 | (size_t)b[1] << 16 | (size_t)b[2] << 8 | b[3];
        if (length > size - 12 - at) return;
        uint32_t sum = (uint32_t)crc32(0, b + 4, (uInt)length + 4);
        for (size_t i = 0; i < 4; i++) bytes[at + 8 + length + i] = (uint8_t)(sum >> (24 - 8 * i));
        at += 12 + length;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    uint8_t *bytes = malloc(size ? size : 1);
    fuzz_require(bytes != NULL);
    memcpy(bytes, data, size);
    repair(bytes, size);
    for (int32_t channels = 1; channels <= 4; channels += channels == 1 ? 2 : 1) {
        gan_context *ctx = fuzz_context(size, FACTOR);
        int64_t scope = gan_scope_begin(ctx);
        const gan_tensor *image = gan_png_read(ctx, fuzz_file(bytes, size), channels, 0, 1);
        int32_t code = gan_error_code(ctx);
        fuzz_require((image == NULL) == (code != GAN_OK));
        fuzz_check(ctx, code);
        for (int64_t i = 0; image && i < gan_tensor_size(image); i++)
            fuzz_require(gan_tensor_data((gan_tensor *)(uintptr_t)image)[i] >= 0);
        gan_scope_end(ctx, scope);
        fuzz_end(ctx);
    }
    free(bytes);
    return 0;
}
