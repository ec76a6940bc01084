/* SPDX-License-Identifier: MIT */
#include "common/apng.h"
#include "common/files.h"
#include "common/program.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

static const uint8_t signature[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};

enum {
    HEAD = 8,          /* bytes of a chunk before its data: length and type */
    HEADER_BYTES = 13, /* of the data of IHDR                               */
    SHAPE_BYTES = 8    /* of them for width and height, as fcTL has them    */
};

/* ---- reading --------------------------------------------------------------------------------- */

static uint32_t get32(const uint8_t *at) {
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

typedef struct png_chunks {
    const uint8_t *at, *end;
} png_chunks;

typedef struct chunk {
    const uint8_t *type, *data;
    uint32_t bytes;
} chunk;

/* 1 and the next chunk, or 0 at the file's end or where it is cut. */
static int next_chunk(png_chunks *c, chunk *out) {
    if (c->end - c->at < HEAD + 4) return 0;
    out->bytes = get32(c->at);
    out->type = c->at + 4;
    out->data = c->at + HEAD;
    if ((size_t)(c->end - out->data) < (size_t)out->bytes + 4) return 0;
    c->at = out->data + out->bytes + 4;
    return 1;
}

/* The data of IHDR, behind which the chunks begin; NULL: no PNG file. */
static const uint8_t *read_header(const char *file, size_t bytes, png_chunks *chunks) {
    chunk header;
    chunks->at = (const uint8_t *)file + sizeof signature;
    chunks->end = (const uint8_t *)file + bytes;
    if (bytes < sizeof signature || memcmp(file, signature, sizeof signature) != 0 ||
        !next_chunk(chunks, &header) || memcmp(header.type, "IHDR", 4) != 0 ||
        header.bytes != HEADER_BYTES)
        return NULL;
    return header.data;
}

/* ---- writing --------------------------------------------------------------------------------- */

typedef struct animation {
    FILE *stream;
    uint32_t sequence; /* number of the next fcTL or fdAT, counted together */
    uint8_t header[HEADER_BYTES];
    size_t frames;
} animation;

static void put32(uint8_t *to, uint32_t n) {
    for (int i = 0; i < 4; i++) to[i] = (uint8_t)(n >> (24 - 8 * i));
}

static void put16(uint8_t *to, int n) {
    to[0] = (uint8_t)(n >> 8);
    to[1] = (uint8_t)n;
}

/* A chunk whose data is two pieces, the first of which may be empty. */
static void put_chunk(FILE *f, const char *type, const uint8_t *first, uint32_t first_bytes,
                      const uint8_t *data, uint32_t bytes) {
    uint8_t head[HEAD], tail[4];
    put32(head, first_bytes + bytes);
    memcpy(head + 4, type, 4);
    uLong sum = crc32(0, head + 4, 4);
    if (first_bytes) sum = crc32(sum, first, first_bytes);
    if (bytes) sum = crc32(sum, data, bytes);
    put32(tail, (uint32_t)sum);
    fwrite(head, 1, sizeof head, f);
    if (first_bytes) fwrite(first, 1, first_bytes, f);
    if (bytes) fwrite(data, 1, bytes, f);
    fwrite(tail, 1, sizeof tail, f);
}

/* Signature, IHDR, and acTL: so many frames, repeated without end. */
static void begin(animation *a, const uint8_t *header, size_t count) {
    uint8_t control[8] = {0};
    memcpy(a->header, header, HEADER_BYTES);
    put32(control, (uint32_t)count);
    fwrite(signature, 1, sizeof signature, a->stream);
    put_chunk(a->stream, "IHDR", NULL, 0, header, HEADER_BYTES);
    put_chunk(a->stream, "acTL", NULL, 0, control, sizeof control);
}

/* fcTL: sequence number, size, place (0, 0), delay as a fraction of a second; the frame replaces
 * the one before. */
static void put_control(animation *a, int milliseconds) {
    uint8_t control[26] = {0};
    put32(control, a->sequence++);
    memcpy(control + 4, a->header, SHAPE_BYTES);
    put16(control + 20, milliseconds);
    put16(control + 22, 1000);
    put_chunk(a->stream, "fcTL", NULL, 0, control, sizeof control);
}

/* Frame 0 is also the picture of programs that know no animations. */
static void put_pixels(animation *a, const chunk *c) {
    uint8_t number[4];
    if (a->frames == 0) {
        put_chunk(a->stream, "IDAT", NULL, 0, c->data, c->bytes);
        return;
    }
    put32(number, a->sequence++);
    put_chunk(a->stream, "fdAT", number, sizeof number, c->data, c->bytes);
}

static int put_frame(animation *a, const char *path, size_t count, int milliseconds) {
    char *file;
    size_t bytes;
    png_chunks chunks;
    chunk c;
    if (read_file(path, &file, &bytes)) return 1;
    const uint8_t *header = read_header(file, bytes, &chunks);
    if (header && a->frames == 0) begin(a, header, count);
    if (!header || memcmp(header, a->header, HEADER_BYTES) != 0) {
        free(file);
        return fail("%s: is no PNG file like the other frames of the animation", path);
    }
    put_control(a, milliseconds);
    while (next_chunk(&chunks, &c))
        if (memcmp(c.type, "IDAT", 4) == 0) put_pixels(a, &c);
    a->frames++;
    free(file);
    return 0;
}

int apng_write(const char *folder, const char *name, const char *const *frames, size_t count,
               apng_timing timing) {
    new_file f;
    if (new_file_open(&f, folder, name)) return 1;
    animation a = {.stream = f.stream};
    int bad = 0;
    for (size_t i = 0; i < count && !bad; i++)
        bad = put_frame(&a, frames[i], count, i + 1 < count ? timing.frame : timing.last);
    if (!bad) put_chunk(f.stream, "IEND", NULL, 0, NULL, 0);
    return new_file_close(&f, !bad);
}
