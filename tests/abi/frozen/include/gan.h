/* libgan: trains and runs generative adversarial networks on the CPU.
 *
 * This header includes all others. Each is plain C99 that C++11, LuaJIT's ffi.cdef, cffi and C#
 * can read: opaque handles, fixed-width integers, float and double, nothing passed by value that is
 * not a number or a pointer.
 *
 * SPDX-License-Identifier: MIT */
#ifndef GAN_H
#define GAN_H

#include "gan/base.h"
#include "gan/tensor.h"
#include "gan/ops.h"
#include "gan/grad.h"
#include "gan/nn.h"
#include "gan/loss.h"
#include "gan/augment.h"
#include "gan/optim.h"
#include "gan/io.h"
#include "gan/image.h"
#include "gan/data.h"
#include "gan/metrics.h"
#include "gan/train.h"
#include "gan/checkpoint.h"
#include "gan/sampler.h"

#endif
