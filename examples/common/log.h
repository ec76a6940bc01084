/* The log of a training run: a JSON object a line and a step, in which numbers that a system does
 * not have are left out.
 *
 * SPDX-License-Identifier: MIT */
#ifndef COMMON_LOG_H
#define COMMON_LOG_H

#include <gan.h>
#include <stdio.h>

enum {
    LOG_EPOCH,
    LOG_SECONDS,
    LOG_D_LOSS,
    LOG_G_LOSS,
    LOG_REAL_SCORE,
    LOG_FAKE_SCORE,
    LOG_PENALTY,
    LOG_WASSERSTEIN,
    LOG_L1,
    LOG_D_GRAD_NORM,
    LOG_G_GRAD_NORM,
    LOG_K,
    LOG_MEASURE,
    LOG_LR_D,
    LOG_LR_G,
    LOG_IMAGES_PER_SECOND,
    LOG_COLUMNS
};

typedef struct log_row {
    int64_t step;
    double value[LOG_COLUMNS]; /* NaN: there is none */
} log_row;

/* `seconds` of training so far, `images_per_second` of the discriminator in this step. */
log_row log_row_of(const gan_trainer_stats *s, double seconds, double images_per_second);

void log_write(FILE *f, const log_row *row);

/* All whole lines of a log: *rows is the caller's, to free. Returns 0, or 1 after a message. */
int log_read(const char *path, log_row **rows, size_t *count);

/* Drops the lines after `step`, and one that was cut, from a log that may be missing; *seconds is
 * that of the last line left, or 0. Returns 0, or 1 after a message. */
int log_cut(const char *path, int64_t step, double *seconds);

#endif
