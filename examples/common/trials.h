/* Trials of systems from several seeds, each with a line in a file of results, and the table over
 * the seeds.
 *
 * SPDX-License-Identifier: MIT */
#ifndef COMMON_TRIALS_H
#define COMMON_TRIALS_H

#include "common/game.h"
#include "common/progress.h"

#include <stdio.h>

enum { TRIAL_NUMBERS = 4 };

/* What is played: networks and data, and the numbers that a trial ends with. */
typedef struct trial_kind {
    const char *data; /* its name */
    void *user;
    int64_t latent;
    int32_t (*build)(game *g, void *user); /* makes the networks, sets g->real and g->data */
    int32_t (*judge)(const game *g, void *user, double numbers[TRIAL_NUMBERS]);
    const char *numbers[TRIAL_NUMBERS]; /* their names; NULL: no more   */
    double units[TRIAL_NUMBERS];        /* that the table multiplies by */
} trial_kind;

typedef struct trials {
    const char *program, *out; /* the file of results                            */
    int64_t steps, seeds, batch, threads;
    int counts_critic; /* steps are the discriminator's, not the generator's  */
    int64_t resume;    /* trials that the file has are not repeated      */
    int total;         /* of all trials                                  */
    int done;
    FILE *results;
    progress bar;
} trials;

/* Opens the file; 0, or the exit code after a message. Between the two calls: trials_play. */
int trials_begin(trials *t);
void trials_end(trials *t);

/* A trial of one system from one seed. 0, or the exit code after a message. */
int trials_play(trials *t, const trial_kind *kind, const game_rules *rules, int seed);

/* Prints mean ± standard error over the seeds: the names of the columns, and a system's line if
 * there are results of it. */
void trials_print_head(const trial_kind *kind);
void trials_print_line(const trials *t, const trial_kind *kind, const game_rules *rules);

#endif
