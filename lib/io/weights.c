#include "io/weights.h"

#include "io/file.h"
#include "io/pth.h"

/* Read as the length of a safetensors header, PyTorch's beginnings are far above the limit. */
int32_t weights_read(gan_context *ctx, const char *path, safetensors *out) {
    uint8_t *image;
    size_t bytes;
    int32_t code = file_read(ctx, path, &image, &bytes);
    if (code) return code;
    return pth_begins(image, bytes) ? pth_parse(ctx, path, image, bytes, out)
                                    : safetensors_parse(ctx, path, image, bytes, out);
}
