/* SPDX-License-Identifier: MIT */
#include "common/layers.h"

gan_conv2d_opts conv_options(int32_t stride, int32_t pad, int32_t bias) {
    gan_conv2d_opts opts;
    gan_conv2d_opts_init(&opts, sizeof opts);
    opts.stride_h = opts.stride_w = stride;
    opts.pad_top = opts.pad_bottom = opts.pad_left = opts.pad_right = pad;
    opts.bias = bias;
    return opts;
}
