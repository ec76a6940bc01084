/* Modules and files: safetensors with PyTorch's names and layouts. */
#ifndef GAN_NN_STATE_H
#define GAN_NN_STATE_H

#include "nn/module.h"

/* graph: the JSON of gan.graph, or NULL. */
int32_t state_save(const gan_module *m, const char *path, const char *graph);

/* Reads the tensors of the file's part of that name, or with "" all; all or nothing. */
int32_t state_load(gan_module *m, const char *path, const char *part);

#endif
