/* SPDX-License-Identifier: MIT */
#include "common/options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print_help(const option_table *table) {
    static const char *const operand[] = {" TEXT", " N", " X", ""};
    printf("%s: %s\n\n", table->program, table->about);
    for (int i = 0; i < table->count; i++) {
        const option_row *row = &table->rows[i];
        char left[32];
        snprintf(left, sizeof left, "--%s%s", row->name, operand[row->kind]);
        printf("  %-16s %s", left, row->help);
        if (row->kind == OPTION_INTEGER) printf(" (%lld)", (long long)*(int64_t *)row->value);
        if (row->kind == OPTION_NUMBER) printf(" (%g)", *(double *)row->value);
        if (row->kind == OPTION_TEXT && **(const char **)row->value)
            printf(" (%s)", *(const char **)row->value);
        putchar('\n');
    }
    printf("  %-16s %s\n", "--help", "this text");
}

static const option_row *find_row(const option_table *table, const char *name, size_t length) {
    for (int i = 0; i < table->count; i++) {
        const option_row *row = &table->rows[i];
        if (strlen(row->name) == length && memcmp(row->name, name, length) == 0) return row;
    }
    return NULL;
}

/* Returns 0 when the whole text is a number that the row allows. */
static int store(const option_row *row, const char *text) {
    char *end = NULL;
    errno = 0;
    if (row->kind == OPTION_TEXT) {
        *(const char **)row->value = text;
        return 0;
    }
    if (row->kind == OPTION_INTEGER) {
        long long n = strtoll(text, &end, 10);
        if (end == text || *end || errno || (double)n < row->lo || (double)n > row->hi) return -1;
        *(int64_t *)row->value = n;
        return 0;
    }
    double x = strtod(text, &end);
    if (end == text || *end || errno || !(x >= row->lo && x <= row->hi)) return -1;
    *(double *)row->value = x;
    return 0;
}

int options_read(const option_table *table, int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        const char *name = argv[i] + 2;
        if (strcmp(argv[i], "--help") == 0) {
            print_help(table);
            return 0;
        }
        size_t length = strncmp(argv[i], "--", 2) == 0 ? strcspn(name, "=") : 0;
        const option_row *row = length ? find_row(table, name, length) : NULL;
        if (!row) {
            fprintf(stderr, "%s: unknown argument '%s'; see --help\n", table->program, argv[i]);
            return 2;
        }
        if (row->kind == OPTION_FLAG && !name[length]) {
            *(int64_t *)row->value = 1;
            continue;
        }
        const char *text = name[length] ? name + length + 1 : i + 1 < argc ? argv[++i] : NULL;
        if (!text || row->kind == OPTION_FLAG) {
            fprintf(stderr, "%s: --%s takes %s value\n", table->program, row->name,
                    text ? "no" : "a");
            return 2;
        }
        if (store(row, text)) {
            fprintf(stderr, "%s: --%s takes %s from %g to %g, not '%s'\n", table->program,
                    row->name, row->kind == OPTION_INTEGER ? "a whole number" : "a number", row->lo,
                    row->hi, text);
            return 2;
        }
    }
    return -1;
}
