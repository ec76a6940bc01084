/* Convolutions with a kernel that was packed once: which method, and the way to it. */
#include "kernels/frozen.h"

#include "core/threads.h"

/* Results of at most this many channels leave a product's registers mostly empty. */
static const int64_t FEW = 8;

/* A method is chosen for one image and for many alike. Many are limited by multiply-adds; one is
 * limited by the kernel that must be read for it, an element of which costs as much time as so many
 * multiply-adds (30 GB/s against 100 billion a second), of which the choice takes half. */
static const double ELEMENT_COST = 6.7;

/* Multiply-adds at the points with their transforms, against those of the direct method. */
static const double POINTS_COST = 1.35;

/* To make an element of the kernel at the points costs one image as much time as so many
 * multiply-adds. */
static const double MADE_COST = 3;

/* A window that covers the image is a product of plain rows, and so is its transpose. */
static void flatten(frozen_conv *plan) {
    conv_geom *q = &plan->geom;
    const window win = window_forward(q);
    if (!window_is_matrix(&win) || q->ho * q->wo != 1) return;
    *q = (conv_geom){.n = 1,
                     .h = 1,
                     .w = 1,
                     .c = q->h * q->w * q->c,
                     .o = q->o,
                     .kh = 1,
                     .kw = 1,
                     .ho = 1,
                     .wo = 1,
                     .sh = 1,
                     .sw = 1,
                     .dh = 1,
                     .dw = 1};
}

static int folds(const frozen_conv *plan) {
    const conv_geom *q = &plan->geom;
    if (q->dw != 1 || q->h * q->w == 1) return 0;
    if (plan->forward) return q->o <= FEW && q->c > q->o && q->sh == 1 && q->sw == 1;
    return q->c <= FEW && q->o > q->c;
}

static void choose(frozen_conv *plan) {
    if (folds(plan)) {
        plan->method = FROZEN_FOLDED;
        return;
    }
    plan->method = FROZEN_DIRECT;
    double least = frozen_direct_work(plan) + ELEMENT_COST * (double)frozen_direct_kernel(plan);
    for (int32_t i = 0; i < WINOGRAD_ALGORITHMS; i++) {
        if (!winograd_allows(&plan->geom, &winograd_algorithms[i])) continue;
        frozen_conv other = *plan;
        other.algorithm = i;
        const double cost = POINTS_COST * frozen_winograd_work(&other) +
                            ELEMENT_COST * (double)frozen_winograd_kernel(&other) +
                            MADE_COST * frozen_winograd_made(&other);
        if (cost >= least) continue;
        least = cost;
        plan->method = FROZEN_WINOGRAD;
        plan->algorithm = i;
    }
}

void frozen_plan(gan_context *ctx, const conv_geom *geom, int forward, int64_t images,
                 frozen_conv *plan) {
    (void)ctx;
    *plan = (frozen_conv){.geom = *geom, .forward = forward, .stages = 1};
    plan->geom.n = 1;
    plan->factors = forward ? geom->o : geom->c;
    flatten(plan);
    const conv_geom *q = &plan->geom;
    plan->channels = forward ? q->o : q->c;
    choose(plan);
    if (plan->method == FROZEN_DIRECT) frozen_direct_plan(plan);
    if (plan->method == FROZEN_WINOGRAD) frozen_winograd_plan(plan, images);
    if (plan->method == FROZEN_FOLDED) frozen_folded_plan(plan);
}

/* The channels of the result are o of a forward pass, c of a data gradient. */
static void scale_rows(const frozen_conv *plan, int64_t row, const real *scale, real *restrict w) {
    const conv_geom *q = &plan->geom;
    const int64_t end = min_i64(row + plan->pack_rows, q->o), size = q->kh * q->kw * q->c;
    const int64_t run = plan->forward ? size : plan->factors;
    for (int64_t o = row; o < end; o++)
        for (int64_t left = size; left > 0; left -= run, w += run)
            for (int64_t c = 0; c < run; c++) w[c] *= scale[plan->forward ? o : c];
}

void frozen_pack(gan_context *ctx, const frozen_conv *plan, int64_t row, const real *scale, real *w,
                 real *kernel) {
    (void)ctx;
    scale_rows(plan, row, scale, w);
    if (plan->method == FROZEN_DIRECT) frozen_direct_pack(plan, row, w, kernel);
    if (plan->method == FROZEN_WINOGRAD) frozen_winograd_pack(plan, row, w, kernel);
    if (plan->method == FROZEN_FOLDED) frozen_folded_pack(plan, w, kernel);
}

int64_t frozen_units(gan_context *ctx, const frozen_conv *plan, int32_t stage, int64_t images) {
    (void)ctx;
    if (plan->method == FROZEN_DIRECT) return frozen_direct_units(plan, images);
    if (plan->method == FROZEN_WINOGRAD) return frozen_winograd_units(plan, stage, images);
    return frozen_folded_units(plan, images);
}

int32_t frozen_run(gan_context *ctx, const frozen_call *call, int32_t stage, int64_t begin,
                   int64_t end) {
    if (call->plan->method == FROZEN_DIRECT) frozen_direct_run(ctx, call, begin, end);
    if (call->plan->method == FROZEN_WINOGRAD) frozen_winograd_run(ctx, call, stage, begin, end);
    if (call->plan->method == FROZEN_FOLDED) frozen_folded_run(ctx, call, begin, end);
    return GAN_OK;
}
