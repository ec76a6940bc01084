/* JSON (RFC 8259): a pull reader for headers of files, and a writer.
 *
 * Both keep the rules of commas in one flag and need no stack, so no depth of nesting can exhaust
 * memory. Text is UTF-8; a string with a NUL is refused, so strings are C strings. */
#ifndef GAN_IO_JSON_H
#define GAN_IO_JSON_H

#include "gan/base.h"

#include <stddef.h>
#include <stdint.h>

/* ---- reader ---------------------------------------------------------------------------------- */

/* Reads a text in place: strings are decoded where they stand and stay valid as long as the text.
 * The first problem stops the reader: every later call fails, so a caller may check `problem` when
 * it is convenient.
 *
 *     json_open_object(&r);
 *     while ((key = json_next_key(&r)) != NULL) json_skip(&r);
 *     json_finish(&r);
 *     if (r.problem != NULL) ... */
typedef struct json_reader {
    char *text, *at, *end;
    int first;           /* the next key or element is the first of its object or array */
    const char *problem; /* NULL: none */
    size_t where;        /* the byte at which it was seen */
} json_reader;

json_reader json_read(char *text, size_t bytes);

/* Enter a value; the functions below leave it again when they find its end. */
void json_open_object(json_reader *r);
void json_open_array(json_reader *r);

/* The next key, whose value must be read next; NULL: the object has ended (or a problem). */
char *json_next_key(json_reader *r);

/* 1: an element follows and must be read next; 0: the array has ended (or a problem). */
int json_next_element(json_reader *r);

/* A string; NULL: a problem. */
char *json_get_string(json_reader *r);

/* A number without fraction and exponent that fits; 0: possibly a problem. */
int64_t json_get_int(json_reader *r);

/* Any number; 0: possibly a problem. */
double json_get_double(json_reader *r);

/* Any value, checked and dropped. */
void json_skip(json_reader *r);

/* Nothing but white space may be left. */
void json_finish(json_reader *r);

/* ---- writer ---------------------------------------------------------------------------------- */

/* Commas are set by the writer. `text` ends in a NUL; the first failure stays in `status`. */
typedef struct json_writer {
    gan_context *ctx;
    char *text; /* NULL while nothing is written */
    size_t length, capacity;
    int comma; /* the next key or value follows another */
    int32_t status;
} json_writer;

json_writer json_write(gan_context *ctx);
void json_writer_release(json_writer *w);

void json_begin_object(json_writer *w);
void json_end_object(json_writer *w);
void json_begin_array(json_writer *w);
void json_end_array(json_writer *w);
void json_put_key(json_writer *w, const char *key);
void json_put_string(json_writer *w, const char *value);
void json_put_int(json_writer *w, int64_t value);
/* In as few digits as read back to the same number; a non-finite one is GAN_EINVAL. */
void json_put_double(json_writer *w, double value);

#endif
