/* SPDX-License-Identifier: MIT */
#include "common/flat_json.h"

#include <stdlib.h>
#include <string.h>

static char *skip_space(char *at) { return at + strspn(at, " \t\r\n"); }

/* What a backslash and the next letters mean; *at moves to the last of them. 0: nothing. */
static char unescape(char **at) {
    static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    const char *letter = **at ? strchr(letters, **at) : NULL;
    if (letter) return meanings[letter - letters];
    unsigned code = 0;
    if (**at != 'u' || strspn(*at + 1, "0123456789abcdefABCDEF") < 4) return 0;
    for (int i = 0; i < 4; i++) {
        char digit[2] = {*++*at, 0};
        code = 16 * code + (unsigned)strtoul(digit, NULL, 16);
    }
    return code < 0x80 ? (char)code : 0; /* others are written as they are */
}

/* The string that begins at *at, and moves *at behind it; NULL if there is none. */
static char *take_string(char **at) {
    if (**at != '"') return NULL;
    char *begin = ++*at, *to = begin;
    for (; **at && **at != '"'; ++*at) {
        char c = **at;
        if (c == '\\') {
            ++*at;
            if (!(c = unescape(at))) return NULL;
        }
        *to++ = c;
    }
    if (!**at) return NULL;
    ++*at;
    *to = '\0';
    return begin;
}

int flat_json_next(flat_json *j, char **key, char **value) {
    char *at = skip_space(j->at);
    if (!j->last) {
        if (*at != '{') return -1;
        at = skip_space(at + 1);
        j->last = *at == '}' ? '}' : ',';
    }
    if (j->last == '}') return 0;
    if (!(*key = take_string(&at))) return -1;
    at = skip_space(at);
    if (*at != ':') return -1;
    at = skip_space(at + 1);
    if (*at == '"') {
        if (!(*value = take_string(&at))) return -1;
    } else {
        *value = at;
        at += strcspn(at, ",} \t\r\n");
    }
    char *end = at;
    at = skip_space(at);
    if (*at != ',' && *at != '}') return -1;
    j->last = *at;
    j->at = skip_space(at + 1);
    *end = '\0';
    return 1;
}

void flat_json_put(FILE *f, const char *text) {
    fputc('"', f);
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\')
            fprintf(f, "\\%c", c);
        else if (c < 0x20)
            fprintf(f, "\\u%04x", c);
        else
            fputc(c, f);
    }
    fputc('"', f);
}

void flat_json_put_number(FILE *f, double value) {
    char digits[32];
    for (int precision = 15; precision <= 17; precision++) {
        snprintf(digits, sizeof digits, "%.*g", precision, value);
        if (strtod(digits, NULL) == value) break;
    }
    fputs(digits, f);
}
