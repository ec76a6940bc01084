/* A file of results, one JSON object a line, one line a finished trial. A trial is known by how its
 * line begins, as in {"system": "gan", "data": "ring", "seed": 3, and a group of
 * trials by a shorter beginning.
 *
 * SPDX-License-Identifier: MIT */
#ifndef COMMON_RESULTS_H
#define COMMON_RESULTS_H

#include <stdio.h>

enum { RESULTS_KEY = 256 }; /* bytes of a beginning */

/* Opens the file for more lines: an empty one or, with `keep`, as it is. NULL: see errno. */
FILE *results_open(const char *path, int keep);

/* Adds ', "name": x' to a line, null where x is no finite number. */
void results_number(FILE *file, const char *name, double x);

/* Whether there is a whole line with this beginning. */
int results_has(const char *path, const char *beginning);

/* Of the number `name` in the lines with this beginning, nulls left out. */
typedef struct results_summary {
    int count;
    double mean, standard_error; /* deviation (divisor count - 1) by sqrt(count); 0 for one */
} results_summary;
results_summary results_summarise(const char *path, const char *beginning, const char *name);

#endif
