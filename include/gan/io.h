/* Files of weights and of data sets. Paths are UTF-8. Files are read as if hostile: any content
 * gives a clear error or a correct result, within memory bounded by the file's size. They are
 * written whole or not at all (a temporary file beside the target, synced and renamed; one that a
 * kill leaves behind is called .gan-….tmp).
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
 * carries gan.format; with gan_module_save_traced also gan.graph. */
GAN_API int32_t gan_module_save(const gan_module *m, const char *path);

/* The same, for a model that describes itself: `input` is the batch that was given to the network
 * and `output` its recorded result (run it in evaluation mode, recording on, the input tracked).
 * gan.graph is the JSON list of the operators between them. `range` names the meaning of the
 * output's numbers: "-1..1", "0..1" or "". GAN_ESTATE while a batch norm or dropout of m is in
 * training mode; GAN_ENOTSUP names an operator whose choice belongs to the batch that was recorded:
 * lookups, maxima over axes or pieces (maxout) or windows, dropout.
 *
 * Tensors that are neither the input nor parameters nor buffers of m are refused (GAN_EINVAL):
 * constants belong into gan_add_buffer, and what is made of frozen parameters or of buffers alone
 * is not recorded. A conditional generator takes its labels as one-hot columns behind the latent:
 *     z = gan_slice(input, ...), y = gan_slice(input, ...), rows = gan_matmul(y, table, 0, 0)
 * and gan_sampler_opts.classes says how many they are. What is broadcast to the size of the batch
 * wants to be recorded with a batch of one. */
GAN_API int32_t gan_module_save_traced(const gan_module *m, const char *path, gan_tensor *input,
                                       gan_tensor *output, const char *range);

/* What a model file says beside its operators, and gan_sampler acts on. */
typedef struct gan_model_opts {
    uint32_t struct_size;
    int32_t premultiplied; /* the output is RGBA with colours multiplied by alpha; 0             */
    int32_t classes;       /* of the label whose one follows the latent in the input; 0: none    */
    int32_t uniform;       /* latents are drawn from [latent_lo, latent_hi), not from N(0, 1); 0 */
    double latent_lo, latent_hi; /* -1 and 1                                                     */
    const char *range;           /* as above; "-1..1"                                            */
} gan_model_opts;
GAN_API void gan_model_opts_init(gan_model_opts *opts, size_t size);

/* gan_module_save_traced with all of that. opts NULL: defaults. GAN_EINVAL where it does not fit:
 * premultiplied colours of another output than (N,H,W,4); classes that leave no latent, or of an
 * input that is no row; bounds that are no range. */
GAN_API int32_t gan_module_save_model(const gan_module *m, const char *path, gan_tensor *input,
                                      gan_tensor *output, const gan_model_opts *opts);

/* Writes the network as an ONNX model (opset 17, IR version 8) for other runtimes: inference only,
 * no training state. Arguments as above. Its input is called "input", its output "output"; both
 * are float32, images (N,C,H,W) as ONNX has them, and N is free. Pads are explicit; what does not
 * depend on the input, batch norm's scale say, is a constant. `range` is kept as metadata
 * "gan.range". GAN_ENOTSUP names an operator that has no counterpart there: those that mix samples,
 * products of two results, lookups, reductions. */
GAN_API int32_t gan_module_save_onnx(const gan_module *m, const char *path, gan_tensor *input,
                                     gan_tensor *output, const char *range);

/* Reads a file of gan_module_save into an existing tree, or one that PyTorch's torch.save (1.6 or
 * later) made of a state dict: the content tells which. Every parameter and buffer must be there
 * with its shape, and nothing else may be; the text names what is missing or too much. Parameters
 * are float32, float64, float16 or bfloat16. Nothing changes on an error.
 *
 * PyTorch's files are pickles, which may name any function of Python: nothing of them is executed,
 * and one that names more than tensors need is refused with that name. */
GAN_API int32_t gan_module_load(gan_module *m, const char *path);

/* The same for a part of a file: the tensors whose names begin with `part` and a dot, without that.
 * Names of what torch.save made of dicts in dicts are the keys joined by dots, so that of
 *     torch.save({"G": G.state_dict(), "D": D.state_dict(), "step": 3}, path)
 * the parts are "G" and "D". Whatever else the file holds is passed over. part "" is all of it. */
GAN_API int32_t gan_module_load_part(gan_module *m, const char *path, const char *part);

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
