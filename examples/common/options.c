/* SPDX-License-Identifier: MIT */
#include "common/options.h"
#include "common/program.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int option_is_set(const option_row *row) {
    if (row->kind == OPTION_TEXT) return **(const char **)row->value != '\0';
    if (row->kind == OPTION_NUMBER) return *(double *)row->value >= row->lo;
    return (double)*(int64_t *)row->value >= row->lo;
}

static void print_help(const option_table *table) {
    static const char *const operand[] = {" TEXT", " N", " X", ""};
    printf("%s: %s\n\n", table->program, table->about);
    for (int i = 0; i < table->count; i++) {
        const option_row *row = &table->rows[i];
        char left[32];
        snprintf(left, sizeof left, "--%s%s", row->name, operand[row->kind]);
        printf("  %-16s %s", left, row->help);
        int set = option_is_set(row);
        if (set && row->kind == OPTION_INTEGER)
            printf(" (%lld)", (long long)*(int64_t *)row->value);
        if (set && row->kind == OPTION_NUMBER) printf(" (%g)", *(double *)row->value);
        if (set && row->kind == OPTION_TEXT) printf(" (%s)", *(const char **)row->value);
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
    if (row->kind != OPTION_NUMBER) {
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

int options_set(const option_table *table, const char *name, const char *text) {
    const option_row *row = find_row(table, name, strlen(name));
    return row ? store(row, text) : -1;
}

int option_choice(const char *option, const char *text, const char *const *names) {
    char list[256] = "";
    for (int i = 0; names[i]; i++) {
        if (strcmp(names[i], text) == 0) return i;
        size_t used = strlen(list);
        snprintf(list + used, sizeof list - used, "%s%s", i ? ", " : "", names[i]);
    }
    fail_usage("--%s is one of %s, not '%s'", option, list, text);
    return -1;
}

int options_read(const option_table *table, int argc, char **argv) {
    program_begin(table->program);
    for (int i = 1; i < argc; i++) {
        const char *name = argv[i] + 2;
        if (strcmp(argv[i], "--help") == 0) {
            print_help(table);
            return 0;
        }
        size_t length = strncmp(argv[i], "--", 2) == 0 ? strcspn(name, "=") : 0;
        const option_row *row = length ? find_row(table, name, length) : NULL;
        if (!row) return fail_usage("unknown argument '%s'; see --help", argv[i]);
        if (row->kind == OPTION_FLAG && !name[length]) {
            *(int64_t *)row->value = 1;
            continue;
        }
        const char *text = name[length] ? name + length + 1 : i + 1 < argc ? argv[++i] : NULL;
        if (!text || row->kind == OPTION_FLAG)
            return fail_usage("--%s takes %s value", row->name, text ? "no" : "a");
        if (store(row, text))
            return fail_usage("--%s takes %s from %g to %g, not '%s'", row->name,
                              row->kind == OPTION_INTEGER ? "a whole number" : "a number", row->lo,
                              row->hi, text);
    }
    return -1;
}
