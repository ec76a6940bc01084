/* SPDX-License-Identifier: MIT */
#include "common/results.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LINE = 1024 };

FILE *results_open(const char *path, int keep) {
    FILE *file = fopen(path, keep ? "a+" : "w+");
    if (!file) return NULL;
    setvbuf(file, NULL, _IOLBF, BUFSIZ); /* a killed run keeps its lines */
    if (fseek(file, -1, SEEK_END) == 0 && fgetc(file) != '\n') {
        fseek(file, 0, SEEK_END);
        fputc('\n', file); /* after a line that a kill cut short */
    }
    fseek(file, 0, SEEK_END);
    return file;
}

void results_number(FILE *file, const char *name, double x) {
    if (isfinite(x))
        fprintf(file, ", \"%s\": %.6g", name, x);
    else
        fprintf(file, ", \"%s\": null", name);
}

/* The next whole line with this beginning; 0 at the end. */
static int next_line(FILE *file, const char *beginning, char line[LINE]) {
    while (fgets(line, LINE, file)) {
        size_t length = strlen(line);
        if (strncmp(line, beginning, strlen(beginning)) == 0 && length > 1 &&
            strcmp(line + length - 2, "}\n") == 0)
            return 1;
    }
    return 0;
}

int results_has(const char *path, const char *beginning) {
    char line[LINE];
    FILE *file = fopen(path, "r");
    int found = file && next_line(file, beginning, line);
    if (file) fclose(file);
    return found;
}

/* The number `name` of a line; NaN where it is null or missing. */
static double number_of(const char *line, const char *name) {
    char key[64];
    snprintf(key, sizeof key, "\"%s\": ", name);
    const char *at = strstr(line, key);
    char *end = NULL;
    double x = at ? strtod(at + strlen(key), &end) : NAN;
    return at && end != at + strlen(key) ? x : NAN;
}

results_summary results_summarise(const char *path, const char *beginning, const char *name) {
    char line[LINE];
    double squares = 0; /* of what is away from the mean so far (Welford 1962) */
    results_summary s = {0};
    FILE *file = fopen(path, "r");
    while (file && next_line(file, beginning, line)) {
        double x = number_of(line, name), away = x - s.mean;
        if (!isfinite(x)) continue;
        s.count++;
        s.mean += away / s.count;
        squares += away * (x - s.mean);
    }
    if (file) fclose(file);
    if (s.count > 1) s.standard_error = sqrt(squares / (s.count - 1) / s.count);
    return s;
}
