/* A writer of protocol buffers' wire format: fields of numbers, bytes and messages.
 *
 *     size_t mark = protobuf_begin(&p, 7);      // a message in field 7
 *     protobuf_string(&p, 2, "name");
 *     protobuf_end(&p, mark); */
#ifndef GAN_IO_PROTOBUF_H
#define GAN_IO_PROTOBUF_H

#include "gan/base.h"

#include <stddef.h>
#include <stdint.h>

/* The first failure stays in `status`, and later calls do nothing. */
typedef struct protobuf {
    gan_context *ctx;
    uint8_t *bytes; /* NULL while nothing is written */
    size_t length, capacity;
    int32_t status;
} protobuf;

protobuf protobuf_write(gan_context *ctx);
void protobuf_release(protobuf *p);

void protobuf_int(protobuf *p, int field, int64_t value);
void protobuf_float(protobuf *p, int field, float value);
void protobuf_bytes(protobuf *p, int field, const void *bytes, size_t count);
void protobuf_string(protobuf *p, int field, const char *text);

/* What is written between the two is a message; `begin` gives the mark that `end` takes. */
size_t protobuf_begin(protobuf *p, int field);
void protobuf_end(protobuf *p, size_t mark);

#endif
