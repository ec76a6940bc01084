#include "io/json.h"

#include "core/alloc.h"
#include "core/error.h"
#include "core/utf8.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_SKIP_DEPTH = 64 }; /* one bit of a word a level */

/* ---- reader ---------------------------------------------------------------------------------- */

json_reader json_read(char *text, size_t bytes) {
    return (json_reader){.text = text, .at = text, .end = text + bytes};
}

/* Keeps the first problem; nothing is left to read after it. */
static void fail(json_reader *r, const char *problem) {
    if (r->problem == NULL) {
        r->problem = problem;
        r->where = (size_t)(r->at - r->text);
    }
    r->at = r->end;
    r->first = 0;
}

/* The next character that is no white space, or -1 at the end. */
static int peek(json_reader *r) {
    while (r->at < r->end &&
           (*r->at == ' ' || *r->at == '\t' || *r->at == '\n' || *r->at == '\r')) {
        r->at++;
    }
    return r->at < r->end ? (unsigned char)*r->at : -1;
}

static int expect(json_reader *r, int character, const char *problem) {
    if (peek(r) != character) {
        fail(r, problem);
        return 0;
    }
    r->at++;
    return 1;
}

static void open_container(json_reader *r, int bracket, const char *problem) {
    if (expect(r, bracket, problem)) r->first = 1;
}

void json_open_object(json_reader *r) { open_container(r, '{', "expected an object"); }

void json_open_array(json_reader *r) { open_container(r, '[', "expected an array"); }

/* Consumes the closing bracket, or the comma before what follows: 1 if something follows. */
static int advance(json_reader *r, int bracket, const char *problem) {
    if (peek(r) == bracket) {
        r->at++;
        r->first = 0;
        return 0;
    }
    if (!r->first && !expect(r, ',', problem)) return 0;
    r->first = 0;
    return 1;
}

char *json_next_key(json_reader *r) {
    if (!advance(r, '}', "expected ',' or '}'")) return NULL;
    char *key = json_get_string(r);
    return key != NULL && expect(r, ':', "expected ':'") ? key : NULL;
}

int json_next_element(json_reader *r) { return advance(r, ']', "expected ',' or ']'"); }

/* The four hexadecimal digits at `at`, or -1. */
static int32_t hex4(const char *at, const char *end) {
    int32_t value = 0;

    if (end - at < 4) return -1;
    for (int i = 0; i < 4; i++) {
        char c = at[i];
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
        if (digit < 0) return -1;
        value = value * 16 + digit;
    }
    return value;
}

/* Reads \uXXXX, or two of them that make one character beyond the first 65536; -1: not one. */
static int32_t read_code_point(json_reader *r) {
    int32_t code = hex4(r->at + 2, r->end);
    if (code < 0) return -1;
    r->at += 6;
    if (code < 0xd800 || code >= 0xe000) return code;

    if (code >= 0xdc00 || r->end - r->at < 6 || r->at[0] != '\\' || r->at[1] != 'u') return -1;
    int32_t low = hex4(r->at + 2, r->end);
    if (low < 0xdc00 || low >= 0xe000) return -1;
    r->at += 6;
    return 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
}

/* Never longer than the escape that it comes from. */
static char *put_utf8(char *to, int32_t code) {
    if (code < 0x80) {
        *to++ = (char)code;
        return to;
    }
    int continuations = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    int lead = (0xf00 >> (continuations + 1)) & 0xff; /* 110..., 1110..., 11110... */
    *to++ = (char)(lead | code >> 6 * continuations);
    while (continuations-- > 0) *to++ = (char)(0x80 | (code >> 6 * continuations & 0x3f));
    return to;
}

/* Decodes the escape at r->at to `to`; gives the place behind, or NULL. */
static char *unescape(json_reader *r, char *to) {
    static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    char letter = r->end - r->at >= 2 ? r->at[1] : '\0';

    if (letter == 'u') {
        char *begin = r->at;
        int32_t code = read_code_point(r);
        if (code > 0) return put_utf8(to, code);
        r->at = begin;
    } else {
        const char *found = letter == '\0' ? NULL : strchr(letters, letter);
        if (found != NULL) {
            *to = meanings[found - letters];
            r->at += 2;
            return to + 1;
        }
    }
    fail(r, "invalid escape");
    return NULL;
}

