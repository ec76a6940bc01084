/* JSON objects of numbers and strings only: a run's configuration, the lines of its log.
 *
 * SPDX-License-Identifier: MIT */
#ifndef COMMON_FLAT_JSON_H
#define COMMON_FLAT_JSON_H

#include <stdio.h>

/* Reads a text in place, which is changed: keys and values stay valid as long as it. Begin with
 * {.at = text}. */
typedef struct flat_json {
    char *at;
    char last; /* what followed the last pair: a comma or the object's end; 0: not begun */
} flat_json;

/* 1: *key and *value are the next pair, strings without quotes and numbers as they are written.
 * 0: the object has ended. -1: it is not such an object. */
int flat_json_next(flat_json *j, char **key, char **value);

/* A string with its quotes. */
void flat_json_put(FILE *f, const char *text);

/* A number, by the fewest digits from 15 on that read as the same one. */
void flat_json_put_number(FILE *f, double value);

#endif
