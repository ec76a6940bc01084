/* Models: gan_sampler_load of a file that describes itself, and an image of what was loaded. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

enum { BYTES_MOST = 64 << 20, PIXELS_MOST = 1 << 20 };

static void sample(gan_sampler *s) {
    gan_sampler_info info = {.struct_size = sizeof info};
    fuzz_require(gan_sampler_describe(s, &info) == GAN_OK);
    const int64_t size = (int64_t)info.height * info.width * info.channels;
    if (info.latent == 0 || size > PIXELS_MOST) return;
    float *image = malloc((size_t)size * sizeof *image);
    fuzz_require(image != NULL);
    fuzz_require(gan_sampler_sample_float(s, 1, NULL, 1, image) == GAN_OK);
    free(image);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char text[256] = "";
    gan_sampler *s = NULL;
    gan_sampler_opts o;
    gan_sampler_opts_init(&o, sizeof o);
    o.threads = 1;
    o.byte_limit = BYTES_MOST;
    o.error = text;
    o.error_bytes = sizeof text;
    const int32_t code = gan_sampler_load_memory(data, size, &o, &s);
    fuzz_require((code == GAN_OK) == (s != NULL));
    fuzz_require(code == GAN_OK || (text[0] && !strchr(text, '\n')));
    if (s) sample(s);
    gan_sampler_free(s);
    return 0;
}
