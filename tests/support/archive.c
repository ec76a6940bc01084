#include "archive.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { RECORD = 256 };

static uint8_t *put(uint8_t *at, uint64_t value, int bytes) {
    while (bytes-- > 0) {
        *at++ = (uint8_t)value;
        value >>= 8;
    }
    return at;
}

static uint8_t *room(archive *a, size_t bytes) {
    if (a->size + bytes > a->room) {
        a->room = 2 * a->room + bytes;
        a->bytes = realloc(a->bytes, a->room);
        if (!a->bytes) abort();
    }
    return a->bytes + a->size;
}

/* What the two headers of a member share: flags to the length of the extra field. */
static uint8_t *put_common(const archive *a, uint8_t *at, const void *data, size_t size,
                           size_t name, size_t extra) {
    at = put(put(at, (uint64_t)a->flags, 2), (uint64_t)a->method, 2);
    at = put(put(at, 0, 4), crc32(0, data, (uInt)size), 4);
    at = put(put(at, a->zip64 ? UINT32_MAX : size, 4), a->zip64 ? UINT32_MAX : size, 4);
    return put(put(at, name, 2), extra, 2);
}

void archive_add(archive *a, const char *name, const void *data, size_t size) {
    size_t length = strlen(name), offset = a->size, extra = a->zip64 ? 28 : 0;
    uint8_t *begin = room(a, RECORD + size), *at = put(put(begin, 0x04034b50, 4), 20, 2);
    at = put_common(a, at, data, size, length, 0);
    memcpy(at, name, length);
    memcpy(at + length, data, size);
    a->size += (size_t)(at - begin) + length + size;

    uint8_t *central = a->central[a->members];
    at = put(put(put(central, 0x02014b50, 4), 20, 2), 20, 2);
    at = put_common(a, at, data, size, length, extra);
    at = put(put(at, 0, 10), a->zip64 ? UINT32_MAX : offset, 4);
    memcpy(at, name, length);
    at += length;
    if (a->zip64) at = put(put(put(put(put(at, 1, 2), 24, 2), size, 8), size, 8), offset, 8);
    a->central_bytes[a->members++] = (size_t)(at - central);
}

/* The end of the directory in 64 bits, and where that is. */
static void end_64(archive *a, size_t offset, size_t bytes) {
    size_t here = a->size, count = (size_t)a->members;
    uint8_t *begin = room(a, RECORD), *at = put(put(begin, 0x06064b50, 4), 44, 8);
    at = put(put(put(at, 45, 2), 45, 2), 0, 8);
    at = put(put(put(put(at, count, 8), count, 8), bytes, 8), offset, 8);
    at = put(put(put(put(at, 0x07064b50, 4), 0, 4), here, 8), 1, 4);
    a->size += (size_t)(at - begin);
}

void archive_end(archive *a) {
    size_t offset = a->size, count = (size_t)a->members;
    for (int i = 0; i < a->members; i++) {
        memcpy(room(a, a->central_bytes[i]), a->central[i], a->central_bytes[i]);
        a->size += a->central_bytes[i];
    }
    size_t bytes = a->size - offset;
    if (a->zip64) end_64(a, offset, bytes);
    uint8_t *begin = room(a, RECORD), *at = put(put(begin, 0x06054b50, 4), 0, 4);
    at = put(put(at, a->zip64 ? UINT16_MAX : count, 2), a->zip64 ? UINT16_MAX : count, 2);
    at = put(put(at, a->zip64 ? UINT32_MAX : bytes, 4), a->zip64 ? UINT32_MAX : offset, 4);
    at = put(at, 0, 2);
    a->size += (size_t)(at - begin);
}

void archive_release(archive *a) { free(a->bytes); }
