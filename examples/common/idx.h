/* Folders with the four IDX files of MNIST, or of Fashion-MNIST, which has the same form.
 *
 * SPDX-License-Identifier: MIT */
#ifndef COMMON_IDX_H
#define COMMON_IDX_H

#include <gan.h>

#define IDX_TRAIN "train" /* 60,000 images */
#define IDX_TEST "t10k"   /* 10,000 images */

/* Whether folder/PART-images-idx3-ubyte, plain or .gz, is there. */
int idx_is_there(const char *folder, const char *part);

/* The images (N,28,28,1) of folder/PART-images-idx3-ubyte, plain or .gz, with their labels if
 * `labelled`. opts and errors: those of gan_dataset_from_idx. */
int32_t idx_open(gan_context *ctx, const char *folder, const char *part, int labelled,
                 const gan_data_opts *opts, gan_dataset **out);

#endif
