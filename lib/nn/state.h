/* Modules and files: safetensors with PyTorch's names and layouts. */
#ifndef GAN_NN_STATE_H
#define GAN_NN_STATE_H

#include "nn/module.h"

/* graph: the JSON of gan.graph, or NULL. */
int32_t state_save(const gan_module *m, const char *path, const char *graph);

/* All or nothing. */
int32_t state_load(gan_module *m, const char *path);

#endif
