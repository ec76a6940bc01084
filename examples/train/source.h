/* The images that a run learns from.
 *
 * SPDX-License-Identifier: MIT */
#ifndef TRAIN_SOURCE_H
#define TRAIN_SOURCE_H

#include "train/settings.h"

/* Opens what --data names, with labels or pairs where the system wants them, at a side that its
 * networks take. Returns 0, or the exit code after a message. *out is the caller's. */
int source_open(gan_context *ctx, const settings *s, const gan_trainer_opts *o, gan_dataset **out);

#endif