char *json_get_string(json_reader *r) {
    if (!expect(r, '"', "expected a string")) return NULL;

    char *string = r->at, *to = string;
    while (r->at < r->end && *r->at != '"') {
        if (*r->at == '\\') {
            to = unescape(r, to);
            if (to == NULL) return NULL;
            continue;
        }
        size_t length = utf8_length(r->at, r->end);
        if (length == 0 || (unsigned char)*r->at < 0x20) {
            fail(r, length == 0 ? "not UTF-8" : "control character in a string");
            return NULL;
        }
        memmove(to, r->at, length);
        to += length;
        r->at += length;
    }
    if (!expect(r, '"', "the string does not end")) return NULL;
    *to = '\0';
    return string;
}

static size_t skip_digits(json_reader *r) {
    const char *begin = r->at;
    while (r->at < r->end && *r->at >= '0' && *r->at <= '9') r->at++;
    return (size_t)(r->at - begin);
}

/* Moves behind a number. 1: it is an integer, of `digits` digits at its end. 0: it has a fraction
 * or an exponent, or is a problem. */
static int skip_number(json_reader *r, size_t *digits) {
    int integer = 1;

    if (peek(r) == '-') r->at++;
    int zero = r->at < r->end && *r->at == '0';
    *digits = skip_digits(r);
    int valid = *digits > 0 && !(zero && *digits > 1);
    if (r->at < r->end && *r->at == '.') {
        r->at++;
        integer = 0;
        valid = valid && skip_digits(r) > 0;
    }
    if (r->at < r->end && (*r->at == 'e' || *r->at == 'E')) {
        r->at++;
        if (r->at < r->end && (*r->at == '+' || *r->at == '-')) r->at++;
        integer = 0;
        valid = valid && skip_digits(r) > 0;
    }
    if (!valid) fail(r, "expected a value");
    return valid && integer;
}

int64_t json_get_int(json_reader *r) {
    int negative = peek(r) == '-';
    size_t digits;
    if (!skip_number(r, &digits)) {
        fail(r, "expected an integer");
        return 0;
    }

    int64_t value = 0; /* counted downwards: INT64_MIN has no positive counterpart */
    for (const char *digit = r->at - digits; digit < r->at; digit++) {
        int64_t step = *digit - '0';
        if (value < (INT64_MIN + step) / 10) {
            fail(r, "the integer is too large");
            return 0;
        }
        value = value * 10 - step;
    }
    if (!negative && value == INT64_MIN) {
        fail(r, "the integer is too large");
        return 0;
    }
    return negative ? value : -value;
}

/* The number at `text`, whose point is "." whatever the host's locale says. */
static double parse_double(const char *text, size_t length) {
    char local[96], half[16];
    snprintf(half, sizeof half, "%.1f", 0.5);
    half[strlen(half) - 1] = '\0'; /* "0." in the locale */
    const char *point = memchr(text, '.', length);
    if (point == NULL)
        snprintf(local, sizeof local, "%.*s", (int)length, text);
    else
        snprintf(local, sizeof local, "%.*s%s%.*s", (int)(point - text), text, half + 1,
                 (int)(text + length - point - 1), point + 1);
    return strtod(local, NULL);
}

double json_get_double(json_reader *r) {
    enum { LONGEST = 64 };
    size_t digits;
    peek(r);
    const char *start = r->at;
    skip_number(r, &digits);
    const size_t length = (size_t)(r->at - start);
    if (r->problem != NULL) return 0;
    const double value = length < LONGEST ? parse_double(start, length) : INFINITY;
    if (isfinite(value)) return value;
    fail(r, "the number is too large");
    return 0;
}

static void skip_literal(json_reader *r, const char *word) {
    size_t length = strlen(word);
    if ((size_t)(r->end - r->at) < length || memcmp(r->at, word, length) != 0) {
        fail(r, "expected a value");
    } else {
        r->at += length;
    }
}

static void skip_scalar(json_reader *r) {
    size_t digits;

    switch (peek(r)) {
    case '"':
        json_get_string(r);
        break;
    case 't':
        skip_literal(r, "true");
        break;
    case 'f':
        skip_literal(r, "false");
        break;
    case 'n':
        skip_literal(r, "null");
        break;
    default:
        skip_number(r, &digits);
        break;
    }
}

void json_skip(json_reader *r) {
    uint64_t objects = 0; /* lowest bit: the innermost level is an object, not an array */
    int depth = 0;

    do {
        int next = peek(r);
        if (next != '{' && next != '[') {
            skip_scalar(r);
        } else if (depth == MAX_SKIP_DEPTH) {
            fail(r, "nested too deeply");
        } else {
            if (next == '{') json_open_object(r);
            if (next == '[') json_open_array(r);
            objects = objects << 1 | (next == '{');
            depth++;
        }
        /* Leave every level that ends here. */
        while (depth > 0 && !(objects & 1 ? json_next_key(r) != NULL : json_next_element(r))) {
            objects >>= 1;
            depth--;
        }
    } while (depth > 0);
}

