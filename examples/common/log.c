/* SPDX-License-Identifier: MIT */
#include "common/log.h"
#include "common/files.h"
#include "common/flat_json.h"
#include "common/program.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const names[LOG_COLUMNS] = {
    [LOG_EPOCH] = "epoch",
    [LOG_SECONDS] = "seconds",
    [LOG_D_LOSS] = "d_loss",
    [LOG_G_LOSS] = "g_loss",
    [LOG_REAL_SCORE] = "real_score",
    [LOG_FAKE_SCORE] = "fake_score",
    [LOG_PENALTY] = "penalty",
    [LOG_WASSERSTEIN] = "wasserstein",
    [LOG_L1] = "l1",
    [LOG_D_GRAD_NORM] = "d_grad_norm",
    [LOG_G_GRAD_NORM] = "g_grad_norm",
    [LOG_K] = "k",
    [LOG_MEASURE] = "measure",
    [LOG_LR_D] = "lr_d",
    [LOG_LR_G] = "lr_g",
    [LOG_IMAGES_PER_SECOND] = "images_per_second",
};

log_row log_row_of(const gan_trainer_stats *s, double seconds, double images_per_second) {
    return (log_row){.step = s->step,
                     .value = {[LOG_EPOCH] = (double)s->epoch,
                               [LOG_SECONDS] = seconds,
                               [LOG_D_LOSS] = s->d_loss,
                               [LOG_G_LOSS] = s->g_loss,
                               [LOG_REAL_SCORE] = s->real_score,
                               [LOG_FAKE_SCORE] = s->fake_score,
                               [LOG_PENALTY] = s->penalty,
                               [LOG_WASSERSTEIN] = s->wasserstein,
                               [LOG_L1] = s->l1,
                               [LOG_D_GRAD_NORM] = s->d_grad_norm,
                               [LOG_G_GRAD_NORM] = s->g_grad_norm,
                               [LOG_K] = s->k,
                               [LOG_MEASURE] = s->measure,
                               [LOG_LR_D] = s->lr_d,
                               [LOG_LR_G] = s->lr_g,
                               [LOG_IMAGES_PER_SECOND] = images_per_second}};
}

void log_write(FILE *f, const log_row *row) {
    fprintf(f, "{\"step\": %lld", (long long)row->step);
    for (int i = 0; i < LOG_COLUMNS; i++)
        if (isfinite(row->value[i])) fprintf(f, ", \"%s\": %.7g", names[i], row->value[i]);
    fputs("}\n", f);
}

/* ---- reading --------------------------------------------------------------------------------- */

/* Reads a line in place; 0 if it is none of a log. */
static int parse(char *line, log_row *row) {
    flat_json j = {.at = line};
    char *key, *value;
    int more;
    row->step = -1;
    for (int i = 0; i < LOG_COLUMNS; i++) row->value[i] = NAN;
    while ((more = flat_json_next(&j, &key, &value)) > 0) {
        if (strcmp(key, "step") == 0) row->step = strtoll(value, NULL, 10);
        for (int i = 0; i < LOG_COLUMNS; i++)
            if (strcmp(key, names[i]) == 0) row->value[i] = strtod(value, NULL);
    }
    return more == 0 && row->step >= 0;
}

/* The next whole line, without its end, or NULL. */
static char *next_line(char **at) {
    char *line = *at, *end = strchr(line, '\n');
    if (!end) return NULL;
    *end = '\0';
    *at = end + 1;
    return line;
}

int log_read(const char *path, log_row **rows, size_t *count) {
    char *text, *line;
    size_t lines = 0, n = 0;
    if (read_file(path, &text, NULL)) return 1;
    for (const char *at = text; *at; at++) lines += *at == '\n';
    log_row *list = malloc((lines + 1) * sizeof *list);
    char *at = text;
    while (list && (line = next_line(&at)) != NULL)
        if (parse(line, &list[n])) n++;
    free(text);
    if (!list) return fail("cannot read %s: out of memory", path);
    *rows = list;
    *count = n;
    return 0;
}

int log_cut(const char *path, int64_t step, double *seconds) {
    char *text, *line;
    log_row row;
    *seconds = 0;
    if (!file_exists(path)) return 0;
    if (read_file(path, &text, NULL)) return 1;
    off_t bytes = 0;
    char *at = text;
    while ((line = next_line(&at)) != NULL && parse(line, &row) && row.step <= step) {
        bytes = (off_t)(at - text);
        if (isfinite(row.value[LOG_SECONDS])) *seconds = row.value[LOG_SECONDS];
    }
    free(text);
    return truncate(path, bytes) ? fail("cannot write %s: %s", path, strerror(errno)) : 0;
}
