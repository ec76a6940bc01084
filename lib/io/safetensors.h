/* The safetensors format: an 8-byte little-endian header length, a JSON header, raw bytes. This
 * layer knows names, types, shapes and bytes; what they mean is the caller's. Bytes are in the
 * file's (little-endian) order. */
#ifndef GAN_IO_SAFETENSORS_H
#define GAN_IO_SAFETENSORS_H

#include "gan/base.h"
#include "io/file.h"

#include <stddef.h>
#include <stdint.h>

#define SAFETENSORS_MAX_RANK 8

/* By rising size, as the format's own writer sorts them. */
typedef enum safetensors_dtype {
    SAFETENSORS_BOOL,
    SAFETENSORS_F4,
    SAFETENSORS_F6_E2M3,
    SAFETENSORS_F6_E3M2,
    SAFETENSORS_U8,
    SAFETENSORS_I8,
    SAFETENSORS_F8_E5M2,
    SAFETENSORS_F8_E4M3,
    SAFETENSORS_F8_E8M0,
    SAFETENSORS_I16,
    SAFETENSORS_U16,
    SAFETENSORS_F16,
    SAFETENSORS_BF16,
    SAFETENSORS_I32,
    SAFETENSORS_U32,
    SAFETENSORS_F32,
    SAFETENSORS_C64,
    SAFETENSORS_F64,
    SAFETENSORS_I64,
    SAFETENSORS_U64,
    SAFETENSORS_DTYPE_COUNT
} safetensors_dtype;

typedef struct safetensors_entry {
    const char *name;
    safetensors_dtype dtype;
    int32_t rank;
    int64_t dims[SAFETENSORS_MAX_RANK];
    const uint8_t *data; /* as read: of any alignment, so memcpy it; NULL: was not read, */
    size_t at;           /* and is in the file from this byte on */
    size_t bytes;
} safetensors_entry;

typedef struct safetensors_pair {
    const char *key;
    const char *value;
} safetensors_pair;

/* What a file holds, entries sorted by name and metadata by key. */
typedef struct safetensors {
    safetensors_entry *entries;
    size_t count;
    safetensors_pair *metadata;
    size_t metadata_count;
    uint8_t *image; /* the file as far as it was read: names, strings and data point into it... */
    uint8_t *more;  /* ...or here, where a reader had to make them; NULL: it did not */
} safetensors;

/* "F32" */
const char *safetensors_dtype_name(safetensors_dtype dtype);

/* Reads and checks a file: every byte of data belongs to exactly one entry, whose shape and type
 * need exactly its bytes. *out is written on success only. */
int32_t safetensors_read(gan_context *ctx, const char *path, safetensors *out);
/* The same, but the data stays where it is: entries tell where. */
int32_t safetensors_read_header(gan_context *ctx, const char *path, const file_source *source,
                                safetensors *out);
/* The same for a file in memory, a block of the arena, of which it becomes the owner in any case.
 */
int32_t safetensors_parse(gan_context *ctx, const char *path, uint8_t *image, size_t bytes,
                          safetensors *out);
void safetensors_release(gan_context *ctx, safetensors *file);

/* For readers of other formats into this list: sorts the entries by name; GAN_EFORMAT if one occurs
 * twice. */
int32_t safetensors_index(gan_context *ctx, const char *path, safetensors *file);

/* NULL if there is none. */
const safetensors_entry *safetensors_find(const safetensors *file, const char *name);
const char *safetensors_metadata(const safetensors *file, const char *key);

/* Drops all entries but those whose names begin with `part` and a dot, and that from the names; ""
 * keeps all. */
void safetensors_keep(safetensors *file, const char *part);

/* Bytes of an element, of a type of whole bytes. */
size_t safetensors_element_bytes(safetensors_dtype dtype);

/* Element i of an entry of type F16, BF16, F32, F64 or I64. */
double safetensors_value(const safetensors_entry *entry, int64_t i);

/* Writes a file, whole or not at all, in the order of the format's own writer. Metadata keeps the
 * caller's order; without any the header has none. */
int32_t safetensors_write(gan_context *ctx, const char *path, const safetensors_entry *entries,
                          size_t count, const safetensors_pair *metadata, size_t metadata_count);

#endif
