/* Weights: gan_module_load of a safetensors file. */
#include "fuzz.h"

/* Entries are 120 bytes for the at least 50 of their header; the array grows by copies. */
enum { FACTOR = 24 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    gan_context *ctx = fuzz_context(size, FACTOR);
    gan_module *m = fuzz_network(ctx);
    fuzz_check(ctx, gan_module_load(m, fuzz_file(data, size)));
    fuzz_check(ctx, gan_module_load_part(m, fuzz_file(data, size), "G"));
    gan_module_unref(m);
    fuzz_end(ctx);
    return 0;
}
