/* Curves of a log as SVG, with colours from the page's style sheet.
 *
 * SPDX-License-Identifier: MIT */
#ifndef COMMON_CHART_H
#define COMMON_CHART_H

#include "common/log.h"

enum { CHART_SERIES = 3 };

typedef struct chart {
    const char *title, *about; /* what it is, and what it tells, as HTML                */
    int logarithmic;           /* for values above 0                                    */
    struct {
        const char *name;
        int column;         /* LOG_… */
    } series[CHART_SERIES]; /* the first without a name ends them */
} chart;

/* The rules that its elements need, for a page that defines --ink, --faint, --line and the colours
 * --s0, --s1, … of the series. */
extern const char chart_style[];

/* Writes a <figure> of the series that the log has numbers of; nothing if there is none. Long logs
 * are drawn as means of neighbouring steps before the band of their extremes. */
void chart_write(FILE *f, const chart *c, const log_row *rows, size_t count);

#endif
