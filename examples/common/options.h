/* Command-line options from a table: --name VALUE or --name=VALUE, and --help.
 *
 * SPDX-License-Identifier: MIT */
#ifndef COMMON_OPTIONS_H
#define COMMON_OPTIONS_H

#include <stdint.h>

/* What follows the option's name; FLAG takes nothing and stores 1. */
enum { OPTION_TEXT, OPTION_INTEGER, OPTION_NUMBER, OPTION_FLAG };

typedef struct option_row {
    const char *name; /* without the dashes                                                  */
    int kind;
    void *value;      /* const char *, int64_t, double or int64_t; holds the default before,
                         a number below lo for none                                          */
    double lo, hi;    /* the numbers allowed, both included                                  */
    const char *help; /* what it means, for --help                                           */
} option_row;

typedef struct option_table {
    const char *program; /* begins every message                     */
    const char *about;   /* what the program does, for --help        */
    const option_row *rows;
    int count;
} option_table;

/* Reads argv into the table's values. Returns -1 to go on, or the exit code to leave with: 0 after
 * --help, 2 after a message about the first wrong argument. */
int options_read(const option_table *table, int argc, char **argv);

/* Stores a text as the value of the option of that name; -1: there is no such option, or it does
 * not allow the value. Texts are kept, not copied. */
int options_set(const option_table *table, const char *name, const char *text);

/* Whether the option has a value: a text that is not empty, a number from lo on. */
int option_is_set(const option_row *row);

/* The place of `text` among the names, which NULL ends; -1 after a message that lists them. */
int option_choice(const char *option, const char *text, const char *const *names);

#endif
