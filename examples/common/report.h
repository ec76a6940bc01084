/* A run's report: one HTML file with its pictures, curves and configuration inside, which loads
 * nothing and runs no scripts.
 *
 * SPDX-License-Identifier: MIT */
#ifndef COMMON_REPORT_H
#define COMMON_REPORT_H

#include <stddef.h>

typedef struct report_fact {
    const char *name;
    char value[120];
} report_fact;

typedef struct report {
    const char *folder;    /* of the run; log.jsonl in it has the curves */
    const char *title;     /* all texts are plain                        */
    const char *summary;   /* a line below it                            */
    const char *animation; /* names of PNG files in the folder           */
    const char *samples;   /* the last ones                              */
    const char *pictured;  /* what they show                             */
    const char *gallery;   /* samples beside training images; or NULL    */
    const char *ways;      /* from latents to latents, with the gallery  */
    const report_fact *facts;
    size_t fact_count;
} report;

/* Writes report.html into the folder, whole or not at all. Returns 0, or 1 after a message. */
int report_write(const report *r);

#endif
