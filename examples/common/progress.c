/* SPDX-License-Identifier: MIT */
#include "common/progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { BAR_WIDTH = 30 };

double wall_seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

void progress_begin(progress *p) {
    const char *no_colour = getenv("NO_COLOR");
    p->terminal = isatty(STDERR_FILENO);
    p->colour = p->terminal && !(no_colour && *no_colour);
    p->started = wall_seconds();
    p->shown = -1e9;
}

double progress_fraction(const progress *p, double minutes, int64_t step, int64_t steps) {
    double by_time = minutes > 0 ? (wall_seconds() - p->started) / (60 * minutes) : 0;
    double by_steps = steps > 0 ? (double)step / (double)steps : 0;
    return by_time > by_steps ? by_time : by_steps;
}

static void draw_bar(const progress *p, double fraction, int left, const char *text) {
    int filled = (int)(fraction * BAR_WIDTH);
    fprintf(stderr, "\r%s", p->colour ? "\033[32m" : "");
    for (int i = 0; i < BAR_WIDTH; i++) fputs(i < filled ? "\u2588" : "\u2591", stderr);
    fprintf(stderr, "%s %3d%%  %d:%02d left  %s\033[K", p->colour ? "\033[0m" : "",
            (int)(100 * fraction), left / 60, left % 60, text);
}

void progress_show(progress *p, double fraction, const char *text) {
    double now = wall_seconds(), elapsed = now - p->started;
    if (fraction > 1) fraction = 1;
    if (fraction < 1 && now - p->shown < (p->terminal ? 0.1 : 10)) return;
    p->shown = now;
    int left = fraction > 0 ? (int)(elapsed / fraction - elapsed + 0.5) : 0;
    if (p->terminal)
        draw_bar(p, fraction, left, text);
    else
        fprintf(stderr, "%3d%%  %d:%02d left  %s\n", (int)(100 * fraction), left / 60, left % 60,
                text);
}

void progress_end(progress *p) {
    if (p->terminal) fputc('\n', stderr);
}
