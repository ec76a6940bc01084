/* PyTorch's weights: gan_module_load of what torch.save wrote. An input is such a file, or else a
 * pickle that is put into one beside storages of zeros: a fuzzer does not find checksums. */
#include "fuzz.h"

#include "archive.h"

#include <stdio.h>
#include <string.h>

/* A pickle's byte may ask for a value of 40 bytes, in an array that doubles by copying. */
enum { FACTOR = 160, STORAGES = 8, STORAGE_BYTES = 96 };

static archive wrap(const uint8_t *pickle, size_t size) {
    /* Those of the network's tensors, in their order, and half of the first's. */
    static const size_t bytes[STORAGES] = {96, 12, 12, 12, 12, 12, 8, 48};
    static const uint8_t zeros[STORAGE_BYTES];
    archive a = {0};
    archive_add(&a, "w/data.pkl", pickle, size);
    for (int i = 0; i < STORAGES; i++) {
        char name[32];
        snprintf(name, sizeof name, "w/data/%d", i);
        archive_add(&a, name, zeros, bytes[i]);
    }
    archive_end(&a);
    return a;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size >= 2 && memcmp(data, "PK", 2) == 0) {
        fuzz_load_weights(data, size, FACTOR);
        return 0;
    }
    archive a = wrap(data, size);
    fuzz_load_weights(a.bytes, a.size, FACTOR);
    archive_release(&a);
    return 0;
}
