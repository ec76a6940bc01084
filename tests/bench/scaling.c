/* How a DCGAN step's time grows: with the threads, the batch and the width of the networks.
 *
 * Work is the operations of the direct method, whatever the library does instead: forward and each
 * of both gradients take the same. Cost follows work where the last column stays level.
 *
 * SPDX-License-Identifier: MIT */
#include "bench.h"
#include "common/options.h"

#include <stdio.h>

enum { BATCH = 64, WIDTH = 64 };

typedef struct point {
    int64_t batch, width;
} point;

/* Seconds of a step, the median, and operations a step. */
static double measure(int32_t threads, point at, int64_t reps, double *work) {
    bench b = {.batch = at.batch};
    bench_begin(&b, threads);
    b.g = dcgan_generator(b.ctx, at.width);
    b.d = dcgan_critic(b.ctx, at.width, BATCH_NORM);
    bench_use_images(&b, 64, 3);
    bench_dcgan_optimizers(&b);
    const double seconds = bench_time(&b, bench_dcgan_step, WARM_UPS, reps).median;
    /* Forward and both gradients: the generator, the critic on real and on fake. For the generator
     * the critic's weights need no gradient. */
    *work = (double)at.batch * (double)(3 * b.g.work + (2 * 3 + 2) * b.d.work);
    bench_end(&b);
    return seconds;
}

static double show(int32_t threads, point at, int64_t reps) {
    double work;
    const double seconds = measure(threads, at, reps, &work);
    printf("%d threads  batch %3d  width %3d  %9.2f ms  %8.3f ms an image  %8.1f GFLOP  %7.1f "
           "GFLOP/s\n",
           (int)threads, (int)at.batch, (int)at.width, seconds * 1e3,
           seconds * 1e3 / (double)at.batch, work / 1e9, work / seconds / 1e9);
    fflush(stdout);
    return seconds;
}

int main(int argc, char **argv) {
    int64_t threads = 2, reps = 5;
    const option_row rows[] = {
        {"threads", OPTION_INTEGER, &threads, 1, 256, "threads of the context"},
        {"reps", OPTION_INTEGER, &reps, 1, 100000, "timed steps; the median counts"},
    };
    const option_table table = {"scaling", "times DCGAN steps over threads, batches and widths",
                                rows, (int)(sizeof rows / sizeof *rows)};
    const int code = options_read(&table, argc, argv);
    if (code >= 0) return code;

    const point usual = {BATCH, WIDTH};
    const double alone = show(1, usual, reps);
    const double together = show((int32_t)threads, usual, reps);
    printf("%d threads are %.2f times as fast as one\n", (int)threads, alone / together);
    for (int64_t batch = 8; batch <= 256; batch *= 2)
        show((int32_t)threads, (point){batch, WIDTH}, reps);
    for (int64_t width = 16; width <= 128; width *= 2)
        show((int32_t)threads, (point){BATCH, width}, reps);
    return 0;
}
