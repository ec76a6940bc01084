/* What the programs' convolutions have in common.
 *
 * SPDX-License-Identifier: MIT */
#ifndef COMMON_LAYERS_H
#define COMMON_LAYERS_H

#include <gan.h>

/* Of square kernels: the same stride and padding on both axes. Kernels of 4 with stride 2 and one
 * pixel around halve the side, transposed they double it. */
gan_conv2d_opts conv_options(int32_t stride, int32_t pad, int32_t bias);

#endif
