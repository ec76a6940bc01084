/* PyTorch's files of weights: what torch.save makes of a state dict, or of dicts of them. */
#ifndef GAN_IO_PTH_H
#define GAN_IO_PTH_H

#include "io/safetensors.h"

/* 1 if the bytes are those of torch.save, of the present format (a zip archive) or the one before
 * PyTorch 1.6. */
int pth_begins(const uint8_t *image, size_t bytes);

/* As safetensors_parse: `image` is a block of the arena, of which it becomes the owner in any case.
 *
 * Names are the keys on the way to a tensor, joined by dots; what is neither a dict, a list nor a
 * tensor is passed over. Tensors are row-major, copied where they are not in the file. Nothing in
 * the file is executed. Memory is bounded by the file's size. */
int32_t pth_parse(gan_context *ctx, const char *path, uint8_t *image, size_t bytes,
                  safetensors *out);

#endif
