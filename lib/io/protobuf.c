#include "io/protobuf.h"

#include "core/alloc.h"
#include "core/error.h"

#include <string.h>

enum { WIRE_VARINT = 0, WIRE_BYTES = 2, WIRE_FIXED32 = 5, VARINT_BYTES = 10 };

protobuf protobuf_write(gan_context *ctx) { return (protobuf){.ctx = ctx}; }

void protobuf_release(protobuf *p) {
    arena_free(p->ctx, p->bytes);
    *p = protobuf_write(p->ctx);
}

/* Makes room for `more` bytes at the end: 1, or 0 after a failure. */
static int reserve(protobuf *p, size_t more) {
    if (p->status) return 0;
    if (more > INT32_MAX - p->length) {
        p->status = error_set(p->ctx, GAN_ENOTSUP, "a protocol buffer holds at most 2 GiB");
        return 0;
    }
    if (more <= p->capacity - p->length) return 1;
    size_t capacity = 2 * p->capacity + more;
    uint8_t *bytes = arena_grow(p->ctx, p->bytes, p->length, capacity);
    if (!bytes) {
        p->status = GAN_ENOMEM;
        return 0;
    }
    p->bytes = bytes;
    p->capacity = capacity;
    return 1;
}

static void put(protobuf *p, const void *bytes, size_t count) {
    if (!count || !reserve(p, count)) return;
    memcpy(p->bytes + p->length, bytes, count);
    p->length += count;
}

/* Seven bits a byte, the lowest first; the eighth says that more follow. Gives the bytes. */
static size_t varint(uint64_t value, uint8_t to[VARINT_BYTES]) {
    size_t count = 0;
    for (; value >= 0x80; value >>= 7) to[count++] = (uint8_t)(value | 0x80);
    to[count++] = (uint8_t)value;
    return count;
}

static void put_varint(protobuf *p, uint64_t value) {
    uint8_t bytes[VARINT_BYTES];
    put(p, bytes, varint(value, bytes));
}

static void put_key(protobuf *p, int field, int wire) {
    put_varint(p, (uint64_t)(field << 3 | wire));
}

void protobuf_int(protobuf *p, int field, int64_t value) {
    put_key(p, field, WIRE_VARINT);
    put_varint(p, (uint64_t)value);
}

void protobuf_float(protobuf *p, int field, float value) {
    put_key(p, field, WIRE_FIXED32);
    put(p, &value, sizeof value);
}

void protobuf_bytes(protobuf *p, int field, const void *bytes, size_t count) {
    put_key(p, field, WIRE_BYTES);
    put_varint(p, count);
    put(p, bytes, count);
}

void protobuf_string(protobuf *p, int field, const char *text) {
    protobuf_bytes(p, field, text, strlen(text));
}

size_t protobuf_begin(protobuf *p, int field) {
    put_key(p, field, WIRE_BYTES);
    return p->length;
}

/* The length goes in front of what was written, which moves by its few bytes. */
void protobuf_end(protobuf *p, size_t mark) {
    uint8_t bytes[VARINT_BYTES];
    size_t length = p->length - mark, count = varint(length, bytes);
    if (!reserve(p, count)) return;
    memmove(p->bytes + mark + count, p->bytes + mark, length);
    memcpy(p->bytes + mark, bytes, count);
    p->length += count;
}
