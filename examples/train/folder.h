/* The folder of a run: who may write there, and its pictures.
 *
 *     config.json              what was asked for
 *     checkpoint.safetensors   all that the next step depends on
 *     generator.safetensors    the generator, with its own description
 *     generator.onnx           the same for other runtimes
 *     log.jsonl                a line a step
 *     samples-00000100.png     the same samples after step 100
 *     animation.png            all of them, moving
 *     gallery.png              samples, and to the right of each the nearest training image
 *     interpolation.png        from latents to latents
 *     report.html              all of this to look at
 *     .lock                    held by the program at work there
 *
 * SPDX-License-Identifier: MIT */
#ifndef TRAIN_FOLDER_H
#define TRAIN_FOLDER_H

#include "common/files.h"

#include <stdint.h>

/* Makes the folder and claims it until the program ends. Returns 0, or 1 after a message: it cannot
 * be written, or another `train` is at work there. */
int folder_claim(const char *folder);

/* Removes what a run has left there, its configuration first. */
int folder_clear(const char *folder);

/* Removes the unfinished files of a run that was killed. */
int folder_tidy(const char *folder);

/* The name of the picture after a step. */
void folder_sample_name(char name[FILE_BYTES], int64_t step);

/* The newest picture of at most that step; -1: there is none. */
int64_t folder_newest_sample(const char *folder, int64_t most);

/* Removes the pictures of later steps. */
int folder_cut_samples(const char *folder, int64_t last);

/* Joins the pictures, at most some dozens of them, to animation.png. */
int folder_animate(const char *folder);

#endif
