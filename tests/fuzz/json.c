/* The JSON that headers of weights and descriptions of models (gan.graph) are made of: every text
 * is read twice, passed over and value by value, and what the second takes the first must take. */
#include "fuzz.h"

#include "io/json.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_DEPTH = 64 };

static void walk(json_reader *r, int depth);

static void walk_object(json_reader *r, int depth) {
    const char *key;
    json_open_object(r);
    while ((key = json_next_key(r))) {
        fuzz_require(strlen(key) <= (size_t)(r->end - r->text));
        walk(r, depth + 1);
    }
}

static void walk_array(json_reader *r, int depth) {
    json_open_array(r);
    while (json_next_element(r)) walk(r, depth + 1);
}

/* By the first character; numbers are those of descriptions, integers. */
static void walk(json_reader *r, int depth) {
    while (r->at < r->end && strchr(" \t\n\r", *r->at) && *r->at) r->at++;
    char first = r->at < r->end ? *r->at : 0;
    if (depth >= MAX_DEPTH || first == 't' || first == 'f' || first == 'n')
        json_skip(r);
    else if (first == '{')
        walk_object(r, depth);
    else if (first == '[')
        walk_array(r, depth);
    else if (first == '"')
        json_get_string(r);
    else
        json_get_int(r);
}

/* Reads a copy, since strings are decoded in place; 1 if there was no problem. */
static int accepts(const uint8_t *data, size_t size, int by_value) {
    char *text = malloc(size ? size : 1);
    fuzz_require(text != NULL);
    memcpy(text, data, size);
    json_reader r = json_read(text, size);
    if (by_value)
        walk(&r, 0);
    else
        json_skip(&r);
    json_finish(&r);
    fuzz_require(r.where <= size);
    int good = r.problem == NULL;
    free(text);
    return good;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    int by_value = accepts(data, size, 1), passed_over = accepts(data, size, 0);
    fuzz_require(!by_value || passed_over);
    return 0;
}
