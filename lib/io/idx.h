/* IDX files, the format of MNIST: arrays of unsigned bytes, plain or gzipped. */
#ifndef GAN_IO_IDX_H
#define GAN_IO_IDX_H

#include "gan/base.h"

#include <stdint.h>

typedef struct idx_file {
    int32_t rank; /* 1 to GAN_MAX_RANK */
    int64_t dims[GAN_MAX_RANK];
    const uint8_t *data; /* row-major, the product of dims */
    uint8_t *block;      /* the memory that holds data */
} idx_file;

/* *out is written on success only. */
int32_t idx_read(gan_context *ctx, const char *path, idx_file *out);
void idx_release(gan_context *ctx, idx_file *idx);

#endif
