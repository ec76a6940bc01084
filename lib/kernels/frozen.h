/* The methods behind frozen_run (kernels.h). What a method does for one image does not depend on
 * the other images: rows of a product are independent of each other, and the order of the additions
 * in each depends on its depth only (gemm_packed.h). */
#ifndef GAN_KERNELS_FROZEN_H
#define GAN_KERNELS_FROZEN_H

#include "kernels/conv_algorithms.h"
#include "kernels/conv_winograd.h"
#include "kernels/gemm_packed.h"

enum { FROZEN_DIRECT, FROZEN_WINOGRAD, FROZEN_FOLDED };

static inline conv_pass frozen_pass(const frozen_conv *plan, const conv_geom *q) {
    return (conv_pass){.geom = q, .forward = plan->forward};
}

/* ---- frozen_direct.c: blocks of the unfolded source times panels of the kernel ----------------
 */

void frozen_direct_plan(frozen_conv *plan);
void frozen_direct_pack(const frozen_conv *plan, int64_t row, const real *w, real *kernel);
int64_t frozen_direct_units(const frozen_conv *plan, int64_t images);
void frozen_direct_run(gan_context *ctx, const frozen_call *call, int64_t begin, int64_t end);

/* Multiply-adds, and elements of the kernel. */
double frozen_direct_work(const frozen_conv *plan);
int64_t frozen_direct_kernel(const frozen_conv *plan);

/* ---- frozen_winograd.c: the source goes to the points, then panels of the kernel pass by ------
 */

void frozen_winograd_plan(frozen_conv *plan, int64_t images);
void frozen_winograd_pack(const frozen_conv *plan, int64_t row, const real *w, real *kernel);
int64_t frozen_winograd_units(const frozen_conv *plan, int32_t stage, int64_t images);
void frozen_winograd_run(gan_context *ctx, const frozen_call *call, int32_t stage, int64_t begin,
                         int64_t end);

/* The same of plan->algorithm, and elements of the kernel that are made at the points. */
double frozen_winograd_work(const frozen_conv *plan);
int64_t frozen_winograd_kernel(const frozen_conv *plan);
double frozen_winograd_made(const frozen_conv *plan);

/* ---- frozen_folded.c: bands of lines of an image -----------------------------------------------
 */

void frozen_folded_plan(frozen_conv *plan);
void frozen_folded_pack(const frozen_conv *plan, const real *w, real *kernel);
int64_t frozen_folded_units(const frozen_conv *plan, int64_t images);
void frozen_folded_run(gan_context *ctx, const frozen_call *call, int64_t begin, int64_t end);

#endif
