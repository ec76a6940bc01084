/* Files of weights, of whichever format. */
#ifndef GAN_IO_WEIGHTS_H
#define GAN_IO_WEIGHTS_H

#include "io/safetensors.h"

/* Reads a safetensors file, or one of PyTorch's torch.save: the content tells which. Otherwise as
 * safetensors_read. */
int32_t weights_read(gan_context *ctx, const char *path, safetensors *out);

#endif
