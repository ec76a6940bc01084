/* How far a long run is: a bar with the time left on a terminal, a plain line now and then
 * elsewhere (a log file, a pipe). Written to stderr.
 *
 * SPDX-License-Identifier: MIT */
#ifndef COMMON_PROGRESS_H
#define COMMON_PROGRESS_H

#include <stdint.h>

typedef struct progress {
    int terminal, colour;
    double started; /* wall_seconds() at the beginning      */
    double shown;   /* the same when it was last written    */
} progress;

/* Seconds of a clock that only goes forward. */
double wall_seconds(void);

/* Starts the clock. Colour is left out when NO_COLOR is set (no-color.org). */
void progress_begin(progress *p);

/* The share of a run that is over: of its minutes or of its steps, whichever is further; 0 of
 * either is no limit. */
double progress_fraction(const progress *p, double minutes, int64_t step, int64_t steps);

/* Shows the fraction done, in [0,1], and a short text, if it is time to: ten times a second on a
 * terminal, every ten seconds elsewhere; always at fraction 1. */
void progress_show(progress *p, double fraction, const char *text);

/* Ends the bar's line. */
void progress_end(progress *p);

#endif
