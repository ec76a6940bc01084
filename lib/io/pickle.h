/* Python's pickles as data: a tree of values, in which calls of functions stand as such. Nothing is
 * ever executed; a function that is not on the caller's list is refused by its name. */
#ifndef GAN_IO_PICKLE_H
#define GAN_IO_PICKLE_H

#include "gan/base.h"

#include <stddef.h>
#include <stdint.h>

typedef enum pickle_kind {
    PICKLE_OTHER,      /* None, a float, bytes: nothing that a file of weights is read for */
    PICKLE_INT,        /* number; booleans too                                             */
    PICKLE_STRING,     /* text, of number bytes, not ended by a NUL                        */
    PICKLE_TUPLE,      /* items; lists too                                                 */
    PICKLE_DICT,       /* items, with keys                                                 */
    PICKLE_GLOBAL,     /* number: row of the list                                          */
    PICKLE_CALL,       /* number: row of the list; items: the arguments                    */
    PICKLE_PERSISTENT, /* items: what an object outside the pickle is known by         */
    PICKLE_MARK
} pickle_kind;

enum { PICKLE_NONE = -1 };

typedef struct pickle_value {
    pickle_kind kind;
    int32_t first, last, count; /* of the items; PICKLE_NONE if there are none */
    int64_t number;
    const char *text;
} pickle_value;

/* Values are known by their number. */
typedef struct pickle_item {
    int32_t key, value, next; /* key PICKLE_NONE in tuples; next PICKLE_NONE at the end */
} pickle_item;

/* A global that a pickle may name. */
typedef struct pickle_global {
    const char *module, *name;
    int32_t makes_dict; /* a call without arguments is an empty dict */
} pickle_global;

typedef struct pickle {
    pickle_value *values;
    pickle_item *items;
    size_t value_count, value_capacity, item_count, item_capacity;
    int32_t root;
} pickle;

/* Reads a pickle of protocol 2 to 5. Texts point into it. Memory is bounded by its size. *out is
 * written on success only. */
int32_t pickle_read(gan_context *ctx, const char *path, const uint8_t *bytes, size_t count,
                    const pickle_global *globals, size_t global_count, pickle *out);
void pickle_release(gan_context *ctx, pickle *p);

/* Item i of a value, or NULL if it has fewer. */
const pickle_value *pickle_at(const pickle *p, const pickle_value *v, int32_t i);

#endif