void json_finish(json_reader *r) {
    if (peek(r) != -1) fail(r, "text after the end");
}

/* ---- writer ---------------------------------------------------------------------------------- */

json_writer json_write(gan_context *ctx) { return (json_writer){.ctx = ctx}; }

void json_writer_release(json_writer *w) {
    arena_free(w->ctx, w->text);
    *w = json_write(w->ctx);
}

/* Makes room for `more` characters and the NUL. */
static int reserve(json_writer *w, size_t more) {
    if (w->status != GAN_OK) return 0;
    if (more < w->capacity - w->length) return 1;

    if (more > SIZE_MAX / 4 || w->capacity > SIZE_MAX / 4) {
        w->status = error_set(w->ctx, GAN_ENOMEM, "a JSON text is too long");
        return 0;
    }
    size_t capacity = 2 * w->capacity + more + 1;
    char *text = w->text == NULL ? arena_alloc(w->ctx, capacity)
                                 : arena_grow(w->ctx, w->text, w->capacity, capacity);
    if (text == NULL) {
        w->status = GAN_ENOMEM;
        return 0;
    }
    w->text = text;
    w->capacity = capacity;
    return 1;
}

static void put(json_writer *w, const char *text, size_t length) {
    if (!reserve(w, length)) return;
    memcpy(w->text + w->length, text, length);
    w->length += length;
    w->text[w->length] = '\0';
}

static void separate(json_writer *w) {
    if (w->comma) put(w, ",", 1);
    w->comma = 1;
}

static void begin(json_writer *w, const char *bracket) {
    separate(w);
    put(w, bracket, 1);
    w->comma = 0;
}

static void finish(json_writer *w, const char *bracket) {
    put(w, bracket, 1);
    w->comma = 1;
}

void json_begin_object(json_writer *w) { begin(w, "{"); }
void json_end_object(json_writer *w) { finish(w, "}"); }
void json_begin_array(json_writer *w) { begin(w, "["); }
void json_end_array(json_writer *w) { finish(w, "]"); }

/* The character at `at`, as it may stand inside quotes. */
static void put_character(json_writer *w, const char *at, size_t length) {
    char escape[8];

    if (*at == '"' || *at == '\\') {
        put(w, "\\", 1);
        put(w, at, 1);
    } else if ((unsigned char)*at < 0x20) {
        put(w, escape, (size_t)snprintf(escape, sizeof escape, "\\u%04x", (unsigned)*at));
    } else {
        put(w, at, length);
    }
}

void json_put_string(json_writer *w, const char *value) {
    const char *end = value + strlen(value);

    separate(w);
    put(w, "\"", 1);
    for (const char *at = value; at < end;) {
        size_t length = utf8_length(at, end);
        if (length == 0) {
            if (w->status == GAN_OK) {
                w->status =
                    error_set(w->ctx, GAN_EINVAL, "a name is not UTF-8 (byte %zu is 0x%02x)",
                              (size_t)(at - value), (unsigned)(unsigned char)*at);
            }
            return;
        }
        put_character(w, at, length);
        at += length;
    }
    put(w, "\"", 1);
}

void json_put_key(json_writer *w, const char *key) {
    json_put_string(w, key);
    put(w, ":", 1);
    w->comma = 0;
}

void json_put_int(json_writer *w, int64_t value) {
    char digits[24];

    separate(w);
    put(w, digits, (size_t)snprintf(digits, sizeof digits, "%" PRId64, value));
}

void json_put_double(json_writer *w, double value) {
    char digits[40];

    if (!isfinite(value)) {
        if (w->status == GAN_OK) w->status = error_set(w->ctx, GAN_EINVAL, "JSON has no %g", value);
        return;
    }
    for (int precision = 15; precision <= 17; precision++) {
        snprintf(digits, sizeof digits, "%.*g", precision, value);
        if (strtod(digits, NULL) == value) break;
    }

    separate(w);
    /* Whatever is no part of a number is the host's locale's decimal point. */
    for (const char *at = digits; *at != '\0';) {
        size_t length = strspn(at, "0123456789+-e");
        put(w, at, length);
        at += length;
        length = strcspn(at, "0123456789+-e");
        if (length > 0) put(w, ".", 1);
        at += length;
    }
}
