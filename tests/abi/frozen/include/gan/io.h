/* Files of weights and of data sets. Paths are UTF-8. Files are read as if hostile: any content
 * gives a clear error or a correct result, within memory bounded by the file's size. They are
 * written whole or not at all (a temporary file beside the target, synced and renamed).
 *
 * Errors: GAN_EIO (the operating system's reason is in the text), GAN_EFORMAT, GAN_ENOMEM.
 *
 * SPDX-License-Identifier: MIT */
#ifndef GAN_IO_H
#define GAN_IO_H

#include "gan/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Writes all parameters and buffers as safetensors, in PyTorch's names, layouts and types (float32;
 * kernels (O,I,KH,KW), transposed ones (I,O,KH,KW); num_batches_tracked int64). `__metadata__`
 * carries gan.format and the library's version; with gan_module_save_traced also gan.graph. */
GAN_API int32_t gan_module_save(const gan_module *m, const char *path);

/* The same, for a model that describes itself: `input` is the batch that was given to the network
 * and `output` its recorded result (run it in evaluation mode, recording on, the input tracked).
 * gan.graph is the JSON list of the operators between them. `range` names the meaning of the
 * output's numbers: "-1..1", "0..1" or "". */
GAN_API int32_t gan_module_save_traced(const gan_module *m, const char *path, gan_tensor *input,
                                       gan_tensor *output, const char *range);

/* Reads such a file into an existing tree. Every parameter and buffer must be there with its shape,
 * and nothing else may be; the text names what is missing or too much. float32 and float64 files
 * are read. Nothing changes on an error. */
GAN_API int32_t gan_module_load(gan_module *m, const char *path);

/* Reads an IDX file (MNIST's format), plain or gzipped, of unsigned bytes. */
typedef struct gan_idx gan_idx;
GAN_API int32_t gan_idx_open(gan_context *ctx, const char *path, gan_idx **out);
GAN_API void gan_idx_unref(gan_idx *idx); /* from any thread; NULL is allowed */
GAN_API int32_t gan_idx_rank(const gan_idx *idx);
GAN_API int64_t gan_idx_dim(const gan_idx *idx, int32_t axis); /* axis 0: number of items */
GAN_API const uint8_t *gan_idx_data(const gan_idx *idx);       /* row-major, borrowed */

/* Items index[0..n) of a rank-3 IDX file as images (n,H,W,1), bytes mapped from 0..255 to [lo, hi].
 */
GAN_API gan_tensor *gan_idx_images(const gan_idx *idx, const int32_t *index, int64_t n, double lo,
                                   double hi);

#ifdef __cplusplus
}
#endif

#endif
