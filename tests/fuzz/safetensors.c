/* Weights: gan_module_load of a safetensors file. */
#include "fuzz.h"

/* Entries are 120 bytes for the at least 50 of their header; the array grows by copies. */
enum { FACTOR = 24 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fuzz_load_weights(data, size, FACTOR);
    return 0;
}
