/* A run in words, for its report.
 *
 * SPDX-License-Identifier: MIT */
#ifndef TRAIN_SUMMARY_H
#define TRAIN_SUMMARY_H

#include "train/settings.h"

typedef struct summary {
    const settings *s;
    const gan_dataset *images;
    const gan_trainer *trainer;
    double seconds;                 /* of training                              */
    const char *samples, *pictured; /* the last samples' file, and what they show */
    const char *gallery, *ways;     /* the files of samples_write_gallery, or NULL */
} summary;

/* Writes the run's report.html. Returns 0, or 1 after a message. */
int summary_write(const summary *s);

#endif
