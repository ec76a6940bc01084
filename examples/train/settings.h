/* What `train` is asked to do: the command line, and config.json in the run's folder, which keeps
 * it for --resume.
 *
 * SPDX-License-Identifier: MIT */
#ifndef TRAIN_SETTINGS_H
#define TRAIN_SETTINGS_H

#include <gan.h>

typedef struct settings {
    /* "" and numbers below the option's least: not given, so as the system was published. */
    const char *system, *variant, *data, *mnist, *channels, *loss, *norm, *penalty, *augment, *out;
    int64_t size, cell, limit, flip;
    int64_t steps, batch, width, latent, n_critic, seed, threads, save_every, sample_every;
    int64_t no_skips, linear_steps, linear_from, penalty_every, relativistic, premultiply;
    double lr, beta1, lambda, gamma, average;
    int64_t resume, force;
    char *kept; /* the text of config.json, which owns some of the texts above */
} settings;

/* Reads the command line, with --resume over the folder's config.json. Returns -1 to go on, or the
 * exit code after a message or --help. */
int settings_read(settings *s, int argc, char **argv);
void settings_free(settings *s);

/* Whether the folder holds a run: its config.json is there, which a new run writes last of all that
 * --resume needs. */
int settings_are_kept(const char *folder);

/* Writes config.json. Returns 0, or 1 after a message. */
int settings_keep(settings *s);

/* The system's preset with what was given. Returns 0, or the exit code after a message about what
 * the system has not. */
int settings_apply(const settings *s, gan_trainer_opts *o);

/* 1, 3, 4, or 0 for as the files are. */
int32_t settings_channels(const settings *s);

#endif
